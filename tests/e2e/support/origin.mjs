// `shoal serve` behind the counting proxy: the origin, its tracker and the player's files, as viewers meet them.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Proxy } from './proxy.mjs';
import { until } from './wait.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));
/** The server's program. */
export const binary = process.env.SHOAL_BIN ?? join(root, 'target', 'release', 'shoal');

/** The sample of the project. */
export const sample = join(root, 'www', 'sample');

/** Paths of media: segments, and the few bytes that initialise a rendition. */
export const MEDIA = /\.(m4s|mp4)(\?|$)/;

/**
 * The sample with one more master playlist, `360p.m3u8`, that has one rendition: for tests that must not switch. A
 * copy, because nothing is written into the sample.
 */
export const media = await copy();
after(() => rm(media, { recursive: true, force: true }));

async function copy() {
  const folder = await mkdtemp(join(tmpdir(), 'shoal-media-'));
  await cp(sample, folder, { recursive: true });
  await writeFile(join(folder, '360p.m3u8'), master('360p/playlist.m3u8', 'audio/playlist.m3u8'));
  return folder;
}

/** A master playlist with one rendition of the sample's best quality. */
export function master(video, audio) {
  return (
    '#EXTM3U\n#EXT-X-VERSION:7\n' +
    `#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="sound",NAME="sound",DEFAULT=YES,LANGUAGE="en",URI="${audio}"\n` +
    '#EXT-X-STREAM-INF:BANDWIDTH=470800,RESOLUTION=640x360,CODECS="avc1.64001f,mp4a.40.2",AUDIO="sound"\n' +
    `${video}\n`
  );
}

export class Origin extends Proxy {
  #child;
  #log = '';

  constructor(child, port) {
    super(port);
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (this.#log += text));
  }

  /** Starts a server for a folder, with settings in TOML and more words on its command line; it ends with the test. */
  static async start(t, { folder = media, p2p = 'on', settings, words = [], env = {} } = {}) {
    if (!existsSync(binary)) throw new Error(`${binary} is missing: run "cargo build --release -p shoal-server", or set SHOAL_BIN`);
    const port = await freePort();
    const configured = settings === undefined ? [] : ['--config', await configuration(t, settings)];
    const child = spawn(binary, ['serve', folder, '--listen', `127.0.0.1:${port}`, '--p2p', p2p, ...configured, ...words], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const origin = new Origin(child, port);
    origin.folder = folder;
    t.after(() => origin.stop());
    await until('the server listens', () => {
      if (child.exitCode !== null) throw new Error(`the server ended with code ${child.exitCode}:\n${origin.log}`);
      return fetch(`http://127.0.0.1:${port}/shoal/videos.json`).then((answer) => answer.ok, () => false);
    });
    origin.base = `http://127.0.0.1:${await origin.listen()}`;
    // The tests' pages have no icon, and a browser asks for one.
    origin.faults.push({ match: /^\/favicon\.ico$/, status: 204 });
    return origin;
  }

  /** What the server wrote. */
  get log() {
    return this.#log;
  }

  url(path) {
    return `${this.base}${path}`;
  }

  /** Serves a page of the test's own at a path of this origin, and gives its address. */
  page(path, html, headers = {}) {
    const match = new RegExp(`^${path.replaceAll('.', '\\.')}$`);
    this.faults.unshift({ match, body: html, headers: { 'content-type': 'text/html', ...headers } });
    return this.url(path);
  }

  async stop() {
    await this.close();
    if (this.#child.exitCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    const late = setTimeout(() => this.#child.kill('SIGKILL'), 5000);
    await gone;
    clearTimeout(late);
  }
}

async function configuration(t, settings) {
  const folder = await mkdtemp(join(tmpdir(), 'shoal-settings-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'shoal.toml');
  await writeFile(file, settings);
  return file;
}

/** A port that nothing listens on. */
export async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
