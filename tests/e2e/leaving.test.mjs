import { test } from 'node:test';
import { Origin } from './support/origin.mjs';
import { Viewer } from './support/viewer.mjs';

/** Options of the page: bytes a second to other viewers, so that a transfer takes its time. */
function slowUpload() {
  globalThis.shoal = { uploadRate: 60_000 };
}

test('the sole holder leaves in mid-transfer, and the other plays on', async (t) => {
  const origin = await Origin.start(t);
  const holder = await Viewer.watch(t, origin, { instruments: [slowUpload] });
  await holder.plays(4);
  const viewer = await Viewer.watch(t, origin);
  await viewer.has('the transfer has begun', ({ peerBytes }) => peerBytes > 0);
  await holder.leave();
  // Nobody says goodbye: until the connection is given up, its blocks are missed.
  await viewer.plays(15);
  await viewer.has('the holder is gone', ({ peers }) => peers === 0);
  await viewer.sawNothingWrong();
});
