// WebTorrent and p2p-media-loader, unmodified, in Chromium: two viewers of each find each other through our tracker.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import puppeteer from 'puppeteer-core';
import { root } from '../../scripts/run.mjs';
import { CHROMIUM } from '../../tests/e2e/support/chromium.mjs';
import { tracker } from './shoal.mjs';

const PATIENCE = 60_000;
const SEGMENT = Buffer.alloc(100_000, 'segment');

const FILES = {
  '/webtorrent.js': 'webtorrent/dist/webtorrent.min.js',
  '/core.js': 'p2p-media-loader-core/dist/p2p-media-loader-core.es.min.js',
};

let browser;
let server;
let origin;

before(async () => {
  server = createServer(({ url }, response) => {
    if (url in FILES) {
      response.setHeader('content-type', 'text/javascript');
      response.end(readFileSync(join(root, 'bench', 'node_modules', FILES[url])));
    } else if (url === '/segment') {
      response.end(SEGMENT);
    } else {
      response.setHeader('content-type', 'text/html');
      response.end('<!doctype html><title>client</title>');
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

async function page() {
  const context = await browser.createBrowserContext();
  const made = await context.newPage();
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
