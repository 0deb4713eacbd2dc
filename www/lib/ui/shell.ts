/** The whole face in one shadow tree: picture, controls, switch, panel, notice, faults. */

import { acknowledged, rememberNotice } from "../session/preferences.js";
import type { Messages } from "../messages/index.js";
import { Alert, Hint } from "./alert.js";
import type { Furniture } from "./controls.js";
import { make } from "./dom.js";
import { concernsViewer, Notice } from "./notice.js";
import { Sight } from "./sight.js";
import style from "./style.css";
import { Toggle } from "./toggle.js";
import type { Requests, View } from "./view.js";

/** media-chrome's settings; its elements come to life when `controls.ts` is loaded. */
const CONTROLLER = { part: "controller", breakpoints: "sm:420 md:640", noautoseektolive: "" };
/** The picture is without controls for this long at most, in milliseconds. */
const MAX_BARE = 1000;

/** What the face asks of the element. */
export interface FaceRequests extends Pick<Requests, "choose" | "hide" | "limit"> {
  /** The viewer can see the notice, or has read it; or neither. */
  tell(told: boolean): void;
  retry(): void;
  /** The viewer wants to be at the live edge. */
  goLive(): void;
}

/** See the module's header. */
export class Face {
  readonly alert: Alert;
  readonly hint: Hint;
  readonly #requests: FaceRequests;
  readonly #toggle: Toggle;
  readonly #notice: Notice;
  readonly #sight: Sight;
  readonly #stage: HTMLElement;
  readonly #controller: HTMLElement;
  #furniture: Furniture | null = null;
  #view: View | null = null;
  /** The notice can be seen; null while it is not shown, and until it is known. */
  #seen: boolean | null = null;
  /** The viewer asked for the notice. */
  #explaining = false;

  constructor(root: ShadowRoot, video: HTMLVideoElement, messages: Messages, requests: FaceRequests) {
    this.#requests = requests;
    const own: Requests = {
      choose: requests.choose.bind(requests),
      hide: requests.hide.bind(requests),
      limit: requests.limit.bind(requests),
      acknowledge: () => {
        rememberNotice();
        requests.tell(true);
        this.#explaining = false;
        this.#show();
      },
      explain: () => {
        this.#explaining = true;
        this.#show();
      },
    };
    this.alert = new Alert(messages, requests.retry.bind(requests));
    this.hint = new Hint(messages);
    this.#toggle = new Toggle(messages, own, "sharing-state", true);
    this.#notice = new Notice(messages, own);
    this.#sight = new Sight(this.#notice.element, (seen) => {
      this.#seen = seen;
      this.#tell();
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
        requests.goLive();
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
    root.append(make("style", {}, style), player);
    this.#whenFree(video, () => {
      void this.#furnish(messages, video, player, own);
    });
  }

  /** Shows a state. */
  render(view: View): void {
    this.#view = view;
    this.#show();
  }

  /** It is known whether the viewer can be asked: no page should ask in a moment that passes. */
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
   * Loading and building the controls takes as long as the first segment: they wait for the first
   * frame, or for whoever reaches for them, or for a second at most.
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

  async #furnish(messages: Messages, video: HTMLVideoElement, screen: HTMLElement, requests: Requests): Promise<void> {
    const toggle = this.#toggle.element;
    try {
      const { furnish } = await import(/* webpackChunkName: "controls" */ "./controls.js");
      // The notice goes with the picture into full screen.
      const room = { video, controller: this.#controller, stage: this.#stage, screen, toggle };
      this.#furniture = furnish(room, messages, requests);
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

  #tell(): void {
    this.#requests.tell(acknowledged() || this.#seen === true);
  }

  #show(): void {
    const view = this.#view;
    if (view === null) {
      return;
    }
    this.#toggle.render(view);
    this.#furniture?.render(view);
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
      this.#tell();
    }
    if (focused && !wanted) {
      // Whoever answered by keyboard goes on from the switch.
      this.#toggle.focus();
    }
  }
}
