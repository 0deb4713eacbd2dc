/**
 * Faults as a page sees them. A fault in sharing is never fatal: `fallback` then says that
 * the video goes on from the server.
 */

/** Names of faults. They are stable: pages may compare them. */
export type ErrorCode =
  /**
   * An attribute has a value that the player does not know: `message` names it. Fatal if it is `src`; else sharing stays
   * off. Correct the page.
   */
  | "attribute-invalid"
  /**
   * The engine crashed or hung; sharing stays off until the page is loaded again. Please report it, with `trace()` if the
   * page records.
   */
  | "engine-failed"
  /** The index is there but cannot be read. Make it again, by the version of `shoal index` that belongs to this player. */
  | "index-malformed"
  /**
   * The index could not be fetched, for another reason than not being there. Look at the server's log and, for another
   * origin, at its CORS headers.
   */
  | "index-unreachable"
  /** The browser cannot decode the video. Fatal. Offer a rendition in H.264 and AAC. */
  | "media-unplayable"
  /** Parts of the video cannot be fetched. Fatal; the viewer can try again, and the player does when the browser is online again. */
  | "media-unreachable"
  /** The page's options are not the engine's: `message` names the one. Sharing stays off. Correct `window.shoal`. */
  | "options-invalid"
  /** The playlist is not an HLS playlist. Fatal. Look at what the server answers at `src`. */
  | "playlist-malformed"
  /** The server has no such playlist. Fatal; the viewer can try again. Correct `src`. */
  | "playlist-missing"
  /** The playlist cannot be fetched. Fatal; the viewer can try again, and the player does when the browser is online again. */
  | "playlist-unreachable"
  /** The element has had no `src` for a second. Fatal until it is set. */
  | "src-missing"
  /**
   * The WebAssembly file cannot be fetched, compiled or started. See that it lies beside the script, or the option `wasm`,
   * and that the page's Content-Security-Policy allows `'wasm-unsafe-eval'`.
   */
  | "wasm-unavailable";

/** Value of `detail` of an `error` event. */
export interface PlayerError {
  /** Name of the fault. */
  readonly code: ErrorCode;
  /** Whether playback has stopped. */
  readonly fatal: boolean;
  /** `"http"`: playback goes on from the server. */
  readonly fallback: "http" | null;
  /** Cause for developers, in English. The player shows viewers a sentence of its own. */
  readonly message: string;
}
