/**
 * The way of a segment between hls.js's loader and the engine: what is asked for and answered, what the
 * server brought without the engine, and whether the engine gives signs of life.
 */

import { fuse } from "../fuse.js";
import type { GuardedClient } from "../host/guarded.js";
import type { P2PStatus } from "../public/events.js";
import { EarlySegments, type HttpTiming, type SegmentRef } from "./early-segments.js";
import type { SessionStats } from "./stats.js";

/** Outcome of a request: exactly one of the two is called, unless the request is cancelled. */
export interface Answer {
  /** `rate` is in bytes per second; 0 when nothing was measured. */
  deliver(data: Uint8Array, rate: number): void;
  decline(): void;
}

/** Requests in a row that the engine may leave without any sign of life. */
const MAX_SILENT = 3;

/** See the module's header. */
export class Requests {
  readonly #stats: SessionStats;
  readonly #early = new EarlySegments();
  readonly #pending = new Map<number, Answer>();
  #status: P2PStatus = { state: "waiting", reason: "starting" };
  #engine: GuardedClient | null = null;
  #tracks = new Map<string, number>();
  #lastId = 0;
  #silent = 0;
  #lastSign = 0;

  constructor(stats: SessionStats) {
    this.#stats = stats;
  }

  /** `on`: ask the engine. `starting`: it may come on at any moment. `off`: ask the server. */
  get phase(): "off" | "on" | "starting" {
    const { state, reason } = this.#status;
    return state === "on" ? "on" : state === "waiting" && reason === "starting" ? "starting" : "off";
  }

  /** Number of requests in a row that went by without a sign of life. */
  get silent(): number {
    return this.#silent;
  }

  /** Returns a playlist's place in the index, or null when no track of the index is this playlist. */
  trackOf(playlists: readonly string[]): number | null {
    for (const playlist of playlists) {
      const track = this.#tracks.get(bare(playlist));
      if (track !== undefined) {
        return track;
      }
    }
    return null;
  }

  /** Asks the engine for a segment. Null: ask the server. */
  need({ playlists, seq }: SegmentRef, answer: Answer): number | null {
    const track = this.trackOf(playlists);
    if (track === null || this.#engine === null || this.#status.state !== "on") {
      return null;
    }
    this.#lastId += 1;
    const id = this.#lastId;
    this.#pending.set(id, answer);
    this.#engine.need(id, track, seq);
    return this.#pending.has(id) ? id : null;
  }

  /** Takes a request back. */
  cancel(id: number): void {
    if (this.#pending.delete(id)) {
      this.#engine?.cancel(id);
    }
  }

  /** Bytes that the engine has received so far, from whomever. */
  received(): number {
    const counters = this.#engine?.stats();
    return counters == null ? 0 : counters.originBytes + counters.peerBytes;
  }

  /** Number that grows as long as the engine is alive. */
  pulse(): number {
    return this.#engine?.stats()?.inputs ?? 0;
  }

  /**
   * Notes that a request had to be taken back because its time was up.
   * @param since When it was made, in ms.
   * @param excused The engine has received something since, or had no reason to speak yet.
   */
  late(since: number, excused: boolean): void {
    this.#silent = excused || this.#lastSign >= since ? 0 : this.#silent + 1;
    if (this.#silent >= MAX_SILENT) {
      fuse.blow("the engine hangs");
    }
  }

  /** Hands the engine a segment that came from the server without it. The bytes are copied. */
  offer(segment: SegmentRef, bytes: Uint8Array, timing: HttpTiming): void {
    if (this.#status.state === "off") {
      return;
    }
    const track = this.trackOf(segment.playlists);
    if (this.#engine === null) {
      this.#early.keep(segment, bytes, timing);
    } else if (track !== null) {
      this.#engine.offered(track, segment.seq, bytes, timing.firstByte, timing.whole);
    }
  }

  /** Counts media bytes that came from the server without the engine. */
  fetched(bytes: number, wasted: boolean): void {
    this.#stats.fetched(bytes, wasted);
  }

  /** Takes over the state of sharing. While that is off, nothing is kept for an engine. */
  follow(status: P2PStatus): void {
    this.#status = status;
    if (status.state === "off") {
      this.#early.clear();
    }
  }

  /** Begins to ask this engine. */
  connect(engine: GuardedClient): void {
    this.#engine = engine;
    this.#tracks = new Map(engine.tracks().map((playlist, track) => [bare(playlist), track]));
  }

  /** Hands over what was kept while there was no engine. */
  offerEarly(): void {
    for (const [segment, bytes, timing] of this.#early.take()) {
      this.offer(segment, bytes, timing);
    }
  }

  /** Asks nobody from now on; requests that wait go on waiting. */
  disconnect(): void {
    this.#engine = null;
  }

  /** Notes that the engine has spoken. */
  heard(): void {
    this.#lastSign = performance.now();
  }

  /** Answers a request with its bytes. `rate` is in bytes per second. */
  deliver(id: number, data: Uint8Array, rate: number): void {
    this.#silent = 0;
    this.#take(id)?.deliver(data, rate);
  }

  /** Sends a request to the server. */
  decline(id: number): void {
    this.#take(id)?.decline();
  }

  /** Sends all that wait to the server. */
  declineAll(): void {
    for (const id of [...this.#pending.keys()]) {
      this.decline(id);
    }
  }

  /** Forgets everything; nobody is answered. */
  clear(): void {
    this.#pending.clear();
    this.#early.clear();
  }

  #take(id: number): Answer | undefined {
    const answer = this.#pending.get(id);
    this.#pending.delete(id);
    return answer;
  }
}

/** Strips query and fragment, which playlists are compared without: tokens differ from viewer to viewer. */
function bare(url: string): string {
  return url.replace(/[?#].*$/, "");
}
