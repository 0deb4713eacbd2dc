/** Sharing as a page sees it: its state, the viewer's switch, and how the viewer's answer came about. */

import type { P2PStatus } from "./events.js";

/** Value of `player.p2p`: the present state and reason, and the viewer's switch. */
export interface P2P extends P2PStatus {
  /** Record of the viewer's answer; null before the first answer on this site. */
  readonly record: AnswerRecord | null;
  /**
   * Answers for the viewer, for pages with a switch or a consent dialog of their own. The answer is
   * remembered for this site. The notice stays until the viewer closes it, and a yes holds only while
   * they can see it or have done so.
   */
  set(share: boolean): void;
}

/** Part that put the question to the viewer: the player, or a dialog of the page's own. */
export type Asker = "page" | "player";

/** Record of the viewer's answer: who asked, when, and what it was. */
export interface AnswerRecord {
  /** Answer: to share, or to take everything from the server. */
  readonly answer: "server" | "share";
  /** Part that asked. */
  readonly by: Asker;
  /** Time in ISO 8601, as the viewer's clock had it. */
  readonly at: string;
  /** Version of the player's notice at the time. */
  readonly notice: number;
}
