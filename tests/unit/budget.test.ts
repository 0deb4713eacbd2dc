import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type * as Budget from "../../www/lib/session/budget.js";
import type * as Preferences from "../../www/lib/session/preferences.js";
import { setPage } from "./support/page.js";
import { world } from "./support/world.js";

async function withLimits(t: TestContext, rate: number, total: number): Promise<typeof Budget> {
  setPage(t);
  const load = world();
  (await load<typeof Preferences>("session/preferences")).rememberLimits({ rate, total });
  return load<typeof Budget>("session/budget");
}

test("without a limit there is no number of bytes that are left", async (t) => {
  const { engineLimits, spend, uploadLeft } = await withLimits(t, 0, 0);
  spend(1000);
  assert.equal(uploadLeft(50), null);
  assert.deepEqual(engineLimits(), { rate: 0, total: 0 });
});

test("what earlier videos and this one have sent is taken off", async (t) => {
  const { spend, uploadLeft } = await withLimits(t, 0, 1000);
  assert.equal(uploadLeft(0), 1000);
  spend(300);
  spend(200);
  assert.equal(uploadLeft(100), 400);
});

test("less than nothing is never left", async (t) => {
  const { spend, uploadLeft } = await withLimits(t, 0, 1000);
  spend(900);
  assert.equal(uploadLeft(200), 0);
});

test("a new engine gets what earlier ones have left", async (t) => {
  const { engineLimits, spend } = await withLimits(t, 77, 1000);
  spend(300);
  assert.deepEqual(engineLimits(), { rate: 77, total: 700 });
});

test("an engine for which nothing is left gets one byte, which is no lack of a limit", async (t) => {
  const { engineLimits, spend } = await withLimits(t, 0, 1000);
  spend(5000);
  assert.equal(engineLimits().total, 1);
});
