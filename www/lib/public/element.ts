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

/**
 * Player of an HLS video that viewers share.
 *
 * @attr {string} src - Address of the HLS playlist, master or media.
 * @attr {string} index - Address of the index. Default: `<src>.shoal/index.json`.
 * @attr {string} tracker - Addresses of trackers, separated by spaces, in place of those in the index.
 * @attr {"ask" | "off"} p2p - Wish of the page on sharing. It can restrict what the site allows, never widen it, and never hides the
 *   notice. `?p2p=off` or `?p2p=ask` in the page's address does the same; the stricter of the two wins. Any other value counts as `off`.
 * @attr {boolean} autoplay - As on `<video>`.
 * @attr {"anonymous" | "use-credentials"} crossorigin - As on `<video>`.
 * @attr {number} height - As on `<video>`, in pixels.
 * @attr {boolean} loop - As on `<video>`.
 * @attr {boolean} muted - As on `<video>`.
 * @attr {string} poster - As on `<video>`.
 * @attr {"auto" | "metadata" | "none"} preload - As on `<video>`. With `none` nothing is fetched before the viewer plays.
 * @attr {number} width - As on `<video>`, in pixels.
 * @fires {CustomEvent<P2PStatus>} p2pchange - State or reason of sharing is another one. `asking` comes once it is known that the viewer can be asked.
 * @fires {CustomEvent<{ peers: number }>} peerschange - Number of connected viewers is another one.
 * @fires {CustomEvent<PlayerStats>} stats - Statistics have changed; at most once a second.
 * @fires {CustomEvent<PlayerError>} error - Something went wrong. Where `fatal` is false, playback goes on.
 * @slot - `<track>` children add captions, as in `<video>`. The controls are always there.
 * @csspart player - Everything: picture, panel, notice and faults.
 * @csspart controller - The picture with its controls: media-chrome's `<media-controller>`, which takes media-chrome's `--media-*` properties.
 * @csspart video - The video element.
 * @csspart panel - The panel with the statistics and the viewer's limits.
 * @csspart alert - The sentence over the picture when playback has ended by a fault.
 * @csspart hint - The sentence under the picture after a fault that playback survives.
 * @cssprop --shoal-accent - Colour of links, bars and the switch, but not on the control bar, which is light on dark.
 * @cssprop --shoal-aspect-ratio - Shape of the picture. Default: the video's, and 16 / 9 until it is known; `width` and `height` together set it.
 * @cssprop --shoal-font - Fonts of all text but the notice's. Default: the system's.
 * @cssprop --shoal-line - Colour of lines between parts.
 * @cssprop --shoal-radius - Radius of the corners. Default: 10px.
 * @cssprop --shoal-surface - Background of what lies under and beside the picture.
 * @cssprop --shoal-text - Colour of text.
 * @cssprop --shoal-text-soft - Colour of less important text.
 */
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
