/**
 * Entry of the script tag. `window.shoal` may be an object of options before the script runs; it is
 * the API afterwards. The WebAssembly file is found beside the script, wherever the page lies.
 */

// First: elements that are in the page already come to life with the second.
import "./globals.js";

export * from "./public/index.js";
