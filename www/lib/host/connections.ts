/**
 * Holds every connection that the WebAssembly module makes: `webpack.config.js` gives it these
 * constructors in place of the browser's. So connections can be ended when the module that owns them
 * has failed, and a browser that forbids WebRTC is found out before the tracker hears of the viewer.
 */

interface Closable {
  close(): void;
}

let held: WeakRef<Closable>[] = [];
let permitted: boolean | null = null;
const watchers = new Set<() => void>();

/** In place of `RTCPeerConnection`. */
export function PeerConnection(configuration?: RTCConfiguration): RTCPeerConnection {
  return hold(new globalThis.RTCPeerConnection(configuration));
}

/** In place of `WebSocket`. The module opens the first one when the viewer's sharing begins. */
export function Socket(url: string): WebSocket {
  if (!allowed()) {
    for (const watcher of watchers) {
      queueMicrotask(watcher);
    }
    throw new DOMException("WebRTC is not allowed here, so no tracker is needed", "NotAllowedError");
  }
  return hold(new globalThis.WebSocket(url));
}

/** Ends all connections without a word to the module. */
export function closeAll(): void {
  for (const reference of held) {
    reference.deref()?.close();
  }
  held = [];
}

/** Calls back when the browser turns out to forbid WebRTC; the returned function stops that. */
export function onForbidden(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

/** A policy or an extension may leave the constructor in place and make it throw. Nothing is sent. */
function allowed(): boolean {
  if (permitted === null) {
    try {
      new globalThis.RTCPeerConnection().close();
      permitted = true;
    } catch {
      permitted = false;
    }
  }
  return permitted;
}

function hold<Connection extends Closable>(connection: Connection): Connection {
  held = held.filter((reference) => reference.deref() !== undefined);
  held.push(new WeakRef(connection));
  return connection;
}
