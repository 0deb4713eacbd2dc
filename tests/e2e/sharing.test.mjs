import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MEDIA, Origin } from './support/origin.mjs';
import { Viewer } from './support/viewer.mjs';
import { pass, until } from './support/wait.mjs';

const VIEWERS = 3;
const APART = 4000; // milliseconds
const END = 63; // seconds; the video has 64

/** Plays the video to its end for three viewers who come one after another; resolves to what it took. */
async function show(t, attributes) {
  const origin = await Origin.start(t);
  const viewers = [];
  for (let i = 0; i < VIEWERS; i += 1) {
    if (i > 0) await pass(APART);
    viewers.push(await Viewer.watch(t, origin, { attributes }));
  }
  await Promise.all(viewers.map((viewer) => viewer.reaches(END)));
  for (const viewer of viewers) await viewer.sawNothingWrong();
  // Bytes are in flight between two viewers for a moment; when all stands still the books must agree.
  let figures = '';
  await until('the figures stand still', async () => {
    const last = figures;
    figures = JSON.stringify(await Promise.all(viewers.map((viewer) => viewer.stats().then(({ originBytes, peerBytes, uploadedBytes }) => [originBytes, peerBytes, uploadedBytes]))));
    return figures === last;
  });
  const stats = await Promise.all(viewers.map((viewer) => viewer.stats()));
  const sum = (name) => stats.reduce((total, each) => total + each[name], 0);
  for (const viewer of viewers) await viewer.leave();
  return { sent: origin.sent(MEDIA), origin: sum('originBytes'), peers: sum('peerBytes'), uploaded: sum('uploadedBytes'), wasted: sum('wastedBytes'), stats };
}

test('three viewers take at most 60 % of what they would take without each other, and every byte is accounted for', async (t) => {
  const [shared, control] = await Promise.all([show(t, ''), show(t, 'p2p="off"')]);
  t.diagnostic(`origin: ${shared.sent} bytes with sharing, ${control.sent} without (${((100 * shared.sent) / control.sent).toFixed(1)} %); wasted ${shared.wasted}`);

  assert.ok(shared.sent <= 0.6 * control.sent, `the origin sent ${shared.sent} of ${control.sent} bytes`);
  assert.equal(shared.origin, shared.sent, 'the viewers count what the origin sent');
  assert.equal(control.origin, control.sent, 'so do viewers who do not share');
  assert.equal(shared.peers, shared.uploaded, 'what one viewer sent another has received');
  assert.equal(control.peers + control.uploaded, 0, 'who does not share gets and gives nothing');
  assert.ok(shared.origin + shared.peers - shared.wasted >= control.sent, 'nobody went without');
});
