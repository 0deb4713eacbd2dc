import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blockedWebrtc, saveData, withoutWebrtc } from './support/instruments.mjs';
import { Origin } from './support/origin.mjs';
import { Viewer } from './support/viewer.mjs';

/** Somebody to share with, so that silence is a decision. */
async function crowd(t) {
  const origin = await Origin.start(t);
  const neighbour = await Viewer.watch(t, origin);
  await neighbour.becomes('on');
  return origin;
}

/** Remembers "off" as the switch does, before the player is there. */
function switchedOff() {
  localStorage.setItem('shoal:p2p', 'off');
}

const cases = [
  ['p2p="off" on the page', { attributes: 'p2p="off"' }, 'off', 'page'],
  ['a switch that was left off', { instruments: [switchedOff] }, 'off', 'you'],
  ['a browser without WebRTC', { instruments: [withoutWebrtc] }, 'off', 'no-webrtc'],
  ['a policy that blocks WebRTC', { instruments: [blockedWebrtc] }, 'off', 'no-webrtc'],
  ['a connection that saves data', { instruments: [saveData] }, 'waiting', 'metered'],
];

test('where sharing is off or impossible', async (t) => {
  const origin = await crowd(t);
  for (const [name, options, state, reason] of cases) {
    await t.test(`with ${name} the video plays, the reason is shown and nothing is sent`, async (t) => {
      const viewer = await Viewer.watch(t, origin, options);
      await viewer.becomes(state, reason);
      await viewer.plays(5);
      const { peerBytes, uploadedBytes, originBytes } = await viewer.stats();
      assert.equal(peerBytes + uploadedBytes, 0);
      assert.ok(originBytes > 0);
      assert.equal(origin.openSockets, 1, 'only the neighbour is at the tracker');
      await viewer.sentNothing();
      await viewer.sawNothingWrong();
    });
  }
});

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
