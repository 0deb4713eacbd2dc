// The table of `npm run bench:tracker`, in Markdown: medians over the rounds, one column for each tracker.
import { cpus } from 'node:os';
import { median } from '../figures.mjs';

const of = (load, figure, digits = 0) => ({ load, print: (runs) => median(runs.map(figure)).toFixed(digits) });
const pair = (load, name) => ({
  load,
  print: (runs) => ['p50', 'p99'].map((share) => median(runs.map((run) => run[name][share])).toFixed(1)).join(' / '),
});
const kib = (figure) => (run) => run[figure] / 1024;
const faults = (run) => run.replies_lost + run.offers_lost + run.answers_lost + run.misrouted + run.failures + run.closed;

const rows = {
  'Saturated, 100 swarms: announces/s': of('swarms', (run) => run.rate),
  '· tracker time per announce, µs': of('swarms', (run) => run.cpu),
  '· reply p50 / p99, ms': pair('swarms', 'reply'),
  '· answer back p50 / p99, ms': pair('swarms', 'answer'),
  'Saturated, one swarm: announces/s': of('swarm', (run) => run.rate),
  '· tracker time per announce, µs ': of('swarm', (run) => run.cpu),
  '150 announces/s: tracker time per announce, µs': of('open', (run) => run.cpu),
  '· reply p50 / p99, ms ': pair('open', 'reply'),
  '· answer back p50 / p99, ms ': pair('open', 'answer'),
  'Memory of the empty tracker, MiB': of('swarms', (run) => run.base / 1024 / 1024, 1),
  '· more per viewer connected, KiB': of('swarms', kib('connected'), 1),
  '· announced once': of('swarms', kib('joined'), 1),
  '· after the saturated run': of('swarms', kib('after'), 1),
  'Messages lost, misrouted or refused, sockets closed': {
    print: (runs) => String(runs.map(faults).reduce((sum, it) => sum + it, 0)),
  },
  'Share of a core: tracker / generator, saturated': {
    load: 'swarms',
    print: (runs) => ['busy', 'generator_busy'].map((name) => median(runs.map((run) => run[name])).toFixed(2)).join(' / '),
  },
};

/** The table, and what is to be said beside it. */
export function report(trackers, runs, off, { viewers, rounds }) {
  const there = trackers.filter(({ missing }) => !missing).map(({ name }) => name);
  const head = ['', ...there];
  const body = Object.entries(rows).map(([title, { load, print }]) => {
    const cells = there.map((name) => {
      const found = runs.filter((run) => run.name === name && (load === undefined || run.load === load) && !run.error);
      return found.length > 0 ? print(found) : 'failed';
    });
    return [title.trimEnd(), ...cells];
  });
  const lines = [head, head.map((_, i) => (i === 0 ? '---' : '--:')), ...body].map((cells) => `| ${cells.join(' | ')} |`);
  const of = rounds === 1 ? 'one round' : `medians of ${rounds} rounds`;
  const notes = trackers.filter(({ missing }) => missing).map(({ name, missing }) => `Not compared: ${name}; ${missing}.`);
  const errors = runs.filter(({ error }) => error).map(({ name, load, error }) => `Failed: ${name}, ${load}: ${error}`);
  const switched = off && `The order to switch sharing off reached half of ${off.viewers} viewers after ${off.off.p50.toFixed(0)} ms and the last after ${off.off.max.toFixed(0)} ms.`;
  const title = `${viewers} viewers, 5 offers of 1 KB in each announce, every offer answered, ${of}, ${cpus()[0].model}`;
  return [title, '', ...lines, '', ...[switched, ...notes, ...errors].filter(Boolean)].join('\n');
}
