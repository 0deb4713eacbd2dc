/** Finds out what this browser and this connection can do, before anything is downloaded. */

import type { P2PReason } from "../public/events.js";

/** Returns why this browser cannot share, or null when it can. */
export function missing(mse: boolean): P2PReason | null {
  if (typeof globalThis.RTCPeerConnection !== "function") {
    return "no-webrtc";
  }
  if (!mse) {
    return "no-mse";
  }
  return typeof globalThis.WebAssembly === "object" ? null : "no-wasm";
}

/** Network Information API, as far as it is used; not in TypeScript's library. */
interface Connection extends EventTarget {
  readonly saveData?: boolean;
  readonly type?: string;
}

function connection(): Connection | undefined {
  return (navigator as Navigator & { readonly connection?: Connection }).connection;
}

/** Returns whether the connection is paid by volume or asked to save data, as far as the browser tells. */
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

/** Returns whether the browser sends the Global Privacy Control signal: the viewer is asked, whatever the site says. */
export function privacySignal(): boolean {
  return (navigator as Navigator & { readonly globalPrivacyControl?: boolean }).globalPrivacyControl === true;
}

/** Reason for which less is sent to other viewers at present. */
export type Frugality = "battery" | "hidden";

/** Battery Status API, as far as it is used; not in TypeScript's library. */
interface Battery extends EventTarget {
  readonly charging: boolean;
  /** Charge from 0 to 1. */
  readonly level: number;
}

/** Level from which down a battery is low, from 0 to 1. */
const LOW = 0.3;

let battery: Battery | null = null;

/** Returns why less is to be sent, or null when nothing speaks for it. */
export function frugality(): Frugality | null {
  if (battery !== null && !battery.charging && battery.level <= LOW) {
    return "battery";
  }
  return document.hidden ? "hidden" : null;
}

/** Calls back when `frugality` may have changed; the returned function stops that. */
export function onFrugality(listener: () => void): () => void {
  const stop = new AbortController();
  const { signal } = stop;
  document.addEventListener("visibilitychange", listener, { signal });
  const { getBattery } = navigator as Navigator & { getBattery?: () => Promise<Battery> };
  getBattery?.call(navigator).then(
    (found) => {
      battery = found;
      found.addEventListener("chargingchange", listener, { signal });
      found.addEventListener("levelchange", listener, { signal });
      if (!signal.aborted) {
        listener();
      }
    },
    // A frame may not be allowed to know.
    () => undefined,
  );
  return () => {
    stop.abort();
  };
}
