// WebTorrent and p2p-media-loader, unmodified, in Chromium: two viewers of each find each other through our tracker.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { extname, join } from 'node:path';
import { after, before, test } from 'node:test';
import puppeteer from 'puppeteer-core';
import { root } from '../../../scripts/run.mjs';
import { CHROMIUM } from '../../../tests/e2e/support/chromium.mjs';
import { tracker } from './shoal.mjs';

const PATIENCE = 60_000;
const SEGMENT = Buffer.alloc(100_000, 'segment');

const FILES = {
  '/webtorrent.js': 'webtorrent/dist/webtorrent.min.js',
  '/core.js': 'p2p-media-loader-core/dist/p2p-media-loader-core.es.min.js',
  '/hlsjs.js': 'p2p-media-loader-hlsjs/dist/p2p-media-loader-hlsjs.es.min.js',
};

const SAMPLE = join(root, 'www', 'sample');
const TYPES = { '.m3u8': 'application/vnd.apple.mpegurl', '.m4s': 'video/mp4', '.mp4': 'video/mp4' };

/** What the server keeps from whoever says that it comes late, so that only peers can give it: all but the beginning. */
const IS_KEPT = /\/0(0[4-9]|1\d)\.m4s$/;

let browser;
let server;
let origin;

before(async () => {
  server = createServer(({ url, headers }, response) => {
    if (url.startsWith('/sample/')) {
      if (headers['x-late'] && IS_KEPT.test(url)) {
        response.statusCode = 503;
        response.end();
        return;
      }
      response.setHeader('content-type', TYPES[extname(url)]);
      response.end(readFileSync(join(SAMPLE, url.slice('/sample/'.length))));
    } else if (url === '/hls.js') {
      response.setHeader('content-type', 'text/javascript');
      response.end(readFileSync(join(root, 'node_modules', 'hls.js', 'dist', 'hls.min.js')));
    } else if (url in FILES) {
      response.setHeader('content-type', 'text/javascript');
      response.end(readFileSync(join(root, 'lab', 'bench', 'node_modules', FILES[url])));
    } else if (url === '/segment') {
      response.end(SEGMENT);
    } else {
      const imports = { 'p2p-media-loader-core': '/core.js' };
      response.setHeader('content-type', 'text/html');
      response.end(`<!doctype html><title>client</title><script type="importmap">${JSON.stringify({ imports })}</script><video muted></video>`);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${server.address().port}`;
  browser = await puppeteer.launch(CHROMIUM);
});

after(async () => {
  await browser?.close();
  server?.closeAllConnections();
  server?.close();
});

async function page(headers = {}) {
  const context = await browser.createBrowserContext();
  const made = await context.newPage();
  await made.setExtraHTTPHeaders(headers);
  made.setDefaultTimeout(PATIENCE);
  await made.goto(`${origin}/`);
  return made;
}

test('a WebTorrent client gets a file from another one', async (t) => {
  const url = await tracker(t, '--open');
  const [seeder, leecher] = [await page(), await page()];
  const client = async (announce) => {
    // Beside ours there would be the public ones.
    globalThis.WEBTORRENT_ANNOUNCE = null;
    const { default: WebTorrent } = await import('/webtorrent.js');
    globalThis.client = new WebTorrent({ dht: false, lsd: false, tracker: { announce: [announce], rtcConfig: { iceServers: [] } } });
  };
  await seeder.evaluate(client, url);
  await leecher.evaluate(client, url);
  const magnet = await seeder.evaluate(
    (announce) =>
      new Promise((resolve, reject) => {
        globalThis.client.on('error', reject);
        const file = new File([new Uint8Array(200_000).fill(7)], 'film.bin');
        globalThis.client.seed(file, { announceList: [[announce]] }, (torrent) => resolve(torrent.magnetURI));
      }),
    url,
  );
  const bytes = await leecher.evaluate(
    (magnet, announce) =>
      new Promise((resolve, reject) => {
        globalThis.client.on('error', reject);
        globalThis.client.add(magnet, { announce: [announce] }, (torrent) => {
          torrent.on('done', async () => {
            const got = new Uint8Array(await (await torrent.files[0].blob()).arrayBuffer());
            resolve([got.length, got.every((byte) => byte === 7)]);
          });
        });
      }),
    magnet,
    url,
  );
  assert.deepEqual(bytes, [200_000, true]);
});

test('p2p-media-loaders connect to each other', async (t) => {
  const url = await tracker(t, '--open');
  const viewers = [await page(), await page()];
  const start = async (announce) => {
    const { Core } = await import('/core.js');
    const core = new Core({ announceTrackers: [announce], rtcConfig: { iceServers: [] }, swarmId: 'film' });
    globalThis.core = core;
    core.addEventListener('onPeerConnect', () => (globalThis.met = true));
    core.setManifestResponseUrl(new URL('/film.m3u8', location.href).href);
    core.addStreamIfNoneExists({ runtimeId: 's', type: 'main', index: 0, properties: {} });
    core.updateStream('s', [{ runtimeId: '0', externalId: 0, url: new URL('/segment', location.href).href, startTime: 0, endTime: 4 }]);
    core.updatePlayback(0, 1);
    // It joins with its first segment.
    await new Promise((resolve, reject) => core.loadSegment('0', { onSuccess: resolve, onError: reject }));
  };
  for (const viewer of viewers) await viewer.evaluate(start, url);
  for (const viewer of viewers) await viewer.waitForFunction('globalThis.met === true');
});

test('players of p2p-media-loader give each other segments', async (t) => {
  const url = await tracker(t, '--open');
  const play = async (announce) => {
    await new Promise((resolve, reject) => {
      const script = Object.assign(document.createElement('script'), { src: '/hls.js', onload: resolve, onerror: reject });
      document.head.append(script);
    });
    const { HlsJsP2PEngine } = await import('/hlsjs.js');
    // What it cannot have it asks for again until a peer has it.
    const core = { announceTrackers: [announce], rtcConfig: { iceServers: [] }, httpErrorRetries: 1_000 };
    const hls = new (HlsJsP2PEngine.injectMixin(globalThis.Hls))({ enableWorker: false, p2p: { core } });
    globalThis.loaded = { http: 0, p2p: 0 };
    hls.p2pEngine.addEventListener('onSegmentLoaded', ({ downloadSource }) => (globalThis.loaded[downloadSource] += 1));
    const video = document.querySelector('video');
    hls.attachMedia(video);
    hls.loadSource('/sample/master.m3u8');
    await video.play();
  };
  const [first, late] = [await page(), await page({ 'x-late': '1' })];
  await first.evaluate(play, url);
  await first.waitForFunction('globalThis.loaded.http >= 8');
  await late.evaluate(play, url);
  // Four segments of four seconds are the server's.
  await late.waitForFunction("document.querySelector('video').buffered.length > 0 && document.querySelector('video').buffered.end(0) > 17");
  assert.ok((await late.evaluate(() => globalThis.loaded.p2p)) > 0);
});
