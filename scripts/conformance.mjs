// `npm run test:conformance`: other people's clients, unmodified, against our tracker: npm's bittorrent-tracker in Node,
// WebTorrent and p2p-media-loader in Chromium, in a network of their own.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { must, root, run } from './run.mjs';

const folder = join('bench', 'conformance');
const files = process.argv.length > 2 ? process.argv.slice(2) : readdirSync(join(root, folder)).filter((name) => name.endsWith('.test.mjs')).sort().map((name) => join(folder, name));

await must('The setup failed; the lines above say why.', process.execPath, ['scripts/setup.mjs', 'modules', 'bench']);
if (!process.env.SHOAL_BIN) {
  await must('The server does not build; the lines above say why.', 'cargo', ['build', '--quiet', '-p', 'shoal-server']);
  process.env.SHOAL_BIN = join(root, 'target', 'debug', 'shoal');
}
const node = [process.execPath, '--import', './bench/conformance/hooks.mjs', '--test', '--test-reporter=spec', '--test-concurrency=1', ...files];
process.exit(await run(process.execPath, ['scripts/netns.mjs', ...node]));
