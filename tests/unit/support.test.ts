import assert from "node:assert/strict";
import { test } from "node:test";
import type * as Support from "../../www/lib/session/support.js";
import { settle } from "./support/clock.js";
import { setGlobal, setPage } from "./support/page.js";
import { world } from "./support/world.js";

const fresh = (): Promise<typeof Support> => world()<typeof Support>("session/support");

test("a browser with WebRTC, WebAssembly and MSE lacks nothing", async (t) => {
  setPage(t);
  assert.equal((await fresh()).missing(true), null);
});

test("without WebRTC nothing can be shared, whatever else there is", async (t) => {
  setPage(t, { webrtc: false });
  assert.equal((await fresh()).missing(true), "no-webrtc");
  assert.equal((await fresh()).missing(false), "no-webrtc");
});

test("a video that the browser plays by itself cannot be shared", async (t) => {
  setPage(t);
  assert.equal((await fresh()).missing(false), "no-mse");
});

test("without WebAssembly nothing can be shared", async (t) => {
  setPage(t);
  const { missing } = await fresh();
  setGlobal(t, "WebAssembly", undefined);
  assert.equal(missing(true), "no-wasm");
});

test("a connection is metered when the browser says so", async (t) => {
  const { metered } = await fresh();
  for (const [facts, expected] of [
    [{ saveData: true }, true],
    [{ type: "cellular" }, true],
    [{ type: "wifi", saveData: false }, false],
    [{}, false],
  ] as const) {
    setPage(t, { connection: Object.assign(new EventTarget(), facts) });
    assert.equal(metered(), expected, JSON.stringify(facts));
  }
});

test("a browser that tells nothing of its connection is taken not to be metered", async (t) => {
  setPage(t);
  assert.equal((await fresh()).metered(), false);
});

test("changes of the connection are heard until it is stopped", async (t) => {
  const connection = new EventTarget();
  setPage(t, { connection });
  const { onConnectionChange } = await fresh();
  let heard = 0;
  const stop = onConnectionChange(() => (heard += 1));
  connection.dispatchEvent(new Event("change"));
  assert.equal(heard, 1);
  stop();
  connection.dispatchEvent(new Event("change"));
  assert.equal(heard, 1);
});

test("the privacy signal is heard where the browser sends it", async (t) => {
  const { privacySignal } = await fresh();
  setPage(t);
  assert.equal(privacySignal(), false);
  setPage(t, { globalPrivacyControl: true });
  assert.equal(privacySignal(), true);
});

test("less is sent while the tab is in the background", async (t) => {
  const { document } = setPage(t);
  const { frugality, onFrugality } = await fresh();
  let heard = 0;
  const stop = onFrugality(() => (heard += 1));
  assert.equal(frugality(), null);
  document.hidden = true;
  document.dispatchEvent(new Event("visibilitychange"));
  assert.equal(heard, 1);
  assert.equal(frugality(), "hidden");
  stop();
  document.dispatchEvent(new Event("visibilitychange"));
  assert.equal(heard, 1);
});

test("less is sent on a low battery, and not while it charges", async (t) => {
  const battery = Object.assign(new EventTarget(), { charging: false, level: 0.3 });
  setPage(t, { getBattery: () => Promise.resolve(battery), hidden: true });
  const { frugality, onFrugality } = await fresh();
  let heard = 0;
  t.after(onFrugality(() => (heard += 1)));
  await settle();
  assert.equal(heard, 1);
  assert.equal(frugality(), "battery");
  battery.level = 0.31;
  battery.dispatchEvent(new Event("levelchange"));
  assert.equal(heard, 2);
  assert.equal(frugality(), "hidden");
  battery.level = 0.1;
  battery.charging = true;
  battery.dispatchEvent(new Event("chargingchange"));
  assert.equal(heard, 3);
  assert.equal(frugality(), "hidden");
});

test("a battery that is found too late tells nobody", async (t) => {
  const battery = Object.assign(new EventTarget(), { charging: false, level: 0.1 });
  setPage(t, { getBattery: () => Promise.resolve(battery) });
  const { onFrugality } = await fresh();
  let heard = 0;
  onFrugality(() => (heard += 1))();
  await settle();
  battery.dispatchEvent(new Event("levelchange"));
  assert.equal(heard, 0);
});

test("a frame that may not know of the battery goes without", async (t) => {
  setPage(t, { getBattery: () => Promise.reject(new DOMException("not allowed", "NotAllowedError")) });
  const { frugality, onFrugality } = await fresh();
  t.after(onFrugality(() => undefined));
  await settle();
  assert.equal(frugality(), null);
});
