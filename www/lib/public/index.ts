/** Public surface. Loading it makes `<shoal-player>` known to the page. */

import "../player/define.js";

export { configure } from "../config.js";
export { ShoalPlayer } from "./element.js";
export type { ErrorCode, PlayerError } from "./errors.js";
export type { P2PReason, P2PState, P2PStatus, PlayerEventMap, PlayerStats } from "./events.js";
export type { Options } from "./options.js";
export type { AnswerRecord, Asker, P2P } from "./p2p.js";
