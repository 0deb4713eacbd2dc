// `npm run test:unit`: the tests of www/lib that need no browser, compiled and run by Node's own runner.
import { run } from './run.mjs';
import { compile, words } from './unit.mjs';

process.exit(await run(process.execPath, words(await compile(), 'dot')));
