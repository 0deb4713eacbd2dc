// What the unit tests and the check of them share: how they are compiled and run.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { must, root } from './run.mjs';

const sources = join(root, 'tests', 'unit');

/** Folder of the compiled tests and modules, laid out as the project is. */
export const compiled = join(root, 'target', 'unit');

/** Compiles tests and modules; resolves to the compiled test files. */
export async function compile() {
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  await must('The unit tests do not compile; the lines above say why.', process.execPath, [compiler, '--project', sources]);
  const names = readdirSync(sources).filter((name) => name.endsWith('.test.ts'));
  return names.map((name) => join(compiled, 'tests', 'unit', name.replace(/ts$/, 'js')));
}

/** Words for Node that run test files in one process, with one of its reporters. */
export function words(files, reporter) {
  const support = join(sources, 'support');
  return ['--import', join(support, 'register.mjs'), `--test-reporter=${reporter}`, join(support, 'all.mjs'), ...files];
}
