// How soon the first frame is on screen, against plain hls.js in the same run: `node scripts/bench-firstframe.mjs [ROUNDS]`.
//
// Every load is cold, in a browser context of its own; the arms take turns, so that a busy moment meets all of them.
// Prints medians from the start of navigation to the first frame, in milliseconds, and their ratio to plain hls.js.
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root, say } from './run.mjs';
import { media, Origin } from '../tests/e2e/support/origin.mjs';
import { html, Viewer } from '../tests/e2e/support/viewer.mjs';
import { until } from '../tests/e2e/support/wait.mjs';

const rounds = Number(process.argv[2] ?? 10);
const SLOW = 3000; // milliseconds before the WebAssembly file comes

const player = html('<shoal-player src="/360p.m3u8" autoplay muted></shoal-player>');
const plain = `<!doctype html><meta charset="utf-8"><title>plain</title><script src="/hls.min.js"></script>
<video muted autoplay style="width: 640px; height: 360px"></video>
<script>const hls = new Hls(); hls.loadSource('/360p.m3u8'); hls.attachMedia(document.querySelector('video'));</script>`;

const arms = {
  'plain hls.js': { page: plain },
  shoal: { page: player },
  'shoal, p2p off': { page: player.replace('autoplay', 'p2p="off" autoplay') },
  'shoal, Wasm absent': { page: player, fault: { match: /\.wasm$/, status: 404 } },
  'shoal, Wasm slow': { page: player, fault: { match: /\.wasm$/, delay: SLOW } },
};

/** Runs in the page before its scripts: notes the first frame that is shown. */
function noteFirstFrame() {
  const source = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, 'src');
  Object.defineProperty(HTMLMediaElement.prototype, 'src', {
    ...source,
    set(value) {
      this.requestVideoFrameCallback(() => (globalThis.firstFrame ??= performance.now()));
      source.set.call(this, value);
    },
  });
}

/** One cold load; resolves to milliseconds. */
async function load(t, origin, url) {
  const viewer = await Viewer.open(t, origin, { url, instruments: [noteFirstFrame] });
  const time = await until('the first frame', () => viewer.page.evaluate(() => globalThis.firstFrame));
  await viewer.leave();
  return time;
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

test('first frame', async (t) => {
  // Both players come from the same server.
  copyFileSync(join(root, 'node_modules', 'hls.js', 'dist', 'hls.min.js'), join(media, 'hls.min.js'));
  for (const arm of Object.values(arms)) {
    const origin = await Origin.start(t);
    if (arm.fault) origin.faults.unshift(arm.fault);
    Object.assign(arm, { origin, url: origin.page('/first.html', arm.page), times: [] });
  }
  // One load that is not counted, for the disk's sake.
  for (let round = -1; round < rounds; round += 1) {
    for (const arm of Object.values(arms)) {
      const time = await load(t, arm.origin, arm.url);
      if (round >= 0) arm.times.push(time);
    }
  }
  const base = median(arms['plain hls.js'].times);
  for (const [name, { times }] of Object.entries(arms)) {
    const middle = median(times);
    say(`${name.padEnd(20)} median ${middle.toFixed(0).padStart(5)} ms of ${times.length}, ratio ${(middle / base).toFixed(2)}`);
  }
});
