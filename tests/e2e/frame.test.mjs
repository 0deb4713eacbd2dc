import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Origin } from './support/origin.mjs';
import { html, Viewer } from './support/viewer.mjs';
import { until } from './support/wait.mjs';

const EMBED = '/shoal/embed?src=/360p.m3u8';

/** The player as a page in a frame has it. */
function framed(t, origin, query = '') {
  return Viewer.open(t, origin, { url: origin.url(EMBED + query) });
}

const play = (viewer) => viewer.ask((player) => {
  player.media.muted = true;
  return player.media.play();
});

test('the embed page is one player that fills its frame', async (t) => {
  const origin = await Origin.start(t);
  const viewer = await framed(t, origin);
  await play(viewer);
  await viewer.becomes('on');
  const [box, frame] = await viewer.page.evaluate(() => {
    const { x, y, width, height } = document.querySelector('shoal-player').getBoundingClientRect();
    return [[x, y, width, height], [0, 0, innerWidth, innerHeight]];
  });
  assert.deepEqual(box, frame);
  await viewer.plays(2);
  await viewer.sawNothingWrong();
});

test('the address may restrict sharing, never widen it', async (t) => {
  const sharing = await Origin.start(t);
  const cases = [
    [sharing, '&p2p=off', 'off', 'page'],
    [sharing, '&p2p=ask', 'asking', null],
    [sharing, '&p2p=always', 'on', null],
    [await Origin.start(t, { p2p: 'ask' }), '&p2p=on', 'asking', null],
  ];
  for (const [origin, query, state, reason] of cases) {
    await t.test(`${query} gives ${state}`, async (t) => {
      const viewer = await framed(t, origin, query);
      await play(viewer);
      await viewer.becomes(state, reason);
      if (state !== 'on') {
        await viewer.plays(2);
        await viewer.sentNothing();
      }
    });
  }
});

test('of attribute and address the stricter wins', async (t) => {
  const origin = await Origin.start(t);
  for (const [attribute, query] of [['off', 'ask'], ['ask', 'off']]) {
    const page = origin.page('/both.html', html(`<shoal-player src="/360p.m3u8" p2p="${attribute}" autoplay muted></shoal-player>`));
    origin.faults[0].match = /^\/both\.html/;
    const viewer = await Viewer.open(t, origin, { url: `${page}?p2p=${query}` });
    await viewer.becomes('off', 'page');
  }
});

test('what the viewer has answered here is lent to no video of another site', async (t) => {
  const origin = await Origin.start(t);
  const other = await Origin.start(t);
  const viewer = await Viewer.open(t, origin, { url: `${origin.url('/shoal/embed')}?src=${encodeURIComponent(other.url('/360p.m3u8'))}` });
  await until('the player says that it has no video', async () => (await viewer.errors())[0]?.code === 'src-missing');
  await viewer.sentNothing();
});

test('the demo page gives the code for it', async (t) => {
  const origin = await Origin.start(t);
  const viewer = await Viewer.open(t, origin, { url: origin.url('/shoal/demo/?src=/360p.m3u8') });
  await viewer.page.locator('summary').click();
  const code = await viewer.page.$eval('#embed-code', (element) => element.textContent);
  assert.ok(code.includes(`src="${origin.url('/shoal/embed')}?src=%2F360p.m3u8"`), code);
});
