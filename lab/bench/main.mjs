// Runs the arms in turns and prints a table for each scene. Started by `scripts/bench.mjs`, in a network of its own.
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { dirname, resolve } from 'node:path';
import { say } from '../../scripts/run.mjs';
import { ARMS } from './arms.mjs';
import { processor, stalled } from './figures.mjs';
import { Media } from './media.mjs';
import { armsOf, options } from './options.mjs';
import { run } from './run.mjs';
import { reach } from './scenes.mjs';
import { table } from './table.mjs';

const words = process.argv.slice(2);
const wanted = options(words);
const { scenes, rounds, write } = wanted;
const media = await Media.make(Math.max(...scenes.map((scene) => reach(scene, wanted))));
const runs = [];

for (const scene of scenes) {
  const arms = armsOf(scene, wanted);
  for (let round = 0; round < rounds; round += 1) {
    // Every arm takes every turn, so that a busy moment meets all of them alike.
    for (let turn = 0; turn < arms.length; turn += 1) {
      const arm = arms[(turn + round) % arms.length];
      const one = { round, ...(await run(scene, arm, media, wanted)) };
      runs.push(one);
      say(`bench: ${scene}, round ${round + 1} of ${rounds}, ${ARMS[arm].name}: ${summary(one)}`);
      for (const line of complaints(one)) say(`       ${line}`);
      // A player that has something to say in the console has a fault, whatever its figures are.
      if (arm.startsWith('shoal') && one.viewers.some(({ noise }) => noise.length > 0)) process.exitCode = 1;
    }
  }
}

const command = ['npm run bench --', ...words].join(' ');
const tables = scenes.map((scene) => table(scene, runs.filter(({ scene: other }) => other === scene), wanted));
say(`\n${tables.join('\n')}\n\`${command}\``);
if (write) {
  const path = resolve(write);
  await mkdir(dirname(path), { recursive: true });
  const machine = { processors: cpus().length, model: cpus()[0]?.model, node: process.version };
  await writeFile(path, `${JSON.stringify({ command, machine, options: wanted, runs }, null, 1)}\n`);
}

function summary(one) {
  const { origin, viewers, load } = one;
  const stalls = viewers.reduce((sum, each) => sum + each.stalls.length, 0);
  const seconds = viewers.reduce((sum, each) => sum + stalled(each), 0);
  return `origin ${(origin.video / 1e6).toFixed(1)} MB, ${stalls} stalls (${seconds.toFixed(1)} s), CPU ${processor(one).toFixed(0)} s, load ${load.toFixed(1)} before`;
}

/** What makes a run worth less than it looks. */
function complaints({ viewers, origin }) {
  const lines = [];
  for (const [i, { noise, foreign, hitches, firstFrame, visible }] of viewers.entries()) {
    const who = `viewer ${i + 1}`;
    for (const text of new Set(noise)) lines.push(`${who}: the console says "${text.slice(0, 200)}"`);
    if (foreign > 0) lines.push(`${who}: was shown ${foreign} segments that are not the video's`);
    if (hitches > 0) lines.push(`${who}: the decoder was late ${hitches} times; the machine is too slow for this many`);
    if (firstFrame === undefined) lines.push(`${who}: never saw a frame`);
    if (visible !== 'visible') lines.push(`${who}: the page was hidden`);
  }
  if (origin.refused > 0) lines.push(`the origin refused ${origin.refused} requests`);
  return lines;
}
