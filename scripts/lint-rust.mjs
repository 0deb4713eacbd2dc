// `npm run lint:rust`: formatting, clippy over every target and every set of features that is built somewhere, and what may be depended
// on. The minimum Rust version is held by clippy as far as the standard library goes; `npm run msrv` asks the compiler itself.
import { fail, run, say, which } from './run.mjs';

const wasm = ['--target', 'wasm32-unknown-unknown'];
const clippy = (...words) => ['clippy', '--quiet', ...words, '--', '-D', 'warnings'];

/** What is linted, and the words behind `cargo`. */
const steps = {
  formatting: ['fmt', '--all', '--check'],
  'everything, natively': clippy('--workspace', '--all-targets'),
  'the server without buckets': clippy('--package', 'shoal-server', '--no-default-features', '--features', 'net'),
  'the tracker alone': clippy('--package', 'shoal-server', '--no-default-features'),
  'the browser half': clippy('--package', 'shoal', ...wasm, '--all-targets', '--features', '_internal'),
  'the browser half without its panic hook': clippy('--package', 'shoal', ...wasm, '--no-default-features'),
  'engine and wire in WebAssembly': clippy('--package', 'shoal-engine', '--package', 'shoal-wire', ...wasm, '--tests'),
  // They are run by `cargo +nightly fuzz`.
  'the fuzz targets': clippy('--package', 'shoal-fuzz', '--bins', '--features', 'libfuzzer'),
  'licences and sources of dependencies': ['deny', '--workspace', '--offline', '--log-level', 'error', 'check', 'licenses', 'bans', 'sources'],
};

for (const [name, words] of Object.entries(steps)) {
  const began = performance.now();
  const code = await (words[0] === 'deny' ? run(which('cargo-deny') ?? 'cargo-deny', words.slice(1)) : run('cargo', words));
  if (code !== 0) fail(`Lint of ${name} failed: cargo ${words.join(' ')}`);
  say(`lint: ${name} (${((performance.now() - began) / 1000).toFixed(0)} s)`);
}
