// Looks that nothing that ships needs the laboratory: no package outside lab/ depends on one inside it, for its tests neither, and no
// source file outside reaches for a file of it.
import { readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { ask, fail, root, say } from './run.mjs';

const LAB = `lab${sep}`;
const PRODUCT = ['crates', 'src', 'www'];

const metadata = ask('cargo', 'metadata', '--no-deps', '--format-version=1') ?? fail('cargo reads no manifest; "cargo metadata" says why.');
const within = (path) => relative(root, path).startsWith(LAB);
const packages = JSON.parse(metadata).packages;
const product = packages.filter((it) => !within(it.manifest_path));

const arrows = product.flatMap((it) =>
  it.dependencies.filter(({ path }) => path && within(path)).map(({ name }) => `${relative(root, it.manifest_path)} depends on ${name}`),
);
for (const file of ask('git', 'ls-files', ...PRODUCT)?.split('\n') ?? []) {
  if (/\.(rs|ts|toml)$/.test(file) && /(?:"|'|\/)lab\//.test(readFileSync(join(root, file), 'utf8'))) arrows.push(`${file} reaches into lab/`);
}

for (const arrow of arrows) say(`layers: ${arrow}`);
if (arrows.length > 0) fail('What ships must not need the laboratory: move what both need into crates/.');
say(`layers: ${product.length} packages ship, ${packages.length - product.length} are the laboratory's`);
