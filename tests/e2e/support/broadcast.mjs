// A live stream made of the sample: its segments appear one after another at the pace of their clock, in playlists
// with a sliding window, as a packager writes them.
import { copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { master, sample } from './origin.mjs';

const SEGMENT = 4; // seconds
const WINDOW = 8; // segments
const TRACKS = ['360p', 'audio'];

export class Broadcast {
  #next = 0;
  #timer;
  #inits = {};
  #busy = Promise.resolve();

  /** Begins with so many segments published; the rest follow by the clock until the sample is over. */
  static async start(t, { first = 5 } = {}) {
    const broadcast = new Broadcast();
    broadcast.folder = await mkdtemp(join(tmpdir(), 'shoal-live-'));
    t.after(() => broadcast.#end());
    for (const track of TRACKS) {
      await mkdir(join(broadcast.folder, track));
      const init = (await readdir(join(sample, track))).find((name) => name.endsWith('.mp4'));
      await copyFile(join(sample, track, init), join(broadcast.folder, track, init));
      broadcast.#inits[track] = init;
    }
    while (broadcast.#next < first) await broadcast.#publish();
    await writeFile(join(broadcast.folder, 'live.m3u8'), master('360p/playlist.m3u8', 'audio/playlist.m3u8'));
    broadcast.#timer = setInterval(() => (broadcast.#busy = broadcast.#publish()), SEGMENT * 1000);
    return broadcast;
  }

  /** Segments published so far. */
  get published() {
    return this.#next;
  }

  async #publish() {
    const last = this.#next;
    const from = Math.max(0, last + 1 - WINDOW);
    for (const track of TRACKS) {
      const folder = join(this.folder, track);
      const given = await durations(track);
      if (last >= given.length) {
        clearInterval(this.#timer);
        return;
      }
      await copyFile(join(sample, track, name(last)), join(folder, `${name(last)}.part`));
      await rename(join(folder, `${name(last)}.part`), join(folder, name(last)));
      const lines = ['#EXTM3U', '#EXT-X-VERSION:7', `#EXT-X-TARGETDURATION:${SEGMENT}`, `#EXT-X-MEDIA-SEQUENCE:${from}`];
      lines.push(`#EXT-X-MAP:URI="${this.#inits[track]}"`);
      for (let seq = from; seq <= last; seq += 1) lines.push(`#EXTINF:${given[seq]},`, name(seq));
      await writeFile(join(folder, 'playlist.part'), `${lines.join('\n')}\n`);
      await rename(join(folder, 'playlist.part'), join(folder, 'playlist.m3u8'));
    }
    this.#next = last + 1;
  }

  async #end() {
    clearInterval(this.#timer);
    await this.#busy;
    await rm(this.folder, { recursive: true, force: true });
  }
}

function name(seq) {
  return `${String(seq).padStart(3, '0')}.m4s`;
}

/** The durations that the sample's own playlist gives, in seconds. */
async function durations(track) {
  const text = await readFile(join(sample, track, 'playlist.m3u8'), 'utf8');
  return [...text.matchAll(/#EXTINF:([\d.]+)/g)].map(([, seconds]) => seconds);
}
