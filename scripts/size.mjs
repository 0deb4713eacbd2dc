// `npm run size`: what the player weighs beside hls.js and media-chrome, as a server would compress it.
//
// The build is made once more with the two left out; the WebAssembly file is taken as it lies in
// dist/. More than the budget fails. Raise it only in the change that needs it.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import webpack from 'webpack';
import configurations from '../webpack.config.js';
import { fail, root, say } from './run.mjs';

/** Bytes in brotli, in all. */
const BUDGET = 118 * 1024;

const binary = readdirSync(join(root, 'dist'), { withFileTypes: true }).find(({ name }) => name.endsWith('.wasm'));
if (binary === undefined) fail('dist/ has no WebAssembly file. Run "npm run build" first.');

const folder = mkdtempSync(join(tmpdir(), 'shoal-size-'));
try {
  await bundle(folder);
  const parts = {
    WebAssembly: weigh(join(root, 'dist', binary.name)),
    JavaScript: readdirSync(folder).filter((name) => name.endsWith('.mjs')).reduce((sum, name) => sum + weigh(join(folder, name)), 0),
  };
  const whole = Object.values(parts).reduce((sum, bytes) => sum + bytes, 0);
  for (const [name, bytes] of Object.entries({ ...parts, 'in all': whole, budget: BUDGET })) {
    say(`${name.padEnd(12)} ${String(bytes).padStart(7)} bytes in brotli`);
  }
  if (whole > BUDGET) fail(`The player is ${whole - BUDGET} bytes over its budget.`);
} finally {
  rmSync(folder, { recursive: true });
}

/** The module build without the two libraries. */
function bundle(path) {
  const { dependencies, ...module } = configurations().find(({ name }) => name === 'module');
  const externals = [({ request }, done) => (/^(hls\.js|media-chrome)(\/|$)/.test(request) ? done(null, `module ${request}`) : done())];
  return new Promise((resolve, reject) => {
    webpack({ ...module, externals, output: { ...module.output, path } }, (error, stats) => {
      if (error ?? stats.hasErrors()) reject(error ?? new Error(stats.toString('errors-only')));
      else resolve();
    });
  });
}

/** Bytes of a file in brotli at its best. */
function weigh(path) {
  return brotliCompressSync(readFileSync(path), { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;
}
