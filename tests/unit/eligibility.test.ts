import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { P2PReason, P2PStatus } from "../../www/lib/public/events.js";
import { blockedBy, off, type Facts } from "../../www/lib/session/eligibility.js";

/** A line of the table that `crates/engine/tests/policy_table.rs` makes from what the engine does. */
interface Line extends P2PStatus {
  readonly capable: boolean;
  readonly viewer: boolean | null;
  readonly page: "ask" | "off" | null;
  readonly metered: boolean;
  readonly agreedMetered: boolean;
}

const table = JSON.parse(readFileSync("tests/unit/policy-table.json", "utf8")) as Line[];
assert.equal(table.length, 2 * 3 * 3 * 2 * 2, "every combination of the rules that page and engine both keep");
/** Reasons that the page knows without the engine. */
const KNOWN: readonly (P2PReason | null)[] = ["metered", "no-webrtc", "page", "you"];

const free: Facts = {
  missing: null,
  failed: false,
  viewer: null,
  page: null,
  dead: null,
  metered: false,
  agreedMetered: false,
};
const byTable = ({ capable, viewer, page, metered, agreedMetered }: Line): P2PStatus | null =>
  blockedBy({ ...free, missing: capable ? null : "no-webrtc", viewer, page, metered, agreedMetered });

test("whatever the page refuses, the engine refuses for the same reason", () => {
  for (const line of table) {
    const blocked = byTable(line);
    if (blocked !== null) {
      assert.deepEqual(blocked, { state: line.state, reason: line.reason }, JSON.stringify(line));
    }
  }
});

test("whatever the engine refuses, the page refuses before it is loaded", () => {
  for (const line of table) {
    if (KNOWN.includes(line.reason)) {
      assert.deepEqual(byTable(line), { state: line.state, reason: line.reason }, JSON.stringify(line));
    }
  }
});

test("nothing refuses where nobody has said anything", () => {
  assert.equal(blockedBy(free), null);
});

test("a browser that cannot share comes before everything else", () => {
  const all: Facts = { ...free, missing: "no-wasm", failed: true, viewer: false, page: "off", dead: "no-index" };
  assert.deepEqual(blockedBy(all), { state: "off", reason: "no-wasm" });
});

test("a failed engine comes before the viewer's answer", () => {
  assert.deepEqual(blockedBy({ ...free, failed: true, viewer: false }), { state: "off", reason: "engine-failed" });
});

test("the viewer's no comes before the page's", () => {
  assert.deepEqual(blockedBy({ ...free, viewer: false, page: "off" }), { state: "off", reason: "you" });
});

test("the page's no comes before a missing index", () => {
  assert.deepEqual(blockedBy({ ...free, page: "off", dead: "no-index" }), { state: "off", reason: "page" });
});

test("a missing index comes before a metered connection", () => {
  assert.deepEqual(blockedBy({ ...free, dead: "no-index", metered: true }), { state: "off", reason: "no-index" });
});

test("a metered connection waits, and is not off", () => {
  assert.deepEqual(blockedBy({ ...free, metered: true }), { state: "waiting", reason: "metered" });
});

test("a yes in sight of a metered connection counts, one from elsewhere does not", () => {
  assert.equal(blockedBy({ ...free, viewer: true, metered: true, agreedMetered: true }), null);
  assert.notEqual(blockedBy({ ...free, viewer: true, metered: true }), null);
});

test("a page that wishes to ask refuses nothing", () => {
  assert.equal(blockedBy({ ...free, page: "ask" }), null);
});

test("off carries its reason", () => {
  assert.deepEqual(off("video"), { state: "off", reason: "video" });
});
