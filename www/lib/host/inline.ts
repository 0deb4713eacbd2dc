/**
 * A client on the window, with the fuse in front of it: every call goes through the fuse, and events
 * reach their listener outside of any call.
 */

import { engineOptions, options } from "../config.js";
import type { Fuse } from "../fuse.js";
import type { HttpTiming } from "../session/early-segments.js";
import type {
  ActiveTrack,
  Client,
  ClientEvent,
  ClientStats,
  Module,
  RuleName,
  TimelineSegment,
} from "./client.js";

/** See the module's header. */
export class InlineHost {
  #client: Client | null;
  readonly #fuse: Fuse;
  readonly #records = options().trace;

  /** @throws {Refusal} when the options are not the engine's. */
  constructor(module: Module, guard: Fuse, listener: (events: ClientEvent[]) => void) {
    this.#fuse = guard;
    const emit = (events: ClientEvent[]): void => {
      // The client may be in the middle of a call: it must not be entered again from here.
      queueMicrotask(() => {
        if (this.#client !== null && this.#fuse.whole) {
          listener(events);
        }
      });
    };
    this.#client = guard.attempt(() => new module.Client(engineOptions(), seed(), emit), null);
  }

  /** @throws {Refusal} when the index cannot be read. */
  setIndex(json: Uint8Array, url: string): void {
    const client = this.#client;
    this.#fuse.attempt(() => client?.setIndex(json, url), undefined);
  }

  tracks(): string[] {
    return this.#ask((client) => client.tracks(), []);
  }

  rule(name: RuleName, value: boolean | "ask" | "on" | "off" | null): void {
    this.#run((client) => {
      client.rule(name, value);
    });
  }

  relays(): boolean {
    return this.#ask((client) => client.relays(), false);
  }

  limits(rate: number, total: number): void {
    this.#run((client) => {
      client.limits(rate, total);
    });
  }

  frugal(frugal: boolean): void {
    this.#run((client) => {
      client.frugal(frugal);
    });
  }

  timeline(track: number, segments: TimelineSegment[]): void {
    this.#run((client) => {
      client.timeline(track, segments);
    });
  }

  playhead(position: number, rate: number, active: ActiveTrack[]): void {
    this.#run((client) => {
      client.playhead(position, rate, active);
    });
  }

  need(id: number, track: number, seq: number): void {
    this.#run((client) => {
      client.need(id, track, seq);
    });
  }

  cancel(id: number): void {
    this.#run((client) => {
      client.cancel(id);
    });
  }

  offered(track: number, seq: number, bytes: Uint8Array, { firstByte, whole }: HttpTiming): void {
    this.#run((client) => {
      client.offered(track, seq, bytes, firstByte, whole);
    });
  }

  stats(): ClientStats | null {
    return this.#ask((client) => client.stats(), null);
  }

  /** What was recorded. Past the fuse: what led to a failure is asked for when it has happened. */
  trace(): Uint8Array | undefined {
    try {
      return this.#records ? this.#client?.trace() : undefined;
    } catch {
      return undefined;
    }
  }

  /** Ends the client. A client whose module has failed is let go without another call into it. */
  close(): void {
    this.#run((client) => {
      client.close();
      client.free();
    });
    this.#client = null;
  }

  #run(entry: (client: Client) => void): void {
    this.#ask((client) => {
      entry(client);
      return null;
    }, null);
  }

  #ask<T>(entry: (client: Client) => T, otherwise: T): T {
    const client = this.#client;
    return client === null ? otherwise : this.#fuse.run(() => entry(client), otherwise);
  }
}

function seed(): bigint {
  return crypto.getRandomValues(new BigUint64Array(1))[0] ?? 0n;
}
