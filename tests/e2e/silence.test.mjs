import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Capture } from './support/capture.mjs';
import { blockedWebrtc, privacySignal, saveData, withoutWebrtc } from './support/instruments.mjs';
import { freePort, Origin } from './support/origin.mjs';
import { Viewer } from './support/viewer.mjs';
import { until } from './support/wait.mjs';

// Watched from outside the page: every UDP packet of the network, and the server's count of sockets.

/** Seconds of playback that are watched. */
const WATCHED = 6;

/** Answers of an earlier visit, as the player keeps them. */
function switchedOff() {
  localStorage.setItem('shoal:p2p', 'off');
}
function sharing() {
  localStorage.setItem('shoal:p2p', 'on');
}
function hiding() {
  localStorage.setItem('shoal:hide', 'on');
}

/** A server that answers STUN, whose index is changed on its way. */
async function site(t, { p2p = 'on', words = [], policy = {} } = {}) {
  const stun = await freePort();
  const origin = await Origin.start(t, { p2p, words: ['--stun', `10.79.0.1:${stun}`, ...words] });
  origin.faults.push({
    match: /index\.json$/,
    edit: (text) => {
      const index = JSON.parse(text);
      index.ice[0].urls = index.ice[0].urls.map((url) => url.replace('::', ':10.79.0.1:'));
      Object.assign(index.policy, policy);
      return JSON.stringify(index);
    },
  });
  return origin;
}

const silent = [
  ['the page says off', {}, { attributes: 'p2p="off"' }, 'off', 'page'],
  ['the page wants the viewer asked', {}, { attributes: 'p2p="ask"' }, 'asking'],
  ['the viewer said no', {}, { instruments: [switchedOff] }, 'off', 'you'],
  ['the site asks first', { p2p: 'ask' }, {}, 'asking'],
  ['the site says off', { p2p: 'off' }, { instruments: [sharing] }, 'off', 'site'],
  ['the video says off', { policy: { video: 'off' } }, { instruments: [sharing] }, 'off', 'video'],
  ['there is no WebRTC', {}, { instruments: [withoutWebrtc] }, 'off', 'no-webrtc'],
  ['WebRTC is forbidden', {}, { instruments: [blockedWebrtc] }, 'off', 'no-webrtc'],
  ['the connection saves data', {}, { instruments: [saveData, sharing] }, 'waiting', 'metered'],
  ['the browser sends Global Privacy Control', {}, { instruments: [privacySignal] }, 'asking'],
  ['an address is to be hidden and there is no relay', {}, { instruments: [hiding, sharing] }, 'off', 'no-relay'],
  ['there is no index', {}, { attributes: 'index="/nothing.json"', instruments: [sharing], noise: [/404/] }, 'off', 'no-index'],
  ['too few watch', { words: ['--min-viewers', '5'] }, { instruments: [sharing] }, 'waiting', 'few-viewers'],
];

for (const on of ['chromium', 'firefox']) {
  test(`in ${on} nothing is sent in any state but “on”`, async (t) => {
    const capture = await Capture.start(t);
    const sites = new Map();
    const visit = async ([name, setup, options, state, reason]) => {
      const key = JSON.stringify(setup);
      if (!sites.has(key)) sites.set(key, site(t, setup));
      const origin = await sites.get(key);
      const viewer = await Viewer.watch(t, origin, { on, ...options });
      // Firefox plays nothing in a tab that was never in front.
      await viewer.page.bringToFront();
      await viewer.plays(0.5);
      return { name, viewer, state, reason };
    };
    const visits = [];
    for (const one of silent) visits.push(await visit(one));
    for (const { viewer, state, reason } of visits) await viewer.becomes(state, reason);
    await Promise.all(visits.map(({ viewer }) => viewer.plays(WATCHED)));
    for (const { name, viewer, state, reason } of visits) {
      await t.test(name, async () => {
        await viewer.becomes(state, reason);
        await viewer.sentNothing();
        viewer.isSilent();
        await viewer.leave();
      });
    }
    for (const origin of sites.values()) assert.deepEqual((await origin).sockets, [], 'nobody came to the tracker');
    if (capture) assert.deepEqual(capture.packets, [], 'not one packet between viewers, nor to STUN');
    else t.diagnostic('without a network of its own nothing is captured');
  });

  test(`in ${on} “on” is heard by all of these`, async (t) => {
    const capture = await Capture.start(t);
    const origin = await site(t);
    const viewer = await Viewer.watch(t, origin, { on });
    await viewer.becomes('on');
    await until('the tracker is asked', () => origin.openSockets === 1);
    if (capture) await until('STUN is asked', () => capture.packets.some(({ stun, to }) => stun && to.startsWith('10.79.0.1:')));
    const { openSockets, connections } = await viewer.traffic();
    assert.ok(openSockets === 1 && connections > 0);
  });
}
