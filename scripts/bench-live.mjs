// What live streams cost `shoal serve`: `node scripts/bench-live.mjs [STREAMS [SECONDS]]`. Each stream of 1 Mbit/s gets a segment every two
// seconds, not all at once. For each new segment a client asks for the playlist, and for the part of the index as soon as that is listed,
// as the first viewer does. Prints the server's share of a core, and how long parts took. Everything is on loopback.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, say } from './run.mjs';

const streams = Number(process.argv[2] ?? 300);
const seconds = Number(process.argv[3] ?? 30);
const SEGMENT = 250_000; // bytes
const EVERY = 2; // seconds
const WINDOW = 5; // segments
const TICKS = 100; // of processor time in a second

const shoal = join(root, 'target/release/shoal');
if (!existsSync(shoal)) throw new Error('build it first: cargo build --release -p shoal-server');
const dir = mkdtempSync(join(tmpdir(), 'shoal-live-'));
const bytes = randomBytes(SEGMENT);
const agent = new Agent({ keepAlive: true, maxSockets: 64 });

/** Adds a segment to a stream, and lists it. */
function grow(stream, n) {
  const folder = join(dir, String(stream));
  bytes.writeUInt32BE(stream, 0);
  bytes.writeUInt32BE(n, 4);
  writeFileSync(join(folder, `s${n}.ts`), bytes);
  const first = Math.max(0, n - WINDOW + 1);
  if (first > 1) unlinkSync(join(folder, `s${first - 2}.ts`));
  let text = `#EXTM3U\n#EXT-X-TARGETDURATION:${EVERY}\n#EXT-X-MEDIA-SEQUENCE:${first}\n`;
  for (let listed = first; listed <= n; listed += 1) text += `#EXTINF:${EVERY},\ns${listed}.ts\n`;
  writeFileSync(join(folder, 'new'), text);
  renameSync(join(folder, 'new'), join(folder, 'p.m3u8'));
}

/** Status and milliseconds of a request. */
const ask = (base, path) =>
  new Promise((resolve, reject) => {
    const begun = performance.now();
    get(`${base}${path}`, { agent }, (answer) => {
      answer.resume();
      answer.on('end', () => resolve({ status: answer.statusCode, took: performance.now() - begun }));
    }).on('error', reject);
  });

/** Seconds of processor that a process has used. */
function used(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

const wait = (time) => new Promise((resolve) => setTimeout(resolve, time));
const share = (list, part) => list.sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(part * list.length))].toFixed(1);

for (let stream = 0; stream < streams; stream += 1) {
  mkdirSync(join(dir, String(stream)));
  grow(stream, 0);
}
const server = spawn(shoal, ['serve', dir, '--listen', '127.0.0.1:0'], {
  stdio: ['ignore', 'pipe', 'ignore'],
  env: { ...process.env, SHOAL_LOG: 'error' },
});
try {
  const line = await new Promise((resolve) => server.stdout.once('data', resolve));
  const base = String(line).trim().replace('/shoal/demo/', '');
  await Promise.all(Array.from({ length: streams }, (_, stream) => ask(base, `/${stream}/p.m3u8.shoal/index.json`)));
  await wait(1000);
  const idle = used(server.pid);
  await wait(5000);
  const resting = (used(server.pid) - idle) / 5;
  const took = [];
  let late = 0;
  const before = used(server.pid);
  const begun = performance.now();
  const pending = [];
  for (let round = 1; round <= seconds / EVERY; round += 1) {
    for (let stream = 0; stream < streams; stream += 1) {
      const due = begun + 1000 * EVERY * (round - 1 + stream / streams);
      if (due > performance.now()) await wait(due - performance.now());
      grow(stream, round);
      const watch = async () => {
        await ask(base, `/${stream}/p.m3u8`);
        const part = await ask(base, `/${stream}/p.m3u8.shoal/0/${round}.bin`);
        took.push(part.took);
        if (part.status !== 200) late += 1;
      };
      pending.push(watch());
    }
  }
  await Promise.all(pending);
  const elapsed = (performance.now() - begun) / 1000;
  const cpu = used(server.pid) - before;
  const memory = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))[1];
  say(`${streams} streams, ${((streams * SEGMENT) / EVERY / 1e6).toFixed(0)} MB/s of new media, ${took.length} segments in ${elapsed.toFixed(0)} s`);
  say(`share of a core: ${(cpu / elapsed).toFixed(3)} growing, ${resting.toFixed(3)} when nothing changes; ${(memory / 1024).toFixed(0)} MiB`);
  say(`part of a segment just listed, ms: p50 ${share(took, 0.5)}, p99 ${share(took, 0.99)}, most ${share(took, 1)}; not there: ${late}`);
} finally {
  server.kill('SIGINT');
  rmSync(dir, { recursive: true });
}
