// `npm run test:wasm`: the wire's and the engine's tests once more, as WebAssembly in Node, and the browser adapters' own in headless
// Chromium, in a network of its own.
import { delimiter, join } from 'node:path';
import { must, root, run, tools, which } from './run.mjs';

await must('The wire or the engine does something else in WebAssembly.', 'cargo', ['test', '--target', 'wasm32-unknown-unknown', '--package', 'shoal-wire', '--package', 'shoal-engine', '--tests'], {
  CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER: join(tools, 'wasm-bindgen-test-runner'),
});

const driver = process.env.CHROMEDRIVER ?? which('chromedriver') ?? '/usr/bin/chromedriver';
const browser = ['--headless', '--chrome', '--chromedriver', driver];
const tests = ['--package', 'shoal', '--features', '_internal'];
const command = ['wasm-pack', 'test', '--mode', 'no-install', ...browser, '--', ...tests];
const path = [tools, join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter);
process.exit(await run(process.execPath, ['scripts/netns.mjs', ...command], { PATH: path }));
