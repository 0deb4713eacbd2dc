// coturn, the TURN server of Debian's packages, at the address that stands for another machine.
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './origin.mjs';
import { pass, until } from './wait.mjs';

/** Where it is, and where it relays from. */
export const RELAY = '10.79.0.1';
/** The ports that it relays from. */
const FIRST = 52_000;
const LAST = 52_200;

/** Whether a STUN server answers a binding request (RFC 8489) within a moment. */
async function answers(port) {
  const socket = createSocket('udp4').unref();
  const heard = once(socket, 'message').then(() => true);
  socket.send(Buffer.from('000100002112a442000102030405060708090a0b', 'hex'), port, RELAY);
  const answer = await Promise.race([heard, pass(200).then(() => false)]);
  socket.close();
  return answer;
}

/** Starts a relay with a shared secret; it ends with the test. */
export async function startRelay(t) {
  const folder = await mkdtemp(join(tmpdir(), 'shoal-relay-'));
  const port = await freePort();
  const secret = 'known to the relay and the server alone';
  const file = join(folder, 'secret');
  await writeFile(file, `${secret}\n`);
  const options = {
    'listening-ip': RELAY,
    'relay-ip': RELAY,
    'listening-port': port,
    'min-port': FIRST,
    'max-port': LAST,
    realm: 'shoal',
    'static-auth-secret': secret,
    pidfile: join(folder, 'pid'),
    userdb: join(folder, 'db'),
    'log-file': 'stdout',
  };
  const flags = ['-n', '--use-auth-secret', '--no-cli', '--no-tls', '--no-dtls', '--fingerprint', '--simple-log'];
  const words = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
  const child = spawn('turnserver', [...flags, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text));
  t.after(async () => {
    if (child.exitCode === null) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    await rm(folder, { recursive: true, force: true });
  });
  await until('the relay listens', () => {
    if (child.exitCode !== null) throw new Error(`coturn ended with ${child.exitCode}: ${said}`);
    return answers(port);
  });
  /** An end of a packet is the relay's: its own port, or one of those that it relays from. */
  const isRelay = (end) => {
    const at = Number(end.slice(end.lastIndexOf(':') + 1));
    return end.startsWith(`${RELAY}:`) && (at === port || (at >= FIRST && at <= LAST));
  };
  return { words: ['--turn', `turn:${RELAY}:${port}`, '--turn-secret-file', file], isRelay };
}
