import assert from "node:assert/strict";
import { test } from "node:test";
import { Fuse, Refusal } from "../../www/lib/fuse.js";

const trap = (): never => {
  throw new Error("unreachable executed");
};
const refuse = (): never => {
  throw Object.assign(new Error("not JSON"), { code: "index-malformed" });
};

test("a call through a whole fuse gives its value", () => {
  const fuse = new Fuse();
  assert.equal(fuse.run(() => 7, 0), 7);
  assert.equal(fuse.whole, true);
  assert.equal(fuse.cause, null);
});

test("a trap gives the other value and blows the fuse", () => {
  const fuse = new Fuse();
  assert.equal(fuse.run(trap, "otherwise"), "otherwise");
  assert.equal(fuse.whole, false);
  assert.equal(fuse.cause, "unreachable executed");
});

test("nothing is called through a blown fuse", () => {
  const fuse = new Fuse();
  fuse.blow("a panic");
  let called = false;
  assert.equal(fuse.run(() => (called = true), null), null);
  assert.equal(called, false);
});

test("a refusal is thrown on and leaves the fuse whole", () => {
  const fuse = new Fuse();
  assert.throws(() => fuse.attempt(refuse, undefined), (thrown) => {
    assert(thrown instanceof Refusal);
    assert.equal(thrown.code, "index-malformed");
    assert.equal(thrown.message, "not JSON");
    return true;
  });
  assert.equal(fuse.whole, true);
});

test("a refusal has a name of its own", () => {
  assert.equal(new Refusal("options-invalid", "no such option").name, "Refusal");
});

test("an attempt that traps blows the fuse and throws nothing", () => {
  const fuse = new Fuse();
  assert.equal(fuse.attempt(trap, "otherwise"), "otherwise");
  assert.equal(fuse.whole, false);
});

test("an attempt that succeeds gives its value", () => {
  assert.equal(new Fuse().attempt(() => "made", null), "made");
});

test("a code that is no word is no refusal", () => {
  const fuse = new Fuse();
  const thrown = (): never => {
    throw Object.assign(new Error("odd"), { code: 5 });
  };
  assert.equal(fuse.attempt(thrown, null), null);
  assert.equal(fuse.cause, "odd");
});

test("watchers hear the first cause, once", () => {
  const fuse = new Fuse();
  const heard: string[] = [];
  fuse.watch((cause) => heard.push(cause));
  fuse.blow("first");
  fuse.blow("second");
  assert.deepEqual(heard, ["first"]);
  assert.equal(fuse.cause, "first");
});

test("who no longer watches hears nothing", () => {
  const fuse = new Fuse();
  const heard: string[] = [];
  const stop = fuse.watch(() => heard.push("one"));
  fuse.watch(() => heard.push("two"));
  stop();
  fuse.blow("a trap");
  assert.deepEqual(heard, ["two"]);
});

test("a watcher may stop another while the fuse blows", () => {
  const fuse = new Fuse();
  const heard: string[] = [];
  fuse.watch(() => {
    stop();
    heard.push("one");
  });
  const stop = fuse.watch(() => heard.push("two"));
  fuse.blow("a trap");
  assert.deepEqual(heard, ["one", "two"]);
});

test("a thrown value that is no error is told as text", () => {
  const fuse = new Fuse();
  fuse.run(() => {
    throw "text";
  }, null);
  assert.equal(fuse.cause, "text");
});
