import assert from "node:assert/strict";
import { test } from "node:test";
import { en } from "../../www/lib/messages/en.js";
import type { P2PReason, P2PState } from "../../www/lib/public/events.js";
import { amount } from "../../www/lib/ui/dom.js";
import { concernsViewer } from "../../www/lib/ui/notice.js";
import { sentence, stateLabel, willing, type View } from "../../www/lib/ui/view.js";

const view = (state: P2PState, reason: P2PReason | null = null, switchable = true): View =>
  ({ state, reason, switchable }) as View;

test("a switch shows its state in a word", () => {
  assert.equal(stateLabel(view("on"), en), "On");
  assert.equal(stateLabel(view("waiting", "tracker"), en), "Waiting");
  assert.equal(stateLabel(view("off", "you"), en), "Off");
});

test("a switch without effect shows that it is unavailable", () => {
  assert.equal(stateLabel(view("off", "no-index", false), en), "Unavailable");
  assert.equal(stateLabel(view("waiting", "tracker", false), en), "Waiting");
});

test("a state is told by its reason, and without one by itself", () => {
  assert.equal(sentence(view("off", "you"), en), en.reasons.you);
  assert.equal(sentence(view("on"), en), en.on);
  assert.equal(sentence(view("asking"), en), en.asking);
});

test("a switch is on where sharing goes on or would", () => {
  assert.equal(willing(view("on")), true);
  assert.equal(willing(view("waiting", "few-viewers")), true);
  assert.equal(willing(view("off", "you")), false);
  assert.equal(willing(view("asking")), false);
});

test("a switch is off on a metered connection, because sharing waits for the viewer there", () => {
  assert.equal(willing(view("waiting", "metered")), false);
});

test("the notice concerns whoever shares, would share or is asked", () => {
  for (const state of ["on", "asking"] as const) {
    assert.equal(concernsViewer(view(state), false), true, state);
  }
  assert.equal(concernsViewer(view("waiting", "tracker"), false), true);
});

test("the notice does not concern who does not share", () => {
  assert.equal(concernsViewer(view("off", "you"), true), false);
  assert.equal(concernsViewer(view("waiting", "metered"), true), false);
});

test("while the player is starting, a notice stays but does not come", () => {
  assert.equal(concernsViewer(view("waiting", "starting"), false), false);
  assert.equal(concernsViewer(view("waiting", "starting"), true), true);
});

test("amounts are written in the reader's manner", () => {
  const plain = (bytes: number, language = "en"): string => amount(bytes, language).replace(/\s/g, " ");
  assert.equal(plain(0), "0 kB");
  assert.equal(plain(999_499), "999 kB");
  assert.equal(plain(999_500), "1 MB");
  assert.equal(plain(1_260_000), "1.3 MB");
  assert.equal(plain(12_600_000), "13 MB");
  assert.equal(plain(999_500_000), "1 GB");
  assert.equal(plain(1_260_000, "fr"), "1,3 Mo");
});
