// `npm start`: builds everything and serves the sample with sharing on. PORT chooses another port than 8080.
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fail, must, npm, root, run, say } from './run.mjs';

const host = '127.0.0.1';
const first = Number(process.env.PORT ?? 8080);
if (!Number.isInteger(first) || first < 1 || first > 65535) fail('PORT must be a number from 1 to 65535.');

await must('The setup failed; the lines above say why.', process.execPath, ['scripts/setup.mjs', 'modules', 'wasm']);
for (const part of ['wasm', 'build']) {
  say(`start: npm run ${part}`);
  await must(`"npm run ${part}" failed; the lines above say why.`, ...npm('run', '--silent', part));
}
say('start: cargo build --release -p shoal-server');
await must('The server does not build; the lines above say why.', 'cargo', ['build', '--quiet', '--release', '-p', 'shoal-server']);

const port = await freePort(first);
if (port !== first) say(`start: port ${first} is taken, using ${port}`);
say(`\nOpen http://${host}:${port}/ in two browser windows. Ctrl-C stops.\n`);

// Ctrl-C reaches the server as well; it stops by itself, and we leave with it.
process.on('SIGINT', () => {});
const code = await run(join(root, 'target', 'release', 'shoal'), ['serve', 'www/sample', '--listen', `${host}:${port}`, '--p2p', 'on']);
process.exit(code === 130 ? 0 : code);

/** The first free port from the given one on. */
async function freePort(from) {
  for (let port = from; port < Math.min(from + 100, 65536); port += 1) {
    const free = await new Promise((resolve) => {
      const probe = createServer()
        .once('error', () => resolve(false))
        .once('listening', () => probe.close(() => resolve(true)))
        .listen(port, host);
    });
    if (free) return port;
  }
  return fail(`No free port from ${from} on. Set PORT to one.`);
}
