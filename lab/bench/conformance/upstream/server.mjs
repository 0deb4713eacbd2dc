// Our tracker with as much of the face of upstream's Server as its tests of WebSockets use.
import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { createInterface } from 'node:readline';

export default class Server extends EventEmitter {
  #child;
  #port;

  ws = { address: () => ({ port: this.#port }) };

  listen(port, listening) {
    this.#child = spawn(process.env.SHOAL_BIN, ['track', '--open', '--listen', `127.0.0.1:${port}`], {
      env: { ...process.env, SHOAL_LOG: 'error' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#child.on('error', (error) => this.emit('error', error));
    once(createInterface(this.#child.stdout), 'line').then(([line]) => {
      this.#port = Number(new URL(line).port);
      listening();
    });
  }

  close(closed) {
    if (closed) this.#child.once('exit', () => closed());
    this.#child.kill();
  }
}
