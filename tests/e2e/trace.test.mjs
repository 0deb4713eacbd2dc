import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Origin } from './support/origin.mjs';
import { Viewer } from './support/viewer.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Lives a recording again, and gives what is printed. */
async function replay(t, recording) {
  const folder = await mkdtemp(join(tmpdir(), 'shoal-trace-'));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, 'trace');
  await writeFile(file, recording);
  const words = ['run', '--quiet', '-p', 'shoal-sim', '--', 'replay', file];
  const { status, stdout, stderr } = spawnSync('cargo', words, { cwd: root, encoding: 'utf8' });
  assert.equal(status, 0, `${stdout}\n${stderr}`);
  return stdout;
}

test('what a viewer recorded in the browser happens again natively, and names nobody', async (t) => {
  const origin = await Origin.start(t);
  const early = await Viewer.watch(t, origin);
  await early.plays(3);
  const recording = () => (globalThis.shoal = { trace: true });
  const late = await Viewer.watch(t, origin, { instruments: [recording] });
  await late.has('bytes come from the other viewer', ({ peerBytes }) => peerBytes > 0);
  await late.plays(4);
  await late.seek(50);
  await late.plays(2);
  const { bytes, stats } = await late.ask((player) => ({ bytes: Array.from(player.trace()), stats: player.stats() }));
  assert.equal(await early.ask((player) => player.trace() === undefined), true, 'nothing is recorded unasked');
  await late.sawNothingWrong();
  // The replay may have to be compiled: that is no time to go on watching.
  await Promise.all([early.leave(), late.leave()]);

  const text = Buffer.from(bytes).toString('latin1');
  const addresses = Object.values(networkInterfaces()).flat().map(({ address }) => address);
  for (const address of addresses) assert.ok(!text.includes(address), `${address} is in the recording`);
  assert.doesNotMatch(text, /\d+\.\d+\.\d+\.\d+|candidate|a=|v=0/);

  const told = await replay(t, Buffer.from(bytes));
  t.diagnostic(`${bytes.length} bytes\n${told}`);
  assert.match(told, /The outputs are the same as in the browser\./);
  assert.match(told, new RegExp(`from peers +${stats.peerBytes} bytes`));
});
