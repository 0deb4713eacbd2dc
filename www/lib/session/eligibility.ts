/**
 * What must hold before anything is downloaded for sharing, from the strictest down. The engine keeps
 * the same order once it runs; here it is kept so that a "no" costs not one request.
 */

import { agreedMetered, choice } from "./preferences.js";
import type { P2PReason, P2PStatus } from "../public/events.js";
import { fuse } from "../fuse.js";
import { metered, missing } from "./support.js";

/** What only the swarm knows of the way up. */
export interface Footing {
  /** The video is played through Media Source Extensions, so that its segments pass through us. */
  readonly mse: boolean;
  /** The page's own wish. It may restrict, never widen. */
  readonly page: "ask" | "off" | null;
  /** An end for good: no index, or an engine that does not start. */
  readonly dead: P2PReason | null;
}

/** The rung at which the way ends; null when it is free. */
export function obstacle({ mse, page, dead }: Footing): P2PStatus | null {
  const incapable = missing(mse);
  if (incapable !== null) {
    return off(incapable);
  }
  if (!fuse.whole) {
    return off("engine-failed");
  }
  if (choice() === false) {
    return off("you");
  }
  if (page === "off") {
    return off("page");
  }
  if (dead !== null) {
    return off(dead);
  }
  return metered() && !agreedMetered() ? { state: "waiting", reason: "metered" } : null;
}

/** Off, and why. */
export function off(reason: P2PReason): P2PStatus {
  return { state: "off", reason };
}
