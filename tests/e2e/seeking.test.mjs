import { test } from 'node:test';
import { Origin } from './support/origin.mjs';
import { Viewer } from './support/viewer.mjs';

test('seeking forth, back and forth again plays on from each place', async (t) => {
  const origin = await Origin.start(t);
  // Slow enough that the far end is not in the buffer yet.
  origin.faults.unshift({ match: /\.m4s$/, rate: 200_000 });
  const one = await Viewer.watch(t, origin);
  await one.plays(4);
  const other = await Viewer.watch(t, origin);
  await other.has('the two meet', ({ peers }) => peers === 1);
  for (const place of [45, 5, 52, 30]) {
    await other.seek(place);
    await other.reaches(place + 2);
  }
  await one.seek(44);
  await one.reaches(47);
  await one.sawNothingWrong();
  await other.sawNothingWrong();
});
