// One run: an arm goes through a scene, and everything is counted. Who comes when, and when the books are closed, is the same for
// every arm.
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { root } from '../../scripts/run.mjs';
import { pass, until } from '../../tests/e2e/support/wait.mjs';
import { ARMS } from './arms.mjs';
import { Broadcast, publish } from './broadcast.mjs';
import { Browsers } from './browser.mjs';
import { MASTER, SEGMENT } from './media.mjs';
import { Origin } from './origin.mjs';
import { APART, PATIENCE, ROUND_TRIP, SCENES, SHAPED } from './scenes.mjs';
import { Tracker } from './tracker.mjs';
import { Viewer } from './viewer.mjs';

/** Runs one arm through a scene once, and resolves to everything that was counted. */
export async function run(scene, arm, media, { seconds, viewers: wanted, own }) {
  const live = SCENES[scene].kind === 'live';
  const shaped = SCENES[scene].kind === 'shaped';
  const links = SCENES[scene].links(wanted);
  const folder = join(root, 'target', 'bench', 'origin');
  const open = [];
  try {
    const broadcast = live ? await Broadcast.start(media, folder) : await publish(media, folder, seconds);
    if (broadcast) open.unshift(() => broadcast.end());
    const origin = await Origin.start(folder, { delay: shaped ? ROUND_TRIP - SHAPED.latency : 0 });
    open.unshift(() => origin.stop());
    const tracker = await Tracker.start();
    open.unshift(() => tracker.stop());
    const browsers = await Browsers.launch(own);
    open.unshift(() => browsers.close());

    await broadcast?.middle();
    const load = loadavg()[0];
    const before = browsers.cpu();
    const url = origin.page('/viewer.html', ARMS[arm].page(`/${MASTER}`, tracker.url));
    const viewers = await arrive(browsers, url, links);
    await (live ? pass(seconds * 1000 - (performance.now() - viewers[0].opened)) : allOver(viewers, seconds));

    const cpu = Object.fromEntries(Object.entries(browsers.cpu()).map(([kind, after]) => [kind, after - (before[kind] ?? 0)]));
    const closed = performance.now();
    const ledger = origin.ledger(media);
    const seen = await Promise.all(viewers.map((viewer) => viewer.read()));
    const memory = browsers.memory();
    const heaps = await Promise.all(viewers.map((viewer) => viewer.heap()));
    return {
      ...{ scene, arm, cpu, memory, load, origin: ledger, browser: await browsers.version() },
      viewers: viewers.map(({ opened, noise }, i) => ({
        ...{ present: (closed - opened) / 1000, heap: heaps[i], noise, link: links[i] },
        ...appended(seen[i], media, broadcast),
      })),
    };
  } finally {
    for (const end of open) await end();
  }
}

async function arrive(browsers, url, links) {
  const viewers = [];
  const began = performance.now();
  for (const [i, link] of links.entries()) {
    await pass(Math.max(0, began + i * APART - performance.now()));
    viewers.push(await Viewer.open(await browsers.context(), url, link));
  }
  return viewers;
}

/** Who has seen the video stays, as people do, until everybody has. A video that hangs must not hang the benchmark. */
async function allOver(viewers, seconds) {
  const over = async () => (await Promise.all(viewers.map((viewer) => viewer.over()))).every((each) => each);
  await until('everybody has seen the video', over, (seconds + PATIENCE) * 1000).catch(() => {});
}

/** Names the segments that the media element was given, and says how far behind live it is. */
function appended({ marks, lead, clock, position, ...seen }, media, broadcast) {
  const numbers = new Map(media.segments.map(({ mark }, seq) => [mark, seq]));
  const given = marks.map((mark) => numbers.get(mark));
  const unique = new Set(given.filter((seq) => seq !== undefined));
  const behind = broadcast && (clock - broadcast.epoch) / 1000 - (position - lead + given[0] * SEGMENT);
  return {
    ...seen,
    given: [...unique].reduce((sum, seq) => sum + media.segments[seq].bytes, 0),
    twice: given.length - unique.size,
    foreign: given.filter((seq) => seq === undefined).length,
    behind,
  };
}
