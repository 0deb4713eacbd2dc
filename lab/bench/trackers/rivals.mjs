// The trackers that are compared: how each is started, or why it cannot be had.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ask, root } from '../../../scripts/run.mjs';
import { compile, configuration } from './wt.mjs';

const AQUATIC = '0.9.0';
const aquaticRoot = join(root, 'target', 'rivals');

/** Each has a name, and `start`, which gives a command for a port, or `missing`, which says why there is none. */
export async function rivals(scratch) {
  return [ours(), await wt(scratch), aquatic(scratch), bittorrent()];
}

function ours() {
  const shoal = process.env.SHOAL_BIN ?? join(root, 'target', 'release', 'shoal');
  return { name: 'shoal', start: (port) => [shoal, 'track', '--open', '--listen', `127.0.0.1:${port}`] };
}

async function wt(scratch) {
  const checkout = process.env.WT_TRACKER;
  const name = 'wt-tracker';
  if (!checkout) {
    return { name, missing: 'it is not in npm; give a checkout of github.com/Novage/wt-tracker as WT_TRACKER' };
  }
  const program = compile(checkout, join(root, 'lab', 'bench', 'node_modules', '.wt-tracker'));
  const version = ask('git', '-C', checkout, 'rev-parse', '--short', 'HEAD') ?? '';
  return {
    name: `${name} ${version}`.trim(),
    start(port) {
      const file = join(scratch, `wt-${port}.json`);
      writeFileSync(file, JSON.stringify(configuration(port)));
      return [process.execPath, program, file];
    },
  };
}

function aquatic(scratch) {
  const program = join(aquaticRoot, 'bin', 'aquatic_ws');
  const name = `aquatic_ws ${AQUATIC}`;
  if (!existsSync(program)) {
    return { name, missing: `run "cargo install aquatic_ws --version ${AQUATIC} --root target/rivals" first (a quarter of an hour)` };
  }
  return {
    name,
    start(port) {
      const file = join(scratch, `aquatic-${port}.toml`);
      writeFileSync(file, `log_level = "error"\n[network]\naddress = "127.0.0.1:${port}"\n`);
      return [program, '-c', file];
    },
  };
}

function bittorrent() {
  const { version } = JSON.parse(readFileSync(join(root, 'lab', 'bench', 'node_modules', 'bittorrent-tracker', 'package.json'), 'utf8'));
  return {
    name: `bittorrent-tracker ${version}`,
    start: (port) => [process.execPath, join(root, 'lab', 'bench', 'trackers', 'bittorrent.mjs'), String(port)],
  };
}
