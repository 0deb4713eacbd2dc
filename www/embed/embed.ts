/**
 * One player in a frame of somebody else's page: `?src=` names the playlist, `?p2p=` may restrict
 * sharing, which the player reads itself.
 */

import { ownAddress } from "./own.js";

const src = ownAddress(new URLSearchParams(location.search).get("src") ?? "");
const player = document.querySelector("shoal-player");
if (src !== null && player !== null) {
  player.setAttribute("src", src);
  player.setAttribute("preload", "auto");
}
