// Stock browsers, one of each per file of tests; every viewer gets a context of its own, as if on another machine.
import { after } from 'node:test';
import puppeteer from 'puppeteer-core';

const launch = {
  chromium: () =>
    puppeteer.launch({
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--disable-dev-shm-usage',
        '--mute-audio',
        '--autoplay-policy=no-user-gesture-required',
        // Viewers in one browser hide each other's windows, and must all be taken to be watching.
        '--disable-background-timer-throttling',
        '--disable-backgrounding-occluded-windows',
        '--disable-renderer-backgrounding',
        // There is no multicast DNS in a network namespace.
        '--disable-features=WebRtcHideLocalIpsWithMdns',
      ],
    }),
  firefox: () =>
    puppeteer.launch({
      browser: 'firefox',
      executablePath: process.env.FIREFOX ?? '/usr/bin/firefox-esr',
      extraPrefsFirefox: {
        'media.autoplay.default': 0,
        'media.peerconnection.ice.obfuscate_host_addresses': false,
        // Hidden windows must be taken to be watching here as well.
        'dom.min_background_timeout_value': 4,
        'dom.timeout.enable_budget_timer_throttling': false,
        'media.suspend-background-video.enabled': false,
      },
    }),
};

const running = new Map();

/** The browser of that name, started when it is first asked for. */
export function browser(name) {
  if (!running.has(name)) running.set(name, launch[name]());
  return running.get(name);
}

after(async () => {
  for (const one of running.values()) await (await one).close();
});
