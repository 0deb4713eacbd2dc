import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
import { Capture } from './support/capture.mjs';
import { described } from './support/instruments.mjs';
import { Origin } from './support/origin.mjs';
import { RELAY, startRelay } from './support/relay.mjs';
import { Viewer } from './support/viewer.mjs';

const skip = process.env.SHOAL_NETNS === undefined && 'needs a network of its own';

/** Answers of an earlier visit. */
function hiding() {
  localStorage.setItem('shoal:p2p', 'on');
  localStorage.setItem('shoal:hide', 'on');
}

/** Our addresses, as candidates would tell them; loopback is the page's own. */
const ours = Object.values(networkInterfaces()).flat().map(({ address }) => address.replace(/%.*/, ''));
const addresses = ours.filter((address) => ![RELAY, '127.0.0.1', '::1'].includes(address));

/** Every candidate in some SDP. */
function candidates(texts) {
  return texts.flatMap((text) => text.match(/candidate:[^\r\n"\\]*/g) ?? []);
}

for (const on of ['chromium', 'firefox']) {
  test(`in ${on} who hides shares through the relay, and no address gets out`, { skip }, async (t) => {
    const capture = await Capture.start(t);
    const relay = await startRelay(t);
    const origin = await Origin.start(t, { words: relay.words, env: { RUST_LOG: 'trace' } });
    const options = { on, instruments: [hiding, described] };
    const one = await Viewer.watch(t, origin, options);
    await one.becomes('on');
    await one.plays(0.5);
    const other = await Viewer.watch(t, origin, options);
    await other.has('it takes from the first', ({ peerBytes }) => peerBytes > 0);
    await other.plays(3);
    for (const viewer of [one, other]) {
      const { sent, made } = await viewer.page.evaluate(() => globalThis.described);
      const seen = candidates(sent);
      assert.ok(seen.length > 0 && seen.every((candidate) => / typ relay /.test(candidate)), JSON.stringify(seen));
      // The first one of all only finds out whether the browser allows any.
      assert.ok(made.length > 1 && made.slice(1).every(({ iceTransportPolicy }) => iceTransportPolicy === 'relay'));
      const told = await viewer.ask((player) => {
        const trace = player.trace();
        const text = trace === undefined ? '' : Array.from(trace, (byte) => String.fromCharCode(byte)).join('');
        return JSON.stringify([player.stats(), player.p2p, seen.errors, seen.told, text]);
      });
      const all = [...sent, told, origin.log].join('\n');
      for (const address of addresses) assert.ok(!all.includes(address), `${address} got out`);
      assert.ok(!told.includes('candidate') && !origin.log.includes('candidate:'), 'a candidate is told');
      await viewer.sawNothingWrong();
    }
    const direct = capture.packets.filter(({ from, to }) => !relay.isRelay(from) && !relay.isRelay(to));
    assert.deepEqual(direct, [], 'every packet has the relay at one end');
  });
}

test('hiding in mid-play moves every connection to the relay, and back', { skip }, async (t) => {
  const relay = await startRelay(t);
  const origin = await Origin.start(t, { words: relay.words });
  const options = { instruments: [described] };
  const one = await Viewer.watch(t, origin, options);
  await one.becomes('on');
  const other = await Viewer.watch(t, origin, options);
  await other.has('the two meet', ({ peers }) => peers === 1);
  const before = (await other.page.evaluate(() => globalThis.described.sent)).length;
  const hide = () => other.page.$eval('shoal-player >>> [aria-describedby=hide-what]', (toggle) => toggle.click());
  await hide();
  await one.has('the other leaves', ({ peers }) => peers === 0);
  await other.has('the two meet again', ({ peers }) => peers === 1);
  const sent = (await other.page.evaluate(() => globalThis.described.sent)).slice(before);
  const seen = candidates(sent);
  assert.ok(seen.length > 0 && seen.every((candidate) => / typ relay /.test(candidate)), JSON.stringify(seen));
  await hide();
  await one.has('the other leaves', ({ peers }) => peers === 0);
  await other.has('the two meet again', ({ peers }) => peers === 1);
  await other.plays(2);
  await other.sawNothingWrong();
});

test('without a relay that answers, who hides is told so and the video plays', { skip }, async (t) => {
  const relay = await startRelay(t);
  const words = relay.words.map((word) => word.replace(/:\d+$/, ':9'));
  const origin = await Origin.start(t, { words });
  const viewer = await Viewer.watch(t, origin, { instruments: [hiding] });
  await viewer.becomes('off', 'no-relay');
  await viewer.plays(3);
  const { openSockets, openConnections } = await viewer.traffic();
  assert.equal(openSockets + openConnections, 0);
  await viewer.sawNothingWrong();
});
