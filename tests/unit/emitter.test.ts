import assert from "node:assert/strict";
import { test } from "node:test";
import { Emitter } from "../../www/lib/emitter.js";

interface Events {
  peers: number;
  status: string;
}

test("listeners hear what they listen for, in the order in which they came", () => {
  const emitter = new Emitter<Events>();
  const heard: string[] = [];
  emitter.on("peers", (peers) => heard.push(`first ${String(peers)}`));
  emitter.on("peers", (peers) => heard.push(`second ${String(peers)}`));
  emitter.on("status", () => heard.push("status"));
  emitter.emit("peers", 3);
  assert.deepEqual(heard, ["first 3", "second 3"]);
});

test("a listener that was taken off hears nothing", () => {
  const emitter = new Emitter<Events>();
  const heard: number[] = [];
  const stop = emitter.on("peers", (peers) => heard.push(peers));
  emitter.on("peers", (peers) => heard.push(-peers));
  stop();
  emitter.emit("peers", 3);
  assert.deepEqual(heard, [-3]);
});

test("an event that nobody listens for is no fault", () => {
  assert.doesNotThrow(() => { new Emitter<Events>().emit("status", "on"); });
});

test("a listener may take itself off while it is told", () => {
  const emitter = new Emitter<Events>();
  const heard: string[] = [];
  const stop = emitter.on("status", (status) => {
    heard.push(status);
    stop();
  });
  emitter.on("status", (status) => heard.push(`then ${status}`));
  emitter.emit("status", "on");
  emitter.emit("status", "off");
  assert.deepEqual(heard, ["on", "then on", "then off"]);
});

test("a listener that comes while others are told hears the next event first", () => {
  const emitter = new Emitter<Events>();
  const heard: string[] = [];
  const stop = emitter.on("status", () => {
    stop();
    emitter.on("status", (status) => heard.push(status));
  });
  emitter.emit("status", "on");
  assert.deepEqual(heard, []);
  emitter.emit("status", "off");
  assert.deepEqual(heard, ["off"]);
});

test("after clearing, nobody hears anything", () => {
  const emitter = new Emitter<Events>();
  const heard: string[] = [];
  emitter.on("status", (status) => heard.push(status));
  emitter.clear();
  emitter.emit("status", "on");
  assert.deepEqual(heard, []);
});
