/** Gathers what those who decide on one video's sharing have said, for the player and for its engine. */

import { fuse } from "../fuse.js";
import type { InlineHost } from "../host/inline.js";
import type { P2PReason, P2PStatus } from "../public/events.js";
import { engineLimits } from "./budget.js";
import { blockedBy } from "./eligibility.js";
import { agreedMetered, choice, hides, record } from "./preferences.js";
import { frugality, metered, missing, privacySignal } from "./support.js";

/** See the module's header. */
export class Rules {
  /** Wish of the page. It may restrict, never widen. */
  page: "ask" | "off" | null;
  /** Whether the notice is on screen or acknowledged. */
  informed = false;
  /** Reason of an end for good: no index, or an engine that does not start. */
  dead: P2PReason | null = null;
  readonly #mse: boolean;

  constructor(page: "ask" | "off" | null, mse: boolean) {
    this.page = page;
    this.#mse = mse;
  }

  /** Answer of the viewer as far as it counts: a yes that came from the page does not before they are informed. */
  get viewer(): boolean | null {
    const share = choice();
    return share === true && !this.informed && record()?.by === "page" ? null : share;
  }

  /** Whether the operator's `on` counts as `ask`. */
  get askFirst(): boolean {
    return !this.informed || privacySignal();
  }

  /** Returns the state in which the strictest refusal leaves this viewer; null when nothing refuses. */
  blocked(): P2PStatus | null {
    return blockedBy({
      missing: missing(this.#mse),
      failed: !fuse.whole,
      viewer: choice(),
      page: this.page,
      dead: this.dead,
      metered: metered(),
      agreedMetered: agreedMetered(),
    });
  }

  /** Tells a new engine all of it. */
  instruct(engine: InlineHost): void {
    engine.rule("capable", true);
    engine.rule("page", this.page);
    engine.rule("metered", metered());
    engine.rule("metered-too", agreedMetered());
    engine.rule("hidden", hides());
    engine.rule("ask-first", this.askFirst);
    engine.rule("viewer", this.viewer);
    engine.frugal(frugality() !== null);
    setLimits(engine);
  }
}

/** Tells an engine how much may be sent. */
export function setLimits(engine: InlineHost | null): void {
  const { rate, total } = engineLimits();
  engine?.limits(rate, total);
}
