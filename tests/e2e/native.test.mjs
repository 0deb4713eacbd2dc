import { test } from 'node:test';
import { Origin } from './support/origin.mjs';
import { Viewer } from './support/viewer.mjs';

/** Somebody to share with, so that silence is a decision. */
async function crowd(t) {
  const origin = await Origin.start(t);
  const neighbour = await Viewer.watch(t, origin);
  await neighbour.becomes('on');
  return origin;
}

test('without media source extensions the browser plays by itself or says that it cannot', async (t) => {
  const origin = await crowd(t);
  const viewer = await Viewer.watch(t, origin, {
    instruments: [
      function withoutMse() {
        for (const name of ['MediaSource', 'WebKitMediaSource', 'ManagedMediaSource']) delete globalThis[name];
      },
    ],
  });
  await viewer.becomes('off', 'no-mse');
  await viewer.sentNothing();
  viewer.isSilent();
});
