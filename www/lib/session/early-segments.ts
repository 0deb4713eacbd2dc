/**
 * Copies of the last few segments that came from the server before the engine was up, so that this
 * viewer can pass them on. Bounded; the oldest go first.
 */

/** A segment, named as hls.js knows it. */
export interface Place {
  /** Addresses of its playlist: as the manifest has it, and as it was answered after redirects. */
  readonly playlists: readonly string[];
  /** Its media sequence number. */
  readonly seq: number;
}

/** How long the server took for a segment, in seconds. */
export interface Pace {
  readonly firstByte: number;
  readonly whole: number;
}

const MAX_BYTES = 8 * 1024 * 1024;

/** See the module's header. */
export class Keepsakes {
  #kept: [Place, Uint8Array, Pace][] = [];
  #bytes = 0;

  /** Keeps a copy: the player empties the buffer that it gets. */
  keep(place: Place, bytes: Uint8Array, pace: Pace): void {
    if (bytes.length > MAX_BYTES) {
      return;
    }
    this.#kept.push([place, bytes.slice(), pace]);
    this.#bytes += bytes.length;
    while (this.#bytes > MAX_BYTES) {
      this.#bytes -= this.#kept.shift()?.[1].length ?? 0;
    }
  }

  /** Gives everything away, oldest first. */
  take(): [Place, Uint8Array, Pace][] {
    const kept = this.#kept;
    this.clear();
    return kept;
  }

  /** Forgets everything. */
  clear(): void {
    this.#kept = [];
    this.#bytes = 0;
  }
}
