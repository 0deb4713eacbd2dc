// `npm run advisories`: known faults in what we depend on, from RustSec's database and the npm registry's. It needs github.com and a
// registry that answers audits, which a build machine need not have: so `npm test` leaves it out, and whoever releases runs it.
import { fail, must, npm, run, say, which } from './run.mjs';

await must('The setup failed; the lines above say why.', process.execPath, ['scripts/setup.mjs', 'lints']);

const audits = {
  'Cargo.lock': () => run(which('cargo-deny'), ['--workspace', 'check', 'advisories']),
  'package-lock.json': () => run(...npm('audit')),
  'lab/bench/package-lock.json': () => run(...npm('audit', '--prefix', 'lab/bench')),
};

const open = [];
for (const [name, audit] of Object.entries(audits)) {
  say(`\n── ${name}`);
  if ((await audit()) !== 0) open.push(name);
}
if (open.length > 0) fail(`Not known to be free of faults: ${open.join(', ')}. The lines above say what was found, or which database cannot be reached.`);
