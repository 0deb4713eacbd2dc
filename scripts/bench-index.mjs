// How fast `shoal index` is: `node scripts/bench-index.mjs [MEGABYTES]`. Makes a folder of videos, and takes the time with one thread and
// with one for each core, of a second run, of one after a change, and of one after a run that was broken off. The files are in the page
// cache: a disk that is slower than hashing sets the pace instead.
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, say } from './run.mjs';

const megabytes = Number(process.argv[2] ?? 512);
const shoal = join(root, 'target/release/shoal');
const SEGMENT = 2 ** 20; // bytes: four seconds of 2 Mbit/s
const VIDEOS = 4;

if (!existsSync(shoal)) throw new Error('build it first: cargo build --release -p shoal-server');
const dir = mkdtempSync(join(tmpdir(), 'shoal-index-'));
const cache = join(dir, '.shoal');

/** Fills the folder: every segment has other bytes. */
function fill() {
  const block = randomBytes(SEGMENT);
  const count = Math.ceil(megabytes / VIDEOS);
  for (let video = 0; video < VIDEOS; video += 1) {
    const folder = join(dir, `video${video}`);
    mkdirSync(folder);
    let playlist = '#EXTM3U\n#EXT-X-TARGETDURATION:4\n';
    for (let n = 0; n < count; n += 1) {
      block.writeUInt32BE(video * count + n);
      writeFileSync(join(folder, `s${n}.ts`), block);
      playlist += `#EXTINF:4,\ns${n}.ts\n`;
    }
    writeFileSync(join(folder, 'p.m3u8'), `${playlist}#EXT-X-ENDLIST\n`);
  }
  return count * VIDEOS;
}

const args = ['index', dir, '--quiet', '--tracker', 'wss://tracker.example'];

/** Seconds that a run takes. */
function run(...more) {
  const begun = performance.now();
  const done = spawnSync(shoal, [...args, ...more], { stdio: ['ignore', 'ignore', 'inherit'] });
  if (done.status !== 0) throw new Error(`shoal index ended with ${done.status}`);
  return (performance.now() - begun) / 1000;
}

/** Bytes of digests that are kept. */
const kept = () =>
  existsSync(cache) ? readdirSync(cache).reduce((sum, file) => sum + statSync(join(cache, file)).size, 0) : 0;

/** Breaks a run off when about half is hashed. Returns how much of all was. */
async function breakOff(whole) {
  rmSync(cache, { recursive: true });
  const child = spawn(shoal, args, { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.on('exit', resolve));
  while (kept() < whole / 2 && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 5));
  child.kill('SIGKILL');
  await ended;
  return kept() / whole;
}

try {
  const all = fill();
  const row = (what, seconds, read) =>
    say(`| ${what} | ${seconds.toFixed(2)} | ${read ? Math.round(read / seconds) : ''} |`);
  run('--no-cache'); // Into the page cache.
  say(`${all} MiB in ${VIDEOS} videos, segments of 1 MiB\n\n| Run | s | MiB/s |\n|---|--:|--:|`);
  row('one thread', run('--no-cache', '--threads', '1'), all);
  row(`${availableParallelism()} threads`, run('--no-cache'), all);
  row(`${availableParallelism()} threads, digests kept`, run(), all);
  row('again, nothing changed', run());
  writeFileSync(join(dir, 'video0/s1.ts'), randomBytes(SEGMENT));
  row('again, one segment changed', run());
  const share = await breakOff(kept());
  row(`after one broken off at ${Math.round(100 * share)} %`, run(), all * (1 - share));
} finally {
  rmSync(dir, { recursive: true });
}
