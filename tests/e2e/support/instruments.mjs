// What a page is watched with. Each function here runs inside the page, before any script of it, so it may use nothing
// from outside itself.

/**
 * Counts every peer connection and WebSocket that the page makes, notes each stall, and sums what is appended to the
 * media source: `mdat` boxes pass through hls.js unchanged, so their sums tell whether the viewer saw the true bytes.
 */
export function watch() {
  const seen = { connections: [], sockets: [], stalls: [], errors: [], mdats: [] };
  Object.defineProperty(globalThis, 'seen', { value: seen });

  const counted = (name, list) => {
    const Original = globalThis[name];
    if (Original === undefined) return;
    globalThis[name] = new Proxy(Original, {
      construct(target, words, derived) {
        const made = Reflect.construct(target, words, derived);
        list.push(made);
        return made;
      },
    });
  };
  counted('RTCPeerConnection', seen.connections);
  counted('WebSocket', seen.sockets);

  const append = SourceBuffer.prototype.appendBuffer;
  SourceBuffer.prototype.appendBuffer = function (data) {
    const bytes = ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at + 8 <= bytes.length; ) {
      const size = view.getUint32(at);
      if (size < 8) break;
      if (view.getUint32(at + 4) === 0x6d646174) {
        const body = bytes.slice(at + 8, at + size);
        const hex = (sum) => Array.from(new Uint8Array(sum), (byte) => byte.toString(16).padStart(2, '0')).join('');
        seen.mdats.push(crypto.subtle.digest('SHA-256', body).then(hex));
      }
      at += size;
    }
    return append.call(this, data);
  };

  const ahead = (media) => {
    for (let i = 0; i < media.buffered.length; i += 1) {
      if (media.buffered.start(i) <= media.currentTime + 0.1 && media.currentTime < media.buffered.end(i)) {
        return media.buffered.end(i) - media.currentTime;
      }
    }
    return 0;
  };
  // A wait with media in hand is the machine's slowness, one after a seek is expected: neither is a stall.
  const follow = (media) => {
    let playing = false;
    media.addEventListener('playing', () => (playing = true));
    media.addEventListener('seeking', () => (playing = false));
    media.addEventListener('waiting', () => {
      if (playing && !media.seeking && ahead(media) < 0.3) {
        seen.stalls.push({ at: media.currentTime, ahead: ahead(media) });
      }
    });
  };
  // hls.js and native playback both set `src`, and no earlier moment matters.
  const source = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, 'src');
  const met = new WeakSet();
  Object.defineProperty(HTMLMediaElement.prototype, 'src', {
    ...source,
    set(value) {
      if (!met.has(this)) {
        met.add(this);
        follow(this);
      }
      source.set.call(this, value);
    },
  });

  document.addEventListener(
    'error',
    ({ target, detail }) => {
      if (target?.localName !== 'shoal-player') return;
      const { code, fatal, fallback, message } = detail ?? {};
      seen.errors.push({ code, fatal, fallback, message });
    },
    true,
  );
}

/** A browser without WebRTC. */
export function withoutWebrtc() {
  for (const name of ['RTCPeerConnection', 'webkitRTCPeerConnection', 'RTCDataChannel']) delete globalThis[name];
}

/** A browser in which a policy blocks WebRTC: the constructor is there and throws. */
export function blockedWebrtc() {
  const blocked = function RTCPeerConnection() {
    throw new DOMException('WebRTC is blocked by policy', 'NotAllowedError');
  };
  blocked.prototype = RTCPeerConnection.prototype;
  globalThis.RTCPeerConnection = blocked;
}

/** A device whose battery is low and does not charge. */
export function lowBattery() {
  const battery = Object.assign(new EventTarget(), { charging: false, level: 0.1 });
  Navigator.prototype.getBattery = () => Promise.resolve(battery);
}

/** A browser that asks sites not to pass its viewer's data on. */
export function privacySignal() {
  Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { configurable: true, get: () => true });
}

/** A connection that saves data. */
export function saveData() {
  Object.defineProperty(Navigator.prototype, 'connection', {
    configurable: true,
    get: () => Object.assign(new EventTarget(), { saveData: true, type: 'cellular', effectiveType: '4g' }),
  });
}

/**
 * Puts a hand on the engine: `hand.scribble()` overwrites its memory, so that its next call traps; `hand.numb()` makes
 * it hang: what it is told and what the browser calls back has no effect, and nothing ever comes.
 */
export function hand() {
  const entries = /^client_(cancel|need|offered|playhead|rule|timeline)$|closures.*invoke/;
  const held = { memories: [], numb: false };
  globalThis.hand = {
    scribble: () => {
      for (const memory of held.memories) new Uint8Array(memory.buffer).fill(0xff);
    },
    numb: () => {
      held.numb = true;
    },
  };
  const grip = (instance) => {
    const exports = {};
    for (const [name, value] of Object.entries(instance.exports)) {
      if (value instanceof WebAssembly.Memory) held.memories.push(value);
      // A pair of zeros is "no error" to the glue.
      exports[name] = entries.test(name) ? (...words) => (held.numb ? [0, 0] : value(...words)) : value;
    }
    return Object.create(WebAssembly.Instance.prototype, { exports: { value: exports } });
  };
  for (const name of ['instantiate', 'instantiateStreaming']) {
    const original = WebAssembly[name];
    WebAssembly[name] = async (...words) => {
      const made = await original.apply(WebAssembly, words);
      return made instanceof WebAssembly.Instance ? grip(made) : { module: made.module, instance: grip(made.instance) };
    };
  }
}

/** A peer that sends rotten pieces: one bit of every payload of a BitTorrent `piece` message is another. */
export function rottenSender() {
  const PIECE = 7;
  const HANDSHAKE = 68;
  const states = new WeakMap();
  globalThis.rotten = { pieces: 0 };
  const send = RTCDataChannel.prototype.send;
  RTCDataChannel.prototype.send = function (data) {
    if (typeof data === 'string' || data instanceof Blob) return send.call(this, data);
    const view = ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data);
    const bytes = view.slice();
    // The channel is a stream of bytes: a message may begin in one send and end in another.
    const state = states.get(this) ?? { skip: HANDSHAKE, head: [], payload: 0, spoil: false };
    states.set(this, state);
    for (let at = 0; at < bytes.length; ) {
      if (state.skip > 0) {
        const step = Math.min(state.skip, bytes.length - at);
        state.skip -= step;
        at += step;
      } else if (state.payload > 0) {
        if (state.spoil) {
          bytes[at] ^= 0x10;
          state.spoil = false;
          globalThis.rotten.pieces += 1;
        }
        const step = Math.min(state.payload, bytes.length - at);
        state.payload -= step;
        at += step;
      } else {
        state.head.push(bytes[at]);
        at += 1;
        const { head } = state;
        const length = head.length >= 4 ? ((head[0] << 24) | (head[1] << 16) | (head[2] << 8) | head[3]) >>> 0 : undefined;
        if (length === 0) state.head = [];
        else if (length !== undefined && head.length === 5 && head[4] !== PIECE) {
          state.skip = length - 1;
          state.head = [];
        } else if (head.length === 13) {
          state.payload = length - 9;
          state.spoil = true;
          state.head = [];
        }
      }
    }
    return send.call(this, bytes);
  };
}

/** Notes what the page sends over WebSockets and writes to its console, and how each connection is set up. */
export function described() {
  const noted = { sent: [], made: [] };
  Object.defineProperty(globalThis, 'described', { value: noted });
  seen.told = [];
  for (const level of ['debug', 'error', 'info', 'log', 'warn']) {
    const original = console[level];
    console[level] = (...words) => {
      seen.told.push(words.map(String).join(' '));
      original.apply(console, words);
    };
  }
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (data) {
    noted.sent.push(JSON.stringify(JSON.parse(data)));
    return send.call(this, data);
  };
  globalThis.RTCPeerConnection = new Proxy(globalThis.RTCPeerConnection, {
    construct(target, words, derived) {
      noted.made.push(words[0] ?? {});
      return Reflect.construct(target, words, derived);
    },
  });
  globalThis.shoal = { trace: true };
}
