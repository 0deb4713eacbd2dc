/** Options that a page may set: with `configure`, or before the script tag with `window.shoal = { … }`. */

/** Options of all players of a page. */
export interface Options {
  /** Bytes of media kept for playing and sharing. Default: 128 MiB. */
  storeBytes?: number;
  /** Bytes per second sent to other viewers at most; 0, the default, is no limit. */
  uploadRate?: number;
  /** Bytes sent to other viewers per visit at most; 0, the default, is no limit. The viewer may choose other limits. */
  uploadTotal?: number;
  /** Number of other viewers connected at one time at most, up to 500. Default: 40. */
  maxPeers?: number;
  /** Language of the player's texts, as in `lang`. Default: the page's, then the browser's. */
  language?: string | null;
  /** Address of the full text on privacy, which the notice links to; null for none. Default: `/privacy` where the index is. */
  privacy?: string | null;
  /** Whether to record what the engine goes through, for `player.trace()`. */
  trace?: boolean;
  /** Address of the WebAssembly file, for pages that keep it elsewhere than beside the script. */
  wasm?: string | null;
}
