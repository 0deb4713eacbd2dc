// Who imports whom among TypeScript files: an arrow for each name that a file takes from another one, types included.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Returns the arrows between the files below `folder`, without tests: file → file → the names it takes there. */
export function typescriptArrows(folder) {
  const files = readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => join(folder, name));
  const modules = new Map(files.map((file) => [file, readModule(file)]));

  const arrows = new Map();
  for (const [file, { imports }] of modules) {
    const targets = new Map();
    for (const { from, name } of imports) {
      const target = modules.has(from) && definer(modules, from, name);
      if (!target || target === file) continue;
      if (!targets.has(target)) targets.set(target, new Set());
      targets.get(target).add(name);
    }
    arrows.set(file, targets);
  }
  return arrows;
}

const statement = /\b(?<kind>import|export)\s+(?:type\s+)?(?<what>[\w$*][^;'"()=]*|\{[^}]*\})\s*from\s*(['"])(?<from>[^'"]+)\3/g;
const bare = /\bimport\s*\(?\s*(['"])(?<from>[^'"]+)\1/g;

/** Reads what a file imports, and what it hands on under which name. */
function readModule(file) {
  const source = readFileSync(file, 'utf8').replace(/\/\*[^]*?\*\/|(?<=^|[\s;{}(),])\/\/[^\n]*/g, '');
  const imports = [];
  const reExports = [];
  for (const { groups } of source.matchAll(statement)) {
    const from = locate(file, groups.from);
    if (!from) continue;
    const names = [...(groups.what.match(/\{([^}]*)\}/)?.[1] ?? '').split(',')]
      .map((name) => name.trim().replace(/^type\s+/, ''))
      .filter(Boolean)
      .map((name) => name.split(/\s+as\s+/));
    const outside = groups.what.replace(/\{[^}]*\}/, '').trim();
    if (groups.kind === 'export') {
      if (outside.startsWith('*')) reExports.push({ from, name: '*', as: outside.split(/\s+as\s+/)[1] });
      for (const [name, as = name] of names) reExports.push({ from, name, as });
    } else {
      if (outside) imports.push({ from, name: outside.startsWith('*') ? '*' : 'default' });
      for (const [name] of names) imports.push({ from, name });
    }
  }
  for (const { groups } of source.matchAll(bare)) {
    const from = locate(file, groups.from);
    if (from) imports.push({ from, name: '*' });
  }
  return { imports, reExports };
}

/** Returns the file that defines a name which `file` exports, through whatever hands it on. */
function definer(modules, file, name, seen = new Set()) {
  if (seen.has(file)) return undefined;
  const { reExports } = modules.get(file);
  const known = new Set([...seen, file]);
  const named = reExports.find(({ as }) => as === name);
  if (named && modules.has(named.from)) return definer(modules, named.from, named.name, known);
  for (const star of reExports.filter(({ name: what, as }) => what === '*' && as === undefined)) {
    const exportsIt = modules.has(star.from) && exportedBy(modules, star.from, name, known);
    if (exportsIt) return definer(modules, star.from, name, known);
  }
  return file;
}

function exportedBy(modules, file, name, seen) {
  if (seen.has(file)) return false;
  const known = new Set([...seen, file]);
  const source = readFileSync(file, 'utf8');
  if (new RegExp(`\\bexport\\b[^;={]*\\b${name}\\b`).test(source)) return true;
  return modules.get(file).reExports.some(({ from, as, name: what }) => as === name || (what === '*' && modules.has(from) && exportedBy(modules, from, name, known)));
}

function locate(file, specifier) {
  if (!specifier.startsWith('.')) return undefined;
  const base = join(dirname(file), specifier.replace(/\.js$/, ''));
  return [`${base}.ts`, join(base, 'index.ts'), base].find((path) => path.endsWith('.ts') && existsSync(path));
}
