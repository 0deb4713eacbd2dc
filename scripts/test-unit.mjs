// `npm run test:unit`: the tests of www/lib that need no browser, compiled and run by Node's own runner.
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { must, root, run } from './run.mjs';

const compiled = join(root, 'target', 'unit');
rmSync(compiled, { recursive: true, force: true });
const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
await must('The unit tests do not compile; the lines above say why.', process.execPath, [compiler, '--project', 'tests/unit']);

const folder = join(compiled, 'tests', 'unit');
const tests = readdirSync(folder).filter((name) => name.endsWith('.test.js'));
const hooks = join(root, 'tests', 'unit', 'support', 'register.mjs');
const words = ['--import', hooks, '--test', '--test-reporter=dot', ...tests.map((name) => join(folder, name))];
process.exit(await run(process.execPath, words));
