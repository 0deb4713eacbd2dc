/**
 * Decides whether anything may be downloaded for sharing: the strictest rule wins. The engine keeps the
 * same order once it runs; here it is kept so that a "no" costs not one request.
 */

import type { P2PReason, P2PStatus } from "../public/events.js";

/** Facts that are known before the engine runs, from the strictest down. */
export interface Facts {
  /** Reason for which this browser cannot share, or null when it can. */
  readonly missing: P2PReason | null;
  /** Whether the engine has failed on this page. */
  readonly failed: boolean;
  /** Answer of the viewer, or null before the first one. */
  readonly viewer: boolean | null;
  /** Wish of the page. It may restrict, never widen. */
  readonly page: "ask" | "off" | null;
  /** Reason of an end for good: no index, or an engine that does not start. */
  readonly dead: P2PReason | null;
  /** Whether the connection is metered or saves data. */
  readonly metered: boolean;
  /** Whether the viewer's yes was given on this metered connection. */
  readonly agreedMetered: boolean;
}

/** Returns the state in which the strictest refusal leaves this viewer; null when nothing refuses. */
export function blockedBy({ missing, failed, viewer, page, dead, metered, agreedMetered }: Facts): P2PStatus | null {
  const reason =
    missing ?? (failed ? "engine-failed" : viewer === false ? "you" : page === "off" ? "page" : dead);
  if (reason !== null) {
    return off(reason);
  }
  return metered && !(viewer === true && agreedMetered) ? { state: "waiting", reason: "metered" } : null;
}

/** Returns the state "off" with its reason. */
export function off(reason: P2PReason): P2PStatus {
  return { state: "off", reason };
}
