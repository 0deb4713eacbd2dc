// What a bundler and a browser do for the player's modules, for Node:
//
// 1. Style sheets are empty, and the WebAssembly package is whatever a test has put into `globalThis.wasm`.
// 2. Modules imported with `?world=N` import others in the same world: each world has its own state.
// 3. One module may be replaced by a mutant: `scripts/break-unit.mjs` names both in the environment.
import { readFile } from 'node:fs/promises';

const source = (text) => `data:text/javascript,${encodeURIComponent(text)}`;
const stubs = [
  [/\.css$/, source('export default "";')],
  [/\.wasm$/, source('export default "https://site.example/shoal.wasm";')],
  [
    /^shoal-wasm\/shoal\.js$/,
    source(`
      export default (...words) => globalThis.wasm.init(...words);
      export function Client(...words) { return new globalThis.wasm.Client(...words); }
      export const setPanicHandler = (handler) => globalThis.wasm.setPanicHandler(handler);
    `),
  ],
];

/** Finds a module: a stub, or one of the world that asks. */
export async function resolve(specifier, context, next) {
  const stub = stubs.find(([pattern]) => pattern.test(specifier));
  if (stub !== undefined) return { url: stub[1], shortCircuit: true };
  const found = await next(specifier, context);
  const world = /\?world=\d+$/.exec(context.parentURL ?? '');
  return world !== null && specifier.startsWith('.') ? { ...found, url: found.url + world[0] } : found;
}

/** Loads a module, or the mutant in its place. */
export async function load(url, context, next) {
  const { MUTATED, MUTANT } = process.env;
  if (MUTATED === undefined || url.replace(/\?.*$/, '') !== MUTATED) return next(url, context);
  return { format: 'module', source: await readFile(MUTANT), shortCircuit: true };
}
