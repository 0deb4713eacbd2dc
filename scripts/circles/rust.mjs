// Who names whom between the files of a Rust crate: an arrow for each item that a file takes from another one.
//
// A reader of tokens, not a compiler. It follows `mod` to the files, and a path (`use …`, or in code) through modules,
// imports and re-exports to the file that defines the item. Where a type's `impl` is spread over files, it follows
// `self.method()` and `Self::method` too; it does not see calls of methods on other values.
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * Returns the arrows of the crate in `folder` (that of its lib.rs or main.rs): file → file → the names it takes there.
 * `crate` is the name by which main.rs calls the library.
 */
export function rustArrows(folder, crate) {
  const roots = ['lib.rs', 'main.rs'].map((name) => join(folder, name)).filter(existsSync);
  const modules = [];
  const trees = new Map();
  for (const file of roots) trees.set(file, readModule(file, undefined, modules));
  const library = trees.get(join(folder, 'lib.rs'));

  const arrows = new Map(modules.map(({ file }) => [file, new Map()]));
  const draw = (from, { file, name }) => {
    if (file === from) return;
    const targets = arrows.get(from);
    if (!targets.has(file)) targets.set(file, new Set());
    targets.get(file).add(name);
  };

  const crates = new Map([[crate, library]]);
  const methods = new Map();
  const calls = [];
  for (const module of modules) {
    for (const path of module.paths) {
      const found = resolve(module, path, crates);
      if (found) draw(module.file, found);
    }
    for (const { type, defined, called } of module.impls) {
      const found = resolve(module, type, crates);
      if (!found) continue;
      const key = `${found.file} ${found.name}`;
      if (!methods.has(key)) methods.set(key, new Map());
      for (const name of defined) methods.get(key).set(name, module.file);
      calls.push({ from: module.file, key, type: found.name, called });
    }
  }
  for (const { from, key, type, called } of calls) {
    for (const name of called) {
      const file = methods.get(key).get(name);
      if (file) draw(from, { file, name: `${type}::${name}` });
    }
  }
  return arrows;
}

// Modules ---------------------------------------------------------------------------------------------------------

function readModule(file, parent, modules) {
  const module = { file, parent, children: new Map(), items: new Set(), imports: new Map(), globs: [], paths: [], impls: [] };
  modules.push(module);
  readItems(new Tokens(tokens(readFileSync(file, 'utf8'))), module, modules, childFolder(file));
  return module;
}

function childFolder(file) {
  const name = basename(file, '.rs');
  return ['lib', 'main', 'mod'].includes(name) ? dirname(file) : join(dirname(file), name);
}

/** Reads the items of a module, up to its closing brace or the end of its file. */
function readItems(input, module, modules, folder) {
  const identifiers = new Set();
  const reExports = [];
  let test = false;
  let exported = false;
  while (!input.done && input.peek() !== '}') {
    const token = input.peek();
    if (token === '#') {
      const attribute = input.attribute();
      test ||= isTest(attribute);
      scan(attribute, module, identifiers);
      continue;
    }
    if (token === 'pub') {
      exported = true;
      input.next();
      if (input.peek() === '(') input.group();
      continue;
    }
    if (token === 'mod' && !test) {
      input.next();
      const name = input.next();
      if (input.next() === ';') {
        const file = [join(folder, `${name}.rs`), join(folder, name, 'mod.rs')].find(existsSync);
        if (file) module.children.set(name, readModule(file, module, modules));
      } else {
        const child = { ...module, parent: module, children: new Map(), items: new Set(), imports: new Map(), globs: [], paths: [], impls: [] };
        modules.push(child);
        module.children.set(name, child);
        readItems(input, child, modules, join(folder, name));
        input.next();
      }
    } else {
      const item = input.item();
      if (test) {
        // What only tests need is no part of the house.
      } else if (item[0] === 'use') {
        for (const leaf of useLeaves(item.slice(1))) {
          addImport(module, leaf);
          if (exported) reExports.push(leaf);
          else module.paths.push(leaf.path);
        }
      } else {
        const name = definedBy(item);
        if (name) module.items.add(name);
        if (item[0] === 'impl') module.impls.push(readImpl(item));
        scan(item, module, identifiers);
      }
    }
    test = false;
    exported = false;
  }
  // A file that only hands a name on does not depend on it; one that uses it does.
  for (const leaf of reExports) if (identifiers.has(leaf.name)) module.paths.push(leaf.path);
  for (const name of identifiers) {
    for (const path of module.globs) module.paths.push({ glob: path, name });
  }
}

/** Returns the name that an item gives to its module; none for an `impl` or a call of a macro. */
function definedBy(item) {
  const words = item.filter((word) => !['unsafe', 'async', 'auto', 'mut', '!'].includes(word) && !word.startsWith('"'));
  const [kind, name] = words[0] === 'extern' || (words[0] === 'const' && words[1] === 'fn') ? words.slice(1) : words;
  return ['struct', 'enum', 'trait', 'type', 'const', 'static', 'union', 'fn', 'macro_rules'].includes(kind) ? name : undefined;
}

/** Returns the type of an `impl` as a path, the functions that stand in it, and what it calls on `self` and `Self`. */
function readImpl(item) {
  const head = item.slice(1, item.indexOf('{'));
  let depth = 0;
  const outside = head.filter((word, at) => {
    const arrow = word === '>' && head[at - 1] === '-';
    if (word === '<') depth += 1;
    else if (word === '>' && !arrow) depth -= 1;
    else return depth === 0;
    return false;
  });
  const after = outside.slice(outside.lastIndexOf('for') + 1);
  const type = after.slice(0, after.includes('where') ? after.indexOf('where') : undefined).filter(isIdentifier);
  const defined = item.filter((word, at) => item[at - 1] === 'fn');
  const called = item.filter((word, at) => (item[at - 1] === '.' && item[at - 2] === 'self') || (item[at - 1] === '::' && item[at - 2] === 'Self'));
  return { type: type.filter((word) => !['mut', 'dyn'].includes(word)), defined, called };
}

function addImport(module, leaf) {
  if (leaf.glob) module.globs.push(leaf.path);
  else if (module.imports.has(leaf.name)) module.imports.get(leaf.name).push(leaf.path);
  else module.imports.set(leaf.name, [leaf.path]);
}

/** Finds the paths in code, and the imports that stand in functions. */
function scan(code, module, identifiers, inAttribute = false) {
  const input = new Tokens(code);
  let before = '';
  while (!input.done) {
    const token = input.peek();
    if (token === '#' && (input.peek(1) === '[' || input.peek(1) === '!')) {
      const attribute = input.attribute();
      if (isTest(attribute)) input.item();
      else scan(attribute.slice(1), module, identifiers, true);
    } else if (token === 'use' && input.peek(1) !== '<') {
      for (const leaf of useLeaves(input.item().slice(1))) {
        addImport(module, leaf);
        module.paths.push(leaf.path);
      }
    } else if (isIdentifier(token)) {
      const path = [input.next()];
      while (input.peek() === '::' && isIdentifier(input.peek(1))) {
        input.next();
        path.push(input.next());
      }
      if (before !== '.' && before !== '::') {
        identifiers.add(path[0]);
        if (path.length > 1) module.paths.push(path);
      }
    } else {
      // `#[serde(default = "crate::a::b")]` names an item too.
      if (inAttribute && /^"\w+(::\w+)+"$/.test(token)) module.paths.push(token.slice(1, -1).split('::'));
      input.next();
    }
    before = token;
  }
}

/** Returns what a `use` names: `{ path, name }` for each leaf of its tree, `{ path, glob }` for each star. */
function useLeaves(tree) {
  const input = new Tokens(tree);
  const leaves = [];
  const branch = (prefix) => {
    const path = [...prefix];
    while (!input.done && ![',', '}', ';'].includes(input.peek())) {
      const token = input.next();
      if (token === '::') continue;
      if (token === '{') {
        while (input.peek() !== '}') {
          branch(path);
          if (input.peek() === ',') input.next();
        }
        input.next();
        return;
      }
      if (token === '*') {
        leaves.push({ path, glob: true });
        return;
      }
      if (token === 'as') {
        leaves.push({ path, name: input.next() });
        return;
      }
      if (token !== 'self' || path.length === 0) path.push(token);
    }
    leaves.push({ path, name: path.at(-1) });
  };
  branch([]);
  return leaves;
}

function isTest(attribute) {
  const text = attribute.join('');
  return /^#\[(cfg\((test\)|all\(test,)|test\]$)/.test(text);
}

// Names -----------------------------------------------------------------------------------------------------------

/** Returns the file and the name of the item that a path of a module means; nothing for a module or another crate's. */
function resolve(module, path, crates) {
  if (path.glob) {
    const target = walkFrom(module, path.glob, crates, new Set());
    return target?.module && lookUp(target.module, [path.name], crates, new Set(), true);
  }
  const found = walkFrom(module, path, crates, new Set());
  return found?.file ? found : undefined;
}

function walkFrom(module, path, crates, seen) {
  const [head, ...rest] = path;
  if (head === 'crate' || head === '$crate') return lookUp(rootOf(module), rest, crates, seen);
  if (head === 'self') return lookUp(module, rest, crates, seen);
  if (head === 'super') {
    let up = module.parent;
    while (rest[0] === 'super') {
      up = up?.parent;
      rest.shift();
    }
    return up && lookUp(up, rest, crates, seen);
  }
  const local = lookUp(module, path, crates, seen, true);
  if (local) return local;
  return crates.get(head) && lookUp(crates.get(head), rest, crates, seen);
}

/** Looks a path up in a module. A name that is not found there (a macro made it) is its file's, unless `strict`. */
function lookUp(module, path, crates, seen, strict = false) {
  if (path.length === 0) return { module };
  const [head, ...rest] = path;
  const child = module.children.get(head);
  if (child && rest.length > 0) return lookUp(child, rest, crates, seen);
  if (module.items.has(head)) return { file: module.file, name: head };
  for (const target of module.imports.get(head) ?? []) {
    const key = `${module.file} ${head}`;
    if (seen.has(key)) continue;
    const found = walkFrom(module, [...target, ...rest], crates, new Set([...seen, key]));
    if (found?.file || (found && !child)) return found;
  }
  if (child) return { module: child };
  if (module.imports.has(head)) return undefined;
  for (const glob of module.globs) {
    const key = `${module.file} * ${glob.join('::')}`;
    if (seen.has(key)) continue;
    const target = walkFrom(module, glob, crates, new Set([...seen, key]));
    const found = target?.module && lookUp(target.module, path, crates, new Set([...seen, key]), true);
    if (found) return found;
  }
  return strict ? undefined : { file: module.file, name: head };
}

function rootOf(module) {
  return module.parent ? rootOf(module.parent) : module;
}

// Tokens ----------------------------------------------------------------------------------------------------------

const isIdentifier = (token) => token !== undefined && /^\$?[A-Za-z_]\w*$/.test(token);

/** Splits Rust into words, texts and signs, without comments. */
function tokens(source) {
  const found = [];
  const pattern =
    /\s+|\/\/[^\n]*|(?<block>\/\*)|(?<raw>\b(?:br|cr|r)(?<hashes>#*)")|(?<text>\b[bc]?"(?:[^"\\]|\\[^])*"|"(?:[^"\\]|\\[^])*")|(?<char>b?'(?:[^'\\]|\\(?:u\{[^}]*\}|x..|.))')|(?<lifetime>'\w+)|(?<word>\$?(?:r#)?[A-Za-z_]\w*)|(?<number>\d[\w]*)|(?<sign>::|[^])/gy;
  for (let match = pattern.exec(source); match; match = pattern.exec(source)) {
    const { block, raw, hashes, text, char, lifetime, word, number, sign } = match.groups;
    if (block) {
      let depth = 1;
      while (depth > 0 && pattern.lastIndex < source.length) {
        const two = source.slice(pattern.lastIndex, pattern.lastIndex + 2);
        depth += two === '/*' ? 1 : two === '*/' ? -1 : 0;
        pattern.lastIndex += two === '/*' || two === '*/' ? 2 : 1;
      }
    } else if (raw) {
      pattern.lastIndex = source.indexOf(`"${hashes}`, pattern.lastIndex) + 1 + hashes.length;
      found.push('""');
    } else if (char ?? lifetime) found.push("''");
    else if (text ?? word ?? number ?? sign) found.push(text ?? word ?? number ?? sign);
  }
  return found;
}

/** A list of tokens and a place in it. */
class Tokens {
  #list;
  #at = 0;

  constructor(list) {
    this.#list = list;
  }

  get done() {
    return this.#at >= this.#list.length;
  }

  peek(ahead = 0) {
    return this.#list[this.#at + ahead];
  }

  next() {
    return this.#list[this.#at++];
  }

  /** Takes a bracketed group. */
  group() {
    const from = this.#at;
    let depth = 0;
    do {
      const token = this.next();
      if ('([{'.includes(token)) depth += 1;
      else if (')]}'.includes(token)) depth -= 1;
    } while (depth > 0 && !this.done);
    return this.#list.slice(from, this.#at);
  }

  /** Takes an attribute, from its `#` on. */
  attribute() {
    const from = this.#at;
    this.next();
    if (this.peek() === '!') this.next();
    this.group();
    return this.#list.slice(from, this.#at);
  }

  /** Takes an item: to its semicolon, to the end of its body, or (a field, an arm) to its comma. */
  item() {
    const from = this.#at;
    const isFunction = this.peek() === 'const' && ['fn', 'unsafe', 'async', 'extern'].includes(this.peek(1));
    const isValue = ['use', 'const', 'static', 'type', 'let'].includes(this.peek()) && !isFunction;
    const isField = !isValue && [':', '=', ','].includes(this.peek(1));
    while (!this.done && this.peek() !== '}') {
      const token = this.peek();
      if ('([{'.includes(token)) {
        this.group();
        if (token === '{' && !isValue) break;
      } else {
        this.next();
        if (token === ';' || (token === ',' && isField)) break;
      }
    }
    return this.#list.slice(from, this.#at);
  }
}
