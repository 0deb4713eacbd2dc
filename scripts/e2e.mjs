// `npm run test:e2e`: the player in real browsers, against the server's release build, in a network of its own.
//
//   node scripts/e2e.mjs [FILE…]      all of tests/e2e, or only these files
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { must, root, run } from './run.mjs';

const folder = join('tests', 'e2e');
const all = () => readdirSync(join(root, folder)).filter((name) => name.endsWith('.test.mjs')).sort().map((name) => join(folder, name));
const files = process.argv.length > 2 ? process.argv.slice(2) : all();

if (!process.env.SHOAL_BIN) {
  await must('The server does not build; the lines above say why.', 'cargo', ['build', '--quiet', '--release', '-p', 'shoal-server']);
}
const node = [process.execPath, '--test', '--test-reporter=spec', '--test-concurrency=1', ...files];
process.exit(await run(process.execPath, ['scripts/netns.mjs', ...node]));
