// `node lab/bench/conformance/upstream.mjs FOLDER`: every test of a checkout of bittorrent-tracker that is about WebSockets and can be
// held against another server, unmodified, against ours. Ends with the tally.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** How long one file may take. */
const PATIENCE = 60_000;

const upstream = resolve(process.argv[2]);
const hooks = fileURLToPath(new URL('upstream/hooks.mjs', import.meta.url));
const files = readdirSync(join(upstream, 'test')).filter((name) => name.endsWith('.js') && name !== 'common.js').sort();

let [passed, failed, skipped] = [0, 0, 0];
for (const file of files) {
  const child = spawn(process.execPath, ['--import', hooks, join(upstream, 'test', file)], {
    env: { ...process.env, UPSTREAM: upstream },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk) => (text += chunk));
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
  const [code] = await once(child, 'close');
  clearTimeout(timer);
  tally(text);
  if (code !== 0) {
    failed += 1;
    console.log(`${text}\n${file} ended with ${code ?? 'no answer within a minute'}`);
  }
}
console.log(`${passed} tests pass, ${failed} fail; ${skipped} need upstream's own server.`);
// Nothing to hold against ours is a mistake in the call, or tests that have moved.
process.exit(failed > 0 || passed === 0 ? 1 : 0);

/** Counts tests, each of which is a comment in what tape prints, with its assertions behind. */
function tally(text) {
  let name;
  let fine = true;
  const end = () => {
    if (name === undefined) return;
    if (fine) passed += 1;
    else failed += 1;
    console.log(`${fine ? 'ok  ' : 'FAIL'} ${name}`);
  };
  for (const line of text.split('\n')) {
    const skip = line.match(/^# SKIP (.*)/);
    const begun = line.match(/^# (?!tests |pass |fail |ok)(.+)/);
    if (skip) {
      skipped += 1;
      console.log(`skip ${skip[1]}`);
    } else if (begun) {
      end();
      [name, fine] = [begun[1], true];
    } else if (line.startsWith('not ok')) {
      fine = false;
    }
  }
  end();
}
