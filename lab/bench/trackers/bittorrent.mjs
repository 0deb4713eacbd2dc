// `node lab/bench/trackers/bittorrent.mjs PORT`: npm's bittorrent-tracker, with WebSockets only, as its command line sets it up.
import Server from 'bittorrent-tracker/server';

const server = new Server({ http: false, udp: false, ws: true, stats: false });
server.on('warning', () => {});
server.listen(Number(process.argv[2]), '127.0.0.1');
