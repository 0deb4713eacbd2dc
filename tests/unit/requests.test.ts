import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type * as FuseModule from "../../www/lib/fuse.js";
import type { ClientStats } from "../../www/lib/host/client.js";
import type * as RequestsModule from "../../www/lib/session/requests.js";
import type * as StatsModule from "../../www/lib/session/stats.js";
import type { P2PStatus } from "../../www/lib/public/events.js";
import { world } from "./support/world.js";

type Engine = Parameters<RequestsModule.Requests["connect"]>[0];

const ON: P2PStatus = { state: "on", reason: null };
const ref = { playlists: ["https://site.example/v.m3u8"], seq: 7 };
const timing = { firstByte: 0.1, whole: 0.5 };

interface Stage {
  readonly requests: RequestsModule.Requests;
  readonly stats: StatsModule.SessionStats;
  readonly fuse: FuseModule.Fuse;
  /** What the engine was told, in order. */
  readonly told: unknown[][];
  readonly counters: { value: Partial<ClientStats> | null };
  readonly heard: string[];
  readonly answer: RequestsModule.Answer;
  connect(): void;
}

async function stage(t: TestContext): Promise<Stage> {
  t.mock.method(performance, "now", () => 5000);
  const load = world();
  const { Requests } = await load<typeof RequestsModule>("session/requests");
  const { SessionStats } = await load<typeof StatsModule>("session/stats");
  const { fuse } = await load<typeof FuseModule>("fuse");
  const told: unknown[][] = [];
  const counters: Stage["counters"] = { value: null };
  const engine = {
    tracks: () => ["https://site.example/a.m3u8?token=x", "https://site.example/v.m3u8?token=y"],
    need: (...words: unknown[]) => told.push(["need", ...words]),
    cancel: (...words: unknown[]) => told.push(["cancel", ...words]),
    offered: (track: number, seq: number, bytes: Uint8Array, ...timing: number[]) =>
      told.push(["offered", track, seq, [...bytes], ...timing]),
    stats: () => counters.value,
  } as unknown as Engine;
  const heard: string[] = [];
  const stats = new SessionStats();
  const requests = new Requests(stats);
  return {
    requests,
    stats,
    fuse,
    told,
    counters,
    heard,
    answer: {
      deliver: (data, rate) => heard.push(`deliver ${String(data)} ${String(rate)}`),
      decline: () => heard.push("decline"),
    },
    connect: () => {
      requests.connect(engine);
      requests.follow(ON);
    },
  };
}

test("the phase follows the state of sharing", async (t) => {
  const { requests } = await stage(t);
  assert.equal(requests.phase, "starting");
  for (const [status, phase] of [
    [ON, "on"],
    [{ state: "waiting", reason: "starting" }, "starting"],
    [{ state: "waiting", reason: "tracker" }, "off"],
    [{ state: "asking", reason: null }, "off"],
    [{ state: "off", reason: "starting" }, "off"],
  ] as const) {
    requests.follow(status);
    assert.equal(requests.phase, phase, JSON.stringify(status));
  }
});

test("a playlist is found whatever its query, by any of its addresses", async (t) => {
  const { connect, requests } = await stage(t);
  assert.equal(requests.trackOf(ref.playlists), null);
  connect();
  assert.equal(requests.trackOf(["https://site.example/v.m3u8?token=z#t=5"]), 1);
  assert.equal(requests.trackOf(["https://other.example/v.m3u8", "https://site.example/a.m3u8"]), 0);
  assert.equal(requests.trackOf(["https://other.example/v.m3u8"]), null);
});

test("a need names the track and the segment, each under a number of its own", async (t) => {
  const { answer, connect, requests, told } = await stage(t);
  connect();
  assert.equal(requests.need(ref, answer), 1);
  assert.equal(requests.need(ref, answer), 2);
  assert.deepEqual(told, [["need", 1, 1, 7], ["need", 2, 1, 7]]);
});

test("nothing is asked while sharing is not on, nor of no engine, nor of a playlist unknown to it", async (t) => {
  const { answer, connect, requests, told } = await stage(t);
  requests.follow(ON);
  assert.equal(requests.need(ref, answer), null);
  connect();
  assert.equal(requests.need({ playlists: ["https://other.example/v.m3u8"], seq: 7 }, answer), null);
  requests.follow({ state: "asking", reason: null });
  assert.equal(requests.need(ref, answer), null);
  assert.deepEqual(told, []);
});

test("a delivery answers its request once", async (t) => {
  const { answer, connect, heard, requests } = await stage(t);
  connect();
  const id = requests.need(ref, answer) ?? 0;
  requests.deliver(id, Uint8Array.of(1, 2), 900);
  requests.deliver(id, Uint8Array.of(3), 900);
  requests.decline(id);
  assert.deepEqual(heard, ["deliver 1,2 900"]);
});

test("a request that is declined in the very call is not under way", async (t) => {
  const { answer, connect, heard, requests, told } = await stage(t);
  connect();
  told.push = () => {
    requests.declineAll();
    return 0;
  };
  assert.equal(requests.need(ref, answer), null);
  assert.deepEqual(heard, ["decline"]);
});

test("a cancelled request is told to the engine, and is answered no more", async (t) => {
  const { answer, connect, heard, requests, told } = await stage(t);
  connect();
  const id = requests.need(ref, answer) ?? 0;
  requests.cancel(id);
  requests.cancel(id);
  requests.deliver(id, Uint8Array.of(1), 1);
  assert.deepEqual(told.slice(1), [["cancel", id]]);
  assert.deepEqual(heard, []);
});

test("declining all sends each waiting request to the server", async (t) => {
  const { answer, connect, heard, requests } = await stage(t);
  connect();
  requests.need(ref, answer);
  requests.need(ref, answer);
  requests.disconnect();
  requests.declineAll();
  requests.declineAll();
  assert.deepEqual(heard, ["decline", "decline"]);
});

test("clearing answers nobody", async (t) => {
  const { answer, connect, heard, requests } = await stage(t);
  connect();
  requests.need(ref, answer);
  requests.clear();
  requests.declineAll();
  assert.deepEqual(heard, []);
});

test("a segment from the server is passed to the engine", async (t) => {
  const { connect, requests, told } = await stage(t);
  connect();
  requests.offer(ref, Uint8Array.of(1, 2), timing);
  requests.offer({ playlists: ["https://other.example/v.m3u8"], seq: 7 }, Uint8Array.of(3), timing);
  assert.deepEqual(told, [["offered", 1, 7, [1, 2], 0.1, 0.5]]);
});

test("a segment that came before the engine is passed on when that is up", async (t) => {
  const { connect, requests, told } = await stage(t);
  requests.offer(ref, Uint8Array.of(1, 2), timing);
  connect();
  assert.deepEqual(told, []);
  requests.offerEarly();
  requests.offerEarly();
  assert.deepEqual(told, [["offered", 1, 7, [1, 2], 0.1, 0.5]]);
});

test("while sharing is off nothing is kept, and what was kept is forgotten", async (t) => {
  const { connect, requests, told } = await stage(t);
  requests.offer(ref, Uint8Array.of(1), timing);
  requests.follow({ state: "off", reason: "you" });
  requests.offer(ref, Uint8Array.of(2), timing);
  connect();
  requests.offerEarly();
  assert.deepEqual(told, []);
});

test("while the viewer is asked, segments are kept", async (t) => {
  const { connect, requests, told } = await stage(t);
  requests.follow({ state: "asking", reason: null });
  requests.offer(ref, Uint8Array.of(1), timing);
  connect();
  requests.offerEarly();
  assert.equal(told.length, 1);
});

test("received bytes are those of server and peers together; without an engine none", async (t) => {
  const { connect, counters, requests } = await stage(t);
  assert.equal(requests.received(), 0);
  connect();
  assert.equal(requests.received(), 0);
  counters.value = { originBytes: 5, peerBytes: 7, inputs: 3 };
  assert.equal(requests.received(), 12);
});

test("the pulse is the engine's count of inputs; without an engine none", async (t) => {
  const { connect, counters, requests } = await stage(t);
  assert.equal(requests.pulse(), 0);
  connect();
  counters.value = { inputs: 3 };
  assert.equal(requests.pulse(), 3);
});

test("an engine that leaves three requests in a row without a word hangs", async (t) => {
  const { fuse, requests } = await stage(t);
  requests.late(6000, false);
  requests.late(6000, false);
  assert.equal(requests.silent, 2);
  assert.equal(fuse.whole, true);
  requests.late(6000, false);
  assert.equal(fuse.cause, "the engine hangs");
});

test("an excuse, a word and a delivery each begin the count anew", async (t) => {
  const { connect, requests } = await stage(t);
  connect();
  requests.late(6000, false);
  requests.late(6000, true);
  assert.equal(requests.silent, 0);
  requests.late(6000, false);
  requests.heard();
  requests.late(5000, false);
  assert.equal(requests.silent, 0);
  requests.late(6000, false);
  assert.equal(requests.silent, 1);
  requests.deliver(99, Uint8Array.of(1), 1);
  assert.equal(requests.silent, 0);
});

test("what the stock loader fetched is counted in the session's figures", async (t) => {
  const { requests, stats } = await stage(t);
  requests.fetched(500, true);
  const { originBytes, wastedBytes } = stats.snapshot(null, ON, 0);
  assert.deepEqual([originBytes, wastedBytes], [500, 500]);
});
