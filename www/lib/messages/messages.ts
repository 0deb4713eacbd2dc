/** Texts that a language has to give. */

import type { ErrorCode } from "../public/errors.js";
import type { P2PReason, P2PState } from "../public/events.js";
import type { Frugality } from "../session/support.js";

/** Faults that cost nothing but sharing: the state's own reason tells of them. */
type Unsaid = "engine-failed" | "options-invalid" | "wasm-unavailable";

/** Texts of the player, in one language. */
export interface Messages {
  /** BCP 47 tag; numbers are written by its rules. */
  readonly language: string;
  /** Direction in which it is written. */
  readonly direction: "ltr" | "rtl";
  /** Name of the switch and of the panel. */
  readonly sharing: string;
  /** Labels of the states of a switch, in a word or few. */
  readonly states: Readonly<Record<P2PState | "unavailable", string>>;
  /** Sentence for each state that has no reason. */
  readonly on: string;
  readonly asking: string;
  readonly reasons: Readonly<Record<P2PReason, string>>;
  readonly details: (peers: number) => string;
  readonly close: string;
  readonly fromPeers: string;
  readonly fromServer: string;
  readonly uploaded: string;
  readonly connected: (peers: number, swarm: number) => string;
  readonly perSecond: (amount: string) => string;
  readonly received: string;
  readonly sent: string;
  readonly limits: {
    readonly rate: string;
    readonly total: string;
    readonly none: string;
    readonly left: (amount: string) => string;
  };
  /** Name of the switch that hides the viewer's address, and what it does. */
  readonly hide: string;
  readonly hideWhat: string;
  readonly frugal: Readonly<Record<Frugality, string>>;
  readonly explain: string;
  /** Text of the link to the full text. */
  readonly privacy: string;
  readonly notice: {
    readonly label: string;
    readonly ask: string;
    readonly on: string;
    /** Says what is shared with whom, what for, what happens otherwise, where to change it. */
    readonly text: string;
    /** Added where the browser sends Global Privacy Control. */
    readonly signal: string;
    readonly share: string;
    readonly serverOnly: string;
    readonly understood: string;
  };
  readonly speed: string;
  readonly quality: string;
  readonly captions: string;
  readonly retry: string;
  readonly dismiss: string;
  readonly errors: Readonly<Record<Exclude<ErrorCode, Unsaid>, string>>;
  readonly p2pInvalid: (value: string) => string;
}
