import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type * as Config from "../../www/lib/config.js";
import type * as Preferences from "../../www/lib/session/preferences.js";
import type * as SessionModule from "../../www/lib/session/session.js";
import { Clock, settle } from "./support/clock.js";
import { setPage, type FakePage, type PageFacts } from "./support/page.js";
import { FakeEngine } from "./support/wasm.js";
import { world } from "./support/world.js";

type Session = SessionModule.Session;

const INDEX = "https://site.example/v.m3u8.shoal/index.json";
const WASM = "https://site.example/shoal.wasm";
const ref = { playlists: ["https://site.example/v.m3u8"], seq: 7 };
const timing = { firstByte: 0.1, whole: 0.5 };

interface Stage {
  readonly page: FakePage;
  readonly clock: Clock;
  readonly engine: FakeEngine;
  readonly load: ReturnType<typeof world>;
  readonly preferences: typeof Preferences;
  /** Makes a session; whatever it says is written down. */
  make(setup?: Partial<SessionModule.SessionSetup>): Session;
  /** Makes a session and brings its engine up. */
  up(setup?: Partial<SessionModule.SessionSetup>): Promise<Session>;
  readonly heard: string[];
}

async function stage(t: TestContext, facts: PageFacts = {}): Promise<Stage> {
  const page = setPage(t, facts);
  const clock = Clock.stop(t);
  const engine = FakeEngine.install(t);
  const load = world();
  const { Session } = await load<typeof SessionModule>("session/session");
  const preferences = await load<typeof Preferences>("session/preferences");
  const heard: string[] = [];
  const make: Stage["make"] = (setup = {}) => {
    const session = new Session({
      src: "https://site.example/v.m3u8",
      index: null,
      tracker: null,
      page: null,
      mse: true,
      ...setup,
    });
    session.events.on("status", ({ state, reason }) => heard.push(`${state} ${String(reason)}`));
    session.events.on("peers", (peers) => heard.push(`${String(peers)} peers`));
    session.events.on("error", ({ code }) => heard.push(code));
    session.events.on("ready", () => heard.push("ready"));
    return session;
  };
  const up: Stage["up"] = async (setup) => {
    const session = make(setup);
    session.start(Promise.resolve());
    await settle();
    return session;
  };
  return { page, clock, engine, load, preferences, make, up, heard };
}

test("nothing is fetched before playback has started", async (t) => {
  const { engine, make } = await stage(t);
  const session = make();
  await settle();
  assert.deepEqual(session.status, { state: "waiting", reason: "starting" });
  assert.deepEqual(engine.fetched, []);
});

for (const [name, facts, setup, reason] of [
  ["without WebRTC", { webrtc: false }, {}, "no-webrtc"],
  ["without Media Source Extensions", {}, { mse: false }, "no-mse"],
  ["where the page says off", {}, { page: "off" }, "page"],
] as const) {
  test(`${name} not one request is made`, async (t) => {
    const { engine, up } = await stage(t, facts);
    const session = await up(setup);
    assert.deepEqual(session.status, { state: "off", reason });
    assert.deepEqual(engine.fetched, []);
  });
}

test("for a viewer who said no not one request is made", async (t) => {
  const { engine, preferences, up } = await stage(t);
  preferences.rememberChoice(false, "player");
  const session = await up();
  assert.deepEqual(session.status, { state: "off", reason: "you" });
  assert.deepEqual(engine.fetched, []);
});

test("on a metered connection not one request is made", async (t) => {
  const connection = Object.assign(new EventTarget(), { saveData: true });
  const { engine, up } = await stage(t, { connection });
  const session = await up();
  assert.deepEqual(session.status, { state: "waiting", reason: "metered" });
  assert.deepEqual(engine.fetched, []);
});

test("a connection that is metered no longer begins to share", async (t) => {
  const connection = Object.assign(new EventTarget(), { saveData: true });
  const { engine, heard, up } = await stage(t, { connection });
  await up();
  connection.saveData = false;
  connection.dispatchEvent(new Event("change"));
  await settle();
  assert(heard.includes("ready"));
  connection.saveData = true;
  connection.dispatchEvent(new Event("change"));
  assert.equal(engine.rule("metered"), true);
});

test("index and module are fetched, and the engine knows the rules before the index", async (t) => {
  const { engine, heard, up } = await stage(t);
  await up({ page: "ask" });
  assert.deepEqual([...engine.fetched].sort(), [WASM, INDEX]);
  const names = engine.told.map(([name]) => name);
  assert(names.indexOf("rule") < names.indexOf("setIndex"));
  assert.equal(names.lastIndexOf("rule") < names.indexOf("setIndex"), true);
  assert.equal(names.indexOf("limits") < names.indexOf("setIndex"), true);
  assert.deepEqual(heard, ["ready"]);
  const rules = ["capable", "page", "metered", "metered-too", "hidden", "ask-first", "viewer"];
  assert.deepEqual(rules.map((name) => engine.rule(name)), [true, "ask", false, false, false, true, null]);
});

test("the index may lie elsewhere", async (t) => {
  const { engine, up } = await stage(t);
  await up({ index: "https://other.example/index.json" });
  assert(engine.fetched.includes("https://other.example/index.json"));
  assert(!engine.fetched.includes(INDEX));
});

test("the engine waits for the first frame", async (t) => {
  const { engine, make } = await stage(t);
  let show = (): void => undefined;
  make().start(new Promise((shown) => (show = shown)));
  await settle();
  assert.deepEqual(engine.calls("new"), []);
  show();
  await settle();
  assert.equal(engine.calls("new").length, 1);
});

test("a video without an index is not shared, and that is no fault", async (t) => {
  const { engine, heard, up } = await stage(t);
  engine.index = () => new Response("", { status: 404 });
  const session = await up();
  assert.deepEqual(heard, ["off no-index"]);
  assert.equal(session.switchable, false);
});

test("an index that cannot be fetched is a fault, and the video goes on", async (t) => {
  const { engine, heard, up } = await stage(t);
  engine.index = () => new Response("", { status: 500 });
  await up();
  assert.deepEqual(heard, ["off no-index", "index-unreachable"]);
});

test("an index that the engine refuses is a fault, and its client is closed", async (t) => {
  const { engine, heard, up } = await stage(t);
  engine.refusals.set("setIndex", "index-malformed");
  await up();
  assert.deepEqual(heard, ["off no-index", "index-malformed"]);
  assert.equal(engine.calls("close").length, 1);
});

test("options that the engine refuses are a fault", async (t) => {
  const { engine, heard, up } = await stage(t);
  engine.refusals.set("new", "options-invalid");
  await up();
  assert.deepEqual(heard, ["off engine-failed", "options-invalid"]);
});

test("a module that the server refuses is not tried again", async (t) => {
  const { clock, engine, heard, up } = await stage(t);
  engine.module = () => new Response("", { status: 404 });
  await up();
  assert.deepEqual(heard, ["off engine-failed", "wasm-unavailable"]);
  clock.pass(120_000);
  await settle();
  assert.equal(engine.fetched.filter((url) => url === WASM).length, 1);
});

test("a module that the network lost is tried once more after a minute", async (t) => {
  const { clock, engine, heard, up } = await stage(t);
  engine.module = () => new TypeError("fetch failed");
  await up();
  const module = engine.module;
  clock.pass(59_999);
  await settle();
  assert.deepEqual(heard, ["off engine-failed", "wasm-unavailable"]);
  clock.pass(1);
  await settle();
  assert.deepEqual(heard.slice(2), ["waiting starting", "off engine-failed", "wasm-unavailable"]);
  assert.equal(engine.module, module);
  clock.pass(120_000);
  await settle();
  assert.equal(heard.length, 5);
});

test("a rule that says no meanwhile keeps the engine from starting", async (t) => {
  const { engine, make } = await stage(t);
  let show = (): void => undefined;
  const session = make();
  session.start(new Promise((shown) => (show = shown)));
  await settle();
  session.restrict("off");
  show();
  await settle();
  assert.deepEqual(engine.calls("new"), []);
  assert.deepEqual(session.status, { state: "off", reason: "page" });
});

test("a session that has ended meanwhile brings no engine up", async (t) => {
  const { engine, heard, make } = await stage(t);
  let show = (): void => undefined;
  const session = make();
  session.start(new Promise((shown) => (show = shown)));
  await settle();
  session.destroy();
  show();
  await settle();
  assert.deepEqual(engine.calls("new"), []);
  assert.deepEqual(heard, []);
});

test("once the engine is up it speaks for itself", async (t) => {
  const { engine, heard, up } = await stage(t);
  const session = await up();
  engine.say({ type: "state", state: "asking", reason: undefined }, { type: "peers", peers: 2 }, { type: "peers", peers: 2 });
  await settle();
  session.start(Promise.resolve());
  assert.deepEqual(heard, ["ready", "asking null", "2 peers"]);
  assert.equal(session.peers, 2);
});

test("a state that is told twice is news once, and another reason is news", async (t) => {
  const { engine, heard, up } = await stage(t);
  await up();
  engine.say({ type: "state", state: "waiting", reason: "tracker" });
  engine.say({ type: "state", state: "waiting", reason: "tracker" });
  engine.say({ type: "state", state: "waiting", reason: "few-viewers" });
  await settle();
  assert.deepEqual(heard, ["ready", "waiting tracker", "waiting few-viewers"]);
});

test("when sharing goes off, nobody is connected any more", async (t) => {
  const { engine, heard, up } = await stage(t);
  const session = await up();
  engine.say({ type: "state", state: "on", reason: undefined }, { type: "peers", peers: 3 }, { type: "state", state: "off", reason: "site" });
  await settle();
  assert.deepEqual(heard, ["ready", "on null", "3 peers", "0 peers", "off site"]);
  assert.equal(session.peers, 0);
});

test("the viewer's answer reaches the engine, and tries WebRTC again", async (t) => {
  const { engine, preferences, up } = await stage(t);
  const session = await up();
  engine.told.length = 0;
  session.choose(true, "player");
  assert.deepEqual(engine.calls("rule"), [["capable", true], ["metered-too", false], ["viewer", true]]);
  assert.equal(preferences.choice(), true);
  session.choose(false, "player");
  assert.equal(engine.rule("viewer"), false);
});

test("a yes brings the engine up where a no had kept it away", async (t) => {
  const { heard, preferences, up } = await stage(t);
  preferences.rememberChoice(false, "player");
  const session = await up();
  session.choose(true, "player");
  await settle();
  assert.deepEqual(heard, ["waiting starting", "ready"]);
});

test("a yes from the page does not count before the viewer is informed", async (t) => {
  const { engine, up } = await stage(t);
  const session = await up();
  session.choose(true, "page");
  assert.equal(engine.rule("viewer"), null);
  assert.equal(engine.rule("ask-first"), true);
  session.inform(true);
  assert.equal(engine.rule("viewer"), true);
  assert.equal(engine.rule("ask-first"), false);
  session.inform(false);
  assert.equal(engine.rule("viewer"), null);
});

test("a no from the page counts at once", async (t) => {
  const { engine, up } = await stage(t);
  const session = await up();
  session.choose(false, "page");
  assert.equal(engine.rule("viewer"), false);
});

test("being informed again is no news", async (t) => {
  const { engine, up } = await stage(t);
  const session = await up();
  session.inform(true);
  engine.told.length = 0;
  session.inform(true);
  assert.deepEqual(engine.told, []);
});

test("with the browser's privacy signal the viewer is asked, informed or not", async (t) => {
  const { engine, up } = await stage(t, { globalPrivacyControl: true });
  const session = await up();
  session.inform(true);
  assert.equal(engine.rule("ask-first"), true);
});

test("the page's attribute reaches a running engine", async (t) => {
  const { engine, up } = await stage(t);
  (await up()).restrict("off");
  assert.equal(engine.rule("page"), "off");
});

test("hiding is remembered and told", async (t) => {
  const { engine, up } = await stage(t);
  const session = await up();
  assert.equal(session.hidden, false);
  session.hide(true);
  assert.equal(engine.rule("hidden"), true);
  assert.equal(session.hidden, true);
});

test("a relay is offered when the engine says so", async (t) => {
  const { engine, make, up } = await stage(t);
  assert.equal(make().relayOffered, false);
  const session = await up();
  assert.equal(session.relayOffered, false);
  engine.relayed = true;
  assert.equal(session.relayOffered, true);
});

test("the viewer's limits reach the engine", async (t) => {
  const { engine, up } = await stage(t);
  const session = await up();
  assert.deepEqual(engine.calls("limits"), [[0, 0]]);
  session.limit({ rate: 1000, total: 5000 });
  assert.deepEqual(engine.calls("limits").at(-1), [1000, 5000]);
  assert.deepEqual(session.limits, { rate: 1000, total: 5000 });
});

test("what one video has sent is taken off for the next", async (t) => {
  const { engine, up } = await stage(t);
  const first = await up();
  first.limit({ rate: 0, total: 5000 });
  engine.counters = { uploadedBytes: 1500 };
  assert.equal(first.stats().uploadLeft, 3500);
  first.destroy();
  engine.counters = { uploadedBytes: 0 };
  const second = await up();
  assert.deepEqual(engine.calls("limits").at(-1), [0, 3500]);
  assert.equal(second.stats().uploadLeft, 3500);
});

test("what was sent before a failure stays taken off, once", async (t) => {
  const { engine, up } = await stage(t);
  const session = await up();
  session.limit({ rate: 0, total: 5000 });
  engine.counters = { uploadedBytes: 1500 };
  assert.equal(session.stats().uploadLeft, 3500);
  engine.panic("a trap");
  assert.equal(session.stats().uploadLeft, 3500);
  session.destroy();
  assert.equal(session.stats().uploadLeft, 3500);
});

test("a tab in the background sends less", async (t) => {
  const { engine, page, up } = await stage(t);
  const session = await up();
  assert.deepEqual(engine.calls("frugal"), [[false]]);
  page.document.hidden = true;
  page.document.dispatchEvent(new Event("visibilitychange"));
  assert.deepEqual(engine.calls("frugal").at(-1), [true]);
  assert.equal(session.frugal, "hidden");
});

test("the switch has an effect unless sharing is off for somebody else's reason", async (t) => {
  const { engine, up } = await stage(t);
  const session = await up();
  for (const [state, reason, switchable] of [
    ["on", null, true],
    ["waiting", "tracker", true],
    ["off", "you", true],
    ["off", "no-relay", true],
    ["off", "webrtc-blocked", true],
    ["off", "site", false],
    ["off", "page", false],
  ] as const) {
    engine.say({ type: "state", state, reason: reason ?? undefined });
    await settle();
    assert.equal(session.switchable, switchable, `${state} ${String(reason)}`);
  }
});

test("timelines reach the engine under the track's number", async (t) => {
  const { engine, up } = await stage(t);
  const session = await up();
  session.timeline(["https://other.example/v.m3u8"], []);
  session.timeline(ref.playlists, [{ seq: 1, url: "x", start: 0, duration: 4 }]);
  assert.deepEqual(engine.calls("timeline"), [[0, [{ seq: 1, url: "x", start: 0, duration: 4 }]]]);
});

test("the playhead reaches the engine", async (t) => {
  const { engine, up } = await stage(t);
  (await up()).playhead(5, 1, [{ track: 0, buffered: 9 }]);
  assert.deepEqual(engine.calls("playhead"), [[5, 1, [{ track: 0, buffered: 9 }]]]);
});

test("what the server brought before the engine is offered once that is up", async (t) => {
  const { engine, make } = await stage(t);
  const session = make();
  session.requests.offer(ref, Uint8Array.of(1, 2), timing);
  session.start(Promise.resolve());
  await settle();
  assert.deepEqual(engine.calls("offered"), [[0, 7, Uint8Array.of(1, 2), 0.1, 0.5]]);
});

test("a request is answered by the engine's event", async (t) => {
  const { engine, up } = await stage(t);
  const session = await up();
  engine.say({ type: "state", state: "on", reason: undefined });
  await settle();
  const heard: string[] = [];
  const answer = { deliver: () => heard.push("deliver"), decline: () => heard.push("decline") };
  const first = session.requests.need(ref, answer) ?? 0;
  const second = session.requests.need(ref, answer) ?? 0;
  engine.say(
    { type: "decline", id: second, reason: "origin" },
    { type: "deliver", id: first, data: Uint8Array.of(1), rate: 5, fromPeers: 1, fromOrigin: 0 },
  );
  await settle();
  assert.deepEqual(heard, ["decline", "deliver"]);
});

test("a panic sends all that wait to the server, and sharing stays off", async (t) => {
  const { engine, heard, up } = await stage(t);
  const session = await up();
  engine.say({ type: "state", state: "on", reason: undefined });
  await settle();
  const declined: string[] = [];
  session.requests.need(ref, {
    deliver: () => undefined,
    decline: () => declined.push(`${session.status.state} ${session.requests.phase}`),
  });
  engine.panic("index out of bounds");
  assert.deepEqual(declined, ["off off"]);
  assert.deepEqual(heard, ["ready", "on null", "off engine-failed", "engine-failed"]);
  engine.told.length = 0;
  session.choose(true, "player");
  await settle();
  assert.deepEqual(engine.told, []);
});

test("a trap in a call is a failure like a panic, and the client is not called again", async (t) => {
  const { engine, heard, up } = await stage(t);
  const session = await up();
  engine.traps.add("playhead");
  session.playhead(1, 1, []);
  assert.deepEqual(heard, ["ready", "off engine-failed", "engine-failed"]);
  assert.deepEqual(engine.calls("close"), []);
});

test("a failure in the engine's first calls brings nothing up", async (t) => {
  const { engine, heard, up } = await stage(t);
  engine.traps.add("setIndex");
  await up();
  assert.deepEqual(heard, ["off engine-failed", "engine-failed"]);
});

test("what led to a failure can still be read, where it was recorded", async (t) => {
  const { engine, load, up } = await stage(t);
  (await load<typeof Config>("config")).configure({ trace: true });
  const session = await up();
  engine.panic("a trap");
  assert.deepEqual(session.trace(), Uint8Array.of(1, 2, 3));
});

test("without the option nothing is recorded", async (t) => {
  const { up } = await stage(t);
  assert.equal((await up()).trace(), undefined);
});

test("the engine's figures are the session's", async (t) => {
  const { engine, up } = await stage(t);
  const session = await up();
  engine.counters = { originBytes: 10, peerBytes: 20, uploadedBytes: 5 };
  const { originBytes, peerBytes, uploadedBytes, uploadLeft } = session.stats();
  assert.deepEqual([originBytes, peerBytes, uploadedBytes, uploadLeft], [10, 20, 5, null]);
});

test("a session that has ended closes its client and says no more", async (t) => {
  const { engine, heard, up } = await stage(t);
  const session = await up();
  session.destroy();
  assert.deepEqual([engine.calls("close").length, engine.calls("free").length], [1, 1]);
  engine.say({ type: "state", state: "on", reason: undefined });
  engine.panic("too late");
  await settle();
  session.start(Promise.resolve());
  assert.deepEqual(heard, ["ready"]);
});

test("two sessions share one module", async (t) => {
  const { engine, up } = await stage(t);
  await up();
  await up();
  assert.equal(engine.fetched.filter((url) => url === WASM).length, 1);
  assert.equal(engine.calls("new").length, 2);
});
