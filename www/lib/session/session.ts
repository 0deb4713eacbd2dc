/**
 * One video's sharing, from the first question ("may we?") to the last byte: it asks whether anything
 * refuses, brings up the engine, and keeps the page's view of it.
 *
 * Invariant: while a rule refuses, neither the index nor the engine is fetched, and the engine, where it
 * already runs, has been told.
 */

import { Emitter } from "../emitter.js";
import { survivable } from "../errors.js";
import { fuse } from "../fuse.js";
import type { ActiveTrack, ClientEvent, ClientStats, TimelineSegment } from "../host/client.js";
import { onForbidden } from "../host/connections.js";
import type { InlineHost } from "../host/inline.js";
import type { PlayerError } from "../public/errors.js";
import type { P2PReason, P2PStatus, PlayerStats } from "../public/events.js";
import type { Asker } from "../public/p2p.js";
import { spend, uploadLeft } from "./budget.js";
import { off } from "./eligibility.js";
import { launch } from "./launch.js";
import {
  agreedMetered,
  hides,
  limits,
  rememberChoice,
  rememberHiding,
  rememberLimits,
  type UploadLimits,
} from "./preferences.js";
import { Requests } from "./requests.js";
import { Rules, setLimits } from "./rules.js";
import { SessionStats } from "./stats.js";
import { frugality, metered, onConnectionChange, onFrugality, type Frugality } from "./support.js";

/** Wishes of the page, by attributes. */
export interface SessionSetup {
  /** Absolute address of the playlist. */
  readonly src: string;
  /** Absolute address of the index, where it is not the usual one. */
  readonly index: string | null;
  /** Value of the `tracker` attribute; checked already. */
  readonly tracker: string | null;
  /** Wish of the page. It may restrict, never widen. */
  readonly page: "ask" | "off" | null;
  /** Whether the video is played through Media Source Extensions, so that its segments pass through us. */
  readonly mse: boolean;
}

/** Events for the player. */
export interface SessionEvents {
  status: P2PStatus;
  peers: number;
  error: PlayerError;
  /** The engine is up, and wants every timeline. */
  ready: null;
}

/** Time after which a failed download of the engine is tried once more, in milliseconds. */
const RETRY_AFTER = 60_000;
/** Reasons for "off" at which the switch has an effect all the same. */
const SWITCHABLE: readonly (P2PReason | null)[] = ["no-relay", "webrtc-blocked", "you"];

/** See the module's header. */
export class Session {
  readonly events = new Emitter<SessionEvents>();
  readonly requests: Requests;
  readonly #setup: SessionSetup;
  readonly #rules: Rules;
  readonly #stats = new SessionStats();
  readonly #abort = new AbortController();
  readonly #unwatch: (() => void)[] = [];
  #status: P2PStatus = { state: "waiting", reason: "starting" };
  #peers = 0;
  #engine: InlineHost | null = null;
  #loading = false;
  #shown = Promise.resolve();
  #retried = false;
  /** Recording of an engine that failed. */
  #blackBox: Uint8Array | undefined;

  constructor(setup: SessionSetup) {
    this.requests = new Requests(this.#stats);
    this.#setup = setup;
    this.#rules = new Rules(setup.page, setup.mse);
    this.#unwatch.push(
      fuse.watch((cause) => {
        this.#fail(cause);
      }),
      onForbidden(() => {
        this.#engine?.rule("capable", false);
      }),
      onConnectionChange(() => {
        this.#engine?.rule("metered", metered());
        this.#advance();
      }),
      onFrugality(() => {
        this.#engine?.frugal(frugality() !== null);
      }),
    );
    this.#settle(this.#rules.blocked() ?? this.#status);
  }

  /** State and reason, as the viewer should see them. */
  get status(): P2PStatus {
    return this.#status;
  }

  /** Number of connected viewers. */
  get peers(): number {
    return this.#peers;
  }

  /** Returns the figures of this video since the session was made. */
  stats(): PlayerStats {
    const counters = this.#counters();
    return this.#stats.snapshot(counters, this.#status, this.#peers, uploadLeft(counters?.uploadedBytes ?? 0));
  }

  /** Returns what the engine went through, when the page's options have it recorded. */
  trace(): Uint8Array | undefined {
    return this.#engine?.trace() ?? this.#blackBox;
  }

  /**
   * Goes as far as the rules allow. Harmless when called again.
   * @param shown Settles when the first frame is there: before, the processor is left to it.
   */
  start(shown: Promise<void>): void {
    this.#shown = shown;
    this.#advance();
  }

  /** Takes the viewer's answer, from the switch and the notice, or from the page's own dialog. */
  choose(share: boolean, by: Asker): void {
    rememberChoice(share, by);
    // Where WebRTC was blocked the switch tries once more.
    this.#engine?.rule("capable", true);
    this.#engine?.rule("metered-too", agreedMetered());
    this.#engine?.rule("viewer", this.#rules.viewer);
    this.#advance();
  }

  /** Hides the viewer's address, or no longer: connections are made anew, through a relay or not. */
  hide(hide: boolean): void {
    rememberHiding(hide);
    this.#engine?.rule("hidden", hide);
  }

  /** Whether the viewer hides their address. */
  get hidden(): boolean {
    return hides();
  }

  /** Whether the operator offers a relay, so that an address can be hidden. */
  get relayOffered(): boolean {
    return this.#engine?.relays() ?? false;
  }

  /** Takes the viewer's own bounds on what is sent. */
  limit(bounds: UploadLimits): void {
    rememberLimits(bounds);
    setLimits(this.#engine);
  }

  /** Bounds on what is sent. */
  get limits(): UploadLimits {
    return limits();
  }

  /** Reason for which less is sent at present. */
  get frugal(): Frugality | null {
    return frugality();
  }

  /** Takes the page's attribute after a change. */
  restrict(page: "ask" | "off" | null): void {
    this.#rules.page = page;
    this.#engine?.rule("page", page);
    this.#advance();
  }

  /**
   * Takes whether the notice is on screen or acknowledged. While neither holds, nobody but the viewer at
   * the player's own switch can begin to share: the operator's `on` counts as `ask`, and a yes that came
   * from the page does not count yet.
   */
  inform(informed: boolean): void {
    if (this.#rules.informed !== informed) {
      this.#rules.informed = informed;
      this.#engine?.rule("ask-first", this.#rules.askFirst);
      this.#engine?.rule("viewer", this.#rules.viewer);
      this.#advance();
    }
  }

  /** Whether the viewer's switch would have an effect. */
  get switchable(): boolean {
    const { state, reason } = this.#status;
    return state !== "off" || SWITCHABLE.includes(reason);
  }

  /** Tells the engine what a playlist holds now. */
  timeline(playlists: readonly string[], segments: TimelineSegment[]): void {
    const track = this.requests.trackOf(playlists);
    if (track !== null) {
      this.#engine?.timeline(track, segments);
    }
  }

  /** Tells the engine where playback is. Position and buffer in seconds. */
  playhead(position: number, rate: number, active: ActiveTrack[]): void {
    this.#engine?.playhead(position, rate, active);
  }

  /** Ends everything. */
  destroy(): void {
    this.#abort.abort();
    for (const unwatch of this.#unwatch) {
      unwatch();
    }
    this.events.clear();
    this.requests.clear();
    this.#letGo();
  }

  #advance(): void {
    if (this.#abort.signal.aborted || this.#engine !== null) {
      // The engine knows the rules by now and speaks for itself.
      return;
    }
    const blocked = this.#rules.blocked();
    this.#settle(blocked ?? { state: "waiting", reason: "starting" });
    if (blocked === null && !this.#loading) {
      this.#loading = true;
      void this.#launch().finally(() => {
        this.#loading = false;
      });
    }
  }

  async #launch(): Promise<void> {
    const { signal } = this.#abort;
    const failure = await launch({
      ...this.#setup,
      signal,
      rules: this.#rules,
      shown: () => this.#shown,
      bringUp: (engine) => { this.#bringUp(engine); },
      listen: (events) => { this.#hear(events); },
    });
    if (signal.aborted || this.#engine !== null) {
      return;
    }
    this.#rules.dead = failure?.reason ?? null;
    this.#settle(this.#rules.blocked() ?? this.#status);
    if (failure !== null && failure.error !== null) {
      this.events.emit("error", failure.error);
    }
    if (failure?.transient === true) {
      this.#retryLater();
    }
  }

  #bringUp(engine: InlineHost): void {
    this.#engine = engine;
    this.requests.connect(engine);
    this.events.emit("ready", null);
    this.requests.offerEarly();
  }

  #letGo(): void {
    if (this.#engine !== null) {
      // One that has failed cannot be asked any more.
      spend(this.#counters()?.uploadedBytes ?? this.#stats.uploadedBytes);
    }
    this.requests.disconnect();
    this.#engine?.close();
    this.#engine = null;
  }

  #hear(events: ClientEvent[]): void {
    this.requests.heard();
    for (const event of events) {
      switch (event.type) {
        case "deliver":
          this.requests.deliver(event.id, event.data, event.rate);
          break;
        case "decline":
          this.requests.decline(event.id);
          break;
        case "state":
          this.#settle({ state: event.state, reason: event.reason ?? null });
          break;
        case "peers":
          this.#count(event.peers);
          break;
        case "problem":
          break;
      }
    }
  }

  #settle(status: P2PStatus): void {
    const before = this.#status;
    this.#status = status;
    this.requests.follow(status);
    if (status.state === "off") {
      this.#count(0);
    }
    if (before.state !== status.state || before.reason !== status.reason) {
      this.events.emit("status", status);
    }
  }

  #count(peers: number): void {
    if (this.#peers !== peers) {
      this.#peers = peers;
      this.events.emit("peers", peers);
    }
  }

  #retryLater(): void {
    if (this.#retried) {
      return;
    }
    this.#retried = true;
    const timer = setTimeout(() => {
      this.#rules.dead = null;
      this.#advance();
    }, RETRY_AFTER);
    this.#unwatch.push(() => {
      clearTimeout(timer);
    });
  }

  /** Lets a failed engine go, and sends whoever waits to the server. */
  #fail(cause: string): void {
    this.#blackBox = this.#engine?.trace();
    this.#letGo();
    this.#settle(this.#rules.blocked() ?? off("engine-failed"));
    this.requests.declineAll();
    this.events.emit("error", survivable("engine-failed", cause));
  }

  #counters(): ClientStats | null {
    return this.#engine?.stats() ?? null;
  }
}
