import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rottenSender } from './support/instruments.mjs';
import { Origin } from './support/origin.mjs';
import { Viewer } from './support/viewer.mjs';

test('a peer that sends rotten pieces is dropped, and nobody sees a wrong byte', async (t) => {
  const origin = await Origin.start(t);
  const rotten = await Viewer.watch(t, origin, { instruments: [rottenSender] });
  await rotten.plays(3);
  const viewer = await Viewer.watch(t, origin);
  await viewer.has('rot is noticed', ({ rottenPieces }) => rottenPieces > 0);
  await viewer.has('its sender is dropped', ({ peers }) => peers === 0);
  assert.ok((await rotten.page.evaluate(() => globalThis.rotten.pieces)) > 0, 'the peer did send rot');
  const honest = await Viewer.watch(t, origin);
  await honest.has('those who are honest still share', ({ peerBytes }) => peerBytes > 0);
  await Promise.all([viewer.plays(10), honest.plays(10)]);
  const { wastedBytes, rottenPieces } = await viewer.stats();
  assert.ok(wastedBytes > 0 && rottenPieces > 0, 'rot is counted as waste');
  await viewer.sawNothingWrong();
  await honest.sawNothingWrong();
});
