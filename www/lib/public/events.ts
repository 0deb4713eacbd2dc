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
  /** The engine crashed, hung or could not be started; see the `error` event. A reload of the page tries again. */
  | "engine-failed"
  /** Fewer watch than the operator's least number (`--min-viewers`). It begins by itself. */
  | "few-viewers"
  /** The connection is metered or saves data, and the viewer has not said yes on it. The viewer's switch starts it. */
  | "metered"
  /** The server has no index of this video, or none that can be read. Serve it by `shoal serve`, or make one by `shoal index`. */
  | "no-index"
  /** The browser plays HLS by itself, without Media Source Extensions, so parts of it cannot be shared. */
  | "no-mse"
  /** The viewer's address is to be hidden, and no relay is there for it. See the operator's `--turn`. */
  | "no-relay"
  /** The browser has no WebAssembly, or it is switched off. */
  | "no-wasm"
  /** The browser has no WebRTC, or it is switched off. */
  | "no-webrtc"
  /** The page says `p2p="off"`, in the attribute or in its address, or an attribute cannot be read. */
  | "page"
  /** The operator keeps sharing off. `shoal p2p` changes it. */
  | "site"
  /** The player is getting ready. It passes. */
  | "starting"
  /** The tracker cannot be reached. The player keeps trying. */
  | "tracker"
  /** The index says that this video is not shared. */
  | "video"
  /** A setting, an extension or the network blocks WebRTC. */
  | "webrtc-blocked"
  /** The viewer has switched sharing off. */
  | "you";

/** State and reason together. `reason` is null when the state is `on` or `asking`. */
export interface P2PStatus {
  /** State of sharing. */
  readonly state: P2PState;
  /** Reason for which it is not on. */
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
  /** Change of the state of sharing, or of its reason. */
  p2pchange: CustomEvent<P2PStatus>;
  /** Change of the number of connected viewers. */
  peerschange: CustomEvent<{ readonly peers: number }>;
  /** Statistics: at most once a second, and only when something has changed. */
  stats: CustomEvent<PlayerStats>;
  /** Fault, with what comes of it. */
  error: CustomEvent<PlayerError>;
}
