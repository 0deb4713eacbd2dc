import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { Emitter } from "../../www/lib/emitter.js";
import { Playback, playsByMse } from "../../www/lib/hls/playback.js";
import { RenditionList, type RichVideo } from "../../www/lib/hls/renditions.js";
import type { PlayerError } from "../../www/lib/public/errors.js";
import type { Session } from "../../www/lib/session/session.js";
import { settle } from "./support/clock.js";
import { setGlobal } from "./support/page.js";

/** A video element of a browser without Media Source Extensions. */
class FakeVideo extends EventTarget {
  src = "";
  loads = 0;
  error: { code: number; message: string } | null = null;
  liveEdgeStart = 5;
  readonly videoRenditions = new RenditionList();
  constructor(readonly hls: "" | "maybe") {
    super();
  }
  canPlayType(type: string): string {
    return type === "application/vnd.apple.mpegurl" ? this.hls : "";
  }
  removeAttribute(name: "src"): void {
    this[name] = "";
  }
  load(): void {
    this.loads += 1;
  }
}

interface Stage {
  readonly video: FakeVideo;
  readonly playback: Playback;
  readonly faults: PlayerError[];
}

function stage(t: TestContext, src: string, hls: "" | "maybe" = ""): Stage {
  setGlobal(t, "MediaError", { MEDIA_ERR_NETWORK: 2 });
  const video = new FakeVideo(hls);
  const session = { events: new Emitter(), requests: {} } as unknown as Session;
  const faults: PlayerError[] = [];
  const playback = new Playback(src, video as unknown as RichVideo, session, (error) => faults.push(error));
  return { video, playback, faults };
}

test("where there are no Media Source Extensions, the browser plays by itself", () => {
  assert.equal(playsByMse("https://site.example/v.m3u8"), false);
});

test("a browser that knows HLS gets the playlist's address", (t) => {
  const { faults, playback, video } = stage(t, "https://site.example/v.m3u8", "maybe");
  playback.start();
  assert.equal(video.src, "https://site.example/v.m3u8");
  assert.deepEqual(faults, []);
});

test("a single file is played by any browser", (t) => {
  const { faults, playback, video } = stage(t, "https://site.example/film.MP4?x=y.m3u8");
  playback.start();
  assert.equal(video.src, "https://site.example/film.MP4?x=y.m3u8");
  assert.deepEqual(faults, []);
});

test("a browser that can play neither says so, once its caller has cleared the screen", async (t) => {
  const { faults, playback, video } = stage(t, "https://site.example/v.m3u8");
  playback.start();
  assert.deepEqual(faults, []);
  await settle();
  assert.deepEqual(faults.map(({ code, fatal }) => [code, fatal]), [["media-unplayable", true]]);
  assert.equal(video.src, "");
});

test("a playback that ended at once does not say what could not be played", async (t) => {
  const { faults, playback } = stage(t, "https://site.example/v.m3u8");
  playback.start();
  playback.destroy();
  await settle();
  assert.deepEqual(faults, []);
});

for (const [code, name] of [[2, "media-unreachable"], [3, "media-unplayable"]] as const) {
  test(`the video element's error ${String(code)} is ${name}`, (t) => {
    const { faults, playback, video } = stage(t, "https://site.example/film.mp4");
    playback.start();
    video.error = { code, message: "what the browser says" };
    video.dispatchEvent(new Event("error"));
    assert.deepEqual(faults.map((fault) => [fault.code, fault.message]), [[name, "what the browser says"]]);
  });
}

test("a playback that has ended lets the element go, and reports no more", (t) => {
  const { faults, playback, video } = stage(t, "https://site.example/film.mp4");
  playback.start();
  playback.destroy();
  video.dispatchEvent(new Event("error"));
  assert.equal(video.src, "");
  assert.equal(video.loads, 1);
  assert(Number.isNaN(video.liveEdgeStart));
  assert.deepEqual(faults, []);
});

test("a file is never live", (t) => {
  const { playback } = stage(t, "https://site.example/film.mp4");
  playback.start();
  assert.equal(playback.livePosition, null);
});
