// `npm run msrv`: everything with the oldest compiler that Cargo.toml promises.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ask, fail, must, root } from './run.mjs';

const [, version] = /^rust-version = "([\d.]+)"$/m.exec(readFileSync(join(root, 'Cargo.toml'), 'utf8')) ?? fail('Cargo.toml has no rust-version.');
if (ask('cargo', `+${version}`, '--version') === undefined) {
  fail(`Rust ${version} is missing: "rustup toolchain install ${version} --profile minimal --target wasm32-unknown-unknown".`);
}
const check = (...words) => must(`Rust ${version} does not build it.`, 'cargo', [`+${version}`, 'check', '--locked', ...words]);
await check('--workspace', '--all-targets');
await check('--package', 'shoal', '--target', 'wasm32-unknown-unknown');
