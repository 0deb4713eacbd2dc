/** The whole face in one shadow tree: picture, controls, switch, panel, notice, faults. */

import { acknowledged, rememberNotice } from "../choice.js";
import type { Messages } from "../messages/index.js";
import { Alert, Hint } from "./alert.js";
import { liftCaptions } from "./captions.js";
import { make } from "./dom.js";
import { concernsViewer, Notice } from "./notice.js";
import { Sharing } from "./sharing.js";
import { style } from "./style.js";
import type { View } from "./view.js";

/** media-chrome's settings; its elements come to life when `controls.ts` is loaded. */
const CONTROLLER = { part: "controller", breakpoints: "sm:420 md:640", noautoseektolive: "" };
/** The picture is without controls for this long at most, in milliseconds. */
const MAX_BARE = 1000;

/** What the face asks of the element. */
export interface FaceRequests {
  choose(share: boolean): void;
  retry(): void;
  /** The viewer wants to be at the live edge. */
  goLive(): void;
}

/** See the module's header. */
export class Face {
  readonly alert: Alert;
  readonly hint: Hint;
  readonly #sharing: Sharing;
  readonly #notice: Notice;
  readonly #stage: HTMLElement;
  readonly #controller: HTMLElement;
  #view: View | null = null;
  /** The viewer asked for the notice. */
  #explaining = false;

  constructor(root: ShadowRoot, video: HTMLVideoElement, messages: Messages, requests: FaceRequests) {
    const own = {
      choose: requests.choose.bind(requests),
      acknowledge: (): void => {
        rememberNotice();
        this.#explaining = false;
        this.#show();
      },
      explain: (): void => {
        this.#explaining = true;
        this.#show();
      },
    };
    this.alert = new Alert(messages, requests.retry.bind(requests));
    this.hint = new Hint(messages);
    this.#sharing = new Sharing(messages, own);
    this.#notice = new Notice(messages, own);
    video.slot = "media";
    this.#controller = document.createElement("media-controller");
    for (const [name, value] of Object.entries(CONTROLLER)) {
      this.#controller.setAttribute(name, value);
    }
    this.#controller.append(video);
    this.#stage = make("div", { class: "stage" }, this.#controller, this.alert.element, this.#sharing.panel);
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
      { class: "player", part: "player", lang: messages.language },
      this.#stage,
      this.#notice.element,
      this.hint.element,
    );
    root.append(make("style", {}, style), player);
    this.#whenFree(video, () => {
      void this.#furnish(messages, video, player);
    });
  }

  /** The panel with the figures is on screen. */
  get panelOpen(): boolean {
    return this.#sharing.open;
  }

  /** Shows a state. */
  render(view: View): void {
    this.#view = view;
    this.#show();
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

  async #furnish(messages: Messages, video: HTMLVideoElement, player: HTMLElement): Promise<void> {
    try {
      const { furnish } = await import(/* webpackChunkName: "controls" */ "./controls.js");
      // The notice goes with the picture into full screen.
      furnish(this.#controller, messages, this.#sharing.bar, player);
      liftCaptions(this.#controller, video);
    } catch {
      // The file is not there: the browser's own controls, and the switch under the picture.
      video.controls = true;
      this.#stage.after(this.#sharing.bar);
    }
  }

  #show(): void {
    const view = this.#view;
    if (view !== null) {
      this.#sharing.render(view);
      const wanted = view.state === "asking" || (!acknowledged() && concernsViewer(view));
      const focused = this.#notice.element.matches(":focus-within");
      this.#notice.render(view, wanted || this.#explaining);
      if (focused && this.#notice.element.hidden) {
        // Whoever answered by keyboard goes on from the switch.
        this.#sharing.focus();
      }
    }
  }
}
