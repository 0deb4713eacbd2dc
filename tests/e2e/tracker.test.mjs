import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Origin } from './support/origin.mjs';
import { Viewer } from './support/viewer.mjs';
import { until } from './support/wait.mjs';

const noise = [/WebSocket/];

test('without a tracker the video plays, and the reason is shown', async (t) => {
  const origin = await Origin.start(t);
  origin.refusing = true;
  const viewer = await Viewer.watch(t, origin, { noise });
  await viewer.becomes('waiting', 'tracker');
  await viewer.plays(6);
  assert.equal((await viewer.traffic()).openSockets, 0);
  await viewer.sawNothingWrong();
});

test('when the tracker dies those who have met go on sharing', async (t) => {
  const origin = await Origin.start(t);
  const one = await Viewer.watch(t, origin, { noise });
  await one.becomes('on');
  const other = await Viewer.watch(t, origin, { noise });
  await other.has('the two meet', ({ peers }) => peers === 1);
  origin.refusing = true;
  origin.cutSockets();
  await Promise.all([one.plays(8), other.plays(8)]);
  assert.equal((await other.stats()).peers, 1, 'the two still know each other');
  await one.sawNothingWrong();
  await other.sawNothingWrong();
});

test('when the tracker returns viewers find each other', async (t) => {
  const origin = await Origin.start(t);
  origin.refusing = true;
  const one = await Viewer.watch(t, origin, { noise });
  await one.becomes('waiting', 'tracker');
  origin.refusing = false;
  await until('it has come back to the tracker', () => origin.openSockets === 1, 60_000);
  await one.becomes('on');
  const other = await Viewer.watch(t, origin, { noise });
  await other.has('the two meet', ({ peers }) => peers === 1);
  await one.sawNothingWrong();
  await other.sawNothingWrong();
});
