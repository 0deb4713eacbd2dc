import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Broadcast } from './support/broadcast.mjs';
import { MEDIA, Origin } from './support/origin.mjs';
import { Viewer } from './support/viewer.mjs';
import { until } from './support/wait.mjs';

test('viewers of a live stream share its segments as they appear', async (t) => {
  const broadcast = await Broadcast.start(t);
  const origin = await Origin.start(t, { folder: broadcast.folder });
  const viewers = [await Viewer.watch(t, origin, { src: '/live.m3u8' }), await Viewer.watch(t, origin, { src: '/live.m3u8' })];
  for (const viewer of viewers) await viewer.becomes('on');
  await viewers[1].has('the two meet', ({ peers }) => peers === 1);
  await until('segments have come that were not there at first', () => broadcast.published >= 13, 60_000);
  await Promise.all(viewers.map((viewer) => viewer.reaches(36)));
  const stats = await Promise.all(viewers.map((viewer) => viewer.stats()));
  const sum = (name) => stats.reduce((total, each) => total + each[name], 0);
  t.diagnostic(`origin ${origin.sent(MEDIA)} bytes, peers ${sum('peerBytes')}, wasted ${sum('wastedBytes')}`);
  assert.ok(stats.some(({ peerBytes }) => peerBytes > 0), 'bytes went from one to the other');
  for (const viewer of viewers) await viewer.sawNothingWrong();
});
