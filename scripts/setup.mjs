// Brings what a fresh machine lacks, given Rust (rustup), Node and npm. Asks for nothing that is already there.
//
//   node scripts/setup.mjs            everything that building and testing need
//   node scripts/setup.mjs wasm       only the parts that are named: modules, native, lints, wasm, nodes, browsers, bench, rivals
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ask, fail, must, npm, root, run, say, tools, which } from './run.mjs';

const WASM_TARGET = 'wasm32-unknown-unknown';
const WASM_PACK = '0.15.1';
const CARGO_DENY = '0.20.2';

/** File and Debian package of what every browser in a network of its own needs. */
const CHROMIUM_AND_IP = [
  [process.env.CHROMIUM ?? '/usr/bin/chromium', 'chromium'],
  [which('ip') ?? '/usr/sbin/ip', 'iproute2'],
];

const parts = { modules, native, lints, wasm, nodes, browsers, bench, rivals };
const usual = ['modules', 'native', 'lints', 'wasm', 'nodes', 'browsers'];

const wanted = process.argv.slice(2);
for (const name of wanted) {
  if (!(name in parts)) fail(`There is no part "${name}". The parts are: ${Object.keys(parts).join(', ')}.`);
}
for (const name of wanted.length > 0 ? wanted : usual) await parts[name]();

/** The packages of package-lock.json. */
async function modules() {
  const lock = join(root, 'package-lock.json');
  const installed = join(root, 'node_modules', '.package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  say('setup: npm packages (npm ci)');
  await must('npm ci failed. Is the npm registry within reach?', ...npm('ci'));
}

/** Rust itself cannot be brought by us. */
async function native() {
  if (!ask('cargo', '--version')) {
    fail('Rust is missing. Install it with rustup (https://rustup.rs), then run this again.');
  }
}

/** What looks at licences, sources and advisories of dependencies. */
async function lints() {
  await native();
  await tool('cargo-deny', 'cargo-deny', CARGO_DENY, '--locked');
}

/** The Rust target, wasm-pack, and the wasm-bindgen of Cargo.lock. */
async function wasm() {
  await native();
  if (!existsSync(join(ask('rustc', '--print', 'sysroot'), 'lib', 'rustlib', WASM_TARGET, 'lib'))) {
    say(`setup: Rust target ${WASM_TARGET}`);
    await must(
      `rustup could not add the target. Run "rustup target add ${WASM_TARGET}" where static.rust-lang.org can be reached.`,
      'rustup',
      ['target', 'add', WASM_TARGET],
    );
  }
  await tool('wasm-pack', 'wasm-pack', WASM_PACK);
  await tool('wasm-bindgen', 'wasm-bindgen-cli', lockedVersion('wasm-bindgen'));
}

/** What two nodes, and the examples for proxies, are tested with. Those tests say so and pass where it is missing, so that nobody has to have it. */
function nodes() {
  const programs = ['redis-server', 'nginx', 'haproxy', 'caddy'];
  const packages = programs.map((program) => [which(program) ?? `/usr/sbin/${program}`, program]);
  return debian('Tests of several nodes are left out without', packages, say);
}

/** Stock browsers for the tests, `ip` for the network namespace that they run in, and what listens and relays there. */
function browsers() {
  return debian('The browser tests need', [
    ...CHROMIUM_AND_IP,
    ['/usr/bin/chromedriver', 'chromium-driver'],
    [process.env.FIREFOX ?? '/usr/bin/firefox-esr', 'firefox-esr'],
    [which('tcpdump') ?? '/usr/bin/tcpdump', 'tcpdump'],
    [which('turnserver') ?? '/usr/bin/turnserver', 'coturn'],
    // Firefox decodes H.264 by its libavcodec, whose package is named differently in each release.
    [which('ffmpeg') ?? '/usr/bin/ffmpeg', 'ffmpeg'],
  ]);
}

/** What the benchmark runs and what makes its video. */
async function bench() {
  await debian('The benchmark needs', [...CHROMIUM_AND_IP, [which('ffmpeg') ?? '/usr/bin/ffmpeg', 'ffmpeg']]);
  await rivals();
}

/** The packages of lab/bench/package-lock.json: what we are compared with. */
async function rivals() {
  const lock = join(root, 'lab', 'bench', 'package-lock.json');
  const installed = join(root, 'lab', 'bench', 'node_modules', '.package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  say('setup: npm packages of the benchmark (npm ci)');
  // One of them brings a native WebRTC for Node that wants a compiler, and nothing here uses it: hence no scripts.
  await must('npm ci failed. Is the npm registry within reach?', ...npm('ci', '--prefix', 'lab/bench', '--ignore-scripts'));
}

/** Installs those Debian packages whose file, given first, is missing; or names them where it may not, and by default fails. */
async function debian(who, packages, otherwise = fail) {
  const missing = packages.filter(([path]) => !existsSync(path)).map(([, name]) => name);
  if (missing.length === 0) return;
  const names = missing.join(' ');
  if (process.getuid?.() !== 0 || !which('apt-get')) {
    otherwise(
      `${who}: ${names}. On Debian or Ubuntu: "sudo apt-get install ${names}". ` +
        'Elsewhere, install them, and set CHROMIUM and FIREFOX to the paths of the browsers.',
    );
    return;
  }
  say(`setup: ${names} (apt-get)`);
  const quiet = { DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['-qq', 'update'], quiet);
  await must(
    `apt-get could not install ${names}.`,
    'apt-get',
    ['-qq', '-y', 'install', '--no-install-recommends', ...missing],
    quiet,
  );
}

/** Installs a cargo tool beside the project unless that version is there already. Without debug
 * information and optimisation it takes two minutes instead of ten, and its own speed hardly matters. */
async function tool(binary, crate, version, ...more) {
  const path = which(binary);
  if (path && ask(path, '--version')?.split(' ')[1] === version) return;
  say(`setup: ${crate} ${version} into target/tools (about two minutes)`);
  await must(
    `cargo could not install ${crate} ${version}. Is the crate registry within reach?`,
    'cargo',
    ['install', '--quiet', '--debug', '--root', join(tools, '..'), '--version', version, '--force', ...more, crate],
    { CARGO_PROFILE_DEV_DEBUG: 'false' },
  );
}

/** The version of a crate in Cargo.lock: the command line tool must match it exactly. */
function lockedVersion(crate) {
  const lock = readFileSync(join(root, 'Cargo.lock'), 'utf8');
  const version = new RegExp(`name = "${crate}"\\nversion = "([^"]+)"`).exec(lock)?.[1];
  return version ?? fail(`Cargo.lock names no ${crate}. Run "cargo generate-lockfile" first.`);
}
