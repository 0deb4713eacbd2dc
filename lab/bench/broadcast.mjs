// The video as its server sees it: all of it at once, or a live stream whose segments appear by the clock.
import { join } from 'node:path';
import { pass } from '../../tests/e2e/support/wait.mjs';
import { SEGMENT, WINDOW } from './media.mjs';

/** Writes a whole video into a folder. */
export async function publish(media, folder, seconds) {
  const count = Math.ceil(seconds / SEGMENT);
  await media.begin(folder);
  for (let seq = 0; seq < count; seq += 1) await media.place(seq, join(folder, 'v'));
  await media.list(folder, 0, count, true);
}

/** A live stream. It begins with a full window, and goes on until it is ended or the media are used up. */
export class Broadcast {
  #media;
  #folder;
  #next = 0;
  #timer;
  #busy;

  static async start(media, folder) {
    const broadcast = new Broadcast();
    broadcast.#media = media;
    broadcast.#folder = folder;
    await media.begin(folder);
    while (broadcast.#next < WINDOW - 1) await media.place(broadcast.#next++, join(folder, 'v'));
    await broadcast.#publish();
    // The last segment published is the one that has just ended.
    broadcast.epoch = Date.now() - WINDOW * SEGMENT * 1000;
    broadcast.#schedule();
    return broadcast;
  }

  /** Waits for the middle of a segment, so that all arms begin as far from the next one. */
  async middle() {
    const period = SEGMENT * 1000;
    const into = (Date.now() - this.epoch) % period;
    await pass((1.5 * period - into) % period);
  }

  async end() {
    clearTimeout(this.#timer);
    await this.#busy;
  }

  async #publish() {
    await this.#media.place(this.#next, join(this.#folder, 'v'));
    this.#next += 1;
    await this.#media.list(this.#folder, this.#next - WINDOW, this.#next, false);
  }

  /** By the clock and not by an interval: the pace must be the same however slow the machine is. */
  #schedule() {
    if (this.#next >= this.#media.segments.length) return;
    const due = this.epoch + (this.#next + 1) * SEGMENT * 1000;
    this.#timer = setTimeout(() => {
      this.#busy = this.#publish();
      this.#busy.then(() => this.#schedule());
    }, due - Date.now());
  }
}
