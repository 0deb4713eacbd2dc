// The tracker of every arm that shares: `bittorrent-tracker` from npm. Shoal's own admits only the videos that its server
// has indexed, so p2p-media-loader could not use it.
import { once } from 'node:events';
import Server from 'bittorrent-tracker/server';

export class Tracker {
  #server = new Server({ udp: false, stats: false });

  static async start() {
    const tracker = new Tracker();
    // What a client sends amiss is that client's loss.
    tracker.#server.on('warning', () => {});
    tracker.#server.listen(0, '127.0.0.1');
    await once(tracker.#server, 'listening');
    tracker.url = `ws://127.0.0.1:${tracker.#server.http.address().port}`;
    return tracker;
  }

  stop() {
    const { http } = this.#server;
    http.closeAllConnections();
    return new Promise((resolve) => this.#server.close(resolve));
  }
}
