// The switch: everybody watches the sample at `shoal serve`, then the operator says "off" by the command of the manual.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pass } from 'node:timers/promises';
import { root } from '../../../scripts/run.mjs';

const shoal = process.env.SHOAL_BIN ?? join(root, 'target', 'release', 'shoal');

/** Figures of the generator: from before the command is started until the last viewer has heard. */
export async function switchOff({ pinned, generate, freePort, listening, scratch }) {
  const port = await freePort();
  const [config, socket] = ['switch.toml', 'admin.sock'].map((name) => join(scratch, name));
  writeFileSync(config, `[admin]\nsocket = ${JSON.stringify(socket)}\n`);
  const sample = join(root, 'www', 'sample');
  const server = pinned(0, [shoal, 'serve', sample, '--config', config, '--listen', `127.0.0.1:${port}`, '--p2p', 'on']);
  try {
    await listening(port, server);
    const swarm = await swarmOf(`http://127.0.0.1:${port}/master.m3u8.shoal/index.json`);
    return await generate(port, `/tracker/${swarm}`, server.pid, ['--swarm', swarm, 'switch', '--', shoal, 'p2p', 'off', '--socket', socket]);
  } finally {
    server.kill('SIGKILL');
  }
}

/** The swarm in an index, as soon as there is one. */
async function swarmOf(url) {
  for (let tries = 0; tries < 100; tries += 1) {
    const answer = await fetch(url);
    if (answer.ok) return (await answer.json()).swarm;
    await pass(100);
  }
  throw new Error('the index is not made');
}
