// Builds the WebAssembly half into pkg/: `node scripts/wasm.mjs [--force]`.
//
// wasm-pack, wasm-bindgen and wasm-opt are the project's own, from target/tools/bin and
// node_modules: a distribution's wasm-opt can be old enough to write modules that load and do not
// run. Nothing is built when nothing has changed since the last time.

import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { shortenImports } from './imports.mjs';
import { fail, must, root, say, tools } from './run.mjs';

const target = resolve(root, process.env.CARGO_TARGET_DIR ?? 'target');
const modules = join(root, 'node_modules', '.bin');
const outputs = ['shoal.js', 'shoal.d.ts', 'shoal_bg.wasm', 'shoal_bg.wasm.d.ts'].map((name) => join(root, 'pkg', name));
const stamp = join(root, 'pkg', '.sources');
const sources = ['Cargo.toml', 'Cargo.lock', 'src', 'crates/engine', 'crates/wire', 'scripts/imports.mjs', 'scripts/wasm.mjs'];

const now = String(Math.max(...sources.map((path) => newest(join(root, path)))));
if (!process.argv.includes('--force') && isFresh()) {
  say('wasm: pkg/ is up to date');
} else {
  await build();
  writeFileSync(stamp, now);
}
for (const path of outputs.filter((path) => /\.(wasm|js)$/.test(path))) {
  const { plain, brotli } = weigh(path);
  say(`wasm: ${path.slice(root.length + 1)} has ${plain} bytes, ${brotli} in brotli`);
}

/** The newest modification time at or below a path, in milliseconds. */
function newest(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(0, ...readdirSync(path).map((name) => newest(join(path, name))));
}

/** Whether pkg/ was made of the sources as they are. */
function isFresh() {
  return [...outputs, stamp].every((path) => existsSync(path)) && readFileSync(stamp, 'utf8') === now;
}

async function build() {
  if (!existsSync(join(tools, 'wasm-pack'))) {
    fail('wasm-pack is missing. Run "node scripts/setup.mjs wasm" first.');
  }
  if (!existsSync(join(modules, 'wasm-opt'))) {
    fail('binaryen is missing from node_modules. Run "npm ci" first.');
  }
  say('wasm: building pkg/');
  const words = ['build', '--mode', 'no-install', '--target', 'web', '--out-dir', 'pkg', '--out-name', 'shoal'];
  const settings = [
    // Every viewer loads this, and hashing is all that must be quick: at "z" a piece takes twice as long.
    'profile.release.opt-level="z"',
    'profile.release.package.sha2.opt-level=3',
    // Where it was built is nobody's affair, and the same source gives the same bytes anywhere. SHA-256 in a loop
    // is a kilobyte less than unrolled, and makes 104 MB/s instead of 161, where a 20 Mbit/s video wants 2.5.
    `target.wasm32-unknown-unknown.rustflags=${JSON.stringify([
      `--remap-path-prefix=${join(process.env.CARGO_HOME ?? join(homedir(), '.cargo'), 'registry', 'src')}=crates`,
      `--remap-path-prefix=${root}=shoal`,
      '--cfg=sha2_backend_soft="compact"',
    ])}`,
  ];
  await must(
    'The WebAssembly half could not be built; the reason is above.',
    join(tools, 'wasm-pack'),
    // The root package is not among the workspace's default members: those are the native ones.
    [...words, '--no-pack', '--release', '--', '--package', 'shoal', ...settings.flatMap((one) => ['--config', one])],
    { CARGO_TARGET_DIR: target, PATH: [modules, tools, process.env.PATH].join(delimiter) },
  );
  const [script, , binary] = outputs;
  const short = shortenImports(readFileSync(binary), readFileSync(script, 'utf8'));
  writeFileSync(binary, short.wasm);
  writeFileSync(script, short.script);
}

/** Bytes of a file, plain and as a server would compress it. */
function weigh(path) {
  const bytes = readFileSync(path);
  const packed = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
  return { plain: bytes.length, brotli: packed.length };
}
