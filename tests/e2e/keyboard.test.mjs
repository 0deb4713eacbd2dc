import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Origin } from './support/origin.mjs';
import { Viewer } from './support/viewer.mjs';
import { until } from './support/wait.mjs';

/** What has the keyboard: its role or tag, and its name. */
function focused(viewer) {
  return viewer.page.evaluate(() => {
    let at = document.activeElement;
    while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
    const { id, className } = at ?? {};
    const part = at?.closest?.('#notice, #sharing, media-settings-menu, media-control-bar')?.id;
    return `${part ? `${part} ` : ''}${at?.getAttribute?.('role') ?? at?.localName ?? ''}${className ? `.${className.split(' ').at(-1)}` : ''}${id ? `#${id}` : ''} ${at?.localName}`;
  });
}

/** Presses Tab until what has the keyboard fits, as somebody without a mouse does. */
async function tabTo(viewer, pattern) {
  const seen = [];
  for (let step = 0; step < 40; step += 1) {
    await viewer.page.keyboard.press('Tab');
    const at = await focused(viewer);
    if (pattern.test(at)) return;
    seen.push(at);
  }
  assert.fail(`Tab does not lead to ${pattern}, but to:\n${seen.join('\n')}`);
}

const isFocused = (viewer, pattern) => until(`the keyboard is on ${pattern}`, async () => pattern.test(await focused(viewer)));
const shows = (viewer, selector) => viewer.page.$(`shoal-player >>> ${selector}`).then((element) => element.isVisible());

async function viewer(t, p2p) {
  const origin = await Origin.start(t, { p2p });
  const one = await Viewer.watch(t, origin);
  await one.becomes(p2p === 'ask' ? 'asking' : p2p);
  await one.page.locator('shoal-player >>> media-control-bar').wait();
  return one;
}

test('the question is answered with the keyboard alone, which goes on from the switch', async (t) => {
  const one = await viewer(t, 'ask');
  await tabTo(one, /^notice button\.no/);
  await tabTo(one, /^notice button\.yes/);
  await one.page.keyboard.press('Enter');
  await one.becomes('on');
  await isFocused(one, /^switch\.switch/);
  await one.sawNothingWrong();
});

for (const key of ['Space', 'Enter']) {
  test(`${key} on the switch in the control bar switches and does not pause`, async (t) => {
    const one = await viewer(t, 'on');
    await tabTo(one, /^switch\.switch/);
    await one.page.keyboard.press(key);
    await one.becomes('off', 'you');
    await one.page.keyboard.press(key);
    await one.becomes('on');
    await one.plays(2);
  });
}

test('the settings menu has sharing as a real switch', async (t) => {
  const one = await viewer(t, 'on');
  const entry = 'media-settings-menu-item[role=menuitemcheckbox]';
  const checked = () => one.page.$eval(`shoal-player >>> ${entry}`, (item) => item.getAttribute('aria-checked'));
  await tabTo(one, /media-settings-menu-button/);
  await one.page.keyboard.press('Enter');
  await isFocused(one, /menuitem.* media-settings-menu-item/);
  await one.page.keyboard.press('End');
  await isFocused(one, /^menuitemcheckbox/);
  assert.equal(await checked(), 'true');
  await one.page.keyboard.press('Space');
  await one.becomes('off', 'you');
  await until('the entry shows it', async () => (await checked()) === 'false');
  await one.page.keyboard.press('Enter');
  await one.becomes('on');
  await until('the entry shows it', async () => (await checked()) === 'true');
  assert.equal(await shows(one, entry), true, 'the menu stays');
  await one.page.keyboard.press('Escape');
  await isFocused(one, /media-settings-menu-button/);
  await until('the menu is gone', async () => !(await shows(one, entry)));
  await one.plays(1);
});

test('the panel opens, is walked through and closes with the keyboard', async (t) => {
  const one = await viewer(t, 'on');
  await tabTo(one, /button\.details/);
  await one.page.keyboard.press('Space');
  assert.equal(await shows(one, '#sharing'), true);
  await tabTo(one, /^sharing switch/);
  await tabTo(one, /^sharing select/);
  await one.page.keyboard.press('ArrowDown');
  assert.deepEqual(await one.page.$$eval('shoal-player >>> select', (selects) => selects.map(({ value }) => value)), ['625000', '0']);
  await tabTo(one, /^sharing select/);
  await one.page.keyboard.press('ArrowDown');
  await until('what is left is shown', async () => (await one.stats()).uploadLeft === 1e8);
  await tabTo(one, /^sharing a\.link/);
  await one.page.keyboard.press('Escape');
  assert.equal(await shows(one, '#sharing'), false);
  await isFocused(one, /button\.details/);
});

test('the notice is found again from the panel', async (t) => {
  const one = await viewer(t, 'on');
  await tabTo(one, /^notice button\.ok/);
  await one.page.keyboard.press('Enter');
  await until('the notice is gone', async () => !(await shows(one, '#notice')));
  await one.page.locator('shoal-player >>> .details').click();
  await tabTo(one, /^sharing button\.link/);
  await one.page.keyboard.press('Enter');
  await until('the notice is back', () => shows(one, '#notice'));
});
