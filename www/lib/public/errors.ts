/**
 * Faults as a page sees them. A fault in sharing is never fatal: `fallback` then says that
 * the video goes on from the server.
 */

/** Names of faults. They are stable: pages may compare them. */
export type ErrorCode =
  /** An attribute has a value that the player does not know. */
  | "attribute-invalid"
  /** The engine crashed or hung. It stays off until the page is loaded again. */
  | "engine-failed"
  /** The index is there but cannot be read. */
  | "index-malformed"
  /** The index could not be fetched, for another reason than not being there. */
  | "index-unreachable"
  /** The browser cannot decode the video. */
  | "media-unplayable"
  /** Parts of the video cannot be fetched. */
  | "media-unreachable"
  /** The page's options are not the engine's. */
  | "options-invalid"
  /** The playlist is not an HLS playlist. */
  | "playlist-malformed"
  /** The server has no such playlist. */
  | "playlist-missing"
  /** The playlist cannot be fetched. */
  | "playlist-unreachable"
  /** The element has no `src`. */
  | "src-missing"
  /** The WebAssembly file cannot be fetched, compiled or started. */
  | "wasm-unavailable";

/** The `detail` of an `error` event. */
export interface PlayerError {
  readonly code: ErrorCode;
  /** Whether playback has stopped. */
  readonly fatal: boolean;
  /** `"http"`: playback goes on from the server. */
  readonly fallback: "http" | null;
  /** Cause for developers, in English. The player shows viewers a sentence of its own. */
  readonly message: string;
}
