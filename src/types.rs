//! The types of the surface, as TypeScript sees them.

use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &'static str = r#"
/** The engine's bounds, each of them optional, and whether it is recorded. */
export interface ClientOptions {
  trace?: boolean;
  [bound: string]: number | string | boolean | undefined;
}

/** Those who decide on P2P. The site's and the video's rules are set from the index. */
export type RuleName =
  | "ask-first"
  | "capable"
  | "hidden"
  | "metered"
  | "metered-too"
  | "page"
  | "site"
  | "video"
  | "viewer";
export type RuleValue = boolean | "ask" | "on" | "off" | null;

/** A segment as the playlist lists it. */
export interface TimelineSegment {
  /** Media sequence number. */
  seq: number;
  /** Absolute. */
  url: string;
  /** First byte of the resource that belongs to it. */
  rangeStart?: number | undefined;
  /** The byte after the last; without it the whole resource is the segment. */
  rangeEnd?: number | undefined;
  /** On the player's timeline, in seconds. */
  start: number;
  /** In seconds. */
  duration: number;
}

/** What the player is loading at present, one for each type of track. */
export interface ActiveTrack {
  track: number;
  /** End of what can be played without a gap, in seconds. */
  buffered: number;
}

export type P2PState = "off" | "asking" | "waiting" | "on";

export type P2PReason =
  | "engine-failed"
  | "few-viewers"
  | "metered"
  | "no-index"
  | "no-relay"
  | "no-webrtc"
  | "page"
  | "site"
  | "starting"
  | "tracker"
  | "video"
  | "webrtc-blocked"
  | "you";

export type ClientEvent =
  | {
      type: "deliver";
      id: number;
      /** The player's own copy. */
      data: Uint8Array<ArrayBuffer>;
      fromPeers: number;
      fromOrigin: number;
      /** Bytes per second that the viewer can expect; 0 when not known yet. */
      rate: number;
    }
  | { type: "decline"; id: number; reason: "off" | "origin" | "unindexed" }
  | { type: "state"; state: P2PState; reason: P2PReason | undefined }
  | { type: "peers"; peers: number }
  | { type: "problem"; code: string };

/** What has been done so far. Bytes are bytes of media, rates are bytes per second. */
export interface ClientStats {
  originBytes: number;
  peerBytes: number;
  uploadedBytes: number;
  wastedBytes: number;
  aheadBytes: number;
  storedBytes: number;
  peers: number;
  swarm: number;
  originRate: number;
  peerRate: number;
  uploadRate: number;
  rottenPieces: number;
  originRequests: number;
  inputs: number;
  state: P2PState;
  reason: P2PReason | undefined;
}
"#;
