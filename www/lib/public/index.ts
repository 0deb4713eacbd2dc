/** The public surface. Loading it makes `<shoal-player>` known to the page. */

import "../player/define.js";

export type { AnswerRecord, Asker } from "../session/preferences.js";
export { configure, type Options } from "../config.js";
export { ShoalPlayer, type P2P } from "./element.js";
export type { ErrorCode, PlayerError } from "./errors.js";
export type { P2PReason, P2PState, P2PStatus, PlayerEventMap, PlayerStats } from "./events.js";
