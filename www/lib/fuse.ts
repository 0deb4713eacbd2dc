/**
 * One fuse guards every entry into WebAssembly. A panic, a trap or a hang blows it; it stays blown
 * for the page's life, because a module that has failed once cannot be trusted again.
 */

import { messageOf } from "./errors.js";

/** Refusal that the engine meant: it names its cause and leaves the engine sound. */
export class Refusal extends Error {
  constructor(
    /** Word of the engine for the cause, such as `index-malformed`. */
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = "Refusal";
  }
}

/** See the module's header. */
export class Fuse {
  #blown: string | null = null;
  readonly #watchers = new Set<(cause: string) => void>();

  /** Whether nothing has failed so far. */
  get whole(): boolean {
    return this.#blown === null;
  }

  /** Cause that blew the fuse, for developers. */
  get cause(): string | null {
    return this.#blown;
  }

  /** Calls into WebAssembly. Gives `otherwise` when the fuse is or gets blown. Never throws. */
  run<T>(entry: () => T, otherwise: T): T {
    if (!this.whole) {
      return otherwise;
    }
    try {
      return entry();
    } catch (thrown) {
      this.blow(messageOf(thrown));
      return otherwise;
    }
  }

  /**
   * As `run`, for calls whose arguments come from outside and may be refused.
   * @throws {Refusal} when the engine refuses them.
   */
  attempt<T>(entry: () => T, otherwise: T): T {
    const result = this.run(() => {
      try {
        return entry();
      } catch (thrown) {
        const code = codeOf(thrown);
        if (code === null) {
          throw thrown;
        }
        return new Refusal(code, messageOf(thrown));
      }
    }, otherwise);
    if (result instanceof Refusal) {
      throw result;
    }
    return result;
  }

  /** Blows the fuse and tells those who watch, once. */
  blow(cause: string): void {
    if (!this.whole) {
      return;
    }
    this.#blown = cause;
    for (const watcher of [...this.#watchers]) {
      watcher(cause);
    }
    this.#watchers.clear();
  }

  /** Calls back when the fuse blows; the returned function stops that. */
  watch(watcher: (cause: string) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }
}

/** Fuse of the page: all players share one module, so they fail together. */
export const fuse = new Fuse();

function codeOf(thrown: unknown): string | null {
  const code: unknown = thrown instanceof Error && "code" in thrown ? thrown.code : null;
  return typeof code === "string" ? code : null;
}
