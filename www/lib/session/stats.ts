/** Adds up what the engine has counted and what passed it by. */

import type { P2PStatus, PlayerStats } from "../public/events.js";
import type { ClientStats } from "../host/client.js";

const none: ClientStats = {
  originBytes: 0,
  peerBytes: 0,
  uploadedBytes: 0,
  wastedBytes: 0,
  aheadBytes: 0,
  storedBytes: 0,
  peers: 0,
  swarm: 0,
  originRate: 0,
  peerRate: 0,
  uploadRate: 0,
  rottenPieces: 0,
  inputs: 0,
};

/** Span over which the stock loader's rate is measured, in milliseconds. */
const SPAN = 5000;

/** See the module's header. */
export class SessionStats {
  /** Last counters of the engine; they outlive it. */
  #engine = none;
  #bytes = 0;
  #wasted = 0;
  /** Fetches of the stock loader in the last seconds: time in ms, bytes. */
  #recent: [number, number][] = [];

  /** Media bytes sent to other viewers, as the engine last counted them. */
  get uploadedBytes(): number {
    return this.#engine.uploadedBytes;
  }

  /** Counts media bytes that the stock loader fetched. */
  fetched(bytes: number, wasted: boolean): void {
    this.#bytes += bytes;
    this.#wasted += wasted ? bytes : 0;
    this.#recent.push([performance.now(), bytes]);
  }

  /** Returns everything together. `engine` is null while there is none. */
  snapshot(
    engine: ClientStats | null,
    { state, reason }: P2PStatus,
    peers: number,
    uploadLeft: number | null = null,
  ): PlayerStats {
    const horizon = performance.now() - SPAN;
    this.#recent = this.#recent.filter(([time]) => time >= horizon);
    const recent = this.#recent.reduce((sum, [, bytes]) => sum + bytes, 0);
    this.#engine = engine ?? { ...this.#engine, storedBytes: 0, originRate: 0, peerRate: 0, uploadRate: 0, swarm: 0 };
    const { originBytes, peerBytes, uploadedBytes, wastedBytes, aheadBytes, storedBytes } = this.#engine;
    const { swarm, originRate, peerRate, uploadRate, rottenPieces } = this.#engine;
    return {
      state,
      reason,
      originBytes: originBytes + this.#bytes,
      peerBytes,
      uploadedBytes,
      uploadLeft,
      wastedBytes: wastedBytes + this.#wasted,
      aheadBytes,
      storedBytes,
      peers,
      swarm,
      originRate: originRate + recent / (SPAN / 1000),
      peerRate,
      uploadRate,
      rottenPieces,
    };
  }
}
