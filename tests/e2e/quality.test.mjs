import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Origin } from './support/origin.mjs';
import { Viewer } from './support/viewer.mjs';
import { until } from './support/wait.mjs';

/** Chooses a rendition as the menu in the control bar does. */
function choose(viewer, height) {
  return viewer.ask((player, wanted) => {
    const { videoRenditions } = player.media;
    videoRenditions.selectedIndex = Array.from(videoRenditions).findIndex((rendition) => rendition.height === wanted);
  }, height);
}

function shows(viewer, height) {
  return until(`the picture has ${height} lines`, () => viewer.ask((player, wanted) => player.media.videoHeight === wanted, height));
}

test('a switch of quality keeps the swarm, and the clock going', async (t) => {
  const origin = await Origin.start(t);
  const viewers = [await Viewer.watch(t, origin, { src: '/master.m3u8' }), await Viewer.watch(t, origin, { src: '/master.m3u8' })];
  const [one, other] = viewers;
  for (const viewer of viewers) await viewer.plays(1);
  for (const viewer of viewers) await choose(viewer, 144);
  for (const viewer of viewers) await shows(viewer, 144);
  await other.has('the two meet', ({ peers }) => peers === 1);
  const before = await other.traffic();
  const { peerBytes } = await other.stats();

  await choose(one, 360);
  await shows(one, 360);
  await choose(other, 360);
  await shows(other, 360);
  await other.has('the other rendition comes from the same peer', (stats) => stats.peerBytes > peerBytes);
  const after = await other.traffic();
  assert.equal(after.sockets, before.sockets, 'one tracker for all renditions');
  assert.equal((await other.stats()).peers, 1, 'the peer is still the same');
  for (const viewer of viewers) await viewer.plays(3);
  for (const viewer of viewers) await viewer.sawNothingWrong();
});
