// `npm run test:unit:break`: whether each unit test can fail. The compiled modules are changed in one small place at a
// time (a condition turned round, a number raised, a statement left out) until every test has failed once while others
// of its file passed: a change that breaks all of them would prove little of each. Tests that nothing broke are listed.
//
//   node scripts/break-unit.mjs [FILE…]      all of tests/unit, or only these (fuse.test.ts …)
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { root, say } from './run.mjs';
import { compile, compiled, words } from './unit.mjs';

/** Milliseconds after which a change is taken to have made a loop without end. */
const PATIENCE = 60_000;
const library = join(compiled, 'www', 'lib');
const folder = mkdtempSync(join(tmpdir(), 'shoal-mutants-'));

/** Operators and what takes their place. */
const TURNED = {
  '===': '!==', '!==': '===', '<': '>=', '>=': '<', '>': '<=', '<=': '>', '&&': '||', '||': '&&', '??': '&&',
  '+': '-', '-': '+', '*': '/', '/': '*', '+=': '-=', '-=': '+=',
};

const wanted = process.argv.slice(2).map((name) => name.replace(/ts$/, 'js'));
const tests = (await compile()).filter((file) => wanted.length === 0 || wanted.includes(basename(file)));
let unbroken = 0;
try {
  for (const file of tests) unbroken += await probe(file);
} finally {
  rmSync(folder, { recursive: true });
}
say(unbroken === 0 ? 'Each test has failed once.' : `${unbroken} tests were broken by nothing.`);
process.exit(unbroken === 0 ? 0 : 1);

/** Breaks the modules under one file of tests; resolves to the number of tests that passed all the time. */
async function probe(file) {
  const whole = await outcome(file);
  const left = new Set(whole.passed);
  const queue = candidates(file);
  let tried = 0;
  const lane = async (number) => {
    const path = join(folder, `${number}.js`);
    for (let mutant = queue.shift(); mutant !== undefined && left.size > 0; mutant = queue.shift()) {
      tried += 1;
      writeFileSync(path, mutant.text);
      const { passed, failed } = await outcome(file, { MUTATED: pathToFileURL(mutant.module).href, MUTANT: path });
      if (passed.length > 0 || whole.passed.length === 1) for (const name of failed) left.delete(name);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, (_, number) => lane(number)));
  const total = whole.passed.length;
  say(`${basename(file)}: ${total - left.size} of ${total} tests broken, by ${tried} changes`);
  for (const name of left) say(`  never failed: ${name}`);
  return left.size + whole.failed.length;
}

/** Runs a file; resolves to the names of its tests that passed and failed. */
function outcome(file, env = {}) {
  const child = spawn(process.execPath, words([file], 'tap'), {
    cwd: root,
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, ...env },
    timeout: PATIENCE,
  });
  let tap = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (tap += text));
  return new Promise((resolve) => {
    child.on('close', () => {
      const named = (pattern) => [...tap.matchAll(pattern)].map(([, name]) => name);
      resolve({ passed: named(/^ok \d+ - (.*)$/gm), failed: named(/^not ok \d+ - (.*)$/gm) });
    });
  });
}

/** All changes to the modules that a file of tests names, then to those that they import; well mixed, always alike. */
function candidates(file) {
  const source = readFileSync(join(root, 'tests', 'unit', basename(file).replace(/js$/, 'ts')), 'utf8');
  const named = [...source.matchAll(/www\/lib\/([\w/-]+)\.js"|\(\s*"((?:\w+\/)?[\w-]+)",?\s*\)/g)]
    .map(([, path, loaded]) => join(library, `${path ?? loaded}.js`))
    .filter(ts.sys.fileExists);
  const near = new Set(named);
  const all = new Set(near);
  for (const module of all) {
    for (const [, path] of readFileSync(module, 'utf8').matchAll(/from "(\.[^"]+\.js)"/g)) all.add(join(dirname(module), path));
  }
  const far = [...all].filter((module) => !near.has(module));
  return [[...near], far].flatMap((modules) => mixed(modules.flatMap(mutants)));
}

/** The same members in an order that comes by all places early. */
function mixed(list) {
  return list.map((member, at) => [(at * 0.618_033_988_75) % 1, member]).sort(([a], [b]) => a - b).map(([, member]) => member);
}

/** Each text of a module with one change in it. */
function mutants(module) {
  const text = readFileSync(module, 'utf8');
  const found = [];
  const change = (node, replacement, from = node.getStart()) => {
    found.push({ module, text: text.slice(0, from) + replacement + text.slice(node.getEnd()) });
  };
  const visit = (node) => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return;
    if (ts.isBinaryExpression(node)) {
      const turned = TURNED[node.operatorToken.getText()];
      if (turned !== undefined) change(node.operatorToken, turned);
      if (['??', '&&', '||'].includes(node.operatorToken.getText())) change(node, node.left.getText());
    }
    if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.ExclamationToken) change(node, node.operand.getText());
    if (ts.isIfStatement(node) || ts.isWhileStatement(node)) change(node.expression, `!(${node.expression.getText()})`);
    if (ts.isConditionalExpression(node)) change(node.condition, `!(${node.condition.getText()})`);
    if (ts.isNumericLiteral(node)) change(node, `(${node.getText()} + 1)`);
    if (ts.isStringLiteral(node) && !ts.isPropertyAssignment(node.parent)) change(node, '"mutant"');
    if (ts.isPropertyAssignment(node)) change(node.initializer, '"mutant"');
    if (ts.isRegularExpressionLiteral(node)) change(node, '/mutant/');
    if (ts.isTemplateHead(node)) change(node, '`mutant${');
    if (node.kind === ts.SyntaxKind.TrueKeyword) change(node, 'false');
    if (node.kind === ts.SyntaxKind.FalseKeyword) change(node, 'true');
    if (ts.isReturnStatement(node) && node.expression !== undefined) change(node, 'return undefined;');
    if (ts.isArrowFunction(node) && !ts.isBlock(node.body)) change(node.body, 'undefined');
    if (ts.isExpressionStatement(node) && !node.getText().startsWith('super(')) change(node, ';');
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(relative(library, module), text, ts.ScriptTarget.ES2022, true, ts.ScriptKind.JS));
  return found;
}
