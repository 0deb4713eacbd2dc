// The origin of every arm: `shoal serve` as a server of plain files, behind a proxy that counts what it sends. Only
// Shoal asks it for an index, and what that takes is counted as part of the video.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { root } from '../../scripts/run.mjs';
import { Proxy } from '../../tests/e2e/support/proxy.mjs';
import { until } from '../../tests/e2e/support/wait.mjs';
import { SCRIPTS } from './arms.mjs';
import { MASTER } from './media.mjs';

const binary = process.env.SHOAL_BIN ?? join(root, 'target', 'release', 'shoal');

/** What a path of the video is, the first that fits. The page and the player's own files are none of it. */
const KINDS = [
  ['index', /\.shoal\//],
  ['segment', /\.m4s$/],
  ['init', /\.mp4$/],
  ['playlist', /\.m3u8$/],
];

export class Origin {
  #child;
  #proxy;
  #log = '';

  /** Serves a folder; each answer about the video comes so many milliseconds late. */
  static async start(folder, { delay = 0 } = {}) {
    const origin = new Origin();
    const port = await freePort();
    const child = spawn(binary, ['serve', folder, '--listen', `127.0.0.1:${port}`, '--p2p', 'on'], { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (origin.#log += text));
    origin.#child = child;
    origin.#proxy = new Proxy(port);
    origin.base = `http://127.0.0.1:${await origin.#proxy.listen()}`;
    const type = { 'content-type': 'text/javascript' };
    for (const [path, file] of Object.entries(SCRIPTS)) origin.#answer(path, readFileSync(join(root, file), 'utf8'), type);
    origin.#answer('/favicon.ico', '');
    // Hashing takes a moment, and no arm may begin while the server is busy with another's index.
    await until('the server has the index', () => {
      if (child.exitCode !== null) throw new Error(`the server ended with code ${child.exitCode}:\n${origin.#log}`);
      return fetch(`http://127.0.0.1:${port}/${MASTER}.shoal/index.json`).then((answer) => answer.ok, () => false);
    });
    if (delay > 0) origin.#proxy.faults.push({ match: /\.(m4s|mp4|m3u8)$|\.shoal\//, delay });
    return origin;
  }

  /** Puts a page at a path, and gives its address. */
  page(path, html) {
    this.#answer(path, html, { 'content-type': 'text/html' });
    return `${this.base}${path}`;
  }

  /** What has been sent so far. Bytes that the kernel has taken count as sent, whatever the viewer did with them. */
  ledger(media) {
    const bytes = Object.fromEntries(KINDS.map(([kind]) => [kind, 0]));
    const segments = new Map();
    let refused = 0;
    for (const { path, status, bytes: sent } of this.#proxy.answers) {
      const kind = KINDS.find(([, match]) => match.test(path.split('?')[0]))?.[0];
      if (kind === undefined) continue;
      bytes[kind] += sent;
      if (status >= 400) refused += 1;
      if (kind !== 'segment' || sent === 0) continue;
      const seq = Number(/(\d+)\.m4s/.exec(path)[1]);
      segments.set(seq, (segments.get(seq) ?? 0) + 1);
    }
    const size = [...segments.keys()].reduce((sum, seq) => sum + media.segments[seq].bytes, 0);
    const requests = [...segments.values()].reduce((sum, count) => sum + count, 0);
    return {
      video: Object.values(bytes).reduce((sum, each) => sum + each, 0),
      bytes,
      segments: segments.size,
      requestsPerSegment: requests / segments.size,
      copiesPerSegment: bytes.segment / size,
      refused,
    };
  }

  async stop() {
    await this.#proxy.close();
    if (this.#child.exitCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    const late = setTimeout(() => this.#child.kill('SIGKILL'), 5000);
    await gone;
    clearTimeout(late);
  }

  #answer(path, body, headers = {}) {
    this.#proxy.faults.push({ match: new RegExp(`^${path.replaceAll('.', '\\.')}$`), body, headers });
  }
}

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
