/**
 * The page's options: relaxed outside, complete inside. Set them with `configure`, or before the
 * script tag with `window.shoal = { … }`.
 */

import type { ClientOptions } from "./host/client.js";

/** Options of all players of a page. */
export interface Options {
  /** Media kept for playing and sharing, in bytes. */
  storeBytes?: number;
  /** Bytes per second sent to other viewers at most; 0 is no limit. */
  uploadRate?: number;
  /** Bytes sent to other viewers per visit at most; 0 is no limit. The viewer may choose other limits. */
  uploadTotal?: number;
  /** Other viewers connected at one time at most, up to 500. */
  maxPeers?: number;
  /** Language of the player's texts, as in `lang`. Default: the page's, then the browser's. */
  language?: string | null;
  /** Address of the full text on privacy, which the notice links to; null for none. Default: `/privacy` where the index is. */
  privacy?: string | null;
  /** Record what the engine goes through, for `player.trace()`. */
  trace?: boolean;
  /** Address of the WebAssembly file, for pages that keep it elsewhere than beside the script. */
  wasm?: string | null;
}

/** What holds where the page says nothing. */
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

/** The options as they stand. */
export function options(): Required<Options> {
  return present;
}

/** The part of the options that the engine knows, under its names. */
export function engineOptions(): ClientOptions {
  const { storeBytes, maxPeers, trace } = present;
  return { storeBytes, maxLinks: maxPeers, targetLinks: Math.min(maxPeers, 24), trace };
}

function natural(value: number | undefined, otherwise: number): number {
  return Number.isSafeInteger(value) && value !== undefined && value >= 0 ? value : otherwise;
}

function text(value: string | null | undefined, otherwise: string | null): string | null {
  return typeof value === "string" || value === null ? value : otherwise;
}
