/**
 * Segment loader that hls.js uses in place of its own. It asks the engine where that can help and
 * hls.js's own loader, called the stock loader here, everywhere else.
 *
 * 1. Exactly one of success, error, timeout and abort is reported per request.
 * 2. The way to the stock loader is open at any time, and the request stays the same for hls.js.
 * 3. The deadline is kept here, not in WebAssembly: a hanging engine cannot hold up playback.
 */

import Hls, {
  type FragmentLoaderConstructor,
  type FragmentLoaderContext,
  type HlsConfig,
  type Loader,
  type LoaderCallbacks,
  type LoaderConfiguration,
  type LoaderContext,
  type LoaderStats,
} from "hls.js";

import type { HttpTiming, SegmentRef } from "../session/early-segments.js";
import type { Requests } from "../session/requests.js";
import { reportBandwidth } from "./abr-stats.js";
import type { Attachment } from "./attachment.js";

/** Methods of the session that the loader calls. */
export type SegmentSource = Pick<
  Requests,
  "cancel" | "fetched" | "late" | "need" | "offer" | "phase" | "pulse" | "received" | "silent"
>;

/** Methods of the attachment that the loader calls, on hls.js and its video element. */
export type PlaybackState = Pick<
  Attachment,
  "ahead" | "begun" | "forecast" | "network" | "reportPlayhead" | "segmentRef"
>;

/** Video ahead with which a request may wait for an engine that is starting, in multiples of the server's time. */
const COMFORT = 1.5;
/** Time that it waits at most, in milliseconds. */
const MAX_HOLD = 3000;
/** Seconds of video that are left when a late request goes to the server; with bytes coming in, the engine does better. */
const RESERVE = 1.5;
const MOVING_RESERVE = 0.3;
/** Time within which bytes must have come for them to count as coming in, in milliseconds. */
const MOVING = 750;
/** Seconds that the engine gets at least; with bytes coming in on a slow line, at most. */
const MIN_PATIENCE = 1.5;
const MAX_PATIENCE = 8;
/** Interval at which the deadline is looked at, in milliseconds. */
const TICK = 250;

type Callbacks = LoaderCallbacks<FragmentLoaderContext>;
type StockLoader = Loader<LoaderContext>;

/** Returns a loader class for hls.js's `fLoader` that draws on one session. */
export function segmentLoader(source: SegmentSource, playback: PlaybackState): FragmentLoaderConstructor {
  return class extends SegmentLoader {
    constructor(config: HlsConfig) {
      super(config, source, playback);
    }
  };
}

class SegmentLoader implements Loader<FragmentLoaderContext> {
  context: FragmentLoaderContext | null = null;
  stats = blank();
  readonly #hlsConfig: HlsConfig;
  readonly #source: SegmentSource;
  readonly #playback: PlaybackState;
  #config: LoaderConfiguration | null = null;
  #callbacks: Callbacks | null = null;
  #segment: SegmentRef | null = null;
  #stock: StockLoader | null = null;
  #need: number | null = null;
  #timer: ReturnType<typeof setInterval> | undefined;
  #since = 0;

  constructor(config: HlsConfig, source: SegmentSource, playback: PlaybackState) {
    this.#hlsConfig = config;
    this.#source = source;
    this.#playback = playback;
  }

  load(context: FragmentLoaderContext, config: LoaderConfiguration, callbacks: Callbacks): void {
    this.context = context;
    this.#config = config;
    this.#callbacks = callbacks;
    this.#segment = this.#playback.segmentRef(context);
    this.stats.loading.start = this.#since = performance.now();
    this.#route();
  }

  abort(): void {
    if (this.#stock !== null) {
      this.#stock.abort();
      return;
    }
    const { context, stats } = this;
    const callbacks = this.#callbacks;
    this.#withdraw();
    this.#callbacks = null;
    if (context !== null && callbacks !== null) {
      stats.aborted = true;
      callbacks.onAbort?.(stats, context, null);
    }
  }

  destroy(): void {
    this.#withdraw();
    if (this.#stock !== null && this.#callbacks !== null) {
      this.#source.fetched(this.stats.loaded, true);
    }
    this.#callbacks = null;
    this.#stock?.destroy();
    this.#stock = null;
  }

  getCacheAge(): number | null {
    return this.#stock?.getCacheAge?.() ?? null;
  }

  getResponseHeader(name: string): string | null {
    return this.#stock?.getResponseHeader?.(name) ?? null;
  }

  #route(): void {
    // The first frame depends on the server alone: nobody is connected yet, whatever the engine says.
    const phase = this.#segment === null || !this.#playback.begun ? "off" : this.#source.phase;
    if (phase === "on" && this.#ask()) {
      return;
    }
    if (phase === "starting" && this.#comfortable()) {
      this.#every(TICK, () => {
        this.#hold();
      });
      return;
    }
    this.#useStock();
  }

  /** Waits a little for an engine that is on its way, as long as the buffer is full enough. */
  #hold(): void {
    const waited = performance.now() - this.#since;
    const { phase } = this.#source;
    if (phase === "starting" && this.#comfortable() && waited < MAX_HOLD) {
      return;
    }
    clearInterval(this.#timer);
    if (phase !== "on" || !this.#ask()) {
      this.#useStock();
    }
  }

  /** Returns whether there is video enough ahead for the server to be asked later. */
  #comfortable(): boolean {
    const { context } = this;
    return context !== null && this.#playback.ahead() >= RESERVE + COMFORT * this.#playback.forecast(context);
  }

  #ask(): boolean {
    const { context } = this;
    if (this.#segment === null || context === null) {
      return false;
    }
    this.#since = performance.now();
    // A seek reaches the loader before the video element's own event is heard of.
    this.#playback.reportPlayhead();
    this.#need = this.#source.need(this.#segment, {
      deliver: (data, rate) => {
        this.#need = null;
        this.#deliver(data, rate);
      },
      decline: () => {
        this.#need = null;
        this.#useStock();
      },
    });
    if (this.#need === null) {
      // A fuse that blew in this very call has sent the request to the server already.
      return this.#stock !== null;
    }
    const forecast = this.#playback.forecast(context);
    const pulse = this.#source.pulse();
    let received = this.#source.received();
    let moved = this.#since;
    let moving = false;
    this.#every(TICK, () => {
      const now = this.#source.received();
      if (now > received) {
        received = now;
        moved = performance.now();
        moving = true;
      }
      this.#watchDeadline(forecast, pulse, moving, performance.now() - moved < MOVING);
    });
    return true;
  }

  /**
   * Gives the request up when the buffer nears its end. An engine that was silent before gets less
   * and less of it. With bytes coming in it gets the time in which the server itself would have
   * answered: on a slow line, what it has fetched by then must not be thrown away.
   * @param forecast Seconds that the server would need.
   * @param pulse The engine's, when it was asked.
   * @param moving Bytes have come since the engine was asked.
   * @param lively Bytes came just now.
   */
  #watchDeadline(forecast: number, pulse: number, moving: boolean, lively: boolean): void {
    const waited = (performance.now() - this.#since) / 1000;
    const patience = moving ? Math.min(Math.max(MIN_PATIENCE, forecast * 1.5), MAX_PATIENCE) : MIN_PATIENCE;
    const silent = RESERVE + this.#source.silent * Math.max(RESERVE, forecast);
    const reserve = lively ? MOVING_RESERVE : silent;
    const limit = (this.#config?.loadPolicy.maxLoadTimeMs ?? Infinity) / 1000;
    const ahead = this.#playback.ahead();
    const short = waited >= patience && ahead <= reserve;
    if (!short && waited < limit - RESERVE) {
      return;
    }
    const since = this.#since;
    this.#withdraw();
    this.#useStock();
    const early = ahead > RESERVE && this.#source.pulse() > pulse;
    this.#source.late(since, moving || early);
  }

  #deliver(bytes: Uint8Array, rate: number): void {
    const { context, stats } = this;
    const callbacks = this.#callbacks;
    this.#withdraw();
    this.#callbacks = null;
    if (context === null || callbacks === null) {
      return;
    }
    const data = exact(bytes);
    reportBandwidth(stats, data.byteLength, rate, this.#playback.network());
    callbacks.onProgress?.(stats, context, data, null);
    callbacks.onSuccess({ url: context.url, data, code: 200 }, stats, context, null);
  }

  /** Gives the request to hls.js's own loader, with the same stats. */
  #useStock(): void {
    const { context, stats } = this;
    const config = this.#config;
    const callbacks = this.#callbacks;
    this.#withdraw();
    if (context === null || config === null || callbacks === null) {
      return;
    }
    const Stock = Hls.DefaultConfig.loader;
    const stock: StockLoader = new Stock(this.#hlsConfig);
    this.#stock = stock;
    stats.loading.start = 0;
    stock.stats = stats;
    stock.load(context, config, this.#counted(callbacks) as LoaderCallbacks<LoaderContext>);
  }

  /** Returns hls.js's callbacks, with the books kept and the segment offered to the swarm on its way. */
  #counted(callbacks: Callbacks): Callbacks {
    const books = (wasted: boolean): void => {
      this.#source.fetched(this.stats.loaded, wasted);
      this.#callbacks = null;
    };
    const { onProgress } = callbacks;
    return {
      onSuccess: (response, stats, context, details) => {
        books(false);
        if (this.#segment !== null && response.data instanceof ArrayBuffer) {
          // Before hls.js sees it: it empties the buffer.
          this.#source.offer(this.#segment, new Uint8Array(response.data), timing(stats));
        }
        callbacks.onSuccess(response, stats, context, details);
      },
      onError: (error, context, details, stats) => {
        books(true);
        callbacks.onError(error, context, details, stats);
      },
      onTimeout: (stats, context, details) => {
        books(true);
        callbacks.onTimeout(stats, context, details);
      },
      onAbort: (stats, context, details) => {
        books(true);
        callbacks.onAbort?.(stats, context, details);
      },
      ...(onProgress === undefined ? {} : { onProgress }),
    };
  }

  /** Takes the request back from the swarm, if it is there. */
  #withdraw(): void {
    clearInterval(this.#timer);
    if (this.#need !== null) {
      this.#source.cancel(this.#need);
      this.#need = null;
    }
  }

  #every(milliseconds: number, task: () => void): void {
    clearInterval(this.#timer);
    this.#timer = setInterval(task, milliseconds);
  }
}

/** Returns what hls.js's own loaders begin with; its class for it is not in the build that has the worker. */
function blank(): LoaderStats {
  return {
    aborted: false,
    loaded: 0,
    retry: 0,
    total: 0,
    chunkCount: 0,
    bwEstimate: 0,
    loading: { start: 0, first: 0, end: 0 },
    parsing: { start: 0, end: 0 },
    buffering: { start: 0, first: 0, end: 0 },
  };
}

/** Returns how long the server took, as hls.js has measured it. */
function timing({ loading: { start, first, end } }: LoaderStats): HttpTiming {
  return { firstByte: Math.max(0, first - start) / 1000, whole: Math.max(0, end - start) / 1000 };
}

/** hls.js takes buffers, not views. The bytes are ours already, so a fitting buffer is not copied. */
function exact(bytes: Uint8Array): ArrayBuffer {
  const { buffer } = bytes;
  const fits = buffer instanceof ArrayBuffer && buffer.byteLength === bytes.byteLength;
  return fits ? buffer : bytes.slice().buffer;
}
