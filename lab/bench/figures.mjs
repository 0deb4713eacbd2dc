// From what was counted in a run to the figures that are compared.

const MEGA = 1e6;

/**
 * Every figure of a table: what it says, its unit, and how many digits are worth printing.
 * @typedef {object} Figure
 * @property {string} name
 * @property {number} digits
 * @property {(run: object, control: object) => number} of of one run, beside the control arm's of the same round
 * @property {string} [unit] printed behind the number
 * @property {'live' | 'shaped' | 'free'} [only] for live streams; for shaped links; for links as fast as the machine
 * @property {boolean} [sharing] says nothing about the control arm
 */

/** @type {Figure[]} */
export const FIGURES = [
  { name: 'Origin bytes, MB', digits: 1, of: ({ origin }) => origin.video / MEGA },
  { name: 'Offload against the control (ceiling CEILING)', digits: 1, unit: ' %', sharing: true, of: (run, control) => 100 * (1 - run.origin.video / control.origin.video) },
  { name: 'Copies of a segment from the origin', digits: 2, only: 'free', of: ({ origin }) => origin.copiesPerSegment },
  { name: 'Requests for a segment at the origin', digits: 2, only: 'free', of: ({ origin }) => origin.requestsPerSegment },
  { name: 'Stalls of all viewers', digits: 0, only: 'free', of: ({ viewers }) => sum(viewers, ({ stalls }) => stalls.length) },
  { name: 'Stalled, s of all viewers', digits: 1, only: 'free', of: ({ viewers }) => sum(viewers, stalled) },
  { name: 'Jumps of all viewers', digits: 0, only: 'free', of: ({ viewers }) => sum(viewers, ({ jumps }) => jumps) },
  { name: 'Not played since the first frame, s per viewer', digits: 1, only: 'free', of: ({ viewers }) => mean(viewers, lost) },
  { name: 'First frame, ms, median of viewers', digits: 0, only: 'free', of: ({ viewers }) => median(viewers.map(({ firstFrame }) => firstFrame ?? Infinity)) },
  { name: 'Behind live, s, median of viewers', digits: 1, only: 'live', of: ({ viewers }) => median(viewers.map(({ behind }) => behind)) },
  { name: 'Uploaded per viewer, MB', digits: 1, sharing: true, only: 'free', of: ({ viewers }) => mean(viewers, ({ peers }) => peers.sent) / MEGA },
  { name: 'Uploaded by the busiest, MB', digits: 1, sharing: true, only: 'free', of: ({ viewers }) => Math.max(...viewers.map(({ peers }) => peers.sent)) / MEGA },
  { name: 'Wasted, of the bytes shown', digits: 1, unit: ' %', of: (run) => 100 * wasted(run) },
  {
    ...{ name: 'Round trip between viewers, ms', digits: 0, only: 'shaped', sharing: true },
    of: ({ viewers }) => 1000 * median(viewers.map(({ peers }) => peers.roundTrip ?? Infinity)),
  },
  { name: 'CPU s per viewer-minute', digits: 2, of: (run) => processor(run) / (sum(run.viewers, ({ present }) => present) / 60) },
  { name: 'Heap and buffers per viewer, MB', digits: 1, only: 'free', of: ({ viewers }) => mean(viewers, ({ heap }) => heap.objects + heap.buffers) / MEGA },
  { name: 'Memory of the browser per viewer, MB', digits: 0, only: 'free', of: ({ memory, viewers }) => memory / viewers.length / MEGA },
];

/** Figures of one viewer, for scenes in which every viewer has a link of its own. */
export const OWN_FIGURES = [
  { name: 'first frame, ms', digits: 0, of: ({ firstFrame }) => firstFrame ?? Infinity },
  { name: 'stalls', digits: 0, of: ({ stalls }) => stalls.length },
  { name: 'stalled, s', digits: 1, of: stalled },
  { name: 'not played since then, s', digits: 1, of: lost },
  { name: 'from peers, MB', digits: 1, sharing: true, of: ({ peers }) => peers.received / MEGA },
  { name: 'uploaded, MB', digits: 1, sharing: true, of: ({ peers }) => peers.sent / MEGA },
];

/** Seconds in which a viewer waited for the network. */
export function stalled({ stalls }) {
  return sum(stalls, ({ milliseconds }) => milliseconds) / 1000;
}

/** Seconds since the first frame in which nothing was played, for whatever reason: stalls, and a machine that is too busy. */
function lost({ firstFrame = NaN, ended, now, played }) {
  return ((ended ?? now) - firstFrame) / 1000 - played;
}

/** Processor seconds of all processes of the browser. */
export function processor({ cpu }) {
  return sum(Object.values(cpu), (seconds) => seconds);
}

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * What came over the network for the video and was never given to a media element, as a share of what was: fetched twice
 * or for nobody, the sharing's own messages, the index.
 */
function wasted({ origin, viewers }) {
  const { segment, init, index } = origin.bytes;
  const came = segment + init + index + sum(viewers, ({ peers }) => peers.received);
  const given = sum(viewers, ({ given: bytes }) => bytes);
  return (came - given) / given;
}

function sum(list, of) {
  return list.reduce((total, one) => total + of(one), 0);
}

function mean(list, of) {
  return sum(list, of) / list.length;
}
