// `npm run test:wasm`: the browser adapters' own tests in headless Chromium, in a network of its own.
import { delimiter, join } from 'node:path';
import { root, run, tools, which } from './run.mjs';

const driver = process.env.CHROMEDRIVER ?? which('chromedriver') ?? '/usr/bin/chromedriver';
const browser = ['--headless', '--chrome', '--chromedriver', driver];
const tests = ['--package', 'shoal', '--features', '_internal'];
const command = ['wasm-pack', 'test', '--mode', 'no-install', ...browser, '--', ...tests];
const path = [tools, join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter);
process.exit(await run(process.execPath, ['scripts/netns.mjs', ...command], { PATH: path }));
