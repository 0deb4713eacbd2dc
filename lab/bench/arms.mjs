// The players that are compared, each as its own documentation embeds it, in a page that is otherwise the same.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../scripts/run.mjs';

/** What hls.js does by itself: said aloud, it keeps p2p-media-loader from changing the player. */
const UNCHANGED = { liveSyncDurationCount: 3, maxBufferLength: 30, maxMaxBufferLength: 600 };
/**
 * hls.js's worker takes the buffer that it is given away, and p2p-media-loader gives it the one that it shares: whoever asks
 * for it afterwards gets an empty segment, and hangs. Without the worker it shows what it can do.
 */
const INLINE = { enableWorker: false };

const LOADER = `p2p-media-loader ${version('lab/bench/node_modules/p2p-media-loader-core')}`;

/**
 * One arm: its name in tables, and the HTML that plays the video at `src` with a tracker.
 * @typedef {{ name: string, page: (src: string, tracker: string) => string }} Arm
 */

/** @type {Record<string, Arm>} */
export const ARMS = {
  hls: { name: `hls.js ${version('node_modules/hls.js')}`, page: plain },
  p2pml: { name: LOADER, page: (src, tracker) => loader(src, tracker, {}) },
  'p2pml-inline': { name: `${LOADER}, hls.js without worker`, page: (src, tracker) => loader(src, tracker, INLINE) },
  'p2pml-unchanged': {
    name: `${LOADER}, hls.js without worker, its delay and buffer unchanged`,
    page: (src, tracker) => loader(src, tracker, { ...INLINE, ...UNCHANGED }),
  },
  shoal: { name: 'Shoal', page: (src, tracker) => shoal(src, `tracker="${tracker}"`) },
  'shoal-off': { name: 'Shoal, not sharing', page: (src) => shoal(src, 'p2p="off"') },
};

/** Files that the pages load, by path; Shoal's own come from its server. */
export const SCRIPTS = {
  '/bench/hls.min.js': 'node_modules/hls.js/dist/hls.min.js',
  '/bench/p2p-media-loader-core.js': 'lab/bench/node_modules/p2p-media-loader-core/dist/p2p-media-loader-core.es.min.js',
  '/bench/p2p-media-loader-hlsjs.js': 'lab/bench/node_modules/p2p-media-loader-hlsjs/dist/p2p-media-loader-hlsjs.es.min.js',
};

function html(head, body) {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>viewer</title>
<style>video, shoal-player { display: block; width: 640px; height: 360px }</style>${head}</head><body>${body}</body></html>`;
}

function plain(src) {
  return html(
    '<script src="/bench/hls.min.js"></script>',
    `<video controls muted autoplay playsinline></video>
<script>const hls = new Hls(); hls.loadSource(${JSON.stringify(src)}); hls.attachMedia(document.querySelector('video'));</script>`,
  );
}

/** Its defaults, but for a tracker and no STUN: nothing leaves the machine. */
function loader(src, tracker, player) {
  const core = { announceTrackers: [tracker], rtcConfig: { iceServers: [] } };
  const imports = {
    'p2p-media-loader-core': '/bench/p2p-media-loader-core.js',
    'p2p-media-loader-hlsjs': '/bench/p2p-media-loader-hlsjs.js',
  };
  return html(
    `<script type="importmap">${JSON.stringify({ imports })}</script><script src="/bench/hls.min.js"></script>`,
    `<video controls muted autoplay playsinline></video>
<script type="module">import { HlsJsP2PEngine } from 'p2p-media-loader-hlsjs';
const hls = new (HlsJsP2PEngine.injectMixin(Hls))(${JSON.stringify({ ...player, p2p: { core } })});
hls.attachMedia(document.querySelector('video'));
hls.loadSource(${JSON.stringify(src)});</script>`,
  );
}

function shoal(src, attributes) {
  return html('<script src="/shoal/shoal.js"></script>', `<shoal-player src="${src}" ${attributes} autoplay muted></shoal-player>`);
}

/** The version of an installed package, or "?" before the setup has installed it. */
function version(folder) {
  try {
    return JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')).version;
  } catch {
    return '?';
  }
}
