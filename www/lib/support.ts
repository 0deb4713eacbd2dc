/** What this browser and this connection can do, asked before anything is downloaded. */

import type { P2PReason } from "./events.js";

/** Why this browser cannot share, or null when it can. */
export function missing(mse: boolean): P2PReason | null {
  if (typeof globalThis.RTCPeerConnection !== "function") {
    return "no-webrtc";
  }
  if (!mse) {
    return "no-mse";
  }
  return typeof globalThis.WebAssembly === "object" ? null : "no-wasm";
}

/** The Network Information API, as far as it is used; not in TypeScript's library. */
interface Connection extends EventTarget {
  readonly saveData?: boolean;
  readonly type?: string;
}

function connection(): Connection | undefined {
  return (navigator as Navigator & { readonly connection?: Connection }).connection;
}

/** The connection is paid by volume or asked to save data, as far as the browser tells. */
export function metered(): boolean {
  const line = connection();
  return line?.saveData === true || line?.type === "cellular";
}

/** Calls back when `metered` may have changed; the returned function stops that. */
export function onConnectionChange(listener: () => void): () => void {
  const line = connection();
  line?.addEventListener("change", listener);
  return () => {
    line?.removeEventListener("change", listener);
  };
}
