// Our tracker alone, for clients that know nothing of it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** Runs `shoal track` with some options; ends with the test. */
export async function tracker(t, ...options) {
  const child = spawn(process.env.SHOAL_BIN, ['track', '--listen', '127.0.0.1:0', ...options], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(async () => {
    child.kill();
    if (child.exitCode === null) await once(child, 'exit');
  });
  const [line] = await once(createInterface(child.stdout), 'line');
  return line;
}
