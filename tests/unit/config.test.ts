import assert from "node:assert/strict";
import { test } from "node:test";
import type * as Config from "../../www/lib/config.js";
import { world } from "./support/world.js";

const fresh = (): Promise<typeof Config> => world()<typeof Config>("config");

test("without a word from the page the defaults hold", async () => {
  const { defaults, options } = await fresh();
  assert.deepEqual(options(), defaults);
  assert.deepEqual(options(), {
    storeBytes: 134_217_728,
    uploadRate: 0,
    uploadTotal: 0,
    maxPeers: 40,
    language: null,
    privacy: "/privacy",
    trace: false,
    wasm: null,
  });
});

test("what is set holds, and the rest stays", async () => {
  const { configure, defaults, options } = await fresh();
  const set = {
    storeBytes: 1, uploadRate: 2, uploadTotal: 3, maxPeers: 4, language: "fr", privacy: "/p", trace: true, wasm: "/w",
  };
  configure(set);
  assert.deepEqual(options(), set);
  configure({ maxPeers: 7 });
  assert.deepEqual(options(), { ...set, maxPeers: 7 });
  assert.equal(defaults.maxPeers, 40);
});

test("numbers that are negative, broken or none are passed over", async () => {
  const { configure, options } = await fresh();
  for (const value of [-1, 0.5, NaN, Infinity, "12" as unknown as number]) {
    configure({ storeBytes: value, uploadRate: value, uploadTotal: value, maxPeers: value });
  }
  assert.equal(options().storeBytes, 134_217_728);
  assert.equal(options().uploadRate, 0);
  assert.equal(options().uploadTotal, 0);
  assert.equal(options().maxPeers, 40);
});

test("zero is a number", async () => {
  const { configure, options } = await fresh();
  configure({ maxPeers: 0, storeBytes: 0 });
  assert.equal(options().maxPeers, 0);
  assert.equal(options().storeBytes, 0);
});

test("texts may be taken back by null, and are not made of anything else", async () => {
  const { configure, options } = await fresh();
  configure({ privacy: null, language: "de" });
  assert.equal(options().privacy, null);
  configure({ privacy: 5 as unknown as string, language: null });
  assert.equal(options().privacy, null);
  assert.equal(options().language, null);
});

test("whether to record is a boolean and nothing like it", async () => {
  const { configure, options } = await fresh();
  configure({ trace: "yes" as unknown as boolean });
  assert.equal(options().trace, false);
  configure({ trace: true });
  configure({});
  assert.equal(options().trace, true);
});

test("the engine gets its own names", async () => {
  const { configure, engineOptions } = await fresh();
  configure({ storeBytes: 1000, maxPeers: 12, trace: true });
  assert.deepEqual(engineOptions(), { storeBytes: 1000, maxLinks: 12, targetLinks: 12, trace: true });
});

test("the engine looks for two dozen peers at most, however many are allowed", async () => {
  const { configure, engineOptions } = await fresh();
  configure({ maxPeers: 500 });
  assert.deepEqual(engineOptions(), { storeBytes: 134_217_728, maxLinks: 500, targetLinks: 24, trace: false });
});
