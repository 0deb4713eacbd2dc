// What a module of the checkout gets when it imports another.
const here = (name) => new URL(name, import.meta.url).href;

let upstream;

export function initialize(data) {
  ({ upstream } = data);
}

export function resolve(specifier, context, next) {
  if (specifier === 'webrtc-polyfill') return { url: here('../webrtc.mjs'), shortCircuit: true };
  if (!context.parentURL?.startsWith(upstream)) return next(specifier, context);
  if (specifier === 'tape') return { url: here('tape.mjs'), shortCircuit: true };
  if (/^\.{1,2}\/server\.js$/.test(specifier)) return { url: here('server.mjs'), shortCircuit: true };
  // A checkout needs no packages of its own: those that it names are here too.
  return next(specifier, /^[./]|^node:/.test(specifier) ? context : { ...context, parentURL: import.meta.url });
}
