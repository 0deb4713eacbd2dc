import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Origin } from './support/origin.mjs';
import { html, Viewer } from './support/viewer.mjs';
import { pass, until } from './support/wait.mjs';

const NOTICE = 'shoal-player >>> #notice';
const PLAYER = '<shoal-player src="/360p.m3u8" autoplay muted></shoal-player>';

/** The viewer can see it. */
async function onScreen(viewer, selector) {
  const element = await viewer.page.$(selector);
  return element !== null && element.isVisible();
}

/** Opens a page that styles the player its own way. */
function styled(t, origin, style) {
  return Viewer.open(t, origin, { url: origin.page('/styled.html', html(`<style id="style">${style}</style>${PLAYER}`)) });
}

function restyle(viewer, style) {
  return viewer.page.$eval('#style', (element, text) => (element.textContent = text), style);
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

test('a page that cannot make the notice unreadable does not keep viewers from sharing', async (t) => {
  const origin = await Origin.start(t);
  const nothing = 'display: none !important; opacity: 0 !important; visibility: hidden !important; font-size: 0';
  const styles = {
    'on the notice': `shoal-player::part(notice) { ${nothing} }`,
    'visibility of the player': 'shoal-player { visibility: hidden }',
    'colours and fonts': 'shoal-player { color: transparent; font-size: 0; text-indent: -999px; --shoal-text: transparent; --shoal-accent: transparent }',
    'a box of its own for nobody': 'shoal-player { display: contents }',
    'a low box': 'shoal-player { height: 180px !important; overflow: hidden }',
    'a narrow, low box': 'shoal-player { width: 320px !important; height: 180px !important; overflow: hidden }',
  };
  for (const [name, style] of Object.entries(styles)) {
    await t.test(name, async (t) => {
      const viewer = await styled(t, origin, style);
      await viewer.becomes('on');
      await until('the notice is on screen', () => onScreen(viewer, NOTICE));
      const { opacity, visibility, fontSize, color } = await viewer.page.$eval(`${NOTICE} p`, (text) => ({ ...getComputedStyle(text) }));
      assert.deepEqual({ opacity, visibility, fontSize }, { opacity: '1', visibility: 'visible', fontSize: '13px' });
      assert.doesNotMatch(color, /, 0\)/);
    });
  }
});

test('while a page hides the notice nobody joins unasked', async (t) => {
  const origin = await Origin.start(t);
  const styles = {
    'no box': 'shoal-player { display: none !important }',
    'no height': 'shoal-player { height: 0 !important; overflow: hidden }',
    'a box for the picture alone': 'shoal-player { height: 60px !important; overflow: hidden }',
    'cut off': 'shoal-player { clip-path: inset(0 0 90% 0) }',
    'see-through': 'shoal-player { opacity: .05 }',
    'tiny': 'shoal-player { transform: scale(.05) }',
    'under something': 'shoal-player::after { content: "" } body::after { content: ""; position: fixed; inset: 0; background: white }',
    'the player part': 'shoal-player::part(player) { height: 0; overflow: hidden }',
  };
  for (const [name, style] of Object.entries(styles)) {
    await t.test(name, async (t) => {
      const viewer = await styled(t, origin, style);
      await viewer.becomes('asking');
      await viewer.plays(3);
      assert.equal((await viewer.stats()).state, 'asking');
      await viewer.sentNothing();
      await restyle(viewer, '');
      await viewer.becomes('on');
    });
  }
});

test('a moment in which the notice cannot be seen ends nothing', async (t) => {
  const viewer = await styled(t, await Origin.start(t), '');
  await viewer.becomes('on');
  await restyle(viewer, 'body::after { content: ""; position: fixed; inset: 0; background: white }');
  await pass(250);
  await restyle(viewer, '');
  await pass(1000);
  const { sockets } = await viewer.traffic();
  assert.deepEqual([sockets, (await viewer.stats()).state], [1, 'on']);
});

test('a notice that is hidden in mid-play ends the sharing until it is back', async (t) => {
  const origin = await Origin.start(t);
  const viewer = await styled(t, origin, '');
  await viewer.becomes('on');
  await restyle(viewer, 'shoal-player { opacity: .1 }');
  await viewer.becomes('asking');
  await until('everything is closed', async () => (await viewer.traffic()).openSockets === 0);
  await restyle(viewer, '');
  await viewer.becomes('on');
  await viewer.page.locator(`${NOTICE} .ok`).click();
  await restyle(viewer, 'shoal-player { opacity: .1 }');
  await pass(2000);
  assert.equal((await viewer.stats()).state, 'on', 'who has read it is not asked again');
});

test('a notice that the viewer has scrolled away still counts', async (t) => {
  const origin = await Origin.start(t);
  const viewer = await styled(t, origin, 'body { height: 5000px }');
  await viewer.becomes('on');
  await viewer.page.evaluate(() => scrollTo(0, 4000));
  await pass(3000);
  assert.equal((await viewer.stats()).state, 'on');
  assert.equal((await viewer.traffic()).sockets, 1);
});

test('who is asked answers with a click, and playback does not wait for it', async (t) => {
  const origin = await Origin.start(t, { p2p: 'ask' });
  const viewer = await Viewer.watch(t, origin);
  await viewer.becomes('asking');
  await viewer.plays(2);
  const look = (name) =>
    viewer.page.$eval(`${NOTICE} button.${name}`, (button) => {
      const { width, height } = button.getBoundingClientRect();
      const { color, backgroundColor, borderColor, fontWeight, fontSize } = getComputedStyle(button);
      return { width, height, color, backgroundColor, borderColor, fontWeight, fontSize };
    });
  assert.deepEqual(await look('no'), await look('yes'), 'no answer is easier than the other');
  await viewer.page.locator(`${NOTICE} button.yes`).click();
  await viewer.becomes('on');
  await until('the notice is gone', async () => !(await onScreen(viewer, NOTICE)));
  const { record } = await viewer.ask((player) => ({ record: player.p2p.record }));
  assert.deepEqual([record.answer, record.by, record.notice], ['share', 'player', 1]);
  await viewer.sawNothingWrong();
});

test('the notice covers neither the picture nor its controls', async (t) => {
  const origin = await Origin.start(t, { p2p: 'ask' });
  for (const style of ['', 'shoal-player { width: 320px !important; height: 180px !important }', 'shoal-player { height: auto !important }']) {
    const viewer = await styled(t, origin, style);
    await viewer.becomes('asking');
    await viewer.page.locator('shoal-player >>> media-control-bar').wait();
    const box = async (selector) => (await viewer.page.$(`shoal-player >>> ${selector}`)).boundingBox();
    const [notice, stage, bar] = [await box('#notice'), await box('.stage'), await box('.chrome')];
    assert.ok(notice.y >= stage.y + stage.height - 1, 'it lies under the picture');
    assert.ok(bar.y + bar.height <= notice.y + 1, `the controls are above it: ${JSON.stringify({ style, notice, stage, bar })}`);
    const player = await viewer.page.$eval('shoal-player', (one) => one.getBoundingClientRect().bottom);
    assert.ok(notice.y + notice.height <= player + 1, 'it does not stick out');
  }
});

test('where sharing cannot run there is no notice', async (t) => {
  const origin = await Origin.start(t);
  const viewer = await Viewer.watch(t, origin, { attributes: 'p2p="off"' });
  await viewer.becomes('off', 'page');
  await viewer.plays(2);
  assert.equal(await onScreen(viewer, NOTICE), false);
  await viewer.sentNothing();
});

test('it links to the full text unless the page says that there is none', async (t) => {
  const origin = await Origin.start(t, { p2p: 'ask' });
  const link = async (options) => {
    const viewer = await Viewer.open(t, origin, { url: origin.page('/link.html', html(PLAYER, `<script>shoal = ${options}</script><script src="/shoal/shoal.js"></script>`)) });
    await viewer.becomes('asking');
    return (await onScreen(viewer, `${NOTICE} a`)) && viewer.page.$eval(`${NOTICE} a`, ({ href }) => href);
  };
  assert.equal(await link('{}'), origin.url('/privacy'));
  assert.equal(await link('{ privacy: "about/sharing.html" }'), origin.url('/about/sharing.html'));
  assert.equal(await link('{ privacy: null }'), false);
});
