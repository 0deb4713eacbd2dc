// tape, with those tests only that are about WebSockets and need no more of a server than a client can see.
import tape from 'tape';

/** Why a test cannot be held against another server than upstream's own. */
const OTHERS = {
  'ws: client.stop(); client.destroy()': "waits for an event of the server's object",
  'ws: client.announce() with params': "waits for an event of the server's object",
  'ws: client `opts.getAnnounceOpts`': "waits for an event of the server's object",
  'ws: filter option blocks tracker from tracking torrent': "gives the server's object a function",
  'ws: filter option filter option with custom error': "gives the server's object a function",
  'ws: request handler option intercepts announce requests and responses': "derives from the server's class",
  'evict: ws server': "looks into the server's object",
  'ws server': "looks into the server's object",
};

const IS_ABOUT_WS = /^ws:|^evict: ws|^ws server|websockets/;

export default function test(name, ...rest) {
  if (!IS_ABOUT_WS.test(name)) return undefined;
  if (name in OTHERS) {
    console.log(`# SKIP ${name}: ${OTHERS[name]}`);
    return undefined;
  }
  return tape(name, ...rest);
}
