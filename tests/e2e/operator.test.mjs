import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { binary, Origin } from './support/origin.mjs';
import { Viewer } from './support/viewer.mjs';
import { pass, until } from './support/wait.mjs';

/** A server with an admin socket, and `shoal p2p` that speaks to it. */
async function governed(t, settings = '') {
  const folder = await mkdtemp(join(tmpdir(), 'shoal-admin-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const socket = join(folder, 'admin.sock');
  const file = join(folder, 'shoal.toml');
  await writeFile(file, `[admin]\nsocket = ${JSON.stringify(socket)}\n${settings}`);
  const origin = await Origin.start(t, { words: ['--config', file] });
  const say = (...words) => promisify(execFile)(binary, ['p2p', '--socket', socket, ...words]);
  return { origin, say };
}

/** Two who share. */
async function pair(t, origin) {
  const one = await Viewer.watch(t, origin, { attributes: 'loop' });
  await one.becomes('on');
  const other = await Viewer.watch(t, origin, { attributes: 'loop' });
  await other.has('the two meet', ({ peers }) => peers === 1);
  return [one, other];
}

for (const [name, words, reason] of [
  ['for the site', [], 'site'],
  ['for one video', ['--video', '/360p.m3u8'], 'video'],
]) {
  test(`switched off ${name} by the operator, viewers stop within a second and play on`, async (t) => {
    const { origin, say } = await governed(t);
    const viewers = await pair(t, origin);
    await say('off', ...words);
    await pass(1000);
    assert.equal(origin.openSockets, 0);
    for (const viewer of viewers) {
      assert.deepEqual(await viewer.ask(({ p2p: { state, reason } }) => ({ state, reason })), { state: 'off', reason });
      const { openSockets, openConnections } = await viewer.traffic();
      assert.equal(openSockets + openConnections, 0);
    }
    const before = await Promise.all(viewers.map((viewer) => viewer.traffic()));
    await Promise.all(viewers.map((viewer) => viewer.plays(5)));
    assert.deepEqual(await Promise.all(viewers.map((viewer) => viewer.traffic())), before, 'nobody comes back');
    for (const viewer of viewers) await viewer.sawNothingWrong();
    const late = await Viewer.watch(t, origin);
    await late.becomes('off', reason);
    await late.plays(2);
    await late.sentNothing();
    await say('configured', ...words);
    await late.page.reload({ waitUntil: 'domcontentloaded' });
    await late.becomes('on');
  });
}

test('with join tokens required, a viewer who has the index joins, also long after loading it', async (t) => {
  const { origin } = await governed(t, '[tracker]\nrequire_token = true\ntoken_life = 10\n');
  const [one, other] = await pair(t, origin);
  const index = await fetch(origin.url('/360p.m3u8.shoal/index.json'));
  assert.match(index.headers.get('cache-control'), /no-store/);
  assert.ok((await index.json()).token.length > 20);
  // The token of the page has ended by now; a broken connection must not keep anybody out.
  await pass(12_000);
  origin.cutSockets();
  await until('both come back with a new token', () => origin.openSockets === 2);
  await other.share(false);
  await one.has('the other leaves', ({ peers }) => peers === 0);
  await other.share(true);
  await other.has('the two meet again', ({ peers }) => peers === 1);
  await one.sawNothingWrong();
  await other.sawNothingWrong();
});
