// `npm run test:e2e`: the player in real browsers, against the server's release build, each file of tests in a network
// of its own. The tests mostly wait for video to play, so two files run at a time.
//
//   node scripts/e2e.mjs [FILE…]      all of tests/e2e, or only these files
import { spawn, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { must, root, say } from './run.mjs';

const folder = join('tests', 'e2e');
/** These play longest, and begin: at the end one lane would wait for the other. */
const LONGEST = ['axe', 'fault', 'mirrors', 'notice', 'operator', 'sharing', 'silence'];

const all = () => {
  const names = readdirSync(join(root, folder)).filter((name) => name.endsWith('.test.mjs')).sort();
  const isLong = (name) => LONGEST.includes(name.replace('.test.mjs', ''));
  return [...names.filter(isLong), ...names.filter((name) => !isLong(name))].map((name) => join(folder, name));
};
const queue = process.argv.length > 2 ? process.argv.slice(2) : all();

if (!process.env.SHOAL_BIN) {
  await must('The server does not build; the lines above say why.', 'cargo', ['build', '--quiet', '--release', '-p', 'shoal-server']);
}

// On one network two files would see each other's packets.
const apart = spawnSync(process.execPath, ['scripts/netns.mjs', 'sh', '-c', 'test -n "$SHOAL_NETNS"'], { cwd: root }).status === 0;
const lanes = apart ? Math.min(2, availableParallelism()) : 1;
const sums = new Map();
let failed = 0;

await Promise.all(
  Array.from({ length: lanes }, async () => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) failed += Number(!(await passes(file)));
  }),
);
for (const [name, sum] of sums) say(`ℹ ${name} ${sum}`);
process.exit(failed === 0 ? 0 : 1);

/** Runs one file, and prints what it said when it is through: two at a time would be hard to read. */
function passes(file) {
  const began = performance.now();
  const words = ['scripts/netns.mjs', process.execPath, '--test', '--test-reporter=spec', file];
  const child = spawn(process.execPath, words, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text));
  return new Promise((resolve) => {
    child.on('close', (code) => {
      const told = said.split('\n').filter((line) => !counted(line));
      say(`\n${file} (${((performance.now() - began) / 1000).toFixed(0)} s)\n${told.join('\n').trim()}`);
      resolve(code === 0);
    });
  });
}

/** Adds one of the runner's totals to those of all files. */
function counted(line) {
  const [, name, number] = /^ℹ (tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) ([\d.]+)$/.exec(line) ?? [];
  if (name === undefined) return false;
  if (name !== 'duration_ms' && name !== 'suites') sums.set(name, (sums.get(name) ?? 0) + Number(number));
  return true;
}
