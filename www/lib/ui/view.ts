/** What the parts of the face are shown, and what they may ask for: state down, requests up. */

import type { P2PStatus, PlayerStats } from "../public/events.js";
import type { Messages } from "../messages/index.js";
import type { Frugality, UploadLimits } from "../session/session.js";

/** State of sharing, as the face shows it. */
export interface View extends P2PStatus {
  /** Connected viewers. */
  readonly peers: number;
  /** The switch would have an effect. */
  readonly switchable: boolean;
  readonly stats: PlayerStats;
  readonly limits: UploadLimits;
  readonly frugal: Frugality | null;
  /** The viewer's address is hidden from other viewers; null where the site has no relay for that. */
  readonly hidden: boolean | null;
  /** Address of the full text on privacy. */
  readonly privacy: string | null;
}

/** What a part of the face may ask for. */
export interface Requests {
  /** The viewer's word on sharing. */
  choose(share: boolean): void;
  /** The viewer's word on hiding their address. */
  hide(hidden: boolean): void;
  /** The viewer's own limits. */
  limit(limits: UploadLimits): void;
  /** The viewer has read the notice. */
  acknowledge(): void;
  /** Show the notice again. */
  explain(): void;
}

/** The four things that a switch can show. */
export function word({ state, switchable }: View, { states }: Messages): string {
  return states[state === "off" && !switchable ? "unavailable" : state];
}

/** The sentence for a state. */
export function sentence({ state, reason }: P2PStatus, messages: Messages): string {
  if (reason !== null) {
    return messages.reasons[reason];
  }
  return state === "on" ? messages.on : messages.asking;
}

/** The switch is on when sharing goes on or would, were it not for something else. */
export function willing({ state, reason }: P2PStatus): boolean {
  return state === "on" || (state === "waiting" && reason !== "metered");
}
