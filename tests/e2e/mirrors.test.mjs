// Other servers of the same segments, named in the index: they help, and a bad one costs nothing.
import assert from 'node:assert/strict';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { media, Origin } from './support/origin.mjs';
import { Viewer } from './support/viewer.mjs';
import { until } from './support/wait.mjs';

const SEGMENTS = /\/(360p|audio)\/.*\.m4s$/;

/** An origin whose indexes name a mirror. */
async function mirrored(t, { folder = media } = {}) {
  const [origin, mirror] = [await Origin.start(t), await Origin.start(t, { folder })];
  const edit = (text) => JSON.stringify({ ...JSON.parse(text), mirrors: [mirror.url('/')] });
  origin.faults.unshift({ match: /\/index\.json$/, edit });
  return { origin, mirror };
}

/** The sample, with every byte of its segments another one. */
async function rotten(t) {
  const folder = await mkdtemp(join(tmpdir(), 'shoal-rotten-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await cp(media, folder, { recursive: true });
  for (const name of (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.m4s'))) {
    const bytes = await readFile(join(folder, name));
    await writeFile(join(folder, name), bytes.map((byte) => ~byte));
  }
  return folder;
}

test('a mirror that is faster than the origin brings most, to two who share as well', async (t) => {
  const { origin, mirror } = await mirrored(t);
  origin.faults.unshift({ match: SEGMENTS, rate: 120_000 });
  const first = await Viewer.watch(t, origin);
  await first.becomes('on');
  const before = origin.sent(SEGMENTS);
  const second = await Viewer.watch(t, origin);
  await first.has('they share', ({ uploadedBytes }) => uploadedBytes > 0);
  await first.reaches(20);
  assert.ok(mirror.sent(SEGMENTS) > origin.sent(SEGMENTS) - before, 'the mirror sends more');
  await first.sawNothingWrong();
  await second.sawNothingWrong();
});

test('a mirror that sends other bytes is left, and nobody sees them', async (t) => {
  const { origin, mirror } = await mirrored(t, { folder: await rotten(t) });
  const viewer = await Viewer.watch(t, origin);
  await viewer.has('rot is noticed', ({ rottenPieces }) => rottenPieces > 0);
  const asked = mirror.answers.length;
  await viewer.plays(8);
  assert.ok(mirror.answers.length <= asked + 2, 'nothing more is asked of it');
  await viewer.sawNothingWrong();
});

test('a mirror that dies in mid-play is missed by nobody', async (t) => {
  const { origin, mirror } = await mirrored(t);
  origin.faults.unshift({ match: SEGMENTS, rate: 150_000 });
  const viewer = await Viewer.watch(t, origin, { noise: [/ERR_(CONNECTION|EMPTY|INCOMPLETE|SOCKET)/] });
  await until('the mirror helps', () => mirror.sent(SEGMENTS) > 0);
  await mirror.stop();
  await viewer.reaches(25);
  await viewer.sawNothingWrong();
});

test('a mirror carries viewers on when the origin has no more segments', async (t) => {
  const { origin, mirror } = await mirrored(t);
  const viewer = await Viewer.watch(t, origin, { noise: [/503/] });
  await until('the mirror helps', () => mirror.sent(SEGMENTS) > 0);
  origin.faults.unshift({ match: SEGMENTS, status: 503 });
  await viewer.reaches(30);
  await viewer.sawNothingWrong();
});

test('who has not said yes is not sent to a mirror', async (t) => {
  const { origin, mirror } = await mirrored(t);
  const viewer = await Viewer.watch(t, origin, { attributes: 'p2p="off"' });
  await viewer.plays(4);
  assert.equal(mirror.answers.length, 0);
  await viewer.sawNothingWrong();
});
