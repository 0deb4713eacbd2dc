/**
 * The inside of one `<shoal-player>`: per source a session and a playback, for its life one shell around
 * one video element, and the events that the page gets.
 */

import { defaults, options } from "../config.js";
import { fatal } from "../errors.js";
import { Playback, playsByMse } from "../hls/playback.js";
import type { RichVideo } from "../hls/renditions.js";
import { indexUrl } from "../indexfile.js";
import { messages } from "../messages/index.js";
import type { P2PStatus, PlayerEventMap, PlayerStats } from "../public/events.js";
import type { Asker } from "../public/p2p.js";
import { acknowledged } from "../session/preferences.js";
import { Session } from "../session/session.js";
import { SessionStats } from "../session/stats.js";
import { Shell } from "../ui/shell.js";
import { absolute, pageWish } from "./attributes.js";
import { Faults } from "./faults.js";

/** Time that scripts have to set `src` once the element is there, before anybody complains, in milliseconds. */
const GRACE = 1000;
/** State of a player that has no source. */
const IDLE: P2PStatus = { state: "off", reason: "starting" };

/** See the module's header. */
export class Player {
  readonly #element: HTMLElement;
  readonly #root: ShadowRoot;
  readonly #media: RichVideo;
  readonly #idle = new SessionStats();
  readonly #faults = new Faults((error) => { this.#dispatch("error", error); });
  #shell: Shell | null = null;
  #session: Session | null = null;
  #playback: Playback | null = null;
  #unwatch: (() => void)[] = [];
  /** Last state that the page was told, and last figures: both as JSON. */
  #announced = "";
  #lastStats = "";

  constructor(element: HTMLElement, root: ShadowRoot, media: RichVideo) {
    this.#element = element;
    this.#root = root;
    this.#media = media;
  }

  /** Whether there is a source. */
  get playing(): boolean {
    return this.#playback !== null;
  }

  /** State of sharing and its reason. */
  get status(): P2PStatus {
    return this.#session?.status ?? IDLE;
  }

  /** Returns the figures of the present source. */
  stats(): PlayerStats {
    return this.#session?.stats() ?? this.#idle.snapshot(null, IDLE, 0);
  }

  /** Returns what the engine went through, when the page's options have it recorded. */
  trace(): Uint8Array | undefined {
    return this.#session?.trace();
  }

  /** Takes the viewer's answer. */
  choose(share: boolean, by: Asker): void {
    this.#session?.choose(share, by);
    this.#render();
  }

  /** Reads the page's `p2p` attribute again. */
  restrict(): void {
    if (this.#session !== null) {
      const { wish, misread } = pageWish(this.#element);
      this.#session.restrict(wish);
      if (misread !== null) {
        this.#faults.misread(misread);
      }
    }
  }

  /** Begins anew with the present attributes, from a position in seconds; −1 is where the stream wants to start. */
  begin(position: number): void {
    this.end();
    const src = absolute(this.#element, "src");
    const { wish, misread } = pageWish(this.#element);
    if (src !== null) {
      this.#play(src, wish, position);
    }
    // The playlist is on its way: now there is time for the shell.
    this.#shell ??= this.#mount();
    this.#render();
    if (src === null) {
      this.#complain();
    }
    if (misread !== null) {
      this.#faults.misread(misread);
    }
  }

  /** Ends playback and sharing. */
  end(): void {
    for (const unwatch of this.#unwatch) {
      unwatch();
    }
    this.#unwatch = [];
    this.#playback?.destroy();
    this.#playback = null;
    this.#session?.destroy();
    this.#session = null;
    this.#faults.clear();
  }

  /** Tries again where playback ended for want of a connection. */
  reconnect(): void {
    if (this.#faults.unreachable) {
      this.#retry();
    }
  }

  /** Tells the page and the shell of new figures; called once a second. */
  tick(): void {
    if (this.#session === null) {
      return;
    }
    this.#shell?.watch();
    const stats = this.#session.stats();
    const text = JSON.stringify(stats);
    if (text !== this.#lastStats) {
      this.#lastStats = text;
      this.#dispatch("stats", stats);
      this.#render(stats);
    }
  }

  #play(src: string, page: "ask" | "off" | null, position: number): void {
    const session = new Session({
      src,
      index: absolute(this.#element, "index"),
      tracker: this.#element.getAttribute("tracker"),
      page,
      mse: playsByMse(src),
    });
    const playback = new Playback(src, this.#media, session, (error) => { this.#faults.report(error); });
    session.inform(acknowledged());
    this.#announced = JSON.stringify(session.status);
    this.#session = session;
    this.#playback = playback;
    this.#unwatch = [
      session.events.on("status", () => {
        this.#announce();
        this.#render();
      }),
      session.events.on("peers", (peers) => {
        this.#dispatch("peerschange", { peers });
        this.#render();
      }),
      session.events.on("error", (error) => { this.#faults.report(error); }),
    ];
    this.#startWhenWanted(playback, position);
  }

  #mount(): Shell {
    const texts = messages();
    const shell = new Shell(this.#root, this.#media, texts, {
      choose: (share) => { this.choose(share, "player"); },
      hide: (hidden) => {
        this.#session?.hide(hidden);
        this.#render();
      },
      limit: (limits) => {
        this.#session?.limit(limits);
        this.#render();
      },
      inform: (informed) => {
        this.#session?.inform(informed);
        // What the engine makes of it comes first.
        setTimeout(() => { this.#announce(); });
      },
      retry: () => { this.#retry(); },
      goLive: () => { this.#goLive(); },
    });
    this.#faults.mount(shell, texts);
    const children = document.createElement("slot");
    children.hidden = true;
    children.addEventListener("slotchange", () => { this.#adoptTracks(); });
    this.#root.append(children);
    return shell;
  }

  /** Complains that there is nothing to play. */
  #complain(): void {
    const src = this.#element.getAttribute("src") ?? "";
    if (src.trim() !== "") {
      this.#faults.report(fatal("attribute-invalid", `src="${src}" is no address`));
      return;
    }
    const timer = setTimeout(() => {
      this.#faults.report(fatal("src-missing", "the element has no src attribute"));
    }, GRACE);
    this.#unwatch.push(() => {
      clearTimeout(timer);
    });
  }

  /** Starts now; with `preload="none"`, when the viewer does. */
  #startWhenWanted(playback: Playback, position: number): void {
    const element = this.#element;
    const waits = element.getAttribute("preload") === "none" && !element.hasAttribute("autoplay") && this.#media.paused;
    if (!waits) {
      playback.start(position);
      return;
    }
    const start = (): void => { playback.start(position); };
    this.#media.addEventListener("play", start, { once: true });
    this.#unwatch.push(() => { this.#media.removeEventListener("play", start); });
  }

  #retry(): void {
    const { currentTime, ended } = this.#media;
    this.begin(currentTime > 0 && !ended ? currentTime : -1);
    if (!this.#media.autoplay) {
      // The browser may refuse until the viewer has touched the page; the play button is there.
      this.#media.play().catch(() => undefined);
    }
  }

  #goLive(): void {
    const position = this.#playback?.livePosition ?? null;
    if (position !== null) {
      this.#media.currentTime = position;
      this.#media.play().catch(() => undefined);
    }
  }

  /** Tells the page of a new state; of `asking` when it is known that it stays. */
  #announce(): void {
    const { status } = this;
    const text = JSON.stringify(status);
    if (this.#session !== null && this.#announced !== text && (status.state !== "asking" || this.#shell?.settled === true)) {
      this.#announced = text;
      this.#dispatch("p2pchange", status);
    }
  }

  /** Returns the address of the full text on privacy; by default where `shoal serve` has it, beside the index. */
  #privacy(): string | null {
    const { privacy } = options();
    const src = absolute(this.#element, "src");
    if (privacy === null || src === null) {
      return null;
    }
    const index = absolute(this.#element, "index") ?? indexUrl(src);
    return new URL(privacy, privacy === defaults.privacy ? index : document.baseURI).href;
  }

  #render(stats: PlayerStats = this.stats()): void {
    const session = this.#session;
    if (session !== null) {
      const { status, peers, switchable, limits, frugal, relayOffered } = session;
      // Whoever hides must be able to stop, also where there is no relay for it.
      const hidden = relayOffered || session.hidden ? session.hidden : null;
      this.#shell?.render({ ...status, peers, switchable, stats, limits, frugal, hidden, privacy: this.#privacy() });
    }
  }

  /** Gives `<track>` children, as of `<video>`, to the video element. */
  #adoptTracks(): void {
    const tracks = this.#element.querySelectorAll(":scope > track");
    this.#media.replaceChildren(...Array.from(tracks, (track) => track.cloneNode()));
  }

  #dispatch<Name extends keyof PlayerEventMap>(name: Name, detail: PlayerEventMap[Name]["detail"]): void {
    this.#element.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }
}
