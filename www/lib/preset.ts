/** Options that a page has set before the script ran: `window.shoal = { … }`. */

import { configure } from "./config.js";

const before: unknown = (globalThis as { shoal?: unknown }).shoal;
if (typeof before === "object" && before !== null) {
  configure(before);
}
