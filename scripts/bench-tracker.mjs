// `npm run bench:tracker -- [OPTIONS]`: our tracker beside others, with the same ten thousand viewers. `--help` lists the options.
//
// Each tracker runs on the first core of this machine and the viewers on the second, one tracker after another, in rounds, so
// that a busy moment meets all of them. Ours has all its limits on. Every viewer has a loopback address of its own, as
// viewers have in the world: otherwise limits by address would see one home with ten thousand people.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fail, must, root, say, which } from './run.mjs';

const usage = `npm run bench:tracker -- [OPTIONS]

  --viewers N     viewers that are connected (10000)
  --announces N   announces of a saturated run; three for each viewer stay within our limits (30000)
  --rounds R      rounds; every tracker runs once in each, in turns (3)
  --only A,B      trackers whose names begin so
  --write FILE    write every figure of every run as JSON
  --help          this text

WT_TRACKER names a checkout of github.com/Novage/wt-tracker. aquatic_ws is looked for in target/rivals/bin.`;

const options = read(process.argv.slice(2));
if (process.platform !== 'linux' || !which('taskset')) fail('This benchmark needs Linux and taskset (package util-linux).');

await must('The setup failed; the lines above say why.', process.execPath, ['scripts/setup.mjs', 'modules', 'rivals']);
await must('The programs do not build; the lines above say why.', 'cargo', ['build', '--quiet', '--release', '-p', 'shoal-load', '-p', 'shoal-server']);
const { rivals } = await import('../lab/bench/trackers/rivals.mjs');
const { report } = await import('../lab/bench/trackers/report.mjs');
const { switchOff } = await import('../lab/bench/trackers/switch.mjs');

const LOADS = {
  swarms: ['--swarms', '100', 'saturated', '--announces', String(options.announces)],
  swarm: ['--swarms', '1', 'saturated', '--announces', String(options.announces)],
  open: ['--swarms', '100', 'open', '--rate', '150', '--seconds', '15'],
};

const scratch = mkdtempSync(join(tmpdir(), 'shoal-bench-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

const all = await rivals(scratch);
const wanted = all.filter(({ name }) => options.only === undefined || options.only.some((it) => name.startsWith(it)));
for (const { name, missing } of wanted) if (missing) say(`${name} is left out: ${missing}.`);
const there = wanted.filter(({ missing }) => !missing);
const runs = [];
for (let round = 1; round <= options.rounds; round += 1) {
  for (const [load, words] of Object.entries(LOADS)) {
    for (const { name, start } of there) {
      const port = await freePort();
      const figures = await measure(start(port), port, words).catch((error) => ({ error: error.message }));
      const told = figures.error ?? `${figures.rate.toFixed(0)} announces/s, ${figures.cpu.toFixed(0)} µs each`;
      say(`round ${round}, ${load}, ${name}: ${told}`);
      runs.push({ round, load, name, ...figures });
    }
  }
}
const off = there.some(({ name }) => name === 'shoal') ? await switchOff({ pinned, generate, freePort, listening, scratch }) : undefined;
if (options.write) writeFileSync(options.write, JSON.stringify({ options, runs, off }));
say(`\n${report(wanted, runs, off, options)}`);

/** One run against one tracker. */
async function measure(command, port, words) {
  const tracker = pinned(0, command);
  try {
    await listening(port, tracker);
    return await generate(port, '/', tracker.pid, words);
  } finally {
    const ended = new Promise((resolve) => tracker.once('exit', resolve));
    if (tracker.exitCode === null && tracker.signalCode === null) {
      tracker.kill('SIGKILL');
      await ended;
    }
  }
}

/** The figures of the generator. */
async function generate(port, path, pid, words) {
  const program = join(root, 'target', 'release', 'shoal-load');
  const own = ['--json', '--viewers', String(options.viewers), '--pid', String(pid)];
  const generator = pinned(1, [program, `ws://127.0.0.1:${port}${path}`, ...own, ...words], ['ignore', 'pipe', 'pipe']);
  const texts = ['', ''];
  [generator.stdout, generator.stderr].forEach((stream, i) => stream.on('data', (chunk) => (texts[i] += chunk)));
  const code = await new Promise((resolve) => generator.once('close', resolve));
  if (code !== 0) throw new Error(texts[1].trim().split('\n')[0] || `the generator ended with ${code}`);
  return JSON.parse(texts[0]);
}

/** A program on one core, with as many files as it may have. It becomes the program, so that its id is the program's. */
function pinned(core, command, stdio = ['ignore', 'ignore', 'ignore']) {
  return spawn('sh', ['-c', 'ulimit -n "$(ulimit -H -n)"; exec taskset -c "$0" "$@"', String(core), ...command], { cwd: root, stdio });
}

/** Waits until somebody listens at a port. */
async function listening(port, child) {
  for (let tries = 0; tries < 200; tries += 1) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('it does not start');
    const open = await new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false));
      socket.unref();
      socket.once('connect', () => socket.destroy());
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('it does not listen');
}

/** A port that is free now. */
async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function read(words) {
  const whole = { type: 'string' };
  try {
    const { values } = parseArgs({
      args: words,
      options: { viewers: whole, announces: whole, rounds: whole, only: whole, write: whole, help: { type: 'boolean' } },
    });
    if (values.help) {
      process.stdout.write(`${usage}\n`);
      process.exit(0);
    }
    const number = (name, usual, most) => {
      const found = Number(values[name] ?? usual);
      if (!Number.isInteger(found) || found < 1 || found > most) fail(`--${name} must be a number from 1 to ${most}.`);
      return found;
    };
    return {
      viewers: number('viewers', 10_000, 60_000),
      announces: number('announces', 30_000, 10_000_000),
      rounds: number('rounds', 3, 100),
      only: values.only?.split(','),
      write: values.write,
    };
  } catch (error) {
    return fail(`${error.message}\n\n${usage}`);
  }
}
