// What there is to see, and over which links: pure facts, so that the command line can be read before anything is installed.
import { SEGMENT, WINDOW } from './media.mjs';

/** Milliseconds between the arrivals of two viewers. */
export const APART = 4000;
/** Seconds that a video may take longer than it lasts. */
export const PATIENCE = 30;
/** Milliseconds over shaped links, to a peer as to the origin. */
export const ROUND_TRIP = 100;

/** The emulation delays and drops a packet between two viewers at both ends, and the answer of a server once. */
export const SHAPED = { latency: ROUND_TRIP / 4, down: 10, up: 3, loss: 1 };

/**
 * What there is to see, and the links of the viewers in the order in which they come; undefined: as fast as the machine.
 * @type {Record<string, { title: string, kind: 'vod' | 'live' | 'shaped', links: (viewers: number) => (import('./viewer.mjs').Link | undefined)[] }>}
 */
export const SCENES = {
  vod: { title: 'VIEWERS viewers, on demand', kind: 'vod', links: (viewers) => Array(viewers).fill(undefined) },
  live: { title: 'VIEWERS viewers, live', kind: 'live', links: (viewers) => Array(viewers).fill(undefined) },
  pair: {
    title: 'Two viewers over shaped links (50 ms each way, 2 % loss, 10 Mbit/s down)',
    kind: 'shaped',
    links: () => [SHAPED, SHAPED],
  },
  slow: {
    title: 'A fast viewer, a slow uploader and a third over such links',
    kind: 'shaped',
    links: () => [{ ...SHAPED, up: 10 }, { ...SHAPED, up: 1 }, SHAPED],
  },
};

/** Seconds of video that a scene needs. */
export function reach(scene, { seconds, viewers }) {
  return SCENES[scene].kind === 'live' ? WINDOW * SEGMENT + seconds + (viewers * APART) / 1000 + PATIENCE : seconds;
}
