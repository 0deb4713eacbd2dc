/** Keeps the viewer's upload limit over a whole visit, in which videos and their engines come and go. */

import { limits } from "./preferences.js";

/** Bytes sent to other viewers by the page's sessions that have ended. */
let spent = 0;

/** Counts the bytes that a session has sent when it ends. */
export function spend(bytes: number): void {
  spent += bytes;
}

/** Returns the bytes that may still be sent in this visit, or null without a limit. `sent`: by the present session. */
export function uploadLeft(sent: number): number | null {
  const { total } = limits();
  return total === 0 ? null : Math.max(0, total - spent - sent);
}

/** Returns the limits for a new engine, which counts from zero: bytes per second, and bytes in all. 0 is no limit. */
export function engineLimits(): { readonly rate: number; readonly total: number } {
  const { rate, total } = limits();
  // One byte is too little for anything; none would be no limit.
  return { rate, total: total === 0 ? 0 : Math.max(1, total - spent) };
}
