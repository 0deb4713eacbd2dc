// `node --import ./lab/bench/conformance/hooks.mjs`: WebRTC that is not there.
import { register } from 'node:module';

register(
  `data:text/javascript,${encodeURIComponent(`
export function resolve(specifier, context, next) {
  const stub = ${JSON.stringify(new URL('webrtc.mjs', import.meta.url).href)};
  return specifier === 'webrtc-polyfill' ? { url: stub, shortCircuit: true } : next(specifier, context);
}`)}`,
);
