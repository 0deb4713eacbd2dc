// The command line of the benchmark.
import { parseArgs } from 'node:util';
import { fail } from '../../scripts/run.mjs';
import { ARMS } from './arms.mjs';
import { SCENES } from './scenes.mjs';

/** The arms that run when none is named, over links as fast as the machine and over shaped ones. */
const USUAL = { free: ['hls', 'p2pml', 'p2pml-inline', 'shoal'], shaped: ['hls', 'shoal'] };
const MODES = ['vod', 'live', 'shaped'];

const usage = `npm run bench -- [vod|live|shaped …] [OPTIONS]

  vod, live, shaped   what to run, one or several; vod and live when none is named
  --viewers N         viewers of one video, joined 4 s apart (6; shaped has its own)
  --seconds S         length of the video, or of the broadcast that is watched (120)
  --rounds R          rounds; every arm runs once in each, in turns (3)
  --arms A,B          of ${Object.keys(ARMS).join(', ')} (${USUAL.free.join(', ')};
                      shaped: ${USUAL.shaped.join(', ')}); hls is the control and always runs
  --own               a browser of its own for every viewer, instead of a context each in one
  --write FILE        write every figure of every run as JSON
  --help              this text`;

/** Reads the command line, or ends with a sentence. */
export function options(words) {
  const { values, positionals } = read(words);
  if (values.help) {
    process.stdout.write(`${usage}\n`);
    process.exit(0);
  }
  const modes = positionals.length > 0 ? positionals : ['vod', 'live'];
  for (const mode of modes) if (!MODES.includes(mode)) fail(`There is no mode "${mode}".\n\n${usage}`);
  const arms = values.arms?.split(',');
  for (const arm of arms ?? []) if (!(arm in ARMS)) fail(`There is no arm "${arm}".\n\n${usage}`);
  return {
    scenes: modes.flatMap((mode) => Object.keys(SCENES).filter((scene) => SCENES[scene].kind === mode)),
    arms,
    viewers: whole(values.viewers, 'viewers', 1, 30),
    seconds: whole(values.seconds, 'seconds', 12, 3600),
    rounds: whole(values.rounds, 'rounds', 1, 100),
    own: values.own,
    write: values.write,
  };
}

/** The arms of a scene, the control first: there is nothing to compare with without it. */
export function armsOf(scene, { arms }) {
  const named = arms ?? USUAL[SCENES[scene].kind === 'shaped' ? 'shaped' : 'free'];
  return [...new Set(['hls', ...named])];
}

function read(words) {
  try {
    return parseArgs({
      args: words,
      allowPositionals: true,
      options: {
        viewers: { type: 'string', default: '6' },
        seconds: { type: 'string', default: '120' },
        rounds: { type: 'string', default: '3' },
        arms: { type: 'string' },
        own: { type: 'boolean', default: false },
        write: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    return fail(`${error.message}\n\n${usage}`);
  }
}

function whole(text, name, least, most) {
  const number = Number(text);
  if (!Number.isInteger(number) || number < least || number > most) fail(`--${name} must be a number from ${least} to ${most}.`);
  return number;
}
