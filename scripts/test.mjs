// `npm test`: everything that CI runs, in order. Each part is an npm script of its own; the first failure ends it.
import { fail, npm, run, say } from './run.mjs';

const parts = ['lint', 'docs', 'test:native', 'test:unit', 'wasm', 'build', 'size', 'test:wasm', 'test:e2e'];

if ((await run(process.execPath, ['scripts/setup.mjs'])) !== 0) fail('The setup failed; the lines above say why.');

const lines = [];
let failed;
for (const part of parts) {
  say(`\n── ${part}`);
  const began = performance.now();
  const code = await run(...npm('run', '--silent', part));
  lines.push(`${code === 0 ? 'passed' : 'FAILED'}  ${part.padEnd(12)} ${((performance.now() - began) / 1000).toFixed(1)} s`);
  if (code !== 0) {
    failed = part;
    break;
  }
}

say(`\n── summary\n${lines.join('\n')}`);
if (failed) say(`"npm run ${failed}" failed; the parts behind it were not run.`);
say(`${lines.length - (failed ? 1 : 0)} passed, ${failed ? 1 : 0} failed`);
process.exit(failed ? 1 : 0);
