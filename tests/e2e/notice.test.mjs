import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Origin } from './support/origin.mjs';
import { html, Viewer } from './support/viewer.mjs';
import { until } from './support/wait.mjs';

const NOTICE = 'shoal-player >>> #notice';
const PLAYER = '<shoal-player src="/360p.m3u8" autoplay muted></shoal-player>';

/** The viewer can see it. */
async function onScreen(viewer, selector) {
  const element = await viewer.page.$(selector);
  return element !== null && element.isVisible();
}

test('while sharing runs the notice is on screen, with a switch that works', async (t) => {
  const origin = await Origin.start(t);
  const viewer = await Viewer.watch(t, origin);
  await viewer.becomes('on');
  await until('the notice is on screen', () => onScreen(viewer, NOTICE));
  await viewer.page.locator(`${NOTICE} [role=switch]`).click();
  await viewer.becomes('off', 'you');
  await viewer.page.locator('shoal-player >>> .bar [role=switch], shoal-player >>> media-control-bar [role=switch]').click();
  await viewer.becomes('on');
  await viewer.plays(2);
  await viewer.sawNothingWrong();
});

test('a page cannot hide the notice', async (t) => {
  const origin = await Origin.start(t);
  const rule = 'display: none !important; opacity: 0 !important; visibility: hidden !important';
  const style = `<style>shoal-player::part(notice) { ${rule} }</style>`;
  const viewer = await Viewer.open(t, origin, { url: origin.page('/hiding.html', html(style + PLAYER)) });
  await viewer.becomes('on');
  await until('the notice is on screen', () => onScreen(viewer, NOTICE));
  assert.equal(await viewer.page.$eval(NOTICE, (notice) => getComputedStyle(notice).opacity), '1');
});

test('who is asked answers with a click, and playback does not wait for it', async (t) => {
  const origin = await Origin.start(t, { p2p: 'ask' });
  const viewer = await Viewer.watch(t, origin);
  await viewer.becomes('asking');
  await viewer.plays(2);
  await viewer.page.locator(`${NOTICE} button.yes`).click();
  await viewer.becomes('on');
  await until('the notice is gone', async () => !(await onScreen(viewer, NOTICE)));
  await viewer.sawNothingWrong();
});

test('where sharing cannot run there is no notice', async (t) => {
  const origin = await Origin.start(t);
  const viewer = await Viewer.watch(t, origin, { attributes: 'p2p="off"' });
  await viewer.becomes('off', 'page');
  await viewer.plays(2);
  assert.equal(await onScreen(viewer, NOTICE), false);
  await viewer.sentNothing();
});
