/** State and actions of the parts of the shell: state comes down, actions go up. */

import type { P2PStatus, PlayerStats } from "../public/events.js";
import type { Messages } from "../messages/messages.js";
import type { UploadLimits } from "../session/preferences.js";
import type { Frugality } from "../session/support.js";

/** State of sharing, as the shell shows it. */
export interface View extends P2PStatus {
  /** Number of connected viewers. */
  readonly peers: number;
  /** Whether the switch would have an effect. */
  readonly switchable: boolean;
  readonly stats: PlayerStats;
  readonly limits: UploadLimits;
  readonly frugal: Frugality | null;
  /** Whether the viewer's address is hidden from other viewers; null where the site has no relay for that. */
  readonly hidden: boolean | null;
  /** Address of the full text on privacy. */
  readonly privacy: string | null;
}

/** Actions that a part of the shell may ask for. */
export interface Actions {
  /** Takes the viewer's answer on sharing. */
  choose(share: boolean): void;
  /** Hides the viewer's address, or no longer. */
  hide(hidden: boolean): void;
  /** Takes the viewer's own limits. */
  limit(limits: UploadLimits): void;
  /** Notes that the viewer has read the notice. */
  acknowledge(): void;
  /** Shows the notice again. */
  explain(): void;
}

/** Returns the label of a state on a switch. */
export function stateLabel({ state, switchable }: View, { states }: Messages): string {
  return states[state === "off" && !switchable ? "unavailable" : state];
}

/** Returns the sentence for a state. */
export function sentence({ state, reason }: P2PStatus, messages: Messages): string {
  if (reason !== null) {
    return messages.reasons[reason];
  }
  return state === "on" ? messages.on : messages.asking;
}

/** Returns whether the switch is on: when sharing goes on or would, were it not for something else. */
export function willing({ state, reason }: P2PStatus): boolean {
  return state === "on" || (state === "waiting" && reason !== "metered");
}
