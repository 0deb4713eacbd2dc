/**
 * Reports the measured bandwidth of segments that came through the swarm to hls.js's quality control.
 *
 * hls.js 1.7 (abr-controller, onFragLoaded and onFragBuffered) takes as a segment's time
 * `parsing.end − loading.start − min(loading.first − loading.start, its estimate of the time to the
 * first byte)` and samples `loaded` bytes over it. It also samples `first − start` itself.
 * So `start` and `first` are set back from now such that the span is the segment's length at the
 * measured rate, and the time to the first byte is what hls.js believes already.
 */

import type { LoaderStats } from "hls.js";

/** Estimates that hls.js has of the network. */
export interface NetworkEstimate {
  /** Bandwidth in bits per second. */
  readonly bandwidth: number;
  /** Time to the first byte, in milliseconds. */
  readonly firstByte: number;
}

/** Time to the first byte that hls.js assumes before it has measured anything, in milliseconds. */
const FIRST_BYTE = 100;

/**
 * Writes the measure of a segment into its stats.
 * @param stats The request's stats; hls.js holds the same object.
 * @param length Bytes of the segment.
 * @param rate Measured bytes per second. 0: it was there already, which says nothing about the
 *   network; the sample then repeats what hls.js believes, so that nothing moves.
 * @param network What hls.js believes.
 */
export function reportBandwidth(stats: LoaderStats, length: number, rate: number, network: NetworkEstimate): void {
  const now = performance.now();
  const believed = Number.isFinite(network.bandwidth) ? network.bandwidth / 8 : 0;
  const speed = rate > 0 ? rate : believed;
  const span = speed > 0 ? (length / speed) * 1000 : now - stats.loading.start;
  const firstByte = Number.isFinite(network.firstByte) ? network.firstByte : FIRST_BYTE;
  stats.loaded = stats.total = length;
  stats.loading.end = now;
  stats.loading.first = now - span;
  stats.loading.start = now - span - firstByte;
  stats.bwEstimate = speed * 8;
}
