// Looks that every test that docs/privacy-checklist.md names is there: a claim whose test has gone is no longer proven.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail, root, say } from './run.mjs';

const list = readFileSync(join(root, 'docs', 'privacy-checklist.md'), 'utf8');
const named = [...list.matchAll(/`([\w/.-]+\.(?:mjs|rs)): ([^`]+)`/g)];
const claims = list.split('\n').filter((line) => /^\| \d+ \|/.test(line));

const missing = named.filter(([, file, name]) => {
  let text;
  try {
    text = readFileSync(join(root, file), 'utf8');
  } catch {
    return true;
  }
  // A test's name may begin or end with what a loop puts in.
  return file.endsWith('.rs') ? !text.includes(`fn ${name}(`) : !text.includes(name);
});
for (const [, file, name] of missing) say(`checklist: ${file} has no test “${name}”`);
for (const line of claims.filter((line) => !/`[\w/.-]+\.(mjs|rs): /.test(line))) say(`checklist: no test is named: ${line}`);
if (missing.length > 0 || claims.length === 0) fail('docs/privacy-checklist.md names tests that are not there.');
say(`checklist: ${claims.length} claims, ${named.length} tests`);
