import { test } from 'node:test';
import { Origin } from './support/origin.mjs';
import { site } from './support/site.mjs';
import { Viewer } from './support/viewer.mjs';

const scripts = {
  'one script tag': (base) => `<script src="${base}/shoal/shoal.js"></script>`,
  'an async script': (base) => `<script async src="${base}/shoal/shoal.js"></script>`,
  'a module': (base) => `<script type="module">import "${base}/shoal/shoal.mjs";</script>`,
};

for (const [name, script] of Object.entries(scripts)) {
  test(`${name} on a page of another origin plays and shares`, async (t) => {
    const origin = await Origin.start(t);
    const player = `<shoal-player src="${origin.url('/360p.m3u8')}" autoplay muted></shoal-player>`;
    const page = await site(t, `<!doctype html><title>elsewhere</title>${script(origin.base)}${player}`);
    const one = await Viewer.open(t, origin, { url: page });
    await one.becomes('on');
    const other = await Viewer.open(t, origin, { url: page });
    await other.has('bytes come from the other', ({ peerBytes }) => peerBytes > 0);
    await Promise.all([one.plays(3), other.plays(3)]);
    await one.sawNothingWrong();
    await other.sawNothingWrong();
  });
}
