import { test } from 'node:test';
import { Origin } from './support/origin.mjs';
import { Viewer } from './support/viewer.mjs';
import { until } from './support/wait.mjs';

test('viewers wait until enough of them watch, then share', async (t) => {
  const origin = await Origin.start(t, { words: ['--min-viewers', '2'] });
  const one = await Viewer.watch(t, origin, { attributes: 'loop' });
  await one.becomes('waiting', 'few-viewers');
  await one.plays(2);
  await one.sentNothing();
  const other = await Viewer.watch(t, origin, { attributes: 'loop' });
  // The second is told at once that it is not alone, the first when it asks again.
  await other.becomes('on');
  await until('the first has asked again', async () => (await one.stats()).state === 'on', 60_000);
  await one.has('the two meet', ({ peers }) => peers === 1);
  await one.sawNothingWrong();
  await other.sawNothingWrong();
});
