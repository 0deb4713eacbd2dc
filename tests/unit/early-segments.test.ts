import assert from "node:assert/strict";
import { test } from "node:test";
import { EarlySegments, type SegmentRef } from "../../www/lib/session/early-segments.js";

const MIB = 1024 * 1024;
const timing = { firstByte: 0.1, whole: 0.5 };
const ref = (seq: number): SegmentRef => ({ playlists: ["https://site.example/v.m3u8"], seq });
const kept = (early: EarlySegments): number[] => early.take().map(([{ seq }]) => seq);

test("what is kept is given away, oldest first, with its timing", () => {
  const early = new EarlySegments();
  early.keep(ref(1), Uint8Array.of(1, 2), timing);
  early.keep(ref(2), Uint8Array.of(3), { firstByte: 0.2, whole: 0.3 });
  assert.deepEqual(early.take(), [
    [ref(1), Uint8Array.of(1, 2), timing],
    [ref(2), Uint8Array.of(3), { firstByte: 0.2, whole: 0.3 }],
  ]);
});

test("it is given away once", () => {
  const early = new EarlySegments();
  early.keep(ref(1), Uint8Array.of(1), timing);
  early.take();
  assert.deepEqual(early.take(), []);
});

test("bytes are copied, because hls.js empties its buffer", () => {
  const early = new EarlySegments();
  const bytes = Uint8Array.of(1, 2, 3);
  early.keep(ref(1), bytes, timing);
  bytes.fill(0);
  assert.deepEqual(early.take()[0]?.[1], Uint8Array.of(1, 2, 3));
});

test("eight mebibytes are kept, and the oldest go first", () => {
  const early = new EarlySegments();
  for (let seq = 1; seq <= 4; seq += 1) {
    early.keep(ref(seq), new Uint8Array(2 * MIB), timing);
  }
  early.keep(ref(5), new Uint8Array(1), timing);
  assert.deepEqual(kept(early), [2, 3, 4, 5]);
});

test("exactly eight mebibytes are not too much", () => {
  const early = new EarlySegments();
  early.keep(ref(1), new Uint8Array(4 * MIB), timing);
  early.keep(ref(2), new Uint8Array(4 * MIB), timing);
  assert.deepEqual(kept(early), [1, 2]);
});

test("a segment that is too large for all of it drives nothing out", () => {
  const early = new EarlySegments();
  early.keep(ref(1), new Uint8Array(10), timing);
  early.keep(ref(2), new Uint8Array(8 * MIB + 1), timing);
  assert.deepEqual(kept(early), [1]);
});

test("after clearing there is room again", () => {
  const early = new EarlySegments();
  early.keep(ref(1), new Uint8Array(8 * MIB), timing);
  early.clear();
  early.keep(ref(2), new Uint8Array(8 * MIB), timing);
  assert.deepEqual(kept(early), [2]);
});
