import assert from "node:assert/strict";
import { test } from "node:test";
import type Hls from "hls.js";
import { enrich, followRenditions, RenditionList, type Rendition } from "../../www/lib/hls/renditions.js";

const low: Rendition = { id: "0", width: 426, height: 240, bitrate: 400_000 };
const high: Rendition = { id: "1", width: 1280, height: 720, bitrate: 3_000_000 };

/** What a list says while something is done to it. */
function events(list: RenditionList, act: () => void): string[] {
  const heard: string[] = [];
  for (const name of ["addrendition", "removerendition", "change"]) {
    list.addEventListener(name, () => heard.push(name));
  }
  act();
  return heard;
}

interface FakeHls {
  levels: object[];
  nextLevel: number;
  liveSyncPosition: number | null;
  on(name: string, listener: (name: string, data: object) => void): void;
  emit(name: string, data?: object): void;
}

function fakeHls(): FakeHls {
  const listeners = new Map<string, (name: string, data: object) => void>();
  return {
    levels: [],
    nextLevel: -1,
    liveSyncPosition: 100,
    on: (name, listener) => listeners.set(name, listener),
    emit: (name, data = {}) => listeners.get(name)?.(name, data),
  };
}

test("a list can be walked, indexed and counted", () => {
  const list = new RenditionList();
  list.replace([low, high], () => undefined);
  assert.equal(list.length, 2);
  assert.equal(list[1], high);
  assert.deepEqual([...list], [low, high]);
});

test("a shorter list does not show what was there before", () => {
  const list = new RenditionList();
  list.replace([low, high], () => undefined);
  list.replace([high], () => undefined);
  assert.deepEqual([...list], [high]);
});

test("the list tells of renditions that come and go", () => {
  const list = new RenditionList();
  assert.deepEqual(events(list, () => { list.replace([low], () => undefined); }), ["addrendition"]);
  const emptied = new RenditionList();
  assert.deepEqual(events(emptied, () => { emptied.replace([], () => undefined); }), ["removerendition"]);
});

test("at first the player chooses", () => {
  assert.equal(new RenditionList().selectedIndex, -1);
});

test("the viewer's choice is carried out and told", () => {
  const list = new RenditionList();
  const chosen: number[] = [];
  list.replace([low, high], (index) => chosen.push(index));
  assert.deepEqual(events(list, () => { list.selectedIndex = 1; }), ["change"]);
  assert.deepEqual(chosen, [1]);
  assert.equal(list.selectedIndex, 1);
});

test("the same choice again changes nothing", () => {
  const list = new RenditionList();
  const chosen: number[] = [];
  list.replace([low, high], (index) => chosen.push(index));
  list.selectedIndex = 1;
  assert.deepEqual(events(list, () => { list.selectedIndex = 1; }), []);
  assert.deepEqual(chosen, [1]);
});

test("with other renditions the player chooses again", () => {
  const list = new RenditionList();
  list.replace([low, high], () => undefined);
  list.selectedIndex = 1;
  list.replace([low, high], () => undefined);
  assert.equal(list.selectedIndex, -1);
});

test("a video element gets an empty list and is not live", () => {
  const media = enrich({} as HTMLVideoElement);
  assert.equal(media.videoRenditions.length, 0);
  assert(Number.isNaN(media.liveEdgeStart));
});

test("renditions are hls.js's levels, and a choice is its next level", () => {
  const hls = fakeHls();
  const media = enrich({} as HTMLVideoElement);
  followRenditions(hls as unknown as Hls, media);
  hls.levels = [{ width: 426, height: 240, bitrate: 400_000, uri: "x" }, { width: 1280, height: 720, bitrate: 3_000_000 }];
  hls.emit("hlsManifestParsed");
  assert.deepEqual([...media.videoRenditions], [low, high]);
  media.videoRenditions.selectedIndex = 1;
  assert.equal(hls.nextLevel, 1);
});

test("where there is one level there is nothing to choose", () => {
  const hls = fakeHls();
  const media = enrich({} as HTMLVideoElement);
  followRenditions(hls as unknown as Hls, media);
  hls.levels = [low];
  hls.emit("hlsManifestParsed");
  assert.equal(media.videoRenditions.length, 0);
});

test("levels that change later are followed", () => {
  const hls = fakeHls();
  const media = enrich({} as HTMLVideoElement);
  followRenditions(hls as unknown as Hls, media);
  hls.levels = [low, high];
  hls.emit("hlsLevelsUpdated");
  assert.equal(media.videoRenditions.length, 2);
});

test("live begins one segment before where hls.js aims, and nowhere in a film", () => {
  const hls = fakeHls();
  const media = enrich({} as HTMLVideoElement);
  followRenditions(hls as unknown as Hls, media);
  hls.emit("hlsLevelUpdated", { details: { live: true, targetduration: 4 } });
  assert.equal(media.liveEdgeStart, 96);
  hls.liveSyncPosition = null;
  hls.emit("hlsLevelUpdated", { details: { live: true, targetduration: 4 } });
  assert.equal(media.liveEdgeStart, -4);
  hls.emit("hlsLevelUpdated", { details: { live: false, targetduration: 4 } });
  assert(Number.isNaN(media.liveEdgeStart));
});
