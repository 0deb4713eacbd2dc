import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Origin } from './support/origin.mjs';
import { html, Viewer } from './support/viewer.mjs';

const NOTICE = 'shoal-player >>> #notice';

/** A page with a dialog of its own: it waits for `asking`, asks, and gives the answer to the player. */
function withDialog(style = '') {
  return html(`<style>${style}</style><shoal-player src="/360p.m3u8" autoplay muted></shoal-player>
<dialog id="ask"><button value="yes">yes</button><button value="no">no</button></dialog>
<script>
  const player = document.querySelector('shoal-player');
  const dialog = document.querySelector('#ask');
  player.addEventListener('p2pchange', ({ detail }) => { if (detail.state === 'asking' && player.p2p.record === null) dialog.show(); });
  dialog.addEventListener('click', ({ target }) => { player.p2p.set(target.value === 'yes'); dialog.close(); });
</script>`);
}

async function asked(t, style) {
  const origin = await Origin.start(t, { p2p: 'ask' });
  const viewer = await Viewer.open(t, origin, { url: origin.page('/dialog.html', withDialog(style)) });
  await viewer.becomes('asking');
  return viewer;
}

const record = (viewer) => viewer.ask((player) => player.p2p.record);

test('a page asks by a dialog of its own, and the player remembers who asked', async (t) => {
  const viewer = await asked(t);
  assert.equal(await record(viewer), null);
  await viewer.sentNothing();
  await viewer.page.locator('#ask [value=yes]').click();
  await viewer.becomes('on');
  const { answer, by, at, notice } = await record(viewer);
  assert.deepEqual({ answer, by, notice }, { answer: 'share', by: 'page', notice: 1 });
  assert.ok(!Number.isNaN(Date.parse(at)));
  assert.equal(await (await viewer.page.$(NOTICE)).isVisible(), true, 'the notice stays until it is acknowledged');
  await viewer.page.locator(`${NOTICE} .ok`).click();
  await viewer.page.reload({ waitUntil: 'domcontentloaded' });
  await viewer.becomes('on');
  assert.equal(await (await viewer.page.$(NOTICE)).isVisible(), false);
  assert.equal((await record(viewer)).at, at);
});

test('where the site shares from the start no dialog of the page comes up', async (t) => {
  const origin = await Origin.start(t);
  const viewer = await Viewer.open(t, origin, { url: origin.page('/dialog.html', withDialog()) });
  await viewer.becomes('on');
  assert.equal(await viewer.page.$eval('#ask', ({ open }) => open), false);
});

test('a no from the page holds at once', async (t) => {
  const viewer = await asked(t);
  await viewer.page.locator('#ask [value=no]').click();
  await viewer.becomes('off', 'you');
  assert.equal((await record(viewer)).answer, 'server');
  await viewer.sentNothing();
});

test('a yes from a page that hides the notice does not count', async (t) => {
  const viewer = await asked(t, 'shoal-player { opacity: 0 !important } dialog { z-index: 1 }');
  await viewer.ask((player) => player.p2p.set(true));
  await viewer.plays(3);
  assert.equal((await viewer.stats()).state, 'asking');
  await viewer.sentNothing();
});
