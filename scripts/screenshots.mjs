// `npm run screenshots`: the player in all its states, as pictures to look at.
//
//   node scripts/screenshots.mjs [FOLDER]     three widths, light and dark; a temporary folder unless one is named
import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { browser } from '../tests/e2e/support/browser.mjs';
import { withoutWebrtc } from '../tests/e2e/support/instruments.mjs';
import { Origin } from '../tests/e2e/support/origin.mjs';
import { until } from '../tests/e2e/support/wait.mjs';
import { say } from './run.mjs';

const folder = process.argv[2] ?? mkdtempSync(join(tmpdir(), 'shoal-screenshots-'));
mkdirSync(folder, { recursive: true });

const WIDTHS = [320, 768, 1440];
const SCHEMES = ['light', 'dark'];

/** Acknowledges the notice, before the player is there. */
function acknowledge() {
  localStorage.setItem('shoal:notice', '1');
}

const player = (words = 'src="/360p.m3u8" autoplay muted') => `<shoal-player ${words}></shoal-player>`;
const inPlayer = (selector) => `shoal-player >>> ${selector}`;
const open = (selector) => async (page) => {
  await page.locator(inPlayer(selector)).click();
};

/** The player as it will be in a language that is written from right to left. */
async function turn(page) {
  await page.$eval(inPlayer('.player'), (element) => element.setAttribute('dir', 'rtl'));
  await open('.details')(page);
}

/** The panel where the site offers a relay, without a site that does. */
async function showHiding(page) {
  await open('.details')(page);
  await page.$eval(inPlayer('.hiding'), (element) => element.setAttribute('style', 'display: flex !important'));
}

/** What there is to see: where sharing stands, what is in the page, and what is done there. */
const scenes = {
  'player': { p2p: 'on', before: [acknowledge], state: 'on' },
  'notice-ask': { p2p: 'ask', state: 'asking' },
  'notice-ask-fr': { p2p: 'ask', state: 'asking', lang: 'fr' },
  'notice-on': { p2p: 'on', state: 'on' },
  'panel': { p2p: 'on', before: [acknowledge], state: 'on', act: open('.details') },
  'menu': { p2p: 'on', before: [acknowledge], state: 'on', act: open('media-settings-menu-button') },
  'tip': { p2p: 'ask', before: [acknowledge], state: 'asking', act: (page) => page.locator(inPlayer('.bar [role=switch]')).hover() },
  'off': { p2p: 'off', state: 'off', act: open('.details') },
  'no-webrtc': { p2p: 'on', before: [withoutWebrtc], state: 'off', act: open('.details') },
  'right-to-left': { p2p: 'ask', state: 'asking', dir: 'rtl', act: turn },
  'relay': { p2p: 'ask', before: [acknowledge], state: 'asking', act: showHiding },
  'error': { p2p: 'on', player: player('src="/nowhere.m3u8"') },
  'embed': { p2p: 'ask', path: '/shoal/embed?src=/360p.m3u8', state: 'asking' },
  'demo': { p2p: 'on', path: '/shoal/demo/', state: 'on' },
};

const wanted = Object.entries(scenes).filter(([name]) => (process.env.SCENES ?? name).split(',').includes(name));

test('screenshots', async (t) => {
  const origins = {};
  for (const [name, scene] of wanted) {
    const origin = (origins[scene.p2p] ??= await Origin.start(t, { p2p: scene.p2p }));
    for (const width of WIDTHS) {
      for (const scheme of SCHEMES) await take(origin, name, scene, width, scheme);
    }
  }
  say(`The pictures are in ${folder}`);
});

async function take(origin, name, { before = [], path, act, state, lang = 'en', dir = 'ltr', ...scene }, width, scheme) {
  const context = await (await browser('chromium')).createBrowserContext();
  const page = await context.newPage();
  await page.setViewport({ width, height: path?.includes('embed') ? Math.round((width * 9) / 16) : 900 });
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
  for (const instrument of before) await page.evaluateOnNewDocument(instrument);
  const html = `<!doctype html><html lang="${lang}" dir="${dir}"><meta charset="utf-8"><meta name="color-scheme" content="light dark">
<style>body { margin: 0; padding: ${width < 400 ? 0 : 16}px } shoal-player { max-width: 960px }</style>
<script src="/shoal/shoal.js"></script>${scene.player ?? player()}</html>`;
  await page.goto(path === undefined ? origin.page(`/${name}-${width}-${scheme}.html`, html) : origin.url(path));
  const is = (wish) => page.$eval('shoal-player', (one, wish) => one.stats?.().state === wish && one.media.readyState > 0, wish);
  await until(`${name}: the player is ${state ?? 'there'}`, async () => (state === undefined ? page.$(inPlayer('#alert:not([hidden])')) : is(state)));
  if (state !== undefined) await page.locator(inPlayer('media-control-bar')).wait();
  await act?.(page);
  // Menus and tips fade in.
  await page.evaluate(() => new Promise((resolve) => { setTimeout(resolve, 500); }));
  await page.screenshot({ path: join(folder, `${name}-${width}-${scheme}.png`), fullPage: dir === 'ltr' && !path?.includes('embed') });
  await context.close();
}
