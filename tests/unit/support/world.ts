/** Modules with a state of their own: what is remembered in one test is not there in the next. */

let worlds = 0;

/** Returns an importer of modules that know nothing of other worlds. Paths as from www/lib. */
export function world(): <Exports>(path: string) => Promise<Exports> {
  worlds += 1;
  const query = `?world=${String(worlds)}`;
  return (path) => import(new URL(`../../../www/lib/${path}.js${query}`, import.meta.url).href);
}
