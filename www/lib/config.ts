/** Keeps the page's options: relaxed outside (`public/options.ts`), complete inside. */

import type { Options } from "./public/options.js";

/** Values that hold where the page says nothing. */
export const defaults: Required<Options> = {
  storeBytes: 128 * 1024 * 1024,
  uploadRate: 0,
  uploadTotal: 0,
  maxPeers: 40,
  language: null,
  privacy: "/privacy",
  trace: false,
  wasm: null,
};

let present = defaults;

/** Sets options for the players that start from now on. Unknown and unfit values are left out. */
export function configure(options: Options): void {
  present = {
    storeBytes: natural(options.storeBytes, present.storeBytes),
    uploadRate: natural(options.uploadRate, present.uploadRate),
    uploadTotal: natural(options.uploadTotal, present.uploadTotal),
    maxPeers: natural(options.maxPeers, present.maxPeers),
    language: text(options.language, present.language),
    privacy: text(options.privacy, present.privacy),
    trace: typeof options.trace === "boolean" ? options.trace : present.trace,
    wasm: text(options.wasm, present.wasm),
  };
}

/** Returns the options as they stand. */
export function options(): Required<Options> {
  return present;
}

/** Returns the part of the options that the engine knows, under its names. */
export function engineOptions(): object {
  const { storeBytes, maxPeers, trace } = present;
  return { storeBytes, maxLinks: maxPeers, targetLinks: Math.min(maxPeers, 24), trace };
}

function natural(value: number | undefined, otherwise: number): number {
  return Number.isSafeInteger(value) && value !== undefined && value >= 0 ? value : otherwise;
}

function text(value: string | null | undefined, otherwise: string | null): string | null {
  return typeof value === "string" || value === null ? value : otherwise;
}
