import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Nodes, figure, missing } from './support/nodes.mjs';
import { Viewer } from './support/viewer.mjs';
import { until } from './support/wait.mjs';

/** What a browser says by itself when a server dies: a connection that breaks off, and tries until another answers. */
const BROKEN = [/WebSocket connection to .* failed/, /Failed to load resource: .*(ERR_|50[234])/];

test('a node dies, then Redis, and viewers play on and share again', { skip: missing && `${missing} is not installed` }, async (t) => {
  const site = await Nodes.start(t);
  const viewers = [];
  for (let n = 0; n < 2; n += 1) viewers.push(await Viewer.watch(t, site, { attributes: 'loop', noise: BROKEN }));
  const [one, other] = viewers;
  for (const viewer of viewers) await viewer.has('the two meet', ({ peers }) => peers === 1);

  const dies = await site.tracking();
  const stays = site.nodes.find((node) => node !== dies);
  dies.program.kill();
  await until('both are at the other node', async () => (await figure(stays.metrics, 'shoal_tracker_sockets')) === 2);
  // What they have of each other, a tracker's death does not end.
  for (const viewer of viewers) await viewer.has('they still have each other', ({ peers }) => peers === 1);
  const late = await Viewer.watch(t, site, { attributes: 'loop', noise: BROKEN });
  viewers.push(late);
  await late.has('a third meets both', ({ peers }) => peers === 2);
  await Promise.all(viewers.map((viewer) => viewer.plays(5)));

  site.redis.kill();
  await until('the node notices', async () => (await figure(stays.metrics, 'shoal_redis_connected')) === 0);
  await other.share(false);
  await one.has('one leaves', ({ peers }) => peers === 1);
  await other.share(true);
  await other.has('and meets the others again', ({ peers }) => peers === 2);
  await Promise.all(viewers.map((viewer) => viewer.plays(5)));
  for (const viewer of viewers) await viewer.sawNothingWrong();
  const shared = await Promise.all(viewers.map((viewer) => viewer.stats()));
  assert.ok(shared.reduce((sum, { peerBytes }) => sum + peerBytes, 0) > 0, 'they did share');
});
