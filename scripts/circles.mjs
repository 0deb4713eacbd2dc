// `npm run circles`: how many files hang on each other in a circle, so that none can be read or changed alone.
//
// An arrow goes from a file that names an item (in a `use`, an `import` or a path in code) to the file that defines it,
// through re-exports. Where a Rust type's `impl` lies in several files, a call on `self` is an arrow as well.
// `mod x;`, a facade that only hands names on, and tests are none. A circle is a strongly connected component of the
// files: from each of them, arrows lead to all others.
//
// Prints each part's largest circle with its arrows, and ends with 1 if one is larger than its bound below.
// `npm run circles -- server` reads one part and prints all its circles.
import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { circles } from './circles/graph.mjs';
import { rustArrows } from './circles/rust.mjs';
import { typescriptArrows } from './circles/typescript.mjs';
import { fail, root, say } from './run.mjs';

/** The parts, where each may lie, and the most files that may be in one circle. */
const parts = [
  { name: 'wire', folders: ['crates/wire/src'], crate: 'shoal_wire', bound: 2 },
  { name: 'engine', folders: ['crates/engine/src'], crate: 'shoal_engine', bound: 2 },
  { name: 'adapters', folders: ['src'], crate: 'shoal', bound: 2 },
  { name: 'server', folders: ['crates/server/src'], crate: 'shoal_server', bound: 4 },
  { name: 'simulator', folders: ['lab/sim/src', 'crates/sim/src'], crate: 'shoal_sim', bound: 4 },
  { name: 'load', folders: ['lab/load/src', 'crates/load/src'], crate: 'shoal_load', bound: 4 },
  { name: 'www/lib', folders: ['www/lib'], bound: 2 },
];

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !parts.some((part) => part.name === name));
if (unknown.length > 0) fail(`There is no part ${unknown.join(', ')}; there are ${parts.map(({ name }) => name).join(', ')}.`);

const over = [];
for (const { name, folders, crate, bound } of parts) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const folder = folders.map((path) => join(root, path)).find(existsSync);
  if (!folder) fail(`The part ${name} is not in ${folders.join(' nor in ')}.`);
  const arrows = crate ? rustArrows(folder, crate) : typescriptArrows(folder);
  const found = circles(arrows);
  const largest = found[0]?.length ?? 1;
  if (largest > bound) over.push(name);

  const byNames = circles(withoutCalls(arrows))[0]?.length ?? 1;
  const size = largest === 1 ? 'no circle' : `largest circle ${largest}${byNames < largest ? ` (${byNames} without calls on self)` : ''}`;
  say(`${name.padEnd(10)} ${String(arrows.size).padStart(3)} files, ${size}, bound ${bound}${largest > bound ? ': OVER' : ''}`);
  for (const circle of asked.length > 0 ? found : found.slice(0, 1)) {
    for (const from of circle) {
      for (const to of circle) {
        const names = arrows.get(from).get(to);
        if (names) say(`  ${relative(folder, from)} → ${relative(folder, to)}: ${[...names].sort().join(', ')}`);
      }
    }
    say('');
  }
}
if (over.length > 0) fail(`The largest circle is over its bound in: ${over.join(', ')}.`);

function withoutCalls(arrows) {
  const isName = (name) => !name.includes('::');
  return new Map([...arrows].map(([from, targets]) => [from, new Map([...targets].filter(([, names]) => [...names].some(isName)))]));
}
