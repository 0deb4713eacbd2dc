// The version stands in package.json. `node scripts/version.mjs` looks that Cargo.toml, both lock files and the change log agree with it;
// with `--write`, as `npm version` calls it, they follow.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail, must, root, say } from './run.mjs';

const read = (name) => readFileSync(join(root, name), 'utf8');
const { version } = JSON.parse(read('package.json'));

const CRATES = /(\[workspace\.package\]\nversion = ")([^"]+)(")/;
const UNRELEASED = '## [Unreleased]\n';

if (process.argv.includes('--write')) {
  writeFileSync(join(root, 'Cargo.toml'), read('Cargo.toml').replace(CRATES, `$1${version}$3`));
  await must('Cargo.lock could not follow.', 'cargo', ['update', '--quiet', '--offline', '--workspace']);
  if (!read('CHANGELOG.md').includes(`## [${version}]`)) {
    const heading = `## [${version}] - ${new Date().toISOString().slice(0, 10)}\n`;
    writeFileSync(join(root, 'CHANGELOG.md'), read('CHANGELOG.md').replace(UNRELEASED, `${UNRELEASED}\n${heading}`));
  }
}

const found = {
  'Cargo.toml': CRATES.exec(read('Cargo.toml'))?.[2],
  'Cargo.lock': /name = "shoal"\nversion = "([^"]+)"/.exec(read('Cargo.lock'))?.[1],
  'package-lock.json': JSON.parse(read('package-lock.json')).version,
  'CHANGELOG.md': new RegExp(`^## \\[(${RegExp.escape?.(version) ?? version.replaceAll('.', '\\.')})\\] - \\d{4}-\\d\\d-\\d\\d$`, 'm').exec(read('CHANGELOG.md'))?.[1],
};
const wrong = Object.entries(found).filter(([, other]) => other !== version);
for (const [name, other] of wrong) say(`version: ${name} says ${other ?? 'nothing'}, package.json ${version}`);
if (wrong.length > 0) fail('The version is set by "npm version", in all places at once.');
say(`version: ${version}`);
