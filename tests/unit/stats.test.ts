import assert from "node:assert/strict";
import { test } from "node:test";
import type { ClientStats } from "../../www/lib/host/client.js";
import { SessionStats } from "../../www/lib/session/stats.js";
import { Clock } from "./support/clock.js";

const on = { state: "on", reason: null } as const;
const counters: ClientStats = {
  originBytes: 1000,
  peerBytes: 2000,
  uploadedBytes: 300,
  wastedBytes: 40,
  aheadBytes: 50,
  storedBytes: 6000,
  peers: 9,
  swarm: 12,
  originRate: 100,
  peerRate: 200,
  uploadRate: 30,
  rottenPieces: 2,
  inputs: 5,
};

test("before anything has happened all figures are zero", () => {
  const stats = new SessionStats().snapshot(null, { state: "off", reason: "you" }, 0);
  assert.deepEqual(stats, {
    state: "off",
    reason: "you",
    originBytes: 0,
    peerBytes: 0,
    uploadedBytes: 0,
    uploadLeft: null,
    wastedBytes: 0,
    aheadBytes: 0,
    storedBytes: 0,
    peers: 0,
    swarm: 0,
    originRate: 0,
    peerRate: 0,
    uploadRate: 0,
    rottenPieces: 0,
  });
});

test("the engine's figures are told as they are", () => {
  const { inputs, ...told } = counters;
  assert.equal(inputs, 5);
  const stats = new SessionStats().snapshot(counters, on, 4, 77);
  assert.deepEqual(stats, { ...told, ...on, peers: 4, uploadLeft: 77 });
});

test("what the stock loader fetched comes on top", () => {
  const stats = new SessionStats();
  stats.fetched(500, false);
  stats.fetched(70, true);
  const { originBytes, wastedBytes } = stats.snapshot(counters, on, 0);
  assert.equal(originBytes, 1570);
  assert.equal(wastedBytes, 110);
});

test("the stock loader's rate is that of the last five seconds", (t) => {
  const clock = Clock.stop(t);
  const stats = new SessionStats();
  stats.fetched(5000, false);
  assert.equal(stats.snapshot(null, on, 0).originRate, 1000);
  clock.pass(3000);
  stats.fetched(2500, true);
  assert.equal(stats.snapshot(null, on, 0).originRate, 1500);
  clock.pass(2000);
  assert.equal(stats.snapshot(null, on, 0).originRate, 1500);
  clock.pass(1);
  assert.equal(stats.snapshot(null, on, 0).originRate, 500);
  clock.pass(5000);
  assert.equal(stats.snapshot(counters, on, 0).originRate, 100);
});

test("sums outlive the engine; what was of the moment does not", () => {
  const stats = new SessionStats();
  stats.snapshot(counters, on, 4);
  const after = stats.snapshot(null, { state: "off", reason: "engine-failed" }, 0);
  assert.equal(after.originBytes, 1000);
  assert.equal(after.peerBytes, 2000);
  assert.equal(after.uploadedBytes, 300);
  assert.equal(after.wastedBytes, 40);
  assert.equal(after.aheadBytes, 50);
  assert.equal(after.rottenPieces, 2);
  for (const name of ["storedBytes", "swarm", "originRate", "peerRate", "uploadRate"] as const) {
    assert.equal(after[name], 0, name);
  }
});
