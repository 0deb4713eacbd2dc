import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MEDIA, Origin } from './support/origin.mjs';
import { Viewer } from './support/viewer.mjs';
import { pass, until } from './support/wait.mjs';

const VIEWERS = 3;
const APART = 4000; // milliseconds
const END = 63; // seconds; the video has 64

/** What all viewers together count. */
async function count(viewers) {
  const stats = await Promise.all(viewers.map((viewer) => viewer.stats()));
  const sum = (name) => stats.reduce((total, each) => total + each[name], 0);
  return { origin: sum('originBytes'), peers: sum('peerBytes'), uploaded: sum('uploadedBytes'), wasted: sum('wastedBytes') };
}

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
  let last = {};
  let figures = await count(viewers);
  await until('the figures stand still', async () => {
    [last, figures] = [figures, await count(viewers)];
    return JSON.stringify(figures) === JSON.stringify(last);
  });
  for (const viewer of viewers) await viewer.leave();
  return { ...figures, sent: origin.sent(MEDIA), brokenOff: origin.brokenOff(MEDIA) };
}

test('three viewers take at most 60 % of what they take without each other, and every byte is accounted for', async (t) => {
  const [shared, control] = await Promise.all([show(t, ''), show(t, 'p2p="off"')]);
  const share = ((100 * shared.sent) / control.sent).toFixed(1);
  t.diagnostic(`the origin sent ${shared.sent} bytes with sharing, ${control.sent} without: ${share} %`);
  t.diagnostic(`with sharing: ${JSON.stringify(shared)}`);

  assert.ok(shared.sent <= 0.6 * control.sent, `the origin sent ${share} %`);
  for (const { origin, sent, brokenOff } of [shared, control]) {
    const missing = Math.abs(origin - sent);
    assert.ok(missing <= brokenOff, `the viewers count ${origin} bytes, the origin ${sent}, of which ${brokenOff} were broken off`);
  }
  assert.equal(shared.peers, shared.uploaded, 'what one viewer sent another has received');
  assert.equal(control.peers + control.uploaded, 0, 'who does not share gets and gives nothing');
  assert.ok(shared.origin + shared.peers - shared.wasted >= control.sent, 'nobody went without');
});
