// The client of npm's bittorrent-tracker, unmodified, against our tracker: what its own tests ask of a WebSocket tracker, and
// what the messages between two clients come to.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import Client from 'bittorrent-tracker/client';
import { tracker } from './shoal.mjs';

const FILM = '0123456789abcdef0123456789abcdef01234567';
// All bytes that JSON or UTF-8 treats in a way of its own.
const STRANGE = '00080a0d1f225c2f7f80a0ff0001020304050607';

let peers = 0;

/** A viewer; whatever it complains of fails the test. */
function client(t, announce, options = {}) {
  peers += 1;
  const peerId = Buffer.from(`-WW0208-${String(peers).padStart(12, '0')}`).toString('hex');
  const made = new Client({ infoHash: FILM, announce, peerId, port: 6881, ...options });
  if (options.complaints === undefined) {
    made.on('error', (error) => assert.fail(error));
    made.on('warning', (warning) => assert.fail(warning));
  }
  t.after(() => made.destroyed || made.destroy());
  return made;
}

async function update(of) {
  const [data] = await once(of, 'update');
  return data;
}

test('start, update, complete and stop are answered', async (t) => {
  const url = await tracker(t, '--open');
  const viewer = client(t, url);
  viewer.start();
  const started = await update(viewer);
  assert.equal(started.announce, url.replace(/\/$/, ''));
  assert.equal(started.interval, 120);
  assert.deepEqual([started.complete, started.incomplete], [0, 1]);
  viewer.update();
  assert.deepEqual((await update(viewer)).incomplete, 1);
  viewer.complete();
  const completed = await update(viewer);
  assert.deepEqual([completed.complete, completed.incomplete], [1, 0]);
  viewer.stop();
  const stopped = await update(viewer);
  assert.deepEqual([stopped.complete, stopped.incomplete], [0, 0]);
});

test('what is left decides who is a seeder, and may be unknown or large', async (t) => {
  const url = await tracker(t, '--open');
  const left = (bytes) => client(t, url, { getAnnounceOpts: () => ({ left: bytes }) });
  for (const [bytes, counts] of [
    [0, [1, 0]],
    [9_007_199_254_740_991, [1, 1]],
    [NaN, [1, 2]],
    [undefined, [1, 3]],
  ]) {
    const viewer = left(bytes);
    viewer.start();
    const { complete, incomplete } = await update(viewer);
    assert.deepEqual([complete, incomplete], counts, String(bytes));
  }
});

test('named swarms are scraped, unknown ones have nobody', async (t) => {
  const url = await tracker(t, '--open');
  const viewer = client(t, url);
  viewer.start();
  await update(viewer);
  viewer.scrape();
  const [one] = await once(viewer, 'scrape');
  assert.deepEqual([one.complete, one.incomplete, one.downloaded], [0, 1, 0]);
  const scrape = (infoHash) =>
    new Promise((resolve, reject) => Client.scrape({ announce: url, infoHash }, (error, result) => (error ? reject(error) : resolve(result))));
  const several = await scrape([FILM, STRANGE]);
  assert.equal(several[FILM].incomplete, 1);
  assert.equal(several[STRANGE].incomplete, 0);
  assert.equal((await scrape(STRANGE)).complete, 0);
});

test('several swarms and viewers share one socket, and leave one by one', async (t) => {
  const url = await tracker(t, '--open');
  const all = [client(t, url), client(t, url), client(t, url, { infoHash: STRANGE })];
  for (const viewer of all) {
    viewer.start();
    await update(viewer);
  }
  const destroyed = new Promise((resolve) => all[0].destroy(resolve));
  all[0].on('update', () => assert.fail('an update after the end'));
  await destroyed;
  all[1].update();
  await update(all[1]);
  await new Promise((resolve) => all[1].destroy(resolve));
  all[2].update();
  assert.equal((await update(all[2])).incomplete, 1);
});

test('whoever stops and goes at once has left', async (t) => {
  const url = await tracker(t, '--open');
  const [leaving, staying] = [client(t, url), client(t, `${url}stays`)];
  leaving.start();
  await update(leaving);
  leaving.stop();
  leaving.destroy();
  for (;;) {
    staying.update();
    if ((await update(staying)).incomplete === 1) break;
  }
});

test('offers reach the others, answers come back', async (t) => {
  const url = await tracker(t, '--open');
  const [first, second] = [client(t, url), client(t, `${url}another-socket`)];
  first.start();
  await update(first);
  const [offered, answered] = [once(first, 'peer'), once(second, 'peer')];
  second.start();
  const [here] = await offered;
  // Our fake answer names the offer that it answers.
  const [there] = await answered;
  assert.match(there._pc.remoteDescription.sdp, /answer \d+ to v=0/);
  assert.ok(there._pc.remoteDescription.sdp.endsWith(there._pc.localDescription.sdp));
  assert.equal(here._pc.remoteDescription.sdp, there._pc.localDescription.sdp);
});

test('all twenty bytes of an id come through', async (t) => {
  const url = await tracker(t, '--open');
  const of = (path, first) => client(t, `${url}${path}`, { infoHash: STRANGE, peerId: first + STRANGE.slice(2) });
  const [first, second] = [of('a', '01'), of('b', 'fe')];
  first.start();
  await update(first);
  const offered = once(first, 'peer');
  second.start();
  const [peer] = await offered;
  assert.equal(peer.id, `fe${STRANGE.slice(2)}`);
});

test('a swarm that is not served is refused, and the socket lives on', async (t) => {
  const url = await tracker(t, '--allow', FILM);
  const stranger = client(t, url, { infoHash: STRANGE, complaints: true });
  const viewer = client(t, url);
  stranger.start();
  const [warning] = await once(stranger, 'warning');
  assert.match(warning.message, /does not serve this video/);
  viewer.start();
  assert.equal((await update(viewer)).incomplete, 1);
});
