/**
 * A clock that a test moves by hand: timers and `performance.now`. Node 20's own mock timers ignore
 * `clearInterval` within the interval's own callback.
 */

import type { TestContext } from "node:test";
import { setGlobal } from "./page.js";

interface Task {
  at: number;
  readonly every: number | null;
  readonly run: () => void;
}

/** See the module's header. */
export class Clock {
  /** Milliseconds since some time before the test. */
  now = 10_000;
  readonly #tasks = new Map<number, Task>();
  #last = 0;

  /** Stops time until the test is over. */
  static stop(t: TestContext): Clock {
    const clock = new Clock();
    const clear = (id: number | undefined): void => {
      clock.#tasks.delete(id ?? 0);
    };
    setGlobal(t, "setTimeout", (run: () => void, delay = 0) => clock.#add(run, delay, null));
    setGlobal(t, "setInterval", (run: () => void, delay: number) => clock.#add(run, delay, delay));
    setGlobal(t, "clearTimeout", clear);
    setGlobal(t, "clearInterval", clear);
    t.mock.method(performance, "now", () => clock.now);
    return clock;
  }

  /** Number of timers that run. */
  get timers(): number {
    return this.#tasks.size;
  }

  /** Lets time pass, in milliseconds. */
  pass(span: number): void {
    const end = this.now + span;
    for (;;) {
      const due = [...this.#tasks].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at)[0];
      if (due === undefined) {
        break;
      }
      const [id, task] = due;
      this.now = Math.max(this.now, task.at);
      if (task.every === null) {
        this.#tasks.delete(id);
      } else {
        task.at += task.every;
      }
      task.run();
    }
    this.now = end;
  }

  #add(run: () => void, delay: number, every: number | null): number {
    this.#last += 1;
    this.#tasks.set(this.#last, { at: this.now + delay, every, run });
    return this.#last;
  }
}

/** Lets everything run that waits for nothing but promises. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) {
    await new Promise((done) => {
      setImmediate(done);
    });
  }
}
