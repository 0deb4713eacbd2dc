// Two nodes of `shoal serve` with a Redis, behind nginx as our example sets it up, behind the counting proxy.
import { spawn, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Origin, binary, freePort, media } from './origin.mjs';
import { until } from './wait.mjs';

const example = fileURLToPath(new URL('../../../deploy/nginx-nodes.conf', import.meta.url));

/** The program that is missing, if one is. */
export const missing = ['redis-server', 'nginx'].find((program) => spawnSync(program, ['-v']).error !== undefined);

export class Nodes extends Origin {
  /** Starts it all; it ends with the test. */
  static async start(t) {
    const folder = await mkdtemp(join(tmpdir(), 'shoal-nodes-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    const [redisPort, front, plain] = [await freePort(), await freePort(), await freePort()];
    const redis = new Program(t, 'redis-server', ['--port', redisPort, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder]);
    await redis.listens(redisPort);
    const nodes = [];
    for (const name of ['a', 'b']) {
      const node = { port: await freePort(), metrics: await freePort() };
      const file = join(folder, `${name}.toml`);
      await writeFile(
        file,
        `listen = "127.0.0.1:${node.port}"\n[site]\np2p = "on"\n[http]\ntrusted_proxies = ["127.0.0.1"]\n` +
          `[metrics]\nlisten = "127.0.0.1:${node.metrics}"\n[redis]\nurl = "redis://127.0.0.1:${redisPort}"\n`,
      );
      node.program = new Program(t, binary, ['serve', media, '--config', file]);
      await node.program.listens(node.port);
      nodes.push(node);
    }
    const proxy = join(folder, 'nginx');
    await mkdir(proxy);
    await writeFile(join(proxy, 'nginx.conf'), await configuration(proxy, nodes, front, plain));
    const nginx = new Program(t, 'nginx', ['-c', join(proxy, 'nginx.conf'), '-p', proxy]);
    await nginx.listens(front);
    const site = new Nodes(nginx.child, front);
    Object.assign(site, { folder: media, nodes, redis });
    t.after(() => site.close());
    site.base = `http://127.0.0.1:${await site.listen()}`;
    site.faults.push({ match: /^\/favicon\.ico$/, status: 204 });
    await until('both have the index', async () => {
      const answers = await Promise.all(nodes.map(({ port }) => fetch(`http://127.0.0.1:${port}/360p.m3u8.shoal/index.json`)));
      return answers.every(({ status }) => status === 200);
    });
    return site;
  }

  /** The node that the viewers' tracker sockets are at. */
  async tracking() {
    const counts = await Promise.all(this.nodes.map(({ metrics }) => figure(metrics, 'shoal_tracker_sockets')));
    const there = this.nodes.filter((_, n) => counts[n] > 0);
    if (there.length !== 1) throw new Error(`one swarm is at ${there.length} nodes: ${counts}`);
    return there[0];
  }
}

/** A program that ends with the test. */
class Program {
  child;
  log = '';

  constructor(t, file, words) {
    this.child = spawn(file, words, { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.child.stdout, this.child.stderr]) stream.on('data', (text) => (this.log += text));
    t.after(() => this.kill());
  }

  /** Without a chance to say goodbye. */
  kill() {
    this.child.kill('SIGKILL');
  }

  listens(port) {
    return until(`${this.child.spawnfile} listens`, () => {
      if (this.child.exitCode !== null) throw new Error(`it ended with code ${this.child.exitCode}:\n${this.log}`);
      return new Promise((resolve) => {
        const socket = connect(port, '127.0.0.1', () => resolve(true));
        socket.on('error', () => resolve(false));
        socket.on('connect', () => socket.destroy());
      });
    });
  }
}

/** A figure of a node. */
export async function figure(metrics, name) {
  const page = await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(page)?.[1]);
}

/** The example as it stands, with other ports, and without TLS. */
async function configuration(folder, [a, b], port, plain) {
  const lines = (await readFile(example, 'utf8')).split('\n').filter((line) => !/ssl_certificate|\[::\]/.test(line));
  const http = lines
    .join('\n')
    .replaceAll('10.0.0.11:8080', `127.0.0.1:${a.port}`)
    .replaceAll('10.0.0.12:8080', `127.0.0.1:${b.port}`)
    .replaceAll('listen 443 ssl http2', `listen 127.0.0.1:${port}`)
    .replaceAll('listen 80', `listen 127.0.0.1:${plain}`)
    .replaceAll('/var/log/nginx', folder);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`);
  return `pid ${folder}/pid;\nerror_log ${folder}/errors;\ndaemon off;\nmaster_process off;\nevents {}\nhttp {\n${temporary.join('\n')}\n${http}}\n`;
}
