/** What webpack adds to the language. */

/** The address of the WebAssembly file, beside the script. */
declare module "*.wasm" {
  const url: string;
  export default url;
}

/** The nonce for scripts that are loaded later. */
declare let __webpack_nonce__: string | undefined;
