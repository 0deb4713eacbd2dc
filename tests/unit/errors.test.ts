import assert from "node:assert/strict";
import { test } from "node:test";
import { fatal, messageOf, survivable } from "../../www/lib/errors.js";

test("a fatal fault ends playback and has no way on", () => {
  const error = fatal("playlist-missing", "404");
  assert.deepEqual(error, { code: "playlist-missing", fatal: true, fallback: null, message: "404" });
});

test("a fault in sharing goes on from the server", () => {
  const error = survivable("engine-failed", "a trap");
  assert.deepEqual(error, { code: "engine-failed", fatal: false, fallback: "http", message: "a trap" });
});

test("an error is told by its message, anything else as text", () => {
  assert.equal(messageOf(new TypeError("no network")), "no network");
  assert.equal(messageOf("a word"), "a word");
  assert.equal(messageOf(undefined), "undefined");
});
