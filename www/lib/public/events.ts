/** Names and payloads of everything that the player tells a page. */

import type { PlayerError } from "./errors.js";

/** State of this viewer's sharing. */
export type P2PState =
  /** The viewer has not answered yet. Nothing is sent. */
  | "asking"
  /** Nothing is sent. */
  | "off"
  /** Sharing. */
  | "on"
  /** Would share, but cannot at present. */
  | "waiting";

/** Reasons for which sharing is not on. */
export type P2PReason =
  | "engine-failed"
  | "few-viewers"
  | "metered"
  | "no-index"
  | "no-mse"
  | "no-relay"
  | "no-wasm"
  | "no-webrtc"
  | "page"
  | "site"
  | "starting"
  | "tracker"
  | "video"
  | "webrtc-blocked"
  | "you";

/** State and reason together. `reason` is null when the state is `on` or `asking`. */
export interface P2PStatus {
  readonly state: P2PState;
  readonly reason: P2PReason | null;
}

/** Figures of what has been sent and received since `src` was set. */
export interface PlayerStats extends P2PStatus {
  /** Media bytes from the server and its mirrors, whichever part of the player asked for them. */
  readonly originBytes: number;
  /** Media bytes from other viewers. */
  readonly peerBytes: number;
  /** Media bytes sent to other viewers. */
  readonly uploadedBytes: number;
  /** Received bytes that came to nothing: aborted, doubled or corrupt. */
  readonly wastedBytes: number;
  /** Bytes received by the engine and neither played nor passed on so far: wasted, if the viewer leaves now. */
  readonly aheadBytes: number;
  /** Media bytes kept for playing and sharing. */
  readonly storedBytes: number;
  /** Viewers connected at present. */
  readonly peers: number;
  /** Viewers of this video as the tracker last counted them, this one included. */
  readonly swarm: number;
  /** Bytes per second from the server over the last seconds. */
  readonly originRate: number;
  /** Bytes per second from other viewers over the last seconds. */
  readonly peerRate: number;
  /** Bytes per second to other viewers over the last seconds. */
  readonly uploadRate: number;
  /** Bytes that may still be sent to other viewers during this visit; null when there is no limit. */
  readonly uploadLeft: number | null;
  /** Pieces refused because their digest was not the index's. */
  readonly rottenPieces: number;
}

/** Events of `<shoal-player>`, all of them bubbling and composed `CustomEvent`s. */
export interface PlayerEventMap {
  p2pchange: CustomEvent<P2PStatus>;
  peerschange: CustomEvent<{ readonly peers: number }>;
  /** At most once a second, and only when something has changed. */
  stats: CustomEvent<PlayerStats>;
  error: CustomEvent<PlayerError>;
}
