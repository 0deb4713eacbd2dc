/**
 * The WebAssembly module's surface, as TypeScript sees it.
 *
 * 1. Events may be emitted inside a call or later. Neither may be assumed.
 * 2. The client must not be called from within `emit`.
 * 3. Bytes given to `offered` are copied. Bytes that come with `deliver` are the player's own.
 * 4. After `close` nothing but `free` may be called.
 * 5. `trace` may be called at any time before, within `emit` and when the module has failed too.
 */

import type { P2PReason, P2PState } from "../public/events.js";

/** Who speaks with a rule. */
export type RuleName = "ask-first" | "capable" | "hidden" | "metered" | "metered-too" | "page" | "viewer";

/** One segment of a track's timeline. Times in seconds, offsets in bytes. */
export interface TimelineSegment {
  seq: number;
  url: string;
  rangeStart?: number;
  /** Exclusive. */
  rangeEnd?: number;
  start: number;
  duration: number;
}

/** A track that is being played, and where its buffer ends, in seconds. */
export interface ActiveTrack {
  track: number;
  buffered: number;
}

/** What a client reports. */
export type ClientEvent =
  | { type: "deliver"; id: number; data: Uint8Array; fromPeers: number; fromOrigin: number; rate: number }
  | { type: "decline"; id: number; reason: string }
  | { type: "state"; state: P2PState; reason?: P2PReason | null }
  | { type: "peers"; peers: number }
  | { type: "problem"; code: string };

/** The engine's own counters. */
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
  /** Inputs handled: it grows as long as the engine is alive. */
  inputs: number;
}

/** One viewer of one video. */
export interface Client {
  setIndex(json: Uint8Array, url: string): void;
  /** Absolute playlist addresses, in the index's order. */
  tracks(): string[];
  rule(name: RuleName, value: boolean | "ask" | "on" | "off" | null): void;
  /** The index names a relay (TURN). */
  relays(): boolean;
  /** Bytes per second and bytes in all that may be sent to peers; 0 is no limit. */
  limits(rate: number, total: number): void;
  /** The page is in the background or the battery is low. */
  frugal(frugal: boolean): void;
  timeline(track: number, segments: TimelineSegment[]): void;
  playhead(position: number, rate: number, active: ActiveTrack[]): void;
  need(id: number, track: number, seq: number): void;
  cancel(id: number): void;
  /** `firstByte` and `whole`: how long the server took, in seconds. */
  offered(track: number, seq: number, bytes: Uint8Array, firstByte: number, whole: number): void;
  stats(): ClientStats;
  /** What was recorded, when the options say `trace`. */
  trace(): Uint8Array | undefined;
  close(): void;
  free(): void;
}

/** The module's exports. */
export interface Module {
  Client: new (options: object, seed: bigint, emit: (events: ClientEvent[]) => void) => Client;
  setPanicHandler(handler: (message: string) => void): void;
}
