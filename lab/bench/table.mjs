// Tables in Markdown: medians over the rounds, one column for each arm.
import { ARMS } from './arms.mjs';
import { FIGURES, median, OWN_FIGURES } from './figures.mjs';
import { SCENES } from './scenes.mjs';

/** The table of a scene's runs, its heading included. */
export function table(scene, runs, { rounds, seconds }) {
  const { title, kind } = SCENES[scene];
  const { viewers } = runs[0];
  const arms = [...new Set(runs.map(({ arm }) => arm))];
  const row = (name, figure, values) => [name, ...arms.map((arm) => (arm === 'hls' && figure.sharing ? '' : print(figure, values(arm))))];
  const ceiling = `${(100 * (1 - 1 / viewers.length)).toFixed(0)} %`;

  const shared = FIGURES.filter(({ only }) => only === undefined || KINDS[kind].includes(only)).map((figure) =>
    row(figure.name.replace('CEILING', ceiling), figure, (arm) => ofAll(runs, arm, figure)),
  );
  const own = kind !== 'shaped' ? [] : viewers.flatMap(({ link }, i) =>
    OWN_FIGURES.map((figure) => row(`Viewer ${i + 1}, ${link.up} Mbit/s up: ${figure.name}`, figure, (arm) => ofOne(runs, arm, figure, i))),
  );
  const of = rounds === 1 ? 'one round' : `medians of ${rounds} rounds`;
  const head = ['', ...arms.map((arm) => ARMS[arm].name)];
  const lines = [head, head.map((_, i) => (i === 0 ? '---' : '--:')), ...shared, ...own];
  return `**${title.replace('VIEWERS', viewers.length)}**, ${seconds} s at 2 Mbit/s, ${of}\n\n${lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`;
}

/** The figures that are for some scenes only: which of them a kind of scene has. */
const KINDS = { vod: ['free'], live: ['free', 'live'], shaped: ['shaped'] };

/** A figure of each run of an arm, beside the control of the same round. */
function ofAll(runs, arm, figure) {
  return ofArm(runs, arm).map((run) => figure.of(run, runs.find(({ arm: other, round }) => other === 'hls' && round === run.round)));
}

/** A figure of one viewer in each run of an arm. */
function ofOne(runs, arm, figure, i) {
  return ofArm(runs, arm).map(({ viewers }) => figure.of(viewers[i]));
}

function ofArm(runs, wanted) {
  return runs.filter(({ arm }) => arm === wanted);
}

function print({ digits, unit = '' }, values) {
  const value = median(values);
  return Number.isFinite(value) ? `${value.toFixed(digits)}${unit}` : 'never';
}
