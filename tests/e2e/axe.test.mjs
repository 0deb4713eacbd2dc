import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { withoutWebrtc } from './support/instruments.mjs';
import { Origin } from './support/origin.mjs';
import { html, Viewer } from './support/viewer.mjs';
import { until } from './support/wait.mjs';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const inPlayer = (selector) => `shoal-player >>> ${selector}`;
const click = (selector) => (page) => page.locator(inPlayer(selector)).click();

/** What is looked at: the site's policy, the page, where sharing must stand, and what is opened. */
const scenes = {
  'player': { p2p: 'on', state: 'on', act: click('#notice .ok') },
  'player without WebRTC': { p2p: 'on', state: 'off', instruments: [withoutWebrtc] },
  'notice that asks': { p2p: 'ask', state: 'asking' },
  'notice that tells': { p2p: 'on', state: 'on' },
  'panel': { p2p: 'on', state: 'on', act: click('.details') },
  'settings menu': { p2p: 'on', state: 'on', act: click('media-settings-menu-button') },
  'embed page': { p2p: 'ask', state: 'asking', path: '/shoal/embed?src=/360p.m3u8' },
  'demo page': { p2p: 'on', state: 'on', path: '/shoal/demo/', act: (page) => page.locator('summary').click() },
  'privacy page': { p2p: 'on', path: '/privacy' },
};

/** The pages and widths at which they are looked at. */
const PLAYER = '<main><h1>A video</h1><shoal-player src="/360p.m3u8" autoplay muted></shoal-player></main>';
const WIDTHS = [320, 1440];
const SCHEMES = ['light', 'dark'];

/** Findings that a visitor would stumble over, each as a line. */
async function findings(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run({ resultTypes: ['violations'] }));
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${target.flat().join(' ')}: ${failureSummary.replaceAll(/\s+/g, ' ')}`));
}

for (const [name, { p2p, state, path, act, instruments }] of Object.entries(scenes)) {
  test(`axe finds nothing serious: ${name}`, async (t) => {
    const origin = await Origin.start(t, { p2p });
    if (path === '/privacy' && !(await fetch(origin.url(path))).ok) {
      t.skip('this server has no privacy page');
      return;
    }
    origin.page('/scene.html', html(PLAYER).replace('width: 640px; height: 360px', ''));
    for (const width of WIDTHS) {
      for (const scheme of SCHEMES) {
        const viewer = await Viewer.open(t, origin, { url: origin.page('/start.html', html('')), instruments });
        const { page } = viewer;
        await page.setViewport({ width, height: 800 });
        await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }, { name: 'prefers-reduced-motion', value: 'reduce' }]);
        await page.goto(origin.url(path ?? '/scene.html'));
        if (state !== undefined) {
          await page.locator(inPlayer('media-control-bar')).wait();
          await viewer.becomes(state);
        }
        await act?.(page);
        if (name === 'settings menu') await until('the menu is there', () => page.$eval(inPlayer('media-settings-menu'), ({ hidden }) => !hidden));
        assert.deepEqual(await findings(page), [], `${String(width)} px, ${scheme}`);
        await viewer.leave();
      }
    }
  });
}
