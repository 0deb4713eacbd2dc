// `node --test scripts/circles`: the arrows that `npm run circles` counts, on small trees of files.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { circles } from './graph.mjs';
import { rustArrows } from './rust.mjs';
import { typescriptArrows } from './typescript.mjs';

/** Writes the files to a folder of their own, and returns what `read` finds there as sorted lines. */
function arrowsOf(files, read) {
  const folder = mkdtempSync(join(tmpdir(), 'circles-'));
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    const lines = [];
    for (const [from, targets] of read(folder)) {
      for (const [to, names] of targets) lines.push(`${relative(folder, from)} → ${relative(folder, to)}: ${[...names].sort().join(', ')}`);
    }
    return lines.sort();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const rust = (files) => arrowsOf(files, (folder) => rustArrows(folder, 'shop'));
const typescript = (files) => arrowsOf(files, typescriptArrows);

test('a use, also of several names, and a path in code are arrows', () => {
  const lines = rust({
    'lib.rs': 'mod a; mod b; mod c;',
    'a.rs': 'use crate::b::{self, One, deep::{Two as Deux}};\npub fn f() -> u8 { b::three() + crate::c::FOUR }',
    'b/mod.rs': 'pub mod deep; pub struct One; pub const fn three() -> u8 { 3 }',
    'b/deep.rs': 'pub struct Two;',
    'c.rs': 'pub const FOUR: u8 = 4;',
  });
  assert.deepEqual(lines, ['a.rs → b/deep.rs: Two', 'a.rs → b/mod.rs: One, three', 'a.rs → c.rs: FOUR']);
});

test('a name is followed through re-exports and stars to the file that defines it', () => {
  const lines = rust({
    'lib.rs': 'mod a; mod b;',
    'a.rs': 'use crate::b::Leaf; use super::b::*; fn f(_: Leaf) -> Other { make() }',
    'b.rs': 'mod leaf; mod star; pub use self::leaf::Leaf; pub use star::*;',
    'b/leaf.rs': 'pub struct Leaf;',
    'b/star.rs': 'pub struct Other; pub fn make() -> Other { Other } pub struct Unused;',
  });
  assert.deepEqual(lines, ['a.rs → b/leaf.rs: Leaf', 'a.rs → b/star.rs: Other, make']);
});

test('handing a name on is no arrow, using it is one', () => {
  const files = { 'lib.rs': 'mod leaf; pub use leaf::Leaf;', 'leaf.rs': 'pub struct Leaf;' };
  assert.deepEqual(rust(files), []);
  assert.deepEqual(rust({ ...files, 'lib.rs': `${files['lib.rs']} pub fn f(_: Leaf) {}` }), ['lib.rs → leaf.rs: Leaf']);
});

test('comments, texts and tests are no arrows; a path in an attribute is one', () => {
  const lines = rust({
    'lib.rs': 'mod a; mod b;',
    'a.rs': `// crate::b::X
      /* crate::b::X /* nested */ crate::b::X */
      const T: &str = "crate::b::X"; const R: &str = r#"crate::b::X " "#; const Q: char = '"';
      #[serde(default = "crate::b::Y")] struct S<'a>(&'a str);
      impl S<'_> { #[cfg(test)] fn only(&self) { crate::b::X; } }
      #[cfg(test)] use crate::b::X;
      #[cfg(test)] mod tests { use crate::b::X; }
      #[cfg(test)] mod elsewhere;`,
    'a/elsewhere.rs': 'use crate::b::X;',
    'b.rs': 'pub struct X; pub fn Y() {}',
  });
  assert.deepEqual(lines, ['a.rs → b.rs: Y']);
});

test('what a macro has made is its file’s, and main.rs calls the library by its name', () => {
  const lines = rust({
    'lib.rs': 'pub mod a;',
    'main.rs': 'mod cli; use shop::a::Made; fn main() { cli::run::<Made>(); }',
    'cli.rs': 'pub fn run<T>() { use std::io; io::stdout(); }',
    'a.rs': 'ids! { Made }',
  });
  assert.deepEqual(lines, ['main.rs → a.rs: Made', 'main.rs → cli.rs: run']);
});

test('a type spread over files hangs together by its calls on self', () => {
  const lines = rust({
    'lib.rs': 'mod whole; mod half;',
    'whole.rs': 'pub struct Whole<T>(T); impl<T: Fn() -> u8> Whole<T> where T: Copy { pub fn f(&self) { self.g(); } }',
    'half.rs': 'use crate::whole::Whole; impl<T> Drop for Whole<T> { fn g(&self) { self.0.f(); } }',
  });
  assert.deepEqual(lines, ['half.rs → whole.rs: Whole', 'whole.rs → half.rs: Whole::g']);
});

test('imports of TypeScript are arrows, types and those at run time included, through barrels', () => {
  const lines = typescript({
    'a.ts': "import type { T } from './b.js';\nimport def, { x as y,\n  type Z } from './c';\nconst late = () => import('./d.js'); // import './e.js'\nimport { hls } from 'hls.js';",
    'b.ts': "export { T } from './t.js'; export const one = 1;",
    'c/index.ts': "export * from './z.js'; export const x = 1; export default x;",
    'c/z.ts': 'export interface Z { a: 1 }',
    'd.ts': '',
    'e.ts': '',
    't.ts': 'export type T = 1;',
    'a.test.ts': "import './e.js';",
  });
  assert.deepEqual(lines, ['a.ts → c/index.ts: default, x', 'a.ts → c/z.ts: Z', 'a.ts → d.ts: *', 'a.ts → t.ts: T']);
});

test('circles are the strongly connected components, the largest first', () => {
  const arrows = new Map(Object.entries({ a: 'b', b: 'c', c: 'ad', d: 'e', e: 'd', f: 'a' }).map(([from, to]) => [from, new Map([...to].map((name) => [name, new Set()]))]));
  assert.deepEqual(circles(arrows), [['a', 'b', 'c'], ['d', 'e']]);
  assert.deepEqual(circles(new Map([['a', new Map([['b', new Set()]])], ['b', new Map()]])), []);
});
