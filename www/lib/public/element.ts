/**
 * `<shoal-player>`: attributes in, events out. It owns one video element for its life, and one
 * swarm and one playback per source.
 */

import { absolute, pageWish, sizeRule } from "../player/attributes.js";
import { acknowledged, record, type AnswerRecord, type Asker } from "../session/preferences.js";
import { defaults, options } from "../config.js";
import { fatal, survivable, type ErrorCode, type PlayerError } from "./errors.js";
import type { P2PReason, P2PState, P2PStatus, PlayerEventMap, PlayerStats } from "./events.js";
import { Playback, playsByMse } from "../hls/playback.js";
import { enrich, type RichVideo } from "../hls/renditions.js";
import { indexUrl } from "../indexfile.js";
import { messages, type Messages } from "../messages/index.js";
import { Swarm } from "../session/session.js";
import { Tally } from "../session/stats.js";
import { Face } from "../ui/shell.js";

/** What `player.p2p` gives: the present state and reason, and the viewer's switch. */
export interface P2P extends P2PStatus {
  /** Who asked the viewer, when, and what they answered; null before the first answer on this site. */
  readonly record: AnswerRecord | null;
  /**
   * Answers for the viewer, for pages with a switch or a consent dialog of their own. The answer is
   * remembered for this site. The notice stays until the viewer closes it, and a yes holds only while
   * they can see it or have done so.
   */
  set(share: boolean): void;
}

/** Attributes that go to the video element as they are. */
const PASSED = ["autoplay", "crossorigin", "loop", "poster", "preload"] as const;
/** Attributes on which everything starts anew. */
const SOURCE = ["index", "src", "tracker"] as const;
/** Scripts often set `src` a moment after the element is there: no complaint before, in milliseconds. */
const GRACE = 1000;
/** Faults after which the same attempt may succeed. */
const RETRYABLE: readonly string[] = ["media-unreachable", "playlist-missing", "playlist-unreachable"];
/** Faults that playback survives and of which the viewer sees a sentence. */
const HINTED: readonly string[] = ["attribute-invalid", "index-malformed", "index-unreachable"];

/** Without a document, as in server-side rendering, the class exists but cannot be made. */
const Base = "HTMLElement" in globalThis ? HTMLElement : (Object as unknown as typeof HTMLElement);

/** See the module's header. */
export class ShoalPlayer extends Base {
  static readonly observedAttributes = [...PASSED, ...SOURCE, "p2p", "muted", "width", "height"];

  readonly #media: RichVideo = enrich(document.createElement("video"));
  readonly #size = document.createElement("style");
  readonly #idle = new Tally();
  #messages: Messages | null = null;
  #face: Face | null = null;
  #swarm: Swarm | null = null;
  #playback: Playback | null = null;
  #scheduled = false;
  #timer: ReturnType<typeof setInterval> | undefined;
  #unwatch: (() => void)[] = [];
  #failure: PlayerError | null = null;
  #told = "";
  #announced = "";

  constructor() {
    super();
    this.attachShadow({ mode: "open" });
    this.#media.playsInline = true;
    this.#media.setAttribute("part", "video");
  }

  /** The video element inside. */
  get media(): HTMLVideoElement {
    return this.#media;
  }

  /** State and reason of sharing, and the switch. */
  // eslint-disable-next-line @typescript-eslint/related-getter-setter-pairs -- set by position
  get p2p(): P2P {
    const { state, reason } = this.#status();
    return { state, reason, record: record(), set: (share) => { this.#choose(share, "page"); } };
  }

  /** A boolean is the viewer's switch, a string the `p2p` attribute. */
  set p2p(value: boolean | string | null) {
    if (typeof value === "boolean") {
      this.#choose(value, "page");
    } else if (value === null) {
      this.removeAttribute("p2p");
    } else {
      this.setAttribute("p2p", value);
    }
  }

  /** A snapshot of what was sent and received since `src` was set. */
  stats(): PlayerStats {
    return this.#swarm?.stats() ?? this.#idle.snapshot(null, this.#status(), 0);
  }

  /**
   * What the engine has gone through since `src` was set, for a bug report: with the option `trace`,
   * and once the engine is up. It holds no address of anybody.
   */
  trace(): Uint8Array | undefined {
    return this.#swarm?.trace();
  }

  /** Address of the playlist. */
  get src(): string {
    return this.getAttribute("src") ?? "";
  }

  set src(value: string) {
    this.setAttribute("src", value);
  }

  /** Addresses of trackers, in place of those that the index names. */
  get tracker(): string {
    return this.getAttribute("tracker") ?? "";
  }

  set tracker(value: string) {
    this.setAttribute("tracker", value);
  }

  /** Address of the index, where it does not lie beside the playlist. */
  get index(): string {
    return this.getAttribute("index") ?? "";
  }

  set index(value: string) {
    this.setAttribute("index", value);
  }

  override addEventListener<Name extends keyof PlayerEventMap>(
    type: Name,
    listener: (event: PlayerEventMap[Name]) => void,
    options?: boolean | AddEventListenerOptions,
  ): void;
  override addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | AddEventListenerOptions,
  ): void;
  override addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | AddEventListenerOptions,
  ): void {
    super.addEventListener(type, listener, options);
  }

  /** The browser calls this when the element enters a document. */
  connectedCallback(): void {
    this.#timer = setInterval(() => { this.#tick(); }, 1000);
    globalThis.addEventListener("online", this.#online);
    this.#schedule();
  }

  /** The browser calls this when the element leaves its document. */
  disconnectedCallback(): void {
    clearInterval(this.#timer);
    globalThis.removeEventListener("online", this.#online);
    this.#schedule();
  }

  /** The browser calls this when an observed attribute changes. */
  attributeChangedCallback(name: string, _before: string | null, value: string | null): void {
    if ((PASSED as readonly string[]).includes(name)) {
      if (value === null) {
        this.#media.removeAttribute(name);
      } else {
        this.#media.setAttribute(name, value);
      }
    } else if (name === "muted") {
      this.#media.muted = this.#media.defaultMuted = value !== null;
    } else if (name === "width" || name === "height") {
      this.#size.textContent = sizeRule(this);
    } else if (name === "p2p" && this.#swarm !== null) {
      const { wish, misread } = pageWish(this);
      this.#swarm.restrict(wish);
      if (misread !== null) {
        this.#misread(misread);
      }
    } else if ((SOURCE as readonly string[]).includes(name) && this.isConnected) {
      this.#schedule();
    }
  }

  /** Starts or ends with the present attributes, once for all changes of one task. */
  #schedule(): void {
    if (this.#scheduled) {
      return;
    }
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      if (!this.isConnected) {
        this.#end();
        return;
      }
      if (this.#playback === null || this.#told !== this.#sources()) {
        this.#begin(-1);
      }
    });
  }

  #sources(): string {
    return JSON.stringify(SOURCE.map((name) => this.getAttribute(name)));
  }

  #begin(position: number): void {
    this.#end();
    this.#told = this.#sources();
    const src = absolute(this, "src");
    const { wish, misread } = pageWish(this);
    if (src !== null) {
      this.#play(src, wish, position);
    }
    // The playlist is on its way: now there is time for the face.
    const face = this.#show();
    face.alert.hide();
    face.hint.hide();
    this.#render();
    if (src === null) {
      this.#complain();
    }
    if (misread !== null) {
      this.#misread(misread);
    }
  }

  #play(src: string, page: "ask" | "off" | null, position: number): void {
    const swarm = new Swarm({
      src,
      index: absolute(this, "index"),
      tracker: this.getAttribute("tracker"),
      page,
      mse: playsByMse(src),
    });
    const playback = new Playback(src, this.#media, swarm, (error) => { this.#report(error); });
    swarm.tell(acknowledged());
    this.#announced = JSON.stringify(swarm.status);
    this.#swarm = swarm;
    this.#playback = playback;
    this.#unwatch = [
      swarm.events.on("status", () => {
        this.#announce();
        this.#render();
      }),
      swarm.events.on("peers", (peers) => {
        this.#tell("peerschange", { peers });
        this.#render();
      }),
      swarm.events.on("error", (error) => { this.#report(error); }),
    ];
    this.#startWhenWanted(playback, position);
  }

  /** The face, made at the first call. */
  #show(): Face {
    if (this.#face !== null) {
      return this.#face;
    }
    const root = this.shadowRoot ?? this.attachShadow({ mode: "open" });
    this.#messages = messages();
    this.#face = new Face(root, this.#media, this.#messages, {
      choose: (share) => { this.#choose(share, "player"); },
      hide: (hidden) => {
        this.#swarm?.hide(hidden);
        this.#render();
      },
      limit: (limits) => {
        this.#swarm?.limit(limits);
        this.#render();
      },
      tell: (told) => {
        this.#swarm?.tell(told);
        // What the engine makes of it comes first.
        setTimeout(() => { this.#announce(); });
      },
      retry: () => { this.#retry(); },
      goLive: () => { this.#goLive(); },
    });
    const children = document.createElement("slot");
    children.hidden = true;
    children.addEventListener("slotchange", () => { this.#adoptTracks(); });
    root.append(this.#size, children);
    return this.#face;
  }

  /** There is nothing to play. */
  #complain(): void {
    if (this.src.trim() !== "") {
      this.#report(fatal("attribute-invalid", `src="${this.src}" is no address`));
      return;
    }
    const timer = setTimeout(() => {
      this.#report(fatal("src-missing", "the element has no src attribute"));
    }, GRACE);
    this.#unwatch.push(() => {
      clearTimeout(timer);
    });
  }

  /** `preload="none"` waits for the viewer. */
  #startWhenWanted(playback: Playback, position: number): void {
    const waits = this.getAttribute("preload") === "none" && !this.hasAttribute("autoplay") && this.#media.paused;
    if (!waits) {
      playback.start(position);
      return;
    }
    const start = (): void => { playback.start(position); };
    this.#media.addEventListener("play", start, { once: true });
    this.#unwatch.push(() => { this.#media.removeEventListener("play", start); });
  }

  #end(): void {
    for (const unwatch of this.#unwatch) {
      unwatch();
    }
    this.#unwatch = [];
    this.#playback?.destroy();
    this.#playback = null;
    this.#swarm?.destroy();
    this.#swarm = null;
    this.#failure = null;
  }

  #retry(): void {
    const { currentTime, ended } = this.#media;
    this.#begin(currentTime > 0 && !ended ? currentTime : -1);
    if (!this.#media.autoplay) {
      // The browser may refuse until the viewer has touched the page; the play button is there.
      this.#media.play().catch(() => undefined);
    }
  }

  readonly #online = (): void => {
    if (this.#failure?.code.endsWith("-unreachable") === true) {
      this.#retry();
    }
  };

  #goLive(): void {
    const position = this.#playback?.livePosition ?? null;
    if (position !== null) {
      this.#media.currentTime = position;
      this.#media.play().catch(() => undefined);
    }
  }

  /** Tells the page of a new state; of `asking` when it is known that it stays. */
  #announce(): void {
    const status = this.#status();
    const text = JSON.stringify(status);
    if (this.#swarm !== null && this.#announced !== text && (status.state !== "asking" || this.#face?.settled === true)) {
      this.#announced = text;
      this.#tell("p2pchange", status);
    }
  }

  #choose(share: boolean, by: Asker): void {
    this.#swarm?.choose(share, by);
    this.#render();
  }

  /** Address of the full text; by default where `shoal serve` has it, beside the index. */
  #privacy(): string | null {
    const { privacy } = options();
    const src = absolute(this, "src");
    if (privacy === null || src === null) {
      return null;
    }
    const index = absolute(this, "index") ?? indexUrl(src);
    return new URL(privacy, privacy === defaults.privacy ? index : document.baseURI).href;
  }

  #status(): P2PStatus {
    const idle: { state: P2PState; reason: P2PReason } = { state: "off", reason: "starting" };
    return this.#swarm?.status ?? idle;
  }

  #misread({ name, value }: { readonly name: string; readonly value: string }): void {
    const sentence = name === "p2p" ? this.#messages?.p2pInvalid(value) : undefined;
    this.#report(survivable("attribute-invalid", `${name}="${value}" is not understood`), sentence);
  }

  #report(error: PlayerError, said?: string): void {
    const texts: Partial<Record<ErrorCode, string>> = this.#messages?.errors ?? {};
    const sentence = said ?? texts[error.code] ?? error.message;
    if (error.fatal) {
      this.#failure = error;
      this.#face?.alert.show(sentence, RETRYABLE.includes(error.code));
    } else if (HINTED.includes(error.code)) {
      this.#face?.hint.show(sentence);
    }
    this.#tell("error", error);
  }

  #tell<Name extends keyof PlayerEventMap>(name: Name, detail: PlayerEventMap[Name]["detail"]): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }

  #lastStats = "";

  #tick(): void {
    if (this.#swarm === null) {
      return;
    }
    this.#face?.watch();
    const stats = this.#swarm.stats();
    const text = JSON.stringify(stats);
    if (text !== this.#lastStats) {
      this.#lastStats = text;
      this.#tell("stats", stats);
      this.#render(stats);
    }
  }

  #render(stats: PlayerStats = this.stats()): void {
    const swarm = this.#swarm;
    if (swarm !== null) {
      const { status, peers, switchable, limits, frugal, relayOffered } = swarm;
      // Whoever hides must be able to stop, also where there is no relay for it.
      const hidden = relayOffered || swarm.hidden ? swarm.hidden : null;
      this.#face?.render({ ...status, peers, switchable, stats, limits, frugal, hidden, privacy: this.#privacy() });
    }
  }

  /** `<track>` children, as of `<video>`, are given to the video element. */
  #adoptTracks(): void {
    const tracks = this.querySelectorAll(":scope > track");
    this.#media.replaceChildren(...Array.from(tracks, (track) => track.cloneNode()));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "shoal-player": ShoalPlayer;
  }
}
