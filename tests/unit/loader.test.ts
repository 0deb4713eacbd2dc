import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import Hls, {
  type FragmentLoaderContext,
  type HlsConfig,
  type Loader,
  type LoaderCallbacks,
  type LoaderConfiguration,
  type LoaderContext,
  type LoaderStats,
} from "hls.js";
import { segmentLoader, type PlaybackState, type SegmentSource } from "../../www/lib/hls/loader.js";
import type { HttpTiming, SegmentRef } from "../../www/lib/session/early-segments.js";
import type { Answer } from "../../www/lib/session/requests.js";
import { Clock } from "./support/clock.js";

const segment: SegmentRef = { playlists: ["https://site.example/v.m3u8"], seq: 7 };
const context = { url: "https://site.example/7.m4s", responseType: "arraybuffer" } as FragmentLoaderContext;
const config = { loadPolicy: { maxLoadTimeMs: 20_000 } } as LoaderConfiguration;

/** A session whose state a test sets, and which writes down what it is asked. */
class FakeSource implements SegmentSource {
  phase: SegmentSource["phase"] = "on";
  silent = 0;
  bytes = 0;
  inputs = 0;
  /** It refuses at once to take requests. */
  full = false;
  answer: Answer | null = null;
  readonly asked: SegmentRef[] = [];
  readonly cancelled: number[] = [];
  readonly lateBy: [number, boolean][] = [];
  readonly offers: [SegmentRef, number[], HttpTiming][] = [];
  readonly counted: [number, boolean][] = [];

  need(ref: SegmentRef, answer: Answer): number | null {
    this.asked.push(ref);
    this.answer = answer;
    return this.full ? null : this.asked.length;
  }
  cancel(id: number): void {
    this.cancelled.push(id);
  }
  received(): number {
    return this.bytes;
  }
  pulse(): number {
    return this.inputs;
  }
  late(since: number, excused: boolean): void {
    this.lateBy.push([since, excused]);
  }
  offer(ref: SegmentRef, bytes: Uint8Array, timing: HttpTiming): void {
    this.offers.push([ref, [...bytes], timing]);
  }
  fetched(bytes: number, wasted: boolean): void {
    this.counted.push([bytes, wasted]);
  }
}

/** Playback with a full buffer, of a segment that can be shared. */
class FakePlayback implements PlaybackState {
  begun = true;
  seconds = 30;
  needed = 1;
  ref: SegmentRef | null = segment;
  reports = 0;

  ahead(): number {
    return this.seconds;
  }
  forecast(): number {
    return this.needed;
  }
  network(): { bandwidth: number; firstByte: number } {
    return { bandwidth: 8_000_000, firstByte: 50 };
  }
  segmentRef(): SegmentRef | null {
    return this.ref;
  }
  reportPlayhead(): void {
    this.reports += 1;
  }
}

/** In place of hls.js's own loader. */
class FakeStock {
  static made: FakeStock[] = [];
  stats = {} as LoaderStats;
  callbacks: LoaderCallbacks<LoaderContext> | null = null;
  aborted = false;
  destroyed = false;

  constructor() {
    FakeStock.made.push(this);
  }
  load(_context: LoaderContext, _config: LoaderConfiguration, callbacks: LoaderCallbacks<LoaderContext>): void {
    this.callbacks = callbacks;
  }
  abort(): void {
    this.aborted = true;
    this.callbacks?.onAbort?.(this.stats, context, null);
  }
  destroy(): void {
    this.destroyed = true;
  }
  getCacheAge(): number {
    return 12;
  }
  getResponseHeader(name: string): string {
    return `${name} of the server`;
  }
  /** The server answers. */
  succeed(...bytes: number[]): void {
    this.stats.loaded = bytes.length;
    Object.assign(this.stats.loading, { start: 1000, first: 1200, end: 1500 });
    const data = Uint8Array.from(bytes).buffer;
    this.callbacks?.onSuccess({ url: context.url, data, code: 200 }, this.stats, context, null);
  }
}

interface Stage {
  readonly clock: Clock;
  readonly source: FakeSource;
  readonly playback: FakePlayback;
  readonly loader: Loader<FragmentLoaderContext>;
  /** What hls.js has heard, in order. */
  readonly heard: string[];
  readonly data: ArrayBuffer[];
  load(): void;
  stock(): FakeStock;
}

function stage(t: TestContext): Stage {
  const clock = Clock.stop(t);
  const { loader: before } = Hls.DefaultConfig;
  Hls.DefaultConfig.loader = FakeStock as unknown as typeof before;
  t.after(() => (Hls.DefaultConfig.loader = before));
  FakeStock.made = [];
  const source = new FakeSource();
  const playback = new FakePlayback();
  const Class = segmentLoader(source, playback);
  const loader = new Class({} as HlsConfig);
  const heard: string[] = [];
  const data: ArrayBuffer[] = [];
  const callbacks: LoaderCallbacks<FragmentLoaderContext> = {
    onSuccess: ({ data: bytes }) => {
      heard.push("success");
      data.push(bytes as ArrayBuffer);
    },
    onProgress: () => heard.push("progress"),
    onError: () => heard.push("error"),
    onTimeout: () => heard.push("timeout"),
    onAbort: () => heard.push("abort"),
  };
  return {
    clock,
    source,
    playback,
    loader,
    heard,
    data,
    load: () => {
      loader.load(context, config, callbacks);
    },
    stock: () => {
      const [made] = FakeStock.made;
      assert(made !== undefined, "the server was not asked");
      return made;
    },
  };
}

const servers = (): number => FakeStock.made.length;

test("a segment is asked of the engine while sharing is on", (t) => {
  const { load, source } = stage(t);
  load();
  assert.deepEqual(source.asked, [segment]);
  assert.equal(servers(), 0);
});

test("the engine hears where playback is before it is asked", (t) => {
  const { load, playback } = stage(t);
  load();
  assert.equal(playback.reports, 1);
});

test("what the engine delivers reaches hls.js once, with progress before success", (t) => {
  const { clock, data, heard, load, source } = stage(t);
  load();
  source.answer?.deliver(Uint8Array.of(1, 2, 3), 1000);
  assert.deepEqual(heard, ["progress", "success"]);
  assert.deepEqual([...new Uint8Array(data[0] ?? new ArrayBuffer())], [1, 2, 3]);
  assert.equal(clock.timers, 0);
});

test("a view into a larger buffer is cut out, a fitting buffer is not copied", (t) => {
  const { data, load, source } = stage(t);
  load();
  source.answer?.deliver(Uint8Array.of(0, 1, 2, 0).subarray(1, 3), 1000);
  assert.equal(data[0]?.byteLength, 2);
  load();
  const bytes = Uint8Array.of(4, 5);
  source.answer?.deliver(bytes, 1000);
  assert.equal(data[1], bytes.buffer);
});

test("a delivered segment is measured by the engine's rate", (t) => {
  const { load, loader, source } = stage(t);
  load();
  source.answer?.deliver(new Uint8Array(1000), 2000);
  assert.equal(loader.stats.loaded, 1000);
  assert.equal(loader.stats.bwEstimate, 16_000);
});

test("the server is asked while sharing is off", (t) => {
  const { load, source } = stage(t);
  source.phase = "off";
  load();
  assert.deepEqual(source.asked, []);
  assert.equal(servers(), 1);
});

test("the first frame comes from the server, whatever the engine says", (t) => {
  const { load, playback, source } = stage(t);
  playback.begun = false;
  load();
  assert.deepEqual(source.asked, []);
  assert.equal(servers(), 1);
});

test("what cannot be shared comes from the server and is not offered", (t) => {
  const { heard, load, playback, source, stock } = stage(t);
  playback.ref = null;
  load();
  stock().succeed(1, 2);
  assert.deepEqual(source.asked, []);
  assert.deepEqual(source.offers, []);
  assert.deepEqual(heard, ["success"]);
});

test("an engine that does not take the request leaves it to the server", (t) => {
  const { load, source } = stage(t);
  source.full = true;
  load();
  assert.equal(servers(), 1);
});

test("a request that was declined within the very call goes to the server once", (t) => {
  const { load, source } = stage(t);
  source.need = (_ref, answer) => {
    answer.decline();
    return null;
  };
  load();
  assert.equal(servers(), 1);
});

test("a declined request goes to the server, with hls.js's own stats", (t) => {
  const { load, loader, source, stock } = stage(t);
  load();
  source.answer?.decline();
  assert.equal(stock().stats, loader.stats);
  assert.equal(loader.stats.loading.start, 0);
});

test("a segment from the server is counted and offered before hls.js has it", (t) => {
  const { heard, load, source, stock } = stage(t);
  source.phase = "off";
  source.offer = (ref, bytes, timing) => {
    assert.deepEqual(heard, []);
    source.offers.push([ref, [...bytes], timing]);
  };
  load();
  stock().succeed(1, 2, 3);
  assert.deepEqual(source.offers, [[segment, [1, 2, 3], { firstByte: 0.2, whole: 0.5 }]]);
  assert.deepEqual(source.counted, [[3, false]]);
  assert.deepEqual(heard, ["success"]);
});

for (const [outcome, tell] of [
  ["error", (stock: FakeStock) => stock.callbacks?.onError({ code: 500, text: "" }, context, null, stock.stats)],
  ["timeout", (stock: FakeStock) => stock.callbacks?.onTimeout(stock.stats, context, null)],
  ["abort", (stock: FakeStock) => stock.callbacks?.onAbort?.(stock.stats, context, null)],
] as const) {
  test(`bytes before the server's ${outcome} count as wasted`, (t) => {
    const { heard, load, source, stock } = stage(t);
    source.phase = "off";
    load();
    stock().stats.loaded = 9;
    tell(stock());
    assert.deepEqual(source.counted, [[9, true]]);
    assert.deepEqual(heard, [outcome]);
  });
}

test("an abort takes the request back and tells hls.js", (t) => {
  const { clock, heard, load, loader, source } = stage(t);
  load();
  loader.abort();
  assert.deepEqual(source.cancelled, [1]);
  assert.deepEqual(heard, ["abort"]);
  assert.equal(loader.stats.aborted, true);
  assert.equal(clock.timers, 0);
});

test("after an abort a late delivery is heard by nobody", (t) => {
  const { heard, load, loader, source } = stage(t);
  load();
  loader.abort();
  source.answer?.deliver(Uint8Array.of(1), 1);
  assert.deepEqual(heard, ["abort"]);
});

test("an abort on the server's way is the stock loader's", (t) => {
  const { heard, load, loader, source, stock } = stage(t);
  source.phase = "off";
  load();
  loader.abort();
  assert.equal(stock().aborted, true);
  assert.deepEqual(heard, ["abort"]);
});

test("destroying tells hls.js nothing, and takes the request back", (t) => {
  const { clock, heard, load, loader, source } = stage(t);
  load();
  loader.destroy();
  source.answer?.deliver(Uint8Array.of(1), 1);
  assert.deepEqual(source.cancelled, [1]);
  assert.deepEqual(heard, []);
  assert.equal(clock.timers, 0);
});

test("destroying on the server's way counts what came as wasted", (t) => {
  const { load, loader, source, stock } = stage(t);
  source.phase = "off";
  load();
  stock().stats.loaded = 5;
  loader.destroy();
  assert.equal(stock().destroyed, true);
  assert.deepEqual(source.counted, [[5, true]]);
});

test("destroying after the server's answer counts nothing twice", (t) => {
  const { load, loader, source, stock } = stage(t);
  source.phase = "off";
  load();
  stock().succeed(1);
  loader.destroy();
  assert.deepEqual(source.counted, [[1, false]]);
});

test("headers and age are the server's, and unknown without it", (t) => {
  const { load, loader, source } = stage(t);
  load();
  assert.equal(loader.getCacheAge?.(), null);
  assert.equal(loader.getResponseHeader?.("age"), null);
  source.answer?.decline();
  assert.equal(loader.getCacheAge?.(), 12);
  assert.equal(loader.getResponseHeader?.("age"), "age of the server");
});

test("a request waits for an engine that is starting, and goes to it", (t) => {
  const { clock, load, source } = stage(t);
  source.phase = "starting";
  load();
  clock.pass(1000);
  assert.equal(servers(), 0);
  source.phase = "on";
  clock.pass(250);
  assert.equal(source.asked.length, 1);
  assert.equal(servers(), 0);
});

test("it waits three seconds for that at most", (t) => {
  const { clock, load, source } = stage(t);
  source.phase = "starting";
  load();
  clock.pass(2750);
  assert.equal(servers(), 0);
  clock.pass(250);
  assert.equal(servers(), 1);
  assert.equal(clock.timers, 0);
});

test("it does not wait where the buffer is short of what the server needs", (t) => {
  const { load, playback, source } = stage(t);
  source.phase = "starting";
  playback.needed = 2;
  playback.seconds = 1.5 + 1.5 * 2 - 0.1;
  load();
  assert.equal(servers(), 1);
});

test("it stops waiting when the buffer runs short", (t) => {
  const { clock, load, playback, source } = stage(t);
  source.phase = "starting";
  load();
  playback.seconds = 2;
  clock.pass(250);
  assert.equal(servers(), 1);
});

test("it stops waiting when the engine turns out not to come", (t) => {
  const { clock, load, source } = stage(t);
  source.phase = "starting";
  load();
  source.phase = "off";
  clock.pass(250);
  assert.equal(servers(), 1);
  assert.deepEqual(source.asked, []);
});

test("an engine that is late loses the request when the buffer nears its end", (t) => {
  const { clock, load, playback, source } = stage(t);
  load();
  clock.pass(2000);
  assert.equal(servers(), 0);
  playback.seconds = 1.5;
  clock.pass(250);
  assert.deepEqual(source.cancelled, [1]);
  assert.equal(servers(), 1);
  assert.deepEqual(source.lateBy, [[10_000, false]]);
});

test("an engine gets a second and a half, however short the buffer", (t) => {
  const { clock, load, playback } = stage(t);
  playback.seconds = 0.2;
  load();
  clock.pass(1250);
  assert.equal(servers(), 0);
  clock.pass(250);
  assert.equal(servers(), 1);
});

test("an engine that was silent before loses the request earlier", (t) => {
  const { clock, load, playback, source } = stage(t);
  source.silent = 2;
  playback.needed = 4;
  playback.seconds = 1.5 + 2 * 4;
  load();
  clock.pass(1500);
  assert.equal(servers(), 1);
});

test("an engine that is alive while there is no hurry is excused", (t) => {
  const { clock, load, playback, source } = stage(t);
  source.silent = 2;
  playback.seconds = 4;
  load();
  source.inputs = 1;
  clock.pass(1500);
  assert.deepEqual(source.lateBy, [[10_000, true]]);
});

test("with bytes coming in, the engine may go closer to the end", (t) => {
  const { clock, load, playback, source } = stage(t);
  playback.seconds = 1;
  load();
  for (let tick = 0; tick < 8; tick += 1) {
    source.bytes += 100;
    clock.pass(250);
  }
  assert.equal(servers(), 0);
  playback.seconds = 0.3;
  source.bytes += 100;
  clock.pass(250);
  assert.equal(servers(), 1);
  assert.deepEqual(source.lateBy, [[10_000, true]]);
});

test("with bytes coming in on a slow line, the engine gets the time that the server would need", (t) => {
  const { clock, load, playback, source } = stage(t);
  playback.needed = 4;
  playback.seconds = 0.2;
  load();
  for (let tick = 0; tick < 23; tick += 1) {
    source.bytes += 100;
    clock.pass(250);
  }
  assert.equal(servers(), 0);
  clock.pass(250);
  assert.equal(servers(), 1);
});

test("on no line does it get more than eight seconds", (t) => {
  const { clock, load, playback, source } = stage(t);
  playback.needed = 60;
  playback.seconds = 0.2;
  load();
  for (let tick = 0; tick < 31; tick += 1) {
    source.bytes += 100;
    clock.pass(250);
  }
  assert.equal(servers(), 0);
  source.bytes += 100;
  clock.pass(250);
  assert.equal(servers(), 1);
});

test("bytes that came once and no more are no sign of life", (t) => {
  const { clock, load, playback, source } = stage(t);
  playback.seconds = 1;
  load();
  source.bytes = 100;
  clock.pass(250);
  clock.pass(1250);
  assert.equal(servers(), 1);
});

test("hls.js's own limit is kept, however full the buffer", (t) => {
  const { clock, load } = stage(t);
  load();
  clock.pass(18_250);
  assert.equal(servers(), 0);
  clock.pass(250);
  assert.equal(servers(), 1);
});
