import { test } from 'node:test';
import { Origin } from './support/origin.mjs';
import { Viewer } from './support/viewer.mjs';

for (const [first, second] of [
  ['firefox', 'chromium'],
  ['chromium', 'firefox'],
]) {
  test(`a viewer in ${second} gets the video from one in ${first}`, async (t) => {
    const origin = await Origin.start(t);
    const early = await Viewer.watch(t, origin, { on: first });
    await early.plays(3);
    const late = await Viewer.watch(t, origin, { on: second });
    await late.has('bytes come from the other browser', ({ peerBytes }) => peerBytes > 0);
    await early.has('the other browser counts what it sent', ({ uploadedBytes }) => uploadedBytes > 0);
    await Promise.all([early.plays(4), late.plays(4)]);
    await early.sawNothingWrong();
    await late.sawNothingWrong();
  });
}
