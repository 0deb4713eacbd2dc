import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Origin } from './support/origin.mjs';
import { Viewer } from './support/viewer.mjs';
import { until } from './support/wait.mjs';

// Browsers that are really set so, as a policy, an extension or Tor Browser and its kin set them.

const cases = [
  ['Chromium with WebRTC behind a proxy that is not there', 'chromium', { args: ['--webrtc-ip-handling-policy=disable_non_proxied_udp', '--force-webrtc-ip-handling-policy=disable_non_proxied_udp'] }, 'webrtc-blocked'],
  ['Firefox with WebRTC behind a proxy that is not there', 'firefox', { prefs: { 'media.peerconnection.ice.proxy_only': true } }, 'webrtc-blocked', [/ICE failed/]],
  ['Firefox without WebRTC, as Tor Browser is', 'firefox', { prefs: { 'media.peerconnection.enabled': false, 'privacy.resistFingerprinting': true } }, 'no-webrtc'],
  ['Firefox without WebAssembly, as in Tor Browser’s “Safer”', 'firefox', { prefs: { 'javascript.options.wasm': false } }, 'no-wasm'],
];

for (const [name, on, settings, reason, noise = []] of cases) {
  test(`${name}: the video plays, the reason is said, and nothing stays open`, async (t) => {
    const origin = await Origin.start(t);
    const viewer = await Viewer.watch(t, origin, { on, settings, noise });
    await viewer.becomes('off', reason);
    await viewer.plays(3);
    await until('nobody is at the tracker', () => origin.openSockets === 0);
    const { openSockets, openConnections } = await viewer.traffic();
    assert.equal(openSockets + openConnections, 0);
    const sentence = await viewer.page.$eval('shoal-player >>> .bar [role=tooltip], shoal-player >>> media-control-bar [role=tooltip]', (element) => element.textContent);
    assert.ok(sentence.length > 20, sentence);
    await viewer.sawNothingWrong();
    // It stays so: no spinner, no new try by itself.
    assert.equal((await viewer.stats()).reason, reason);
  });
}
