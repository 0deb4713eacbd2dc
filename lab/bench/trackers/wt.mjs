// Novage's wt-tracker from a checkout. It is written in TypeScript and not in npm, and the uWebSockets.js that it pins is
// only on GitHub: what stands in for that is the unofficial build of the same library in npm (native, without TLS).
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const compilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  rewriteRelativeImportExtensions: true,
  verbatimModuleSyntax: false,
};

/** Compiles a checkout's `src` into a folder inside lab/bench/, where its packages are found. Resolves to its program. */
export function compile(checkout, folder) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}\n');
  for (const name of readdirSync(join(checkout, 'src')).filter((it) => it.endsWith('.ts'))) {
    const { outputText } = ts.transpileModule(readFileSync(join(checkout, 'src', name), 'utf8'), { compilerOptions });
    const native = "import uws from '@trufflesuite/uws-js-unofficial';\nconst { App, SSLApp } = uws;";
    writeFileSync(join(folder, name.replace(/ts$/, 'js')), outputText.replace(/import \{ App, SSLApp \} from "uWebSockets.js";/, native));
  }
  return join(folder, 'run-tracker.js');
}

/** Its sample configuration, without TLS and on one port. */
export function configuration(port) {
  return {
    servers: [
      {
        server: { port, host: '127.0.0.1' },
        websockets: { path: '/*', maxPayloadLength: 65_536, idleTimeout: 240, compression: 0, maxConnections: 0 },
      },
    ],
    tracker: { maxOffers: 20, announceInterval: 120 },
  };
}
