// `npm run bench -- [vod|live|shaped] [OPTIONS]`: real viewers in Chromium, with Shoal, with p2p-media-loader and with plain
// hls.js, in turns. `--help` lists the options; what is in lab/bench/ does the work, in a network of its own.
import { options } from '../lab/bench/options.mjs';
import { must, npm, run } from './run.mjs';

const words = process.argv.slice(2);
options(words);

await must('The setup failed; the lines above say why.', process.execPath, ['scripts/setup.mjs', 'modules', 'bench']);
if (!process.env.SHOAL_BIN) {
  await must('The setup failed; the lines above say why.', process.execPath, ['scripts/setup.mjs', 'wasm']);
  for (const part of ['wasm', 'build']) await must(`"npm run ${part}" failed; the lines above say why.`, ...npm('run', '--silent', part));
  await must('The server does not build; the lines above say why.', 'cargo', ['build', '--quiet', '--release', '-p', 'shoal-server']);
}
process.exit(await run(process.execPath, ['scripts/netns.mjs', process.execPath, 'lab/bench/main.mjs', ...words]));
