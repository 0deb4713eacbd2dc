// One viewer: a page with the player in a browser context of its own, watched from its first script on.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { browser } from './browser.mjs';
import { watch } from './instruments.mjs';
import { PATIENCE, until } from './wait.mjs';

let opened = 0;

/** The HTML of a page with the player: what an embedder writes, and a size. */
export function html(player, script = '<script src="/shoal/shoal.js"></script>') {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>viewer</title>
<style>shoal-player { display: block; width: 640px; height: 360px }</style>${script}</head><body>${player}</body></html>`;
}

export class Viewer {
  #page;
  #context;
  #folder;
  #noise = [];
  #allowed = [];

  /**
   * Opens a page, of whatever site, whose video is the origin's.
   * @param {object} options
   * @param {'chromium'|'firefox'} [options.on]
   * @param {{args?: string[], prefs?: object}} [options.settings] of a browser that is not the usual one
   * @param {string} options.url the page
   * @param {Function[]} [options.instruments] run in the page before its scripts
   * @param {RegExp[]} [options.noise] console messages that this test provokes; every other one is a failure
   */
  static async open(t, origin, { on = 'chromium', settings, url, instruments = [], noise = [] }) {
    const viewer = new Viewer();
    viewer.#folder = origin.folder;
    viewer.#allowed = noise;
    viewer.#context = await (await browser(on, settings)).createBrowserContext();
    t.after(() => viewer.leave());
    const page = await viewer.#context.newPage();
    viewer.#page = page;
    page.on('pageerror', (error) => viewer.#noise.push(`uncaught: ${error.message}`));
    page.on('console', (message) => {
      if (['error', 'warn'].includes(message.type())) viewer.#noise.push(message.text());
    });
    for (const instrument of [watch, ...instruments]) await page.evaluateOnNewDocument(instrument);
    await page.goto(url, { waitUntil: 'domcontentloaded' });
    // An async script may come after its element.
    await page.waitForFunction(() => [...document.querySelectorAll('shoal-player')].every(({ media }) => media !== undefined));
    return viewer;
  }

  /** Opens a page of the origin's own that plays `src`. */
  static async watch(t, origin, { src = '/360p.m3u8', attributes = '', ...options } = {}) {
    const player = `<shoal-player src="${src}" autoplay muted ${attributes}></shoal-player>`;
    opened += 1;
    return Viewer.open(t, origin, { url: origin.page(`/viewer-${opened}.html`, html(player)), ...options });
  }

  /** puppeteer's page, for what has no word here. */
  get page() {
    return this.#page;
  }

  /** Runs a function in the page: its first argument is the player. */
  ask(work, ...words) {
    const body = `(...words) => (${work})(document.querySelector('shoal-player'), ...words)`;
    return this.#page.evaluate(`(${body})(${words.map((word) => JSON.stringify(word)).join(', ')})`);
  }

  stats() {
    return this.ask((player) => player.stats());
  }

  /** What was made in this page, and what of it lives: the proof that nothing was sent. */
  traffic() {
    return this.#page.evaluate(() => ({
      sockets: seen.sockets.length,
      openSockets: seen.sockets.filter(({ readyState }) => readyState < WebSocket.CLOSING).length,
      connections: seen.connections.length,
      openConnections: seen.connections.filter(({ connectionState }) => connectionState !== 'closed').length,
    }));
  }

  /** `error` events of the player, in order. */
  errors() {
    return this.#page.evaluate(() => seen.errors);
  }

  /** Seconds of the video's clock. */
  clock() {
    return this.ask((player) => player.media?.currentTime ?? 0);
  }

  /** Waits until the clock has gone on by so many seconds, as a viewer would see it. */
  async plays(seconds) {
    const goal = (await this.clock()) + seconds;
    await this.reaches(goal);
  }

  /** Waits until the clock shows that many seconds. */
  async reaches(goal) {
    try {
      await until(`the clock reaches ${goal} s`, async () => (await this.clock()) >= goal, PATIENCE + goal * 1000);
    } catch (error) {
      throw new Error(`${error.message}\n${await this.describe()}`, { cause: error });
    }
  }

  /** Waits for a state of sharing, and for its reason when one is given. */
  async becomes(state, reason) {
    const wanted = reason === undefined ? state : `${state} (${reason})`;
    try {
      await until(`sharing becomes ${wanted}`, async () => {
        const now = await this.stats();
        return now.state === state && (reason === undefined || now.reason === reason);
      });
    } catch (error) {
      throw new Error(`${error.message}\n${await this.describe()}`, { cause: error });
    }
  }

  /** Waits until a figure of the statistics is what the test says. */
  async has(reason, test) {
    try {
      await until(reason, async () => test(await this.stats()));
    } catch (error) {
      throw new Error(`${error.message}\n${await this.describe()}`, { cause: error });
    }
  }

  /** The viewer's own word, as from the switch. */
  share(on) {
    return this.ask((player, word) => void (player.p2p = word), on);
  }

  seek(seconds) {
    return this.ask((player, time) => void (player.media.currentTime = time), seconds);
  }

  /** Asserts what a viewer must never notice: no stall, nothing in the console, no byte but the video's. */
  async sawNothingWrong() {
    const { stalls } = await this.#page.evaluate(() => ({ stalls: seen.stalls }));
    assert.deepEqual(stalls, [], `the video stalled\n${await this.describe()}`);
    this.isSilent();
    await this.#sawTrueBytes();
  }

  /** Asserts that the console says nothing that the test has not provoked. */
  isSilent() {
    const noise = this.#noise.filter((text) => !this.#allowed.some((pattern) => pattern.test(text)));
    assert.deepEqual(noise, [], 'the console is not silent');
  }

  /** Asserts that sharing sent nothing at all. */
  async sentNothing() {
    assert.deepEqual(await this.traffic(), { sockets: 0, openSockets: 0, connections: 0, openConnections: 0 });
  }

  async leave() {
    const context = this.#context;
    this.#context = undefined;
    await context?.close();
  }

  /** All that helps to understand a failure. */
  async describe() {
    const facts = await this.ask((player) => {
      const { media } = player;
      const ranges = [];
      for (let i = 0; i < (media?.buffered.length ?? 0); i += 1) ranges.push([media.buffered.start(i), media.buffered.end(i)]);
      const { currentTime, paused, seeking, readyState, error } = media ?? {};
      const { stalls, errors } = seen;
      return { currentTime, paused, seeking, readyState, error: error?.message, ranges, stats: player.stats?.(), stalls, errors };
    }).catch((error) => ({ failed: error.message }));
    return JSON.stringify({ ...facts, traffic: await this.traffic().catch(() => null), console: this.#noise }, null, 1);
  }

  async #sawTrueBytes() {
    const sums = await this.#page.evaluate(() => Promise.all(seen.mdats));
    assert.ok(sums.length > 0, 'nothing was appended');
    const known = await mediaSums(this.#folder);
    assert.deepEqual(sums.filter((sum) => !known.has(sum)), [], 'the viewer saw bytes that are not the video\'s');
  }
}

const sums = new Map();

/** SHA-256 of every `mdat` box below a folder. */
function mediaSums(folder) {
  if (!sums.has(folder)) sums.set(folder, collect(folder));
  return sums.get(folder);
}

async function collect(folder) {
  const found = new Set();
  for (const name of await readdir(folder, { recursive: true })) {
    if (!name.endsWith('.m4s')) continue;
    const bytes = await readFile(join(folder, name));
    for (let at = 0; at + 8 <= bytes.length; at += bytes.readUInt32BE(at)) {
      if (bytes.toString('latin1', at + 4, at + 8) === 'mdat') {
        found.add(createHash('sha256').update(bytes.subarray(at + 8, at + bytes.readUInt32BE(at))).digest('hex'));
      }
    }
  }
  return found;
}
