import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Capture } from './support/capture.mjs';
import { Origin } from './support/origin.mjs';
import { Viewer } from './support/viewer.mjs';
import { pass, until } from './support/wait.mjs';

const SWITCHES = 100;

for (const on of ['chromium', 'firefox']) {
  test(`in ${on} a second after switching off no packet passes any more`, async (t) => {
    const capture = await Capture.start(t);
    const origin = await Origin.start(t);
    const one = await Viewer.watch(t, origin, { on });
    await one.becomes('on');
    await one.plays(0.5);
    const other = await Viewer.watch(t, origin, { on });
    await other.has('it takes from the first', ({ peerBytes }) => peerBytes > 0);
    const before = capture?.packets.length ?? 0;
    if (capture) assert.ok(before > 0, 'there is something to be heard');
    const opened = await other.traffic();
    await other.share(false);
    await pass(1000);
    const moment = Date.now();
    const { openSockets, openConnections, ...made } = await other.traffic();
    assert.deepEqual({ openSockets, openConnections }, { openSockets: 0, openConnections: 0 });
    assert.equal(origin.openSockets, 1, 'the tracker has only the first');
    await other.plays(6);
    const { sockets, connections } = await other.traffic();
    assert.deepEqual({ sockets, connections }, made, 'nothing new is made');
    assert.deepEqual({ sockets, connections }, { sockets: opened.sockets, connections: opened.connections });
    if (capture) {
      const known = new Set(capture.packets.slice(0, before).flatMap(({ from, to }) => [from, to]));
      const late = capture.since(moment).filter(({ from, to }) => known.has(from) && known.has(to));
      assert.deepEqual(late, [], 'nothing passes between the two');
    }
    await other.sawNothingWrong();
  });
}

test(`${SWITCHES} times off and on: no stall, nothing is left open, and nothing grows`, async (t) => {
  // Nobody comes back a hundred times in a minute. By the usual limit the other would be introduced to it sixty times only.
  const origin = await Origin.start(t, { settings: '[tracker.introductions]\nper_socket = { burst = 1000, per_hour = 1000 }\nper_address = { burst = 1000, per_hour = 1000 }\n' });
  const one = await Viewer.watch(t, origin, { attributes: 'loop' });
  await one.becomes('on');
  // Chromium remarks on a socket that is closed while it still opens. The viewer's “no” does not wait for it.
  const noise = [/closed before the connection is established/];
  const other = await Viewer.watch(t, origin, { attributes: 'loop', noise });
  await other.has('the two meet', ({ peers }) => peers === 1);
  const memory = await other.page.createCDPSession();
  const heap = async () => {
    // What Chromium keeps of its console is not the page's.
    await memory.send('Runtime.discardConsoleEntries');
    await memory.send('HeapProfiler.collectGarbage');
    await pass(300);
    await memory.send('HeapProfiler.collectGarbage');
    return (await memory.send('Runtime.getHeapUsage')).usedSize;
  };
  // The page's own record of what was made would keep all of it.
  const forget = () => other.page.evaluate(() => {
    for (const list of [seen.connections, seen.sockets]) {
      const open = list.filter((it) => it.connectionState !== 'closed' && it.readyState !== WebSocket.CLOSED);
      list.splice(0, list.length, ...open);
    }
    seen.mdats.length = 0;
  });
  const flip = async (times) => {
    for (let n = 0; n < times; n += 1) {
      await other.share(false);
      await other.becomes('off', 'you');
      await other.share(true);
      await other.becomes('on');
      // Some switches find the two connected, others in the middle of it.
      if (n % 10 === 0) await other.has('the two meet again', ({ peers }) => peers === 1);
    }
    await other.has('the two meet again', ({ peers }) => peers === 1);
    await forget();
  };
  await flip(SWITCHES / 5);
  const early = await heap();
  await flip((SWITCHES * 4) / 5);
  const late = await heap();
  t.diagnostic(`heap after ${SWITCHES / 5}: ${early}, after ${SWITCHES}: ${late} bytes`);
  assert.ok(late < early + 512 * 1024, `the heap grew from ${early} to ${late} bytes`);
  await other.share(false);
  await other.becomes('off', 'you');
  await until('the tracker has only the first', () => origin.openSockets === 1);
  const { openSockets, openConnections } = await other.traffic();
  assert.equal(openSockets + openConnections, 0);
  assert.deepEqual(await other.page.evaluate(() => seen.stalls), []);
  other.isSilent();
});
