/**
 * A client on the window, with the fuse in front of it: every call goes through the fuse, and events
 * reach their listener outside of any call.
 */

import { engineOptions, options } from "../config.js";
import type { Fuse } from "../fuse.js";
import type { Client, ClientEvent, ClientStats, Module } from "./client.js";

type Method = Exclude<keyof Client, "free" | symbol>;

/** A client whose calls are safe at any time. */
export type GuardedClient = Pick<Client, Exclude<Method, "stats">> & { stats(): ClientStats | null };

/** What the calls of a client give that has failed or is closed. */
const SILENCE: Readonly<Record<Method, unknown>> = {
  cancel: undefined,
  close: undefined,
  frugal: undefined,
  limits: undefined,
  need: undefined,
  offered: undefined,
  playhead: undefined,
  relays: false,
  rule: undefined,
  setIndex: undefined,
  stats: null,
  timeline: undefined,
  trace: undefined,
  tracks: [],
};

/** @throws {Refusal} when the options are not the engine's; and so does `setIndex`, of an index. */
export function startClient(
  module: Module,
  fuse: Fuse,
  listener: (events: ClientEvent[]) => void,
): GuardedClient {
  const { trace } = options();
  const emit = (events: ClientEvent[]): void => {
    // The client may be in the middle of a call: it must not be entered again from here.
    queueMicrotask(() => {
      if (client !== null && fuse.whole) {
        listener(events);
      }
    });
  };
  let client = fuse.attempt<Client | null>(() => new module.Client(engineOptions(), seed(), emit), null);

  const call = (method: Method, silence: unknown, words: unknown[]): unknown => {
    const target = client;
    if (target === null) {
      return silence;
    }
    const entry = (): unknown => (target[method] as (...words: unknown[]) => unknown)(...words);
    switch (method) {
      case "close":
        client = null;
        return fuse.run(() => {
          entry();
          target.free();
        }, silence);
      case "setIndex":
        return fuse.attempt(entry, silence);
      case "trace":
        return trace ? bypass(entry) : silence;
      default:
        return fuse.run(entry, silence);
    }
  };

  const methods = (Object.entries(SILENCE) as [Method, unknown][]).map(([method, silence]) => [
    method,
    (...words: unknown[]) => call(method, silence, words),
  ]);
  return Object.fromEntries(methods) as GuardedClient;
}

/** Past the fuse: what led to a failure is asked for when it has happened. */
function bypass(entry: () => unknown): unknown {
  try {
    return entry();
  } catch {
    return undefined;
  }
}

function seed(): bigint {
  return crypto.getRandomValues(new BigUint64Array(1))[0] ?? 0n;
}
