import assert from "node:assert/strict";
import { test } from "node:test";
import { absolute, pageWish, sizeRule } from "../../www/lib/player/attributes.js";
import { element, setPage } from "./support/page.js";

test("a page that says nothing wishes nothing", (t) => {
  setPage(t);
  assert.deepEqual(pageWish(element({})), { wish: null, misread: null });
});

for (const wish of ["ask", "off"] as const) {
  test(`p2p="${wish}" is the page's wish`, (t) => {
    setPage(t);
    assert.deepEqual(pageWish(element({ p2p: wish })), { wish, misread: null });
  });
}

test("a p2p attribute that is not known is off, and is said so", (t) => {
  setPage(t);
  assert.deepEqual(pageWish(element({ p2p: "on" })), { wish: "off", misread: { name: "p2p", value: "on" } });
});

test("an empty p2p attribute is not known either", (t) => {
  setPage(t);
  assert.equal(pageWish(element({ p2p: "" })).misread?.name, "p2p");
});

test("the address of the page may say off where the attribute says ask", (t) => {
  setPage(t, { search: "?p2p=off" });
  assert.deepEqual(pageWish(element({ p2p: "ask" })), { wish: "off", misread: null });
});

test("the address of the page may ask where the attribute says nothing", (t) => {
  setPage(t, { search: "?p2p=ask" });
  assert.equal(pageWish(element({})).wish, "ask");
});

test("the address of the page never widens what the attribute refuses", (t) => {
  setPage(t, { search: "?p2p=ask" });
  assert.equal(pageWish(element({ p2p: "off" })).wish, "off");
});

test("a word in the address that is not known is passed over", (t) => {
  setPage(t, { search: "?p2p=on" });
  assert.deepEqual(pageWish(element({})), { wish: null, misread: null });
});

test("a tracker that is no address is off, and is said so", (t) => {
  setPage(t);
  const wish = pageWish(element({ tracker: "ftp://tracker.example" }));
  assert.deepEqual(wish, { wish: "off", misread: { name: "tracker", value: "ftp://tracker.example" } });
});

test("a fit tracker leaves the wish as it is", (t) => {
  setPage(t);
  assert.deepEqual(pageWish(element({ tracker: "/tracker", p2p: "ask" })), { wish: "ask", misread: null });
});

test("an index that is no address is off, and is said so", (t) => {
  setPage(t);
  const wish = pageWish(element({ index: "http://" }));
  assert.deepEqual(wish, { wish: "off", misread: { name: "index", value: "http://" } });
});

test("a fit index leaves the wish as it is", (t) => {
  setPage(t);
  assert.deepEqual(pageWish(element({ index: "other.json" })), { wish: null, misread: null });
});

test("an address is made absolute against the document", (t) => {
  setPage(t);
  assert.equal(absolute(element({ src: " a/master.m3u8 " }), "src"), "https://site.example/videos/a/master.m3u8");
});

test("an attribute that is absent, empty or no address gives none", (t) => {
  setPage(t);
  assert.equal(absolute(element({}), "src"), null);
  assert.equal(absolute(element({ src: "  " }), "src"), null);
  assert.equal(absolute(element({ src: "http://" }), "src"), null);
});

test("width alone bounds the width", () => {
  assert.equal(sizeRule(element({ width: "640" })), ":host { inline-size: 640px; max-inline-size: 100%;  }");
});

test("width and height give a shape as well", () => {
  assert.match(sizeRule(element({ width: "640", height: "360" })), /--shoal-aspect-ratio: 640 \/ 360;/);
});

test("height alone says nothing of the shape", () => {
  assert.equal(sizeRule(element({ height: "360" })), ":host {   }");
});

test("sizes that are no positive numbers are passed over", () => {
  for (const width of ["0", "-5", "wide", ""]) {
    assert.equal(sizeRule(element({ width })), ":host {   }");
  }
});
