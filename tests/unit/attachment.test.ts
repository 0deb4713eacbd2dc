import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type Hls from "hls.js";
import type { FragmentLoaderContext } from "hls.js";
import { Emitter } from "../../www/lib/emitter.js";
import { Attachment } from "../../www/lib/hls/attachment.js";
import type { Session, SessionEvents } from "../../www/lib/session/session.js";
import { Clock, settle } from "./support/clock.js";
import { setGlobal } from "./support/page.js";

const VIDEO = "https://site.example/v.m3u8";
const AUDIO = "https://site.example/a.m3u8";

/** A video element: its buffered ranges, and whatever a test sets. */
class FakeMedia extends EventTarget {
  ranges: [number, number][] = [];
  currentTime = 10;
  playbackRate = 1;
  paused = false;
  readyState = 0;

  get buffered(): object {
    const { ranges } = this;
    return { length: ranges.length, start: (at: number) => ranges[at]?.[0], end: (at: number) => ranges[at]?.[1] };
  }
}

interface Stage {
  readonly clock: Clock;
  readonly media: FakeMedia;
  readonly attachment: Attachment;
  readonly events: Emitter<SessionEvents>;
  readonly timelines: [readonly string[], object[]][];
  readonly playheads: unknown[][];
  readonly started: Promise<void>[];
  readonly hls: Record<string, unknown>;
  emit(name: string, data?: object): void;
}

function stage(t: TestContext): Stage {
  const clock = Clock.stop(t);
  setGlobal(t, "HTMLMediaElement", { HAVE_CURRENT_DATA: 2 });
  const listeners = new Map<string, (name: string, data: object) => void>();
  const hls = {
    levels: [{ uri: VIDEO, bitrate: 800_000 }] as Record<string, unknown>[],
    audioTracks: [{ id: 3, url: AUDIO }] as Record<string, unknown>[],
    loadLevel: 0,
    audioTrack: 3,
    bandwidthEstimate: 1_600_000,
    ttfbEstimate: 100,
    on: (name: string, listener: (name: string, data: object) => void) => listeners.set(name, listener),
  };
  const media = new FakeMedia();
  const events = new Emitter<SessionEvents>();
  const timelines: Stage["timelines"] = [];
  const playheads: unknown[][] = [];
  const started: Promise<void>[] = [];
  const tracks = new Map([[VIDEO, 0], [AUDIO, 1]]);
  const session = {
    events,
    requests: { trackOf: ([playlist]: string[]) => tracks.get(playlist ?? "") ?? null },
    start: (shown: Promise<void>) => started.push(shown),
    timeline: (playlists: string[], segments: object[]) => timelines.push([playlists, segments]),
    playhead: (...words: unknown[]) => playheads.push(words),
  } as unknown as Session;
  const attachment = new Attachment(session, media as unknown as HTMLVideoElement);
  attachment.attach(hls as unknown as Hls);
  const emit = (name: string, data = {}): void => listeners.get(name)?.(name, data);
  return { clock, media, attachment, events, timelines, playheads, started, hls, emit };
}

const request = (frag: object, part: object | null = null): FragmentLoaderContext =>
  ({ frag, part }) as unknown as FragmentLoaderContext;

test("the buffer ahead counts from the playhead to the end of its range", (t) => {
  const { attachment, media } = stage(t);
  media.ranges = [[0, 4], [8, 22], [40, 50]];
  assert.equal(attachment.ahead(), 12);
});

test("ranges with a small gap between them are one", (t) => {
  const { attachment, media } = stage(t);
  media.ranges = [[8, 12], [12.1, 15], [15.3, 20]];
  assert.equal(attachment.ahead(), 5);
});

test("faster playback has less ahead, and a stopped one is not endless", (t) => {
  const { attachment, media } = stage(t);
  media.ranges = [[8, 14]];
  media.playbackRate = 2;
  assert.equal(attachment.ahead(), 2);
  media.playbackRate = 0;
  assert.equal(attachment.ahead(), 40);
});

test("nothing is ahead where no range holds the playhead", (t) => {
  const { attachment, media } = stage(t);
  media.ranges = [[20, 30]];
  assert.equal(attachment.ahead(), 0);
});

test("playback has begun when something is in the buffer", (t) => {
  const { attachment, media } = stage(t);
  assert.equal(attachment.begun, false);
  media.ranges = [[0, 4]];
  assert.equal(attachment.begun, true);
});

test("a segment is named by the addresses of its playlist and its number", (t) => {
  const { attachment } = stage(t);
  const video = { type: "main", level: 0, baseurl: `${VIDEO}?redirected`, sn: 7 };
  assert.deepEqual(attachment.segmentRef(request(video)), { playlists: [VIDEO, `${VIDEO}?redirected`], seq: 7 });
  const audio = { type: "audio", level: 3, baseurl: "", sn: 8 };
  assert.deepEqual(attachment.segmentRef(request(audio)), { playlists: [AUDIO], seq: 8 });
});

test("initialisation segments, parts and subtitles are not shared", (t) => {
  const { attachment } = stage(t);
  const video = { type: "main", level: 0, baseurl: VIDEO, sn: 7 };
  assert.equal(attachment.segmentRef(request({ ...video, sn: "initSegment" })), null);
  assert.equal(attachment.segmentRef(request(video, {})), null);
  assert.equal(attachment.segmentRef(request({ ...video, type: "subtitle" })), null);
});

test("the forecast is what the segment takes at the estimated bandwidth", (t) => {
  const { attachment } = stage(t);
  assert.equal(attachment.forecast(request({ type: "main", level: 0, duration: 4 })), 2.1);
  assert.equal(attachment.forecast(request({ type: "audio", level: 3, duration: 4 })), 0.1);
});

test("without an estimate nothing is forecast", (t) => {
  const { attachment, hls } = stage(t);
  hls["bandwidthEstimate"] = NaN;
  assert.equal(attachment.forecast(request({ type: "main", level: 0, duration: 4 })), 0);
});

test("what hls.js believes of the network is passed on", (t) => {
  const { attachment } = stage(t);
  assert.deepEqual(attachment.network(), { bandwidth: 1_600_000, firstByte: 100 });
  attachment.detach();
  assert.deepEqual(attachment.network(), { bandwidth: NaN, firstByte: NaN });
});

test("the engine hears of position, rate and the tracks that are loaded", (t) => {
  const { attachment, media, playheads } = stage(t);
  media.ranges = [[8, 14]];
  attachment.reportPlayhead();
  const active = [{ track: 0, buffered: 14 }, { track: 1, buffered: 14 }];
  assert.deepEqual(playheads, [[10, 1, active]]);
});

test("a paused video has rate zero, and tracks that the index does not know are left out", (t) => {
  const { attachment, hls, media, playheads } = stage(t);
  media.paused = true;
  hls["audioTrack"] = -1;
  hls["levels"] = [{ uri: "https://other.example/v.m3u8" }];
  attachment.reportPlayhead();
  assert.deepEqual(playheads, [[10, 0, []]]);
});

test("a playing video reports twice a second, a paused one when something happens", (t) => {
  const { clock, media, playheads } = stage(t);
  clock.pass(1000);
  assert.equal(playheads.length, 2);
  media.paused = true;
  clock.pass(1000);
  assert.equal(playheads.length, 2);
  media.dispatchEvent(new Event("seeking"));
  assert.equal(playheads.length, 3);
});

test("after detaching nothing is reported", (t) => {
  const { attachment, clock, events, media, playheads } = stage(t);
  attachment.detach();
  clock.pass(1000);
  media.dispatchEvent(new Event("seeking"));
  events.emit("ready", null);
  assert.deepEqual(playheads, []);
  assert.equal(clock.timers, 0);
});

test("a playlist that hls.js has read becomes a timeline, without gaps and initialisation", (t) => {
  const { emit, timelines } = stage(t);
  const fragments = [
    { sn: "initSegment", url: "i.mp4", start: 0, duration: 0 },
    { sn: 1, url: "1.m4s", start: 0, duration: 4 },
    { sn: 2, url: "2.m4s", start: 4, duration: 4, gap: true },
    { sn: 3, url: "3.m4s", start: 8, duration: 2, byteRangeStartOffset: 100, byteRangeEndOffset: 300 },
    { sn: 4, url: "", start: 10, duration: 2 },
  ];
  emit("hlsLevelUpdated", { level: 0, details: { url: `${VIDEO}?b`, fragments } });
  const segments = [
    { seq: 1, url: "1.m4s", start: 0, duration: 4 },
    { seq: 3, url: "3.m4s", start: 8, duration: 2, rangeStart: 100, rangeEnd: 300 },
  ];
  assert.deepEqual(timelines, [[[VIDEO, `${VIDEO}?b`], segments]]);
});

test("an audio playlist is reported under its own address", (t) => {
  const { emit, timelines } = stage(t);
  emit("hlsAudioTrackUpdated", { id: 3, details: { url: AUDIO, fragments: [] } });
  assert.deepEqual(timelines, [[[AUDIO, AUDIO], []]]);
});

test("an engine that is up hears of every playlist that was read, and of the playhead", (t) => {
  const { events, hls, playheads, timelines } = stage(t);
  const details = (url: string): object => ({ url, fragments: [] });
  hls["levels"] = [{ uri: VIDEO, details: details(VIDEO) }, { uri: "https://site.example/other.m3u8" }];
  hls["audioTracks"] = [{ id: 3, url: AUDIO, details: details(AUDIO) }, { id: 4, url: "x" }];
  events.emit("ready", null);
  assert.deepEqual(timelines.map(([playlists]) => playlists), [[VIDEO, VIDEO], [AUDIO, AUDIO]]);
  assert.equal(playheads.length, 1);
});

test("sharing starts soon after the first frame", async (t) => {
  const { clock, emit, media, started } = stage(t);
  let shown = false;
  emit("hlsManifestParsed");
  void started[0]?.then(() => (shown = true));
  media.dispatchEvent(new Event("loadeddata"));
  await settle();
  assert.equal(shown, false);
  clock.pass(50);
  await settle();
  assert.equal(shown, true);
});

test("sharing starts at once where a frame is there already", async (t) => {
  const { emit, media, started } = stage(t);
  let shown = false;
  media.readyState = 2;
  emit("hlsManifestParsed");
  void started[0]?.then(() => (shown = true));
  await settle();
  assert.equal(shown, true);
});

test("sharing starts after three seconds without a frame", async (t) => {
  const { clock, emit, started } = stage(t);
  let shown = false;
  emit("hlsManifestParsed");
  void started[0]?.then(() => (shown = true));
  clock.pass(2999);
  await settle();
  assert.equal(shown, false);
  clock.pass(1);
  await settle();
  assert.equal(shown, true);
});
