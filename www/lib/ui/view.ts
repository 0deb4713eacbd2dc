/** What the parts of the face are shown, and what they may ask for: state down, requests up. */

import type { P2PStatus, PlayerStats } from "../events.js";
import type { Messages } from "../messages/index.js";

/** State of sharing, as the face shows it. */
export interface View extends P2PStatus {
  /** Connected viewers. */
  readonly peers: number;
  /** The switch would have an effect. */
  readonly switchable: boolean;
  readonly stats: PlayerStats;
}

/** What a part of the face may ask for. */
export interface Requests {
  /** The viewer's word on sharing. */
  choose(share: boolean): void;
  /** The viewer has read the notice. */
  acknowledge(): void;
  /** Show the notice again. */
  explain(): void;
}

/** The sentence for a state. */
export function sentence({ state, reason }: P2PStatus, messages: Messages): string {
  if (reason !== null) {
    return messages.reasons[reason];
  }
  return state === "on" ? messages.on : messages.asking;
}
