// What every page is watched with, whatever player is in it. It knows the video element, the media source and the peer
// connections, and nothing of any player.

/** Runs inside the page before its scripts, so it may use nothing from outside itself. */
export function instrument() {
  const DRY = 0.3; // seconds of media in hand below which a wait is a stall
  const POLL = 2000; // milliseconds between looks at the connections: what a closed one has carried must not be lost
  const seen = { media: undefined, firstFrame: undefined, ended: undefined, stalls: [], hitches: 0, jumps: 0 };

  const ahead = (media) => {
    for (let i = 0; i < media.buffered.length; i += 1) {
      if (media.buffered.start(i) <= media.currentTime + 0.1 && media.currentTime < media.buffered.end(i)) {
        return media.buffered.end(i) - media.currentTime;
      }
    }
    return 0;
  };

  const follow = (media) => {
    seen.media = media;
    media.requestVideoFrameCallback(() => (seen.firstFrame ??= performance.now()));
    const goesOn = () => {
      const last = seen.stalls.at(-1);
      if (last) last.to ??= performance.now();
    };
    media.addEventListener('playing', goesOn);
    media.addEventListener('ended', () => {
      goesOn();
      seen.ended ??= performance.now();
    });
    media.addEventListener('seeking', () => {
      if (seen.firstFrame !== undefined) seen.jumps += 1;
    });
    media.addEventListener('waiting', () => {
      if (seen.firstFrame === undefined || media.ended || media.duration - media.currentTime < 0.5) return;
      // With media in hand it is the decoder that is late, which is the machine's fault.
      if (ahead(media) >= DRY) seen.hitches += 1;
      else seen.stalls.push({ at: media.currentTime, from: performance.now(), to: undefined });
    });
  };
  const source = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, 'src');
  Object.defineProperty(HTMLMediaElement.prototype, 'src', {
    ...source,
    set(value) {
      if (seen.media !== this) follow(this);
      source.set.call(this, value);
    },
  });

  // `mdat` boxes pass through hls.js unchanged, so their digests tell which segments the element was given.
  const marks = [];
  let lead; // where the first segment given lies on the element's clock
  const append = SourceBuffer.prototype.appendBuffer;
  SourceBuffer.prototype.appendBuffer = function (data) {
    const bytes = ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at + 8 <= bytes.length; at += view.getUint32(at)) {
      if (view.getUint32(at) < 8) break;
      if (view.getUint32(at + 4) !== 0x6d646174) continue;
      const hex = (sum) => Array.from(new Uint8Array(sum, 0, 8), (byte) => byte.toString(16).padStart(2, '0')).join('');
      marks.push(crypto.subtle.digest('SHA-256', bytes.slice(at + 8, at + view.getUint32(at))).then(hex));
      if (marks.length > 1) continue;
      const note = () => {
        if (this.buffered.length > 0) lead = this.buffered.start(0);
      };
      this.addEventListener('updateend', note, { once: true });
    }
    return append.call(this, data);
  };

  const connections = new Map();
  const settled = { sent: 0, received: 0, wireSent: 0, wireReceived: 0 };
  let made = 0;
  let met = 0;
  let roundTrip; // of whichever path was looked at last, in seconds
  const look = async (connection) => {
    const report = await connection.getStats().catch(() => []);
    const now = { sent: 0, received: 0, wireSent: 0, wireReceived: 0 };
    for (const one of report.values()) {
      if (one.type === 'data-channel') {
        now.sent += one.bytesSent;
        now.received += one.bytesReceived;
      } else if (one.type === 'transport') {
        now.wireSent += one.bytesSent;
        now.wireReceived += one.bytesReceived;
      } else if (one.type === 'candidate-pair' && one.nominated) {
        roundTrip = one.currentRoundTripTime ?? roundTrip;
      }
    }
    const held = connections.get(connection);
    // A channel that has closed is no longer in the report.
    if (held) for (const name of Object.keys(now)) held[name] = Math.max(held[name], now[name]);
  };
  const settle = (connection) => {
    const held = connections.get(connection);
    if (!held) return;
    connections.delete(connection);
    for (const name of Object.keys(settled)) settled[name] += held[name];
  };
  const watch = (connection) => {
    made += 1;
    connections.set(connection, { sent: 0, received: 0, wireSent: 0, wireReceived: 0 });
    let connected = false;
    connection.addEventListener('connectionstatechange', () => {
      if (connection.connectionState !== 'connected' || connected) return;
      connected = true;
      met += 1;
    });
  };
  const Original = globalThis.RTCPeerConnection;
  globalThis.RTCPeerConnection = new Proxy(Original, {
    construct(target, words, derived) {
      const connection = Reflect.construct(target, words, derived);
      watch(connection);
      return connection;
    },
  });
  const close = Original.prototype.close;
  Original.prototype.close = function () {
    void look(this).finally(() => settle(this));
    close.call(this);
  };
  const lookAtAll = () => Promise.all([...connections.keys()].filter((one) => one.connectionState === 'connected').map(look));
  setInterval(lookAtAll, POLL);

  Object.defineProperty(globalThis, 'bench', {
    value: {
      /** Whether the first frame has been shown, and whether the video is over. */
      started: () => seen.firstFrame !== undefined,
      over: () => seen.ended !== undefined,
      /** Everything that was seen; times in milliseconds since navigation, media times in seconds. */
      read: async () => {
        await lookAtAll();
        const { media, firstFrame, ended, stalls, hitches, jumps } = seen;
        const peers = { ...settled };
        for (const held of connections.values()) for (const name of Object.keys(peers)) peers[name] += held[name];
        let played = 0;
        for (let i = 0; i < (media?.played.length ?? 0); i += 1) played += media.played.end(i) - media.played.start(i);
        const now = performance.now();
        return {
          ...{ firstFrame, ended, hitches, jumps, played, now, clock: Date.now() },
          stalls: stalls.map(({ at, from, to }) => ({ at, milliseconds: (to ?? now) - from })),
          position: media?.currentTime,
          ahead: media && ahead(media),
          dropped: media?.getVideoPlaybackQuality().droppedVideoFrames,
          ...{ marks: await Promise.all(marks), lead, visible: document.visibilityState },
          peers: { ...peers, made, met, connected: [...connections.keys()].filter((one) => one.connectionState === 'connected').length, roundTrip },
        };
      },
    },
  });
}
