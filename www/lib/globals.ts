/**
 * What the page has said before the script ran: options in `window.shoal = { … }`, and the nonce of
 * its content security policy, which holds for the part that is loaded later as well.
 */

import { configure } from "./config.js";

const script = document.currentScript;
if (script !== null && script.nonce !== "") {
  __webpack_nonce__ = script.nonce;
}

const before: unknown = (globalThis as { shoal?: unknown }).shoal;
if (typeof before === "object" && before !== null) {
  configure(before);
}
