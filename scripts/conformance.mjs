// `npm run test:conformance`: other people's clients, unmodified, against our tracker: npm's bittorrent-tracker in Node,
// WebTorrent and p2p-media-loader in Chromium, in a network of their own.
//
// `npm run test:conformance -- --upstream [FOLDER]`: the tests of bittorrent-tracker's own repository for WebSockets, unmodified,
// against our tracker. FOLDER is a checkout; without one, the version in lab/bench/package-lock.json is fetched from GitHub.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fail, must, root, run } from './run.mjs';

const REPOSITORY = 'https://github.com/webtorrent/bittorrent-tracker.git';

const folder = join('lab', 'bench', 'conformance');
const words = process.argv.slice(2);
const tests = readdirSync(join(root, folder)).filter((name) => name.endsWith('.test.mjs')).sort();
const files = words.length > 0 ? words : tests.map((name) => join(folder, name));

await must('The setup failed; the lines above say why.', process.execPath, ['scripts/setup.mjs', 'modules', 'bench']);
if (!process.env.SHOAL_BIN) {
  await must('The server does not build; the lines above say why.', 'cargo', ['build', '--quiet', '-p', 'shoal-server']);
  process.env.SHOAL_BIN = join(root, 'target', 'debug', 'shoal');
}
const node =
  words[0] === '--upstream'
    ? [process.execPath, join(folder, 'upstream.mjs'), words[1] ?? (await checkout())]
    : [process.execPath, '--import', './lab/bench/conformance/hooks.mjs', '--test', '--test-reporter=spec', '--test-concurrency=1', ...files];
process.exit(await run(process.execPath, ['scripts/netns.mjs', ...node]));

/** The sources of the version that we compare ourselves with. */
async function checkout() {
  const lock = JSON.parse(readFileSync(join(root, 'lab', 'bench', 'package-lock.json'), 'utf8'));
  const { version } = lock.packages['node_modules/bittorrent-tracker'];
  const path = join(root, 'target', 'upstream', `bittorrent-tracker-${version}`);
  if (!existsSync(join(path, 'test'))) {
    const code = await run('git', ['clone', '--quiet', '--depth=1', '--branch', `v${version}`, REPOSITORY, path]);
    if (code !== 0) fail(`GitHub cannot be reached: give a checkout of ${REPOSITORY} at v${version} behind --upstream.`);
  }
  return path;
}
