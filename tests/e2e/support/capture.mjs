// Every packet of the network that the tests run in, as tcpdump sees it: what no page can hide.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { until } from './wait.mjs';

/** Ports that browsers use by themselves: names (DNS, mDNS, LLMNR) and devices nearby (SSDP). */
const OTHERS = new Set([53, 5353, 5355, 1900]);
const COOKIE = 0x2112a442; // of every STUN message, RFC 8489 §5
const COOKED_V2 = 276; // LINKTYPE_LINUX_SLL2: what "-i any" gives

/**
 * One UDP packet.
 * @typedef {object} Packet
 * @property {number} at seconds since 1970
 * @property {string} from address and port
 * @property {string} to address and port
 * @property {boolean} stun it is a STUN message
 */

export class Capture {
  /** @type {Packet[]} */
  packets = [];
  #child;
  #rest = Buffer.alloc(0);
  #begun = false;

  /** Begins to watch UDP; ends with the test. Null where this needs rights that are missing. */
  static async start(t) {
    if (process.env.SHOAL_NETNS === undefined) return null;
    const capture = new Capture();
    const words = ['-i', 'any', '-y', 'LINUX_SLL2', '-n', '-p', '-U', '--immediate-mode', '-s', '128', '-w', '-', 'udp'];
    const child = spawn('tcpdump', words, { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    child.stderr.on('data', (text) => (said += text));
    child.stdout.on('data', (bytes) => capture.#read(bytes));
    capture.#child = child;
    t.after(() => capture.stop());
    await until('tcpdump listens', () => {
      if (child.exitCode !== null) throw new Error(`tcpdump ended: ${said}`);
      return said.includes('listening on');
    });
    return capture;
  }

  /** Packets from a moment on, given in milliseconds as `Date.now()` has them. */
  since(moment) {
    return this.packets.filter(({ at }) => at * 1000 >= moment);
  }

  async stop() {
    if (this.#child.exitCode !== null) return;
    this.#child.kill('SIGTERM');
    await once(this.#child, 'exit');
  }

  /** Reads a pcap stream: a header of 24 bytes, then records with a header of 16 bytes each. */
  #read(bytes) {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    if (!this.#begun) {
      if (this.#rest.length < 24) return;
      if (this.#rest.readUInt32LE(20) !== COOKED_V2) throw new Error('tcpdump writes another link type');
      this.#begun = true;
      this.#rest = this.#rest.subarray(24);
    }
    while (this.#rest.length >= 16) {
      const length = this.#rest.readUInt32LE(8);
      if (this.#rest.length < 16 + length) return;
      const at = this.#rest.readUInt32LE(0) + this.#rest.readUInt32LE(4) / 1e6;
      this.#see(at, this.#rest.subarray(16, 16 + length));
      this.#rest = this.#rest.subarray(16 + length);
    }
  }

  /** Looks at one frame. What a host sends to itself passes twice, out and in: it is counted as it comes in. */
  #see(at, frame) {
    const OUTGOING = 4;
    if (frame.readUInt8(10) === OUTGOING) return;
    const protocol = frame.readUInt16BE(0);
    const ip = frame.subarray(20);
    const v6 = protocol === 0x86dd;
    const udp = ip.subarray(v6 ? 40 : (ip.readUInt8(0) & 15) * 4);
    if (udp.length < 8) return;
    const address = (start) =>
      v6 ? ip.subarray(start, start + 16).toString('hex') : [...ip.subarray(start, start + 4)].join('.');
    const [source, target] = [udp.readUInt16BE(0), udp.readUInt16BE(2)];
    if (OTHERS.has(source) || OTHERS.has(target)) return;
    const from = `${address(v6 ? 8 : 12)}:${source}`;
    const to = `${address(v6 ? 24 : 16)}:${target}`;
    const stun = udp.length >= 16 && udp.readUInt32BE(12) === COOKIE;
    this.packets.push({ at, from, to, stun });
  }
}
