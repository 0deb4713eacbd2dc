import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Origin } from './support/origin.mjs';
import { Viewer } from './support/viewer.mjs';
import { until } from './support/wait.mjs';

/** Two viewers who share. */
async function pair(t) {
  const origin = await Origin.start(t);
  const one = await Viewer.watch(t, origin);
  await one.becomes('on');
  const other = await Viewer.watch(t, origin);
  await other.has('the two meet', ({ peers }) => peers === 1);
  return { origin, one, other };
}

test('switched off in mid-play, every connection closes and the video plays on', async (t) => {
  const { one, other, origin } = await pair(t);
  const before = await other.traffic();
  assert.ok(before.openSockets === 1 && before.openConnections > 0, 'there is something to close');
  await other.share(false);
  await other.becomes('off', 'you');
  await until('everything is closed', async () => {
    const { openSockets, openConnections } = await other.traffic();
    return openSockets + openConnections === 0;
  });
  await until('the tracker has lost one', () => origin.openSockets === 1);
  await one.has('the other sees it leave', ({ peers }) => peers === 0);
  await Promise.all([one.plays(5), other.plays(5)]);
  const after = await other.traffic();
  assert.deepEqual(after, { ...before, openSockets: 0, openConnections: 0 }, 'nothing new was opened');
  await one.sawNothingWrong();
  await other.sawNothingWrong();
});

test('switched on again, it joins without a reload', async (t) => {
  const { one, other } = await pair(t);
  await other.share(false);
  await other.becomes('off', 'you');
  await one.has('the other sees it leave', ({ peers }) => peers === 0);
  await other.share(true);
  await other.becomes('on');
  await other.has('the two meet again', ({ peers }) => peers === 1);
  await other.plays(3);
  await other.sawNothingWrong();
});

test('nothing is sent while the viewer is being asked, and the answer is remembered', async (t) => {
  const origin = await Origin.start(t, { p2p: 'ask' });
  const viewer = await Viewer.watch(t, origin);
  await viewer.becomes('asking');
  await viewer.plays(3);
  await viewer.sentNothing();
  await viewer.share(true);
  await viewer.becomes('on');
  await viewer.page.reload({ waitUntil: 'domcontentloaded' });
  await viewer.becomes('on');
  await viewer.plays(3);
  await viewer.sawNothingWrong();
});

test('a site that says off shares nothing, whatever the viewer chose', async (t) => {
  const origin = await Origin.start(t, { p2p: 'off' });
  const viewer = await Viewer.watch(t, origin);
  await viewer.becomes('off', 'site');
  await viewer.share(true);
  await viewer.plays(5);
  assert.equal((await viewer.stats()).reason, 'site');
  await viewer.sentNothing();
  await viewer.sawNothingWrong();
});
