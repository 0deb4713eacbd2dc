/** Brings up the engine for one video: its index, the WebAssembly module, and a client that knows the rules first. */

import { messageOf, survivable } from "../errors.js";
import { fuse } from "../fuse.js";
import type { ClientEvent, Module } from "../host/client.js";
import { type GuardedClient, startClient } from "../host/guarded.js";
import { fetchAhead, loadWasm } from "../host/load.js";
import { fetchIndex, indexUrl } from "../indexfile.js";
import type { P2PReason } from "../public/events.js";
import type { PlayerError } from "../public/errors.js";
import type { Rules } from "./rules.js";
import type { SessionSetup } from "./session.js";

/** Needs of a launch, from its session. */
export interface LaunchContext extends Pick<SessionSetup, "index" | "src" | "tracker"> {
  readonly rules: Rules;
  readonly signal: AbortSignal;
  /** Returns what settles when the first frame is there: before, the processor is left to it. */
  shown(): Promise<void>;
  /** Takes the engine over, before its first event. */
  bringUp(engine: GuardedClient): void;
  listen(events: ClientEvent[]): void;
}

/** Reason for which no engine came up. */
export interface LaunchFailure {
  readonly reason: P2PReason;
  /** Null: it is no fault. */
  readonly error: PlayerError | null;
  /** Whether a later attempt may succeed. */
  readonly transient: boolean;
}

/** Returns what went wrong; null when the engine is up or is wanted no longer. Never rejects. */
export async function launch(context: LaunchContext): Promise<LaunchFailure | null> {
  const { src, index, tracker, rules, signal } = context;
  fetchAhead();
  const outcome = await fetchIndex(index ?? indexUrl(src), tracker, signal);
  if (signal.aborted) {
    return null;
  }
  if (outcome.kind !== "found") {
    const { kind } = outcome;
    return failure("no-index", kind === "absent" ? null : survivable(`index-${kind}`, outcome.message));
  }
  await context.shown();
  let module: Module;
  try {
    module = await loadWasm();
  } catch (thrown) {
    // Only a network that failed may work later; what the server refused stays refused.
    return failure("engine-failed", survivable("wasm-unavailable", messageOf(thrown)), thrown instanceof TypeError);
  }
  // The rules may have changed while index and module were on their way.
  if (context.signal.aborted || rules.blocked() !== null) {
    return null;
  }
  return make(module, context, outcome.json, outcome.url);
}

/** Makes a client that knows the index, unless it refuses the options or the index. */
function make(module: Module, context: LaunchContext, json: object, url: string): LaunchFailure | null {
  let engine: GuardedClient | null = null;
  try {
    engine = startClient(module, fuse, (events) => {
      context.listen(events);
    });
    // Before the index, with which it begins: not a packet may go out that a rule forbids.
    context.rules.instruct(engine);
    engine.setIndex(JSON.stringify(json), url);
  } catch (thrown) {
    const made = engine !== null;
    engine?.close();
    return failure(
      made ? "no-index" : "engine-failed",
      survivable(made ? "index-malformed" : "options-invalid", messageOf(thrown)),
    );
  }
  if (fuse.whole) {
    context.bringUp(engine);
  }
  return null;
}

function failure(reason: P2PReason, error: PlayerError | null, transient = false): LaunchFailure {
  return { reason, error, transient };
}
