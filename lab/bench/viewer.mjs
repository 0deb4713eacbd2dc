// One viewer: a page in a context of its own, watched by the same instrument whatever its player is.
import { instrument } from './instrument.mjs';

/**
 * The link of a viewer, as the browser's network emulation shapes it. It holds for WebRTC too.
 * @typedef {object} Link
 * @property {number} latency milliseconds that a WebRTC packet takes longer, in each direction; and an HTTP answer
 * @property {number} down Mbit/s
 * @property {number} up Mbit/s
 * @property {number} loss per cent of the WebRTC packets of each direction
 */

export class Viewer {
  #page;
  #context;
  #session;
  /** What the page said in its console, warnings and errors only. */
  noise = [];

  /**
   * @param {import('puppeteer-core').BrowserContext} context
   * @param {Link} [link] none: as fast as the machine
   */
  static async open(context, url, link) {
    const viewer = new Viewer();
    viewer.#context = context;
    const page = await context.newPage();
    viewer.#page = page;
    page.on('pageerror', (error) => viewer.noise.push(`uncaught: ${error.message}`));
    page.on('console', (message) => {
      if (['error', 'warn'].includes(message.type())) viewer.noise.push(message.text());
    });
    viewer.#session = await page.createCDPSession();
    if (link) await viewer.#shape(link);
    await page.evaluateOnNewDocument(instrument);
    viewer.opened = performance.now();
    await page.goto(url, { waitUntil: 'domcontentloaded' });
    return viewer;
  }

  over() {
    return this.#page.evaluate(() => bench.over());
  }

  started() {
    return this.#page.evaluate(() => bench.started());
  }

  read() {
    return this.#page.evaluate(() => bench.read());
  }

  /** Bytes of the page's heap once the rubbish is out: its objects, and the buffers that lie outside of them. */
  async heap() {
    await this.#session.send('HeapProfiler.collectGarbage');
    const { usedSize, backingStorageSize = 0 } = await this.#session.send('Runtime.getHeapUsage');
    return { objects: usedSize, buffers: backingStorageSize };
  }

  async leave() {
    await this.#context.close();
  }

  async #shape({ latency, down, up, loss }) {
    const bytes = (megabits) => (megabits * 1e6) / 8;
    await this.#session.send('Network.enable');
    await this.#session.send('Network.emulateNetworkConditions', {
      offline: false,
      latency,
      downloadThroughput: bytes(down),
      uploadThroughput: bytes(up),
      packetLoss: loss,
      packetQueueLength: 200,
    });
  }
}
