/** Makes `<shoal-player>` known to the page. A page that loads the script twice keeps the first. */

import { ShoalPlayer } from "../public/element.js";

if ("customElements" in globalThis && customElements.get("shoal-player") === undefined) {
  customElements.define("shoal-player", ShoalPlayer);
}
