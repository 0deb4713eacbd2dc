import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type * as Config from "../../www/lib/config.js";
import type * as Preferences from "../../www/lib/session/preferences.js";
import { setPage, type FakePage, type PageFacts } from "./support/page.js";
import { world } from "./support/world.js";

async function fresh(t: TestContext, facts: PageFacts = {}): Promise<typeof Preferences & { page: FakePage }> {
  const page = setPage(t, facts);
  return { ...(await world()<typeof Preferences>("session/preferences")), page };
}

test("before the first answer there is none, and no record", async (t) => {
  const { choice, record } = await fresh(t);
  assert.equal(choice(), null);
  assert.equal(record(), null);
});

for (const [share, answer] of [[true, "share"], [false, "server"]] as const) {
  test(`the answer "${answer}" is remembered, with who asked and when`, async (t) => {
    const { choice, record, rememberChoice } = await fresh(t);
    const before = new Date().toISOString();
    rememberChoice(share, "page");
    assert.equal(choice(), share);
    const kept = record();
    assert.equal(kept?.answer, answer);
    assert.equal(kept.by, "page");
    assert(kept.at >= before);
    assert.equal(kept.notice, 1);
  });
}

test("answers are kept in the site's storage under stable names", async (t) => {
  const { page, rememberChoice } = await fresh(t);
  rememberChoice(false, "player");
  assert.equal(page.stored.get("shoal:p2p"), "off");
  assert.match(page.stored.get("shoal:record") ?? "", /^\{"by":"player","at":"[^"]+Z","notice":1\}$/);
});

test("an answer of an earlier visit holds", async (t) => {
  const { choice, page, record } = await fresh(t);
  page.stored.set("shoal:p2p", "on");
  page.stored.set("shoal:record", '{"by":"player","at":"2026-01-01T00:00:00.000Z","notice":1}');
  assert.equal(choice(), true);
  assert.deepEqual(record(), { answer: "share", by: "player", at: "2026-01-01T00:00:00.000Z", notice: 1 });
});

test("a stored word that is not known is no answer", async (t) => {
  const { choice, page } = await fresh(t);
  page.stored.set("shoal:p2p", "maybe");
  assert.equal(choice(), null);
});

test("an answer without a record has none, and a broken record is none", async (t) => {
  const { page, record } = await fresh(t);
  page.stored.set("shoal:p2p", "on");
  assert.equal(record(), null);
  page.stored.set("shoal:record", "{");
  assert.equal(record(), null);
});

test("a record without an answer is none", async (t) => {
  const { page, record } = await fresh(t);
  page.stored.set("shoal:record", '{"by":"page","at":"2026-01-01T00:00:00.000Z","notice":1}');
  assert.equal(record(), null);
});

test("where storage is blocked, an answer holds until the page is left", async (t) => {
  const { choice, rememberChoice } = await fresh(t, { storage: "blocked" });
  assert.equal(choice(), null);
  rememberChoice(true, "player");
  assert.equal(choice(), true);
});

test("an answer in another tab overrules the one of this page", async (t) => {
  const { choice, page, rememberChoice } = await fresh(t);
  rememberChoice(true, "player");
  page.stored.set("shoal:p2p", "off");
  assert.equal(choice(), false);
});

test("a yes on a metered connection holds for metered connections", async (t) => {
  const connection = Object.assign(new EventTarget(), { saveData: true });
  const { agreedMetered, rememberChoice } = await fresh(t, { connection });
  assert.equal(agreedMetered(), false);
  rememberChoice(true, "player");
  assert.equal(agreedMetered(), true);
  rememberChoice(false, "player");
  assert.equal(agreedMetered(), false);
});

test("a yes on another connection does not hold for metered ones", async (t) => {
  const { agreedMetered, rememberChoice } = await fresh(t);
  rememberChoice(true, "player");
  assert.equal(agreedMetered(), false);
});

test("the notice is remembered once it is read", async (t) => {
  const { acknowledged, page, rememberNotice } = await fresh(t);
  assert.equal(acknowledged(), false);
  rememberNotice();
  assert.equal(acknowledged(), true);
  assert.equal(page.stored.get("shoal:notice"), "1");
});

test("an older version of the notice has to be read again", async (t) => {
  const { acknowledged, page } = await fresh(t);
  page.stored.set("shoal:notice", "0");
  assert.equal(acknowledged(), false);
});

test("without limits of the viewer's own those of the page hold", async (t) => {
  setPage(t);
  const load = world();
  const { configure } = await load<typeof Config>("config");
  const { limits } = await load<typeof Preferences>("session/preferences");
  assert.deepEqual(limits(), { rate: 0, total: 0 });
  configure({ uploadRate: 1000, uploadTotal: 5000 });
  assert.deepEqual(limits(), { rate: 1000, total: 5000 });
});

test("the viewer's own limits overrule the page's, also when they are none", async (t) => {
  setPage(t);
  const load = world();
  const { configure } = await load<typeof Config>("config");
  const { limits, rememberLimits } = await load<typeof Preferences>("session/preferences");
  configure({ uploadRate: 1000, uploadTotal: 5000 });
  rememberLimits({ rate: 250, total: 0 });
  assert.deepEqual(limits(), { rate: 250, total: 0 });
});

test("stored limits that cannot be read are passed over", async (t) => {
  const { limits, page } = await fresh(t);
  for (const text of ["5", "a b", "1.5 2", "7 x"]) {
    page.stored.set("shoal:limits", text);
    assert.deepEqual(limits(), { rate: 0, total: 0 }, text);
  }
});

test("nobody hides at first; who hides can stop", async (t) => {
  const { hides, page, rememberHiding } = await fresh(t);
  assert.equal(hides(), false);
  rememberHiding(true);
  assert.equal(hides(), true);
  assert.equal(page.stored.get("shoal:hide"), "on");
  rememberHiding(false);
  assert.equal(hides(), false);
});
