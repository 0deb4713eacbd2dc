// `node --import ./lab/bench/conformance/upstream/hooks.mjs FILE`: tests of a checkout of bittorrent-tracker, as they are, meet our
// tracker in the place of its Server. UPSTREAM is the checkout.
import { register } from 'node:module';
import { pathToFileURL } from 'node:url';

register('./resolve.mjs', import.meta.url, { data: { upstream: pathToFileURL(`${process.env.UPSTREAM}/`).href } });
