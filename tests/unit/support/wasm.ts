/** A WebAssembly package of the test's own, and a server for it and for the index. */

import type { TestContext } from "node:test";
import type { ClientEvent, ClientStats } from "../../../www/lib/host/client.js";
import { setGlobal } from "./page.js";

/** The smallest module there is. */
const EMPTY = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

/** What the engine was told and what it says, and how the server answers. */
export class FakeEngine {
  /** Calls of every client, in order: name and arguments. */
  readonly told: unknown[][] = [];
  /** Addresses that were fetched, in order. */
  readonly fetched: string[] = [];
  counters: Partial<ClientStats> = {};
  relayed = false;
  /** Names of calls that trap. */
  readonly traps = new Set<string>();
  /** Names of calls that refuse, and with which code. */
  readonly refusals = new Map<string, string>();
  index: () => Response | Error = () => new Response("{}");
  module: () => Response | Error = () =>
    new Response(EMPTY, { headers: { "content-type": "application/wasm" } });
  #emit: (events: ClientEvent[]) => void = () => undefined;
  #panic: (message: string) => void = () => undefined;

  /** Puts it in the place of the package and of the network until the test is over. */
  static install(t: TestContext): FakeEngine {
    const engine = new FakeEngine();
    setGlobal(t, "fetch", (url: string) => {
      engine.fetched.push(url);
      const answer = url.endsWith(".wasm") ? engine.module() : engine.index();
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    });
    setGlobal(t, "wasm", {
      init: () => Promise.resolve({}),
      setPanicHandler: (handler: (message: string) => void) => (engine.#panic = handler),
      Client: function (options: object, _seed: bigint, emit: (events: ClientEvent[]) => void) {
        engine.#call("new", options);
        engine.#emit = emit;
        return engine.#client();
      },
    });
    return engine;
  }

  /** Arguments of all calls of one method. */
  calls(name: string): unknown[][] {
    return this.told.filter(([called]) => called === name).map(([, ...words]) => words);
  }

  /** Value that a rule was given last. */
  rule(name: string): unknown {
    return this.calls("rule").filter(([rule]) => rule === name).at(-1)?.[1];
  }

  /** Lets the engine speak. */
  say(...events: ClientEvent[]): void {
    this.#emit(events);
  }

  /** Lets the engine panic. */
  panic(message: string): void {
    this.#panic(message);
  }

  #client(): object {
    const values: Record<string, () => unknown> = {
      stats: () => ({ ...this.counters }),
      relays: () => this.relayed,
      tracks: () => ["https://site.example/v.m3u8"],
      trace: () => Uint8Array.of(1, 2, 3),
    };
    return new Proxy({}, {
      get: (_target, name: string) => (...words: unknown[]) => {
        this.#call(name, ...words);
        return values[name]?.();
      },
    });
  }

  #call(name: string, ...words: unknown[]): void {
    this.told.push([name, ...words]);
    const code = this.refusals.get(name);
    if (code !== undefined) {
      throw Object.assign(new Error(`${name} is refused`), { code });
    }
    if (this.traps.has(name)) {
      throw new Error(`${name} trapped`);
    }
  }
}
