import assert from "node:assert/strict";
import { test } from "node:test";
import type { LoaderStats } from "hls.js";
import { reportBandwidth } from "../../www/lib/hls/abr-stats.js";
import { Clock } from "./support/clock.js";

const blank = (): LoaderStats => ({
  aborted: false,
  loaded: 0,
  retry: 0,
  total: 0,
  chunkCount: 0,
  bwEstimate: 0,
  loading: { start: 9000, first: 0, end: 0 },
  parsing: { start: 0, end: 0 },
  buffering: { start: 0, first: 0, end: 0 },
});
const network = { bandwidth: 8_000_000, firstByte: 60 };

test("the length is told as loaded and as total", (t) => {
  Clock.stop(t);
  const stats = blank();
  reportBandwidth(stats, 500_000, 1_000_000, network);
  assert.equal(stats.loaded, 500_000);
  assert.equal(stats.total, 500_000);
});

test("the span is what the bytes take at the measured rate, until now", (t) => {
  Clock.stop(t);
  const stats = blank();
  reportBandwidth(stats, 500_000, 1_000_000, network);
  assert.equal(stats.loading.end, 10_000);
  assert.equal(stats.loading.first, 9500);
  assert.equal(stats.bwEstimate, 8_000_000);
});

test("the time to the first byte is what hls.js believes already", (t) => {
  Clock.stop(t);
  const stats = blank();
  reportBandwidth(stats, 500_000, 1_000_000, network);
  assert.equal(stats.loading.start, 9440);
});

test("the sample that hls.js takes from it is the measured rate", (t) => {
  Clock.stop(t);
  const stats = blank();
  reportBandwidth(stats, 250_000, 400_000, network);
  const { start, first, end } = stats.loading;
  const seconds = (end - start - Math.min(first - start, network.firstByte)) / 1000;
  assert.equal(stats.loaded / seconds, 400_000);
});

test("without a rate, what hls.js believes is repeated", (t) => {
  Clock.stop(t);
  const stats = blank();
  reportBandwidth(stats, 500_000, 0, network);
  assert.equal(stats.bwEstimate, 8_000_000);
  assert.equal(stats.loading.first, 9500);
});

test("without a rate and without belief, the time since the request is told", (t) => {
  Clock.stop(t);
  const stats = blank();
  reportBandwidth(stats, 500_000, 0, { bandwidth: NaN, firstByte: 60 });
  assert.equal(stats.bwEstimate, 0);
  assert.equal(stats.loading.first, 9000);
});

test("before anything is measured, the first byte takes what hls.js assumes", (t) => {
  Clock.stop(t);
  const stats = blank();
  reportBandwidth(stats, 500_000, 1_000_000, { bandwidth: NaN, firstByte: NaN });
  assert.equal(stats.loading.first - stats.loading.start, 100);
});
