import assert from "node:assert/strict";
import { test } from "node:test";
import { fatal, survivable } from "../../www/lib/errors.js";
import { en } from "../../www/lib/messages/en.js";
import { Faults } from "../../www/lib/player/faults.js";
import type { PlayerError } from "../../www/lib/public/errors.js";

interface Stage {
  readonly faults: Faults;
  readonly page: PlayerError[];
  /** What the viewer sees, in order. */
  readonly seen: string[];
}

function stage(mounted = true): Stage {
  const page: PlayerError[] = [];
  const seen: string[] = [];
  const faults = new Faults((error) => page.push(error));
  const shell = {
    alert: {
      show: (text: string, retry: boolean) => seen.push(`alert${retry ? " with retry" : ""}: ${text}`),
      hide: () => seen.push("no alert"),
    },
    hint: { show: (text: string) => seen.push(`hint: ${text}`), hide: () => seen.push("no hint") },
  };
  if (mounted) {
    faults.mount(shell as unknown as Parameters<Faults["mount"]>[0], en);
  }
  return { faults, page, seen };
}

test("a fatal fault is told to the page and shown to the viewer", () => {
  const { faults, page, seen } = stage();
  faults.report(fatal("media-unplayable", "bufferAppendError"));
  assert.deepEqual(page, [fatal("media-unplayable", "bufferAppendError")]);
  assert.deepEqual(seen, [`alert: ${en.errors["media-unplayable"]}`]);
});

for (const code of ["media-unreachable", "playlist-missing", "playlist-unreachable"] as const) {
  test(`after ${code} the viewer may try again`, () => {
    const { faults, seen } = stage();
    faults.report(fatal(code, "x"));
    assert.deepEqual(seen, [`alert with retry: ${en.errors[code]}`]);
  });
}

for (const code of ["index-malformed", "index-unreachable"] as const) {
  test(`${code} is a hint, because playback goes on`, () => {
    const { faults, page, seen } = stage();
    faults.report(survivable(code, "x"));
    assert.deepEqual(seen, [`hint: ${en.errors[code]}`]);
    assert.equal(page.length, 1);
  });
}

test("a fault that the state of sharing tells of is for the page alone", () => {
  const { faults, page, seen } = stage();
  faults.report(survivable("engine-failed", "a trap"));
  assert.equal(page.length, 1);
  assert.deepEqual(seen, []);
});

test("before there is a shell the page is told all the same", () => {
  const { faults, page, seen } = stage(false);
  faults.report(fatal("src-missing", "x"));
  assert.equal(page.length, 1);
  assert.deepEqual(seen, []);
});

test("a p2p attribute that is not known has a sentence with its value", () => {
  const { faults, page, seen } = stage();
  faults.misread({ name: "p2p", value: "on" });
  assert.deepEqual(seen, [`hint: ${en.p2pInvalid("on")}`]);
  assert.deepEqual(page, [survivable("attribute-invalid", 'p2p="on" is not understood')]);
});

test("another attribute that is not known has the common sentence", () => {
  const { faults, seen } = stage();
  faults.misread({ name: "tracker", value: "ftp://x" });
  assert.deepEqual(seen, [`hint: ${en.errors["attribute-invalid"]}`]);
});

test("playback that ended for want of a connection can be tried again when that is back", () => {
  const { faults } = stage();
  assert.equal(faults.unreachable, false);
  faults.report(fatal("playlist-missing", "404"));
  assert.equal(faults.unreachable, false);
  faults.report(fatal("media-unreachable", "x"));
  assert.equal(faults.unreachable, true);
  faults.clear();
  assert.equal(faults.unreachable, false);
});

test("an index that cannot be reached ends no playback", () => {
  const { faults } = stage();
  faults.report(survivable("index-unreachable", "503"));
  assert.equal(faults.unreachable, false);
});

test("clearing takes both sentences away", () => {
  const { faults, seen } = stage();
  faults.clear();
  assert.deepEqual(seen, ["no alert", "no hint"]);
});
