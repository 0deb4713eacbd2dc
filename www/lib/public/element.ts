/** `<shoal-player>`: attributes and properties in, events out. It owns one video element for its life. */

import { enrich } from "../hls/renditions.js";
import { sizeRule } from "../player/attributes.js";
import { Player } from "../player/player.js";
import { record } from "../session/preferences.js";
import type { PlayerEventMap, PlayerStats } from "./events.js";
import type { P2P } from "./p2p.js";

/** Attributes that go to the video element as they are. */
const PASSED = ["autoplay", "crossorigin", "loop", "poster", "preload"] as const;
/** Attributes on which everything starts anew. */
const SOURCE = ["index", "src", "tracker"] as const;
/** Without a document, as in server-side rendering, the class exists but cannot be made. */
const Base = "HTMLElement" in globalThis ? HTMLElement : (Object as unknown as typeof HTMLElement);

/** See the module's header. */
export class ShoalPlayer extends Base {
  static readonly observedAttributes = [...PASSED, ...SOURCE, "p2p", "muted", "width", "height"];

  readonly #media = enrich(document.createElement("video"));
  readonly #size = document.createElement("style");
  readonly #player: Player;
  #timer: ReturnType<typeof setInterval> | undefined;
  #scheduled = false;
  /** Source attributes with which playback began. */
  #begun = "";

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    this.#media.playsInline = true;
    this.#media.setAttribute("part", "video");
    root.append(this.#size);
    this.#player = new Player(this, root, this.#media);
  }

  /** Video element inside. */
  get media(): HTMLVideoElement {
    return this.#media;
  }

  /** State and reason of sharing, and the switch. */
  // eslint-disable-next-line @typescript-eslint/related-getter-setter-pairs -- set by position
  get p2p(): P2P {
    const { state, reason } = this.#player.status;
    return { state, reason, record: record(), set: (share) => { this.#player.choose(share, "page"); } };
  }

  /** Takes the viewer's answer or the page's wish: a boolean is the viewer's switch, a string the `p2p` attribute. */
  set p2p(value: boolean | string | null) {
    if (typeof value === "boolean") {
      this.#player.choose(value, "page");
    } else if (value === null) {
      this.removeAttribute("p2p");
    } else {
      this.setAttribute("p2p", value);
    }
  }

  /** Returns a snapshot of what was sent and received since `src` was set. */
  stats(): PlayerStats {
    return this.#player.stats();
  }

  /**
   * Returns what the engine has gone through since `src` was set, for a bug report: with the option
   * `trace`, and once the engine is up. It holds no address of anybody.
   */
  trace(): Uint8Array | undefined {
    return this.#player.trace();
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

  /** Starts; the browser calls this when the element enters a document. */
  connectedCallback(): void {
    this.#timer = setInterval(() => { this.#player.tick(); }, 1000);
    globalThis.addEventListener("online", this.#online);
    this.#schedule();
  }

  /** Ends; the browser calls this when the element leaves its document. */
  disconnectedCallback(): void {
    clearInterval(this.#timer);
    globalThis.removeEventListener("online", this.#online);
    this.#schedule();
  }

  /** Follows an attribute; the browser calls this when an observed one changes. */
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
    } else if (name === "p2p") {
      this.#player.restrict();
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
        this.#player.end();
        return;
      }
      const sources = JSON.stringify(SOURCE.map((name) => this.getAttribute(name)));
      if (!this.#player.playing || this.#begun !== sources) {
        this.#begun = sources;
        this.#player.begin(-1);
      }
    });
  }

  readonly #online = (): void => {
    this.#player.reconnect();
  };
}

declare global {
  interface HTMLElementTagNameMap {
    "shoal-player": ShoalPlayer;
  }
}
