/**
 * One video's sharing, from the first question ("may we?") to the last byte: it climbs the ladder of
 * what must hold before anything is downloaded, brings up the engine, and keeps the page's view of it.
 *
 * Invariant: while a rung of the ladder says no, neither the index nor the engine is fetched, and the
 * engine, where it already runs, has been told.
 */

import {
  agreedMetered,
  choice,
  hides,
  limits,
  record,
  rememberChoice,
  rememberHiding,
  rememberLimits,
  type Asker,
  type UploadLimits,
} from "./preferences.js";
import { messageOf, survivable, type PlayerError } from "../public/errors.js";
import { Emitter, type P2PReason, type P2PStatus, type PlayerStats } from "../public/events.js";
import { fuse } from "../fuse.js";
import type { ActiveTrack, ClientEvent, ClientStats, Module, TimelineSegment } from "../host/client.js";
import { onForbidden } from "../host/connections.js";
import { InlineHost } from "../host/inline.js";
import { fetchAhead, spawn } from "../host/spawn.js";
import { fetchIndex, indexUrl } from "../indexfile.js";
import { Keepsakes, type Pace, type Place } from "./early-segments.js";
import { obstacle, off } from "./eligibility.js";
import { frugality, metered, onConnectionChange, onFrugality, privacySignal, type Frugality } from "./support.js";
import { Tally } from "./stats.js";

/** What the page asked for, by attributes. */
export interface SwarmSetup {
  /** Absolute address of the playlist. */
  readonly src: string;
  /** Absolute address of the index, where it is not the usual one. */
  readonly index: string | null;
  /** The `tracker` attribute; checked already. */
  readonly tracker: string | null;
  /** The page's own wish. It may restrict, never widen. */
  readonly page: "ask" | "off" | null;
  /** The video is played through Media Source Extensions, so that its segments pass through us. */
  readonly mse: boolean;
}

export type { UploadLimits } from "./preferences.js";
export type { Frugality } from "./support.js";

/** What a request hears in the end: exactly one of the two, unless it is cancelled. */
export interface Answer {
  /** `rate` is in bytes per second; 0 when nothing was measured. */
  deliver(data: Uint8Array, rate: number): void;
  decline(): void;
}

/** What the swarm tells the player. */
export interface SwarmEvents {
  status: P2PStatus;
  peers: number;
  error: PlayerError;
  /** The engine is up: it wants to hear of every timeline. */
  ready: null;
}

/** Requests in a row that the engine may leave without any sign of life. */
const MAX_SILENT = 3;
/** A failed download of the engine is tried once more after this time, in milliseconds. */
const RETRY_AFTER = 60_000;

/** States in which the switch has an effect, though nothing is shared. */
const SWITCHABLE: readonly (P2PReason | null)[] = ["no-relay", "webrtc-blocked", "you"];
/** Bytes sent to other viewers by the page's swarms that have ended: limits hold for the whole visit. */
let spent = 0;

/** See the module's header. */
export class Swarm {
  readonly events = new Emitter<SwarmEvents>();
  readonly #setup: SwarmSetup;
  readonly #tally = new Tally();
  readonly #keepsakes = new Keepsakes();
  readonly #pending = new Map<number, Answer>();
  readonly #abort = new AbortController();
  readonly #unwatch: (() => void)[] = [];
  #page: "ask" | "off" | null;
  #told = false;
  #status: P2PStatus = { state: "waiting", reason: "starting" };
  #peers = 0;
  #host: InlineHost | null = null;
  #tracks = new Map<string, number>();
  #loading = false;
  #shown = Promise.resolve();
  #retried = false;
  /** The ladder's end for good: no index, or an engine that does not start. */
  #dead: P2PReason | null = null;
  #lastNeed = 0;
  #silent = 0;
  #lastSign = 0;
  /** What was recorded of an engine that failed. */
  #blackBox: Uint8Array | undefined;

  constructor(setup: SwarmSetup) {
    this.#setup = setup;
    this.#page = setup.page;
    this.#unwatch.push(
      fuse.watch((cause) => {
        this.#fail(cause);
      }),
      onForbidden(() => {
        this.#host?.rule("capable", false);
      }),
      onConnectionChange(() => {
        this.#host?.rule("metered", metered());
        this.#climb();
      }),
      onFrugality(() => {
        this.#host?.frugal(frugality() !== null);
      }),
    );
    this.#settle(this.#obstacle() ?? { state: "waiting", reason: "starting" });
  }

  /** State and reason, as the viewer should see them. */
  get status(): P2PStatus {
    return this.#status;
  }

  /** Connected viewers. */
  get peers(): number {
    return this.#peers;
  }

  /** Counters of this video since the swarm was made. */
  stats(): PlayerStats {
    const counters = this.#counters();
    const { total } = limits();
    const uploadLeft = total === 0 ? null : Math.max(0, total - spent - (counters?.uploadedBytes ?? 0));
    return this.#tally.snapshot(counters, this.#status, this.#peers, uploadLeft);
  }

  /** What the engine went through, when the page's options have it recorded. */
  trace(): Uint8Array | undefined {
    return this.#host?.trace() ?? this.#blackBox;
  }

  /**
   * Goes as far up the ladder as the rules allow. Harmless when called again.
   * @param shown Settles when the first frame is there: before, the processor is left to it.
   */
  start(shown: Promise<void>): void {
    this.#shown = shown;
    this.#climb();
  }

  /** The viewer's word, from the switch and the notice, or from the page's own dialog. */
  choose(share: boolean, by: Asker): void {
    rememberChoice(share, by);
    // Where WebRTC was blocked the switch tries once more.
    this.#host?.rule("capable", true);
    this.#host?.rule("metered-too", agreedMetered());
    this.#host?.rule("viewer", this.#viewer());
    this.#climb();
  }

  /** The viewer hides their address, or no longer: connections are made anew, through a relay or not. */
  hide(hide: boolean): void {
    rememberHiding(hide);
    this.#host?.rule("hidden", hide);
  }

  /** The viewer hides their address. */
  get hidden(): boolean {
    return hides();
  }

  /** The operator offers a relay, so that an address can be hidden. */
  get relayOffered(): boolean {
    return this.#host?.relays() ?? false;
  }

  /** The viewer's own bounds on what is sent. */
  limit(bounds: UploadLimits): void {
    rememberLimits(bounds);
    this.#limit();
  }

  /** What is sent at most. */
  get limits(): UploadLimits {
    return limits();
  }

  /** Why less is sent at present. */
  get frugal(): Frugality | null {
    return frugality();
  }

  /** The page's attribute has changed. */
  restrict(page: "ask" | "off" | null): void {
    this.#page = page;
    this.#host?.rule("page", page);
    this.#climb();
  }

  /**
   * The notice is on screen, or the viewer has acknowledged it. While neither holds, nobody but the
   * viewer at the player's own switch can begin to share: the operator's `on` counts as `ask`, and a
   * yes that came from the page does not count yet.
   */
  tell(told: boolean): void {
    if (this.#told !== told) {
      this.#told = told;
      this.#host?.rule("ask-first", this.#askFirst());
      this.#host?.rule("viewer", this.#viewer());
      this.#climb();
    }
  }

  /** The viewer's switch would have an effect. */
  get switchable(): boolean {
    const { state, reason } = this.#status;
    return state !== "off" || SWITCHABLE.includes(reason);
  }

  /** Where a segment lies in the index, or null when no track of the index is its playlist. */
  trackOf(playlists: readonly string[]): number | null {
    for (const playlist of playlists) {
      const track = this.#tracks.get(bare(playlist));
      if (track !== undefined) {
        return track;
      }
    }
    return null;
  }

  /** Tells the engine what a playlist holds now. */
  timeline(playlists: readonly string[], segments: TimelineSegment[]): void {
    const track = this.trackOf(playlists);
    if (track !== null) {
      this.#host?.timeline(track, segments);
    }
  }

  /** Tells the engine where playback is. Position and buffer in seconds. */
  playhead(position: number, rate: number, active: ActiveTrack[]): void {
    this.#host?.playhead(position, rate, active);
  }

  /** Asks for a segment. Null: ask the server. */
  need(place: Place, answer: Answer): number | null {
    const track = this.trackOf(place.playlists);
    if (track === null || this.#host === null || this.#status.state !== "on") {
      return null;
    }
    this.#lastNeed += 1;
    const id = this.#lastNeed;
    this.#pending.set(id, answer);
    this.#host.need(id, track, place.seq);
    return this.#pending.has(id) ? id : null;
  }

  /** Takes a request back. */
  cancel(id: number): void {
    if (this.#pending.delete(id)) {
      this.#host?.cancel(id);
    }
  }

  /** Bytes that the engine has received so far, from whomever. */
  received(): number {
    const counters = this.#counters();
    return counters === null ? 0 : counters.originBytes + counters.peerBytes;
  }

  /** Grows as long as the engine is alive. */
  pulse(): number {
    return this.#counters()?.inputs ?? 0;
  }

  /**
   * A request had to be taken back because its time was up.
   * @param since When it was made, in ms.
   * @param excused The engine has received something since, or had no reason to speak yet.
   */
  late(since: number, excused: boolean): void {
    this.#silent = excused || this.#lastSign >= since ? 0 : this.#silent + 1;
    if (this.#silent >= MAX_SILENT) {
      fuse.blow("the engine hangs");
    }
  }

  /** Requests in a row that went by without a sign of life. */
  get silent(): number {
    return this.#silent;
  }

  /** Hands the engine a segment that came from the server without it. The bytes are copied. */
  offer(place: Place, bytes: Uint8Array, pace: Pace): void {
    const { state } = this.#status;
    if (state === "off") {
      return;
    }
    const track = this.trackOf(place.playlists);
    if (this.#host === null) {
      this.#keepsakes.keep(place, bytes, pace);
    } else if (track !== null) {
      this.#host.offered(track, place.seq, bytes, pace);
    }
  }

  /** Counts media bytes that came from the server without the engine. */
  fetched(bytes: number, wasted: boolean): void {
    this.#tally.fetched(bytes, wasted);
  }

  /** Ends everything. */
  destroy(): void {
    this.#abort.abort();
    for (const unwatch of this.#unwatch) {
      unwatch();
    }
    this.events.clear();
    this.#pending.clear();
    this.#keepsakes.clear();
    this.#letGo();
  }

  #viewer(): boolean | null {
    const share = choice();
    return share === true && !this.#told && record()?.by === "page" ? null : share;
  }

  #ended(): boolean {
    return this.#abort.signal.aborted;
  }

  #obstacle(): P2PStatus | null {
    return obstacle({ mse: this.#setup.mse, page: this.#page, dead: this.#dead });
  }

  #climb(): void {
    if (this.#ended() || this.#host !== null) {
      // The engine knows the rules by now and speaks for itself.
      return;
    }
    const obstacle = this.#obstacle();
    if (obstacle !== null) {
      this.#settle(obstacle);
      return;
    }
    this.#settle({ state: "waiting", reason: "starting" });
    if (!this.#loading) {
      this.#loading = true;
      void this.#load().finally(() => {
        this.#loading = false;
      });
    }
  }

  async #load(): Promise<void> {
    const { src, index, tracker } = this.#setup;
    fetchAhead();
    const outcome = await fetchIndex(index ?? indexUrl(src), tracker, this.#abort.signal);
    if (this.#ended()) {
      return;
    }
    if (outcome.kind !== "found") {
      this.#end("no-index");
      if (outcome.kind !== "absent") {
        this.events.emit("error", survivable(`index-${outcome.kind}`, outcome.message));
      }
      return;
    }
    await this.#shown;
    const { value, failure } = await spawn().then(
      (module) => ({ value: module, failure: null }),
      (thrown: unknown) => ({ value: null, failure: thrown }),
    );
    if (this.#ended()) {
      return;
    }
    if (value === null) {
      this.#end("engine-failed");
      this.events.emit("error", survivable("wasm-unavailable", messageOf(failure)));
      this.#retryLater(failure);
      return;
    }
    // The rules may have changed while the two were on their way.
    const obstacle = this.#obstacle();
    if (obstacle !== null) {
      this.#settle(obstacle);
      return;
    }
    const host = this.#make(value, outcome.json, outcome.url);
    if (host !== null && fuse.whole) {
      this.#bringUp(host);
    }
  }

  /** A client that knows the index, or null when it refuses the options or the index. */
  #make(module: Module, json: Uint8Array, url: string): InlineHost | null {
    let host: InlineHost | null = null;
    try {
      host = new InlineHost(module, fuse, (events) => {
        this.#hear(events);
      });
      // Before the index, with which it begins: not a packet may go out that a rule forbids.
      this.#instruct(host);
      host.setIndex(json, url);
      return host;
    } catch (thrown) {
      const made = host !== null;
      host?.close();
      this.#end(made ? "no-index" : "engine-failed");
      this.events.emit("error", survivable(made ? "index-malformed" : "options-invalid", messageOf(thrown)));
      return null;
    }
  }

  #instruct(host: InlineHost): void {
    host.rule("capable", true);
    host.rule("page", this.#page);
    host.rule("metered", metered());
    host.rule("metered-too", agreedMetered());
    host.rule("hidden", hides());
    host.rule("ask-first", this.#askFirst());
    host.rule("viewer", this.#viewer());
    host.frugal(frugality() !== null);
    this.#limit(host);
  }

  #askFirst(): boolean {
    return !this.#told || privacySignal();
  }

  #limit(host = this.#host): void {
    const { rate, total } = limits();
    // One byte is too little for anything; none would be no limit.
    host?.limits(rate, total === 0 ? 0 : Math.max(1, total - spent));
  }

  #letGo(): void {
    spent += this.#counters()?.uploadedBytes ?? 0;
    this.#host?.close();
    this.#host = null;
  }

  #bringUp(host: InlineHost): void {
    this.#host = host;
    this.#tracks = new Map(host.tracks().map((playlist, track) => [bare(playlist), track]));
    this.events.emit("ready", null);
    for (const [place, bytes, pace] of this.#keepsakes.take()) {
      this.offer(place, bytes, pace);
    }
  }

  #hear(events: ClientEvent[]): void {
    this.#lastSign = performance.now();
    for (const event of events) {
      switch (event.type) {
        case "deliver":
          this.#silent = 0;
          this.#answer(event.id)?.deliver(event.data, event.rate);
          break;
        case "decline":
          this.#answer(event.id)?.decline();
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

  #answer(id: number): Answer | undefined {
    const answer = this.#pending.get(id);
    this.#pending.delete(id);
    return answer;
  }

  #settle(status: P2PStatus): void {
    const before = this.#status;
    this.#status = status;
    if (status.state === "off") {
      this.#keepsakes.clear();
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

  #end(reason: P2PReason): void {
    this.#dead = reason;
    this.#settle(this.#obstacle() ?? off(reason));
  }

  /** Only a network that failed may work later; what the server refused stays refused. */
  #retryLater(failure: unknown): void {
    if (this.#retried || !(failure instanceof TypeError)) {
      return;
    }
    this.#retried = true;
    const timer = setTimeout(() => {
      this.#dead = null;
      this.#climb();
    }, RETRY_AFTER);
    this.#unwatch.push(() => {
      clearTimeout(timer);
    });
  }

  /** The fuse is blown: whoever waits goes to the server, and the engine is let go. */
  #fail(cause: string): void {
    this.#blackBox = this.#host?.trace();
    this.#letGo();
    this.#settle(this.#obstacle() ?? off("engine-failed"));
    const waiting = [...this.#pending.values()];
    this.#pending.clear();
    for (const answer of waiting) {
      answer.decline();
    }
    this.events.emit("error", survivable("engine-failed", cause));
  }

  #counters(): ClientStats | null {
    return this.#host?.stats() ?? null;
  }
}

/** Playlists are compared without query and fragment: tokens differ from viewer to viewer. */
function bare(url: string): string {
  return url.replace(/[?#].*$/, "");
}
