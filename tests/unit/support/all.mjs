// Runs the files that are named in one process: starting one for each takes longer than the tests.
import { pathToFileURL } from 'node:url';

for (const file of process.argv.slice(2)) await import(pathToFileURL(file).href);
