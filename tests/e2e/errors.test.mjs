import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Origin } from './support/origin.mjs';
import { html, Viewer } from './support/viewer.mjs';
import { until } from './support/wait.mjs';

/** All text that the player shows, whatever shadow it lies in. */
function sentence(player) {
  const words = [];
  const walk = (node) => {
    if (node.nodeType === Node.TEXT_NODE) {
      const around = node.parentElement ?? node.parentNode?.host;
      if (around?.checkVisibility?.({ visibilityProperty: true }) ?? true) words.push(node.textContent);
    }
    if (['STYLE', 'SCRIPT', 'TEMPLATE'].includes(node.nodeName)) return;
    for (const child of [...(node.shadowRoot?.childNodes ?? []), ...node.childNodes]) walk(child);
  };
  walk(player);
  return words.join(' ').replace(/\s+/g, ' ').trim();
}

/** What is wrong, the attributes that say so, and what the page is told. */
const cases = [
  { name: 'no src', attributes: '', code: 'src-missing', fatal: true },
  { name: 'a playlist that is not there', attributes: 'src="/nowhere.m3u8"', code: 'playlist-missing', fatal: true, noise: [/404/] },
  { name: 'a playlist that is none', attributes: 'src="/broken.m3u8"', code: 'playlist-malformed', fatal: true },
  { name: 'an index that is none', attributes: 'src="/360p.m3u8" index="/broken.json"', code: 'index-malformed' },
  { name: 'an index that cannot be had', attributes: 'src="/360p.m3u8" index="/failing.json"', code: 'index-unreachable', noise: [/500/] },
  { name: 'an unknown word in an attribute', attributes: 'src="/360p.m3u8" p2p="maybe"', code: 'attribute-invalid' },
  { name: 'a tracker that is no address', attributes: 'src="/360p.m3u8" tracker="ftp://example.org"', code: 'attribute-invalid' },
];

for (const { name, attributes, code, fatal = false, noise = [] } of cases) {
  test(`${name}: a sentence, an error event and no exception`, async (t) => {
    const origin = await Origin.start(t);
    origin.faults.unshift(
      { match: /^\/broken\.m3u8$/, body: 'this is no playlist', headers: { 'content-type': 'application/vnd.apple.mpegurl' } },
      { match: /^\/broken\.json$/, body: '{"shoal": 1, "swarm": 7' },
      { match: /^\/failing\.json$/, status: 500 },
    );
    const page = html(`<shoal-player ${attributes} autoplay muted></shoal-player>`);
    const viewer = await Viewer.open(t, origin, { url: origin.page('/error.html', page), noise });
    const errors = await until('the page is told', async () => {
      const told = await viewer.errors();
      return told.length > 0 && told;
    });
    assert.deepEqual(errors.map((error) => [error.code, error.fatal]), [[code, fatal]]);
    assert.ok(errors[0].message.length > 10, 'developers get a message');
    if (fatal) assert.match(await viewer.ask(sentence), /\w+ \w+ .*\.|\w+ \w+ \w+/, 'viewers get a sentence');
    else await viewer.plays(3);
    viewer.isSilent();
  });
}
