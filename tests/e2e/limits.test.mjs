import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lowBattery } from './support/instruments.mjs';
import { Origin } from './support/origin.mjs';
import { Viewer } from './support/viewer.mjs';
import { pass, until } from './support/wait.mjs';

/** An earlier visit's limits: no rate, so many bytes per visit. */
function oneMegabyte() {
  localStorage.setItem('shoal:limits', '0 1000000');
}

/** A wish of an earlier visit. */
function hiding() {
  localStorage.setItem('shoal:hide', 'on');
}

/** A browser that keeps nothing: every use of its storage throws. */
function blockedStorage() {
  Object.defineProperty(globalThis, 'localStorage', {
    get() {
      throw new DOMException('The request was denied.', 'SecurityError');
    },
  });
}

test('no more is passed on than the viewer allows, and what is left is shown', async (t) => {
  const origin = await Origin.start(t);
  const giver = await Viewer.watch(t, origin, { instruments: [oneMegabyte] });
  await giver.becomes('on');
  await giver.has('it holds some of the video', ({ storedBytes }) => storedBytes > 2_000_000);
  const taker = await Viewer.watch(t, origin);
  await giver.has('the total is as good as spent', ({ uploadLeft }) => uploadLeft < 16_384);
  await taker.plays(5);
  const { uploadedBytes, uploadLeft, state } = await giver.stats();
  assert.ok(uploadedBytes > 900_000 && uploadedBytes <= 1_000_000, `${uploadedBytes} bytes were sent`);
  assert.equal(uploadLeft, 1_000_000 - uploadedBytes);
  assert.equal(state, 'on', 'it still takes from others');
  await giver.sawNothingWrong();
  await taker.sawNothingWrong();
});

test('a limit that is chosen in the panel holds at once and is remembered', async (t) => {
  const origin = await Origin.start(t);
  const viewer = await Viewer.watch(t, origin);
  await viewer.becomes('on');
  await viewer.page.locator('shoal-player >>> .details').click();
  const choices = await viewer.page.$$('shoal-player >>> select');
  assert.equal(choices.length, 2, 'a rate and a total');
  await choices[1].select('100000000');
  await viewer.has('so much is left', ({ uploadLeft }) => uploadLeft === 100_000_000);
  await viewer.page.reload({ waitUntil: 'domcontentloaded' });
  await viewer.has('so much is left', ({ uploadLeft }) => uploadLeft === 100_000_000);
});

test('on a low battery the panel says that less is passed on', async (t) => {
  const origin = await Origin.start(t);
  const viewer = await Viewer.watch(t, origin, { instruments: [lowBattery] });
  await viewer.becomes('on');
  await viewer.page.locator('shoal-player >>> .details').click();
  await until('the note is there', () => viewer.page.$$eval('shoal-player >>> .panel p', (notes) => notes.some(({ textContent, hidden }) => !hidden && /battery/i.test(textContent))));
});

test('who hides where there is no relay finds the way back in the panel', async (t) => {
  const origin = await Origin.start(t);
  const viewer = await Viewer.watch(t, origin, { instruments: [hiding] });
  await viewer.becomes('off', 'no-relay');
  await viewer.page.locator('shoal-player >>> .details').click();
  await viewer.page.locator('shoal-player >>> [aria-describedby=hide-what]').click();
  await viewer.becomes('on');
  await viewer.plays(1);
  viewer.isSilent();
});

test('where storage is blocked the answer holds for the page', async (t) => {
  const origin = await Origin.start(t);
  const viewer = await Viewer.watch(t, origin, { instruments: [blockedStorage] });
  await viewer.becomes('on');
  await viewer.share(false);
  await viewer.becomes('off', 'you');
  await viewer.ask((player) => void (player.src = '/master.m3u8'));
  await pass(500);
  await viewer.becomes('off', 'you');
  await viewer.plays(2);
  const { openSockets, openConnections } = await viewer.traffic();
  assert.equal(openSockets + openConnections, 0);
  viewer.isSilent();
});
