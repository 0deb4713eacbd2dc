/**
 * Copies of the last few segments that came from the server before the engine was up, so that this
 * viewer can pass them on. Bounded; the oldest go first.
 */

/** Reference to a segment, as hls.js knows it. */
export interface SegmentRef {
  /** Addresses of its playlist: as the manifest has it, and as it was answered after redirects. */
  readonly playlists: readonly string[];
  /** Media sequence number. */
  readonly seq: number;
}

/** Times that the server took for a segment, in seconds. */
export interface HttpTiming {
  readonly firstByte: number;
  readonly whole: number;
}

type EarlySegment = [SegmentRef, Uint8Array, HttpTiming];

const MAX_BYTES = 8 * 1024 * 1024;

/** See the module's header. */
export class EarlySegments {
  #kept: EarlySegment[] = [];
  #bytes = 0;

  /** Keeps a copy: the player empties the buffer that it gets. */
  keep(segment: SegmentRef, bytes: Uint8Array, timing: HttpTiming): void {
    if (bytes.length > MAX_BYTES) {
      return;
    }
    this.#kept.push([segment, bytes.slice(), timing]);
    this.#bytes += bytes.length;
    while (this.#bytes > MAX_BYTES) {
      this.#bytes -= this.#kept.shift()?.[1].length ?? 0;
    }
  }

  /** Gives everything away, oldest first. */
  take(): EarlySegment[] {
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
