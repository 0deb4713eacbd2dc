// What the scripts of this folder share: how they speak and how they run other programs.
import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's folder, without a slash at its end. */
export const root = fileURLToPath(new URL('..', import.meta.url)).replace(/[\\/]$/, '');

/** Folder of the tools that `setup.mjs` installs. */
export const tools = join(root, 'target', 'tools', 'bin');

/** Prints one progress line. */
export function say(line) {
  process.stdout.write(`${line}\n`);
}

/** Ends the process with a sentence that says what to do. */
export function fail(sentence) {
  process.stderr.write(`\n${sentence}\n`);
  process.exit(1);
}

/** Full path of a program in PATH or among our tools, or undefined. */
export function which(program) {
  for (const folder of [tools, ...(process.env.PATH ?? '').split(delimiter)]) {
    try {
      const path = join(folder, program);
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

/** What a program prints, trimmed, or undefined when it is missing or fails. */
export function ask(program, ...words) {
  const { status, stdout } = spawnSync(program, words, { encoding: 'utf8', cwd: root });
  return status === 0 ? stdout.trim() : undefined;
}

/** Runs a program in the project's folder with our input and output; resolves to its exit code. */
export function run(program, words, env = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, words, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } });
    child.on('error', () => resolve(127));
    child.on('exit', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 1)));
  });
}

/** Runs a program and ends everything with a sentence when it fails. */
export async function must(sentence, program, words, env) {
  if ((await run(program, words, env)) !== 0) fail(sentence);
}

/** The npm that runs us, so that a machine with several keeps to one. */
export function npm(...words) {
  const script = process.env.npm_execpath;
  return script?.endsWith('.js') ? [process.execPath, [script, ...words]] : ['npm', words];
}
