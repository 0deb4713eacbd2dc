import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hand } from './support/instruments.mjs';
import { Origin } from './support/origin.mjs';
import { html, Viewer } from './support/viewer.mjs';
import { until } from './support/wait.mjs';

/** What every failure of the engine must look like: a fault that says that playback goes on, and playback that does. */
async function playsOn(viewer, code) {
  await viewer.becomes('off', 'engine-failed');
  const errors = await until('the page is told', async () => {
    const told = await viewer.errors();
    return told.length > 0 && told;
  });
  assert.deepEqual(errors.map(({ code, fatal, fallback }) => ({ code, fatal, fallback })), [{ code, fatal: false, fallback: 'http' }]);
  await viewer.plays(6);
  await viewer.sawNothingWrong();
}

test('an engine that is missing costs nothing but sharing', async (t) => {
  const origin = await Origin.start(t);
  origin.faults.unshift({ match: /\.wasm$/, status: 404 });
  const viewer = await Viewer.watch(t, origin, { noise: [/404/] });
  await playsOn(viewer, 'wasm-unavailable');
  await viewer.sentNothing();
});

test('an engine that a content security policy refuses costs nothing but sharing', async (t) => {
  const origin = await Origin.start(t);
  // Everything that hls.js needs, and no 'wasm-unsafe-eval'.
  const policy = "script-src 'self' blob:; worker-src 'self' blob:; media-src 'self' blob:";
  const page = html('<shoal-player src="/360p.m3u8" autoplay muted></shoal-player>');
  const viewer = await Viewer.open(t, origin, {
    url: origin.page('/policed.html', page, { 'content-security-policy': policy }),
    noise: [/content security policy/i],
  });
  await playsOn(viewer, 'wasm-unavailable');
  await viewer.sentNothing();
});

test('an engine that is slow to come holds nothing up', async (t) => {
  const origin = await Origin.start(t);
  origin.faults.unshift({ match: /\.wasm$/, delay: 6000 });
  const viewer = await Viewer.watch(t, origin);
  await viewer.plays(2);
  await viewer.becomes('on');
  await viewer.plays(2);
  await viewer.sawNothingWrong();
});

/** Two viewers, the second with a hand on its engine, and a server slow enough that much is left to fetch. */
async function held(t, options) {
  const origin = await Origin.start(t);
  origin.faults.unshift({ match: /\/360p\/.*\.m4s$/, rate: 250_000 });
  const neighbour = await Viewer.watch(t, origin);
  const viewer = await Viewer.watch(t, origin, { instruments: [hand], ...options });
  await viewer.has('the two meet', ({ peers }) => peers === 1);
  await viewer.plays(2);
  return { neighbour, viewer };
}

/** Nothing of sharing is open any more. */
function letGo(viewer) {
  return until('its connections are closed', async () => {
    const { openSockets, openConnections } = await viewer.traffic();
    return openSockets + openConnections === 0;
  });
}

test('an engine that traps is let go, with its connections', async (t) => {
  // A trap in a callback of the browser has no one above it: the console shows it, as it should.
  const { neighbour, viewer } = await held(t, { noise: [/RuntimeError|memory access|recursive use|unreachable|out of bounds/i] });
  await viewer.page.evaluate(() => globalThis.hand.scribble());
  await playsOn(viewer, 'engine-failed');
  await letGo(viewer);
  await neighbour.plays(2);
  await neighbour.sawNothingWrong();
});

test('an engine that hangs is let go before the viewer notices', async (t) => {
  const { neighbour, viewer } = await held(t);
  await viewer.page.evaluate(() => globalThis.hand.numb());
  await playsOn(viewer, 'engine-failed');
  await letGo(viewer);
  await neighbour.sawNothingWrong();
});
