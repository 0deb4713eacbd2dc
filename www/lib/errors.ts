/** Makes the faults that a page is told of. */

import type { ErrorCode, PlayerError } from "./public/errors.js";

/** Makes a fault that ends playback. */
export function fatal(code: ErrorCode, message: string): PlayerError {
  return { code, fatal: true, fallback: null, message };
}

/** Makes a fault that costs sharing only. */
export function survivable(code: ErrorCode, message: string): PlayerError {
  return { code, fatal: false, fallback: "http", message };
}

/** Returns the message of a thrown value, whatever it is. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
