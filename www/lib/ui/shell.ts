/** Builds all that is seen in one shadow tree: picture, controls, switch, panel, notice, faults. */

import { acknowledged, rememberNotice } from "../session/preferences.js";
import type { Messages } from "../messages/messages.js";
import { Alert, Hint } from "./alert.js";
import type { Controls } from "./controls.js";
import { make } from "./dom.js";
import { concernsViewer, Notice } from "./notice.js";
import { Sight } from "./sight.js";
import style from "./style.css";
import { Toggle } from "./toggle.js";
import type { Actions, View } from "./view.js";

/** Settings of media-chrome; its elements come to life when `controls.ts` is loaded. */
const CONTROLLER = { part: "controller", breakpoints: "sm:420 md:640", noautoseektolive: "" };
/** Time for which the picture is without controls at most, in milliseconds. */
const MAX_BARE = 1000;

/** Actions that the shell asks of the player. */
export interface ShellActions extends Pick<Actions, "choose" | "hide" | "limit"> {
  /** Takes whether the viewer can see the notice or has read it. */
  inform(informed: boolean): void;
  retry(): void;
  /** Goes to the live edge. */
  goLive(): void;
}

/** See the module's header. */
export class Shell {
  readonly alert: Alert;
  readonly hint: Hint;
  readonly #actions: ShellActions;
  readonly #toggle: Toggle;
  readonly #notice: Notice;
  readonly #sight: Sight;
  readonly #stage: HTMLElement;
  readonly #controller: HTMLElement;
  #controls: Controls | null = null;
  #view: View | null = null;
  /** Whether the notice can be seen; null while it is not shown, and until it is known. */
  #seen: boolean | null = null;
  /** Whether the viewer asked for the notice. */
  #explaining = false;

  constructor(root: ShadowRoot, video: HTMLVideoElement, messages: Messages, actions: ShellActions) {
    this.#actions = actions;
    const own: Actions = {
      choose: actions.choose.bind(actions),
      hide: actions.hide.bind(actions),
      limit: actions.limit.bind(actions),
      acknowledge: () => {
        rememberNotice();
        actions.inform(true);
        this.#explaining = false;
        this.#show();
      },
      explain: () => {
        this.#explaining = true;
        this.#show();
      },
    };
    this.alert = new Alert(messages, actions.retry.bind(actions));
    this.hint = new Hint(messages);
    this.#toggle = new Toggle(messages, own, "sharing-state", true);
    this.#notice = new Notice(messages, own);
    this.#sight = new Sight(this.#notice.element, (seen) => {
      this.#seen = seen;
      this.#inform();
      this.#show();
    });
    video.slot = "media";
    this.#controller = document.createElement("media-controller");
    for (const [name, value] of Object.entries(CONTROLLER)) {
      this.#controller.setAttribute(name, value);
    }
    this.#controller.append(video);
    this.#stage = make("div", { class: "stage" }, this.#controller, this.alert.element);
    // media-chrome would go to the last second there is, which a live stream cannot hold.
    this.#stage.addEventListener(
      "mediaseektoliverequest",
      (event) => {
        event.stopImmediatePropagation();
        actions.goLive();
      },
      { capture: true },
    );
    video.addEventListener("loadedmetadata", () => {
      if (video.videoWidth > 0) {
        this.ratio(video.videoWidth, video.videoHeight);
      }
    });
    const player = make(
      "div",
      { class: "player", part: "player", lang: messages.language, dir: messages.direction },
      this.#stage,
      // Always there and politely live: what appears in it is read when there is time.
      make("div", { class: "live", "aria-live": "polite" }, this.#notice.element),
      this.hint.element,
    );
    // Before whatever the element has there already, which may overrule it.
    root.prepend(make("style", {}, style), player);
    this.#whenFree(video, () => {
      void this.#loadControls(messages, video, player, own);
    });
  }

  /** Shows a state. */
  render(view: View): void {
    this.#view = view;
    this.#show();
  }

  /** Whether it is known that the viewer can be asked: no page should ask in a moment that passes. */
  get settled(): boolean {
    return this.#seen !== null || acknowledged();
  }

  /** Looks again whether the notice can be seen. */
  watch(): void {
    if (this.#wanted) {
      this.#sight.look();
    }
  }

  /** Gives the picture its shape. */
  ratio(width: number, height: number): void {
    this.#stage.style.setProperty("--_ratio", `${String(width)} / ${String(height)}`);
  }

  /**
   * Waits for the first frame, or for whoever reaches for the controls, or for a second at most: loading
   * and building them takes as long as the first segment.
   */
  #whenFree(video: HTMLVideoElement, then: () => void): void {
    const free = new AbortController();
    const once = (): void => {
      if (!free.signal.aborted) {
        free.abort();
        clearTimeout(timer);
        then();
      }
    };
    const timer = setTimeout(once, MAX_BARE);
    if ("requestVideoFrameCallback" in video) {
      video.requestVideoFrameCallback(once);
    } else {
      (video as HTMLVideoElement).addEventListener("loadeddata", once, { signal: free.signal });
    }
    this.#stage.addEventListener("pointermove", once, { signal: free.signal });
    this.#stage.addEventListener("pointerdown", once, { signal: free.signal });
  }

  async #loadControls(messages: Messages, video: HTMLVideoElement, screen: HTMLElement, actions: Actions): Promise<void> {
    const toggle = this.#toggle.element;
    try {
      const { mountControls } = await import(/* webpackChunkName: "controls" */ "./controls.js");
      // The notice goes with the picture into full screen.
      const points = { video, controller: this.#controller, stage: this.#stage, screen, toggle };
      this.#controls = mountControls(points, messages, actions);
      this.#show();
    } catch {
      // The file is not there: the browser's own controls, and the switch under the picture.
      video.controls = true;
      this.#stage.after(toggle);
    }
  }

  get #wanted(): boolean {
    return !this.#notice.element.hidden;
  }

  #inform(): void {
    this.#actions.inform(acknowledged() || this.#seen === true);
  }

  #show(): void {
    const view = this.#view;
    if (view === null) {
      return;
    }
    this.#toggle.render(view);
    this.#controls?.render(view);
    const before = this.#wanted;
    const wanted =
      this.#explaining || view.state === "asking" || (!acknowledged() && concernsViewer(view, before));
    const focused = this.#notice.element.matches(":focus-within");
    this.#notice.render(view, wanted, this.settled);
    if (wanted !== before) {
      this.#seen = null;
      if (wanted) {
        this.#sight.look();
      } else {
        this.#sight.rest();
      }
      this.#inform();
    }
    if (focused && !wanted) {
      // Whoever answered by keyboard goes on from the switch.
      this.#toggle.focus();
    }
  }
}
