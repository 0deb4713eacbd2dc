// Stock browsers, one of each per file of tests; every viewer gets a context of its own, as if on another machine.
import { after } from 'node:test';
import puppeteer from 'puppeteer-core';
import { CHROMIUM } from './chromium.mjs';

const launch = {
  chromium: ({ args = [] }) => puppeteer.launch({ ...CHROMIUM, args: [...CHROMIUM.args, ...args] }),
  firefox: ({ prefs = {} }) =>
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
        ...prefs,
      },
    }),
};

const running = new Map();

/** The browser of that name and those settings, started when it is first asked for. */
export function browser(name, settings = {}) {
  const key = JSON.stringify([name, settings]);
  if (!running.has(key)) running.set(key, launch[name](settings));
  return running.get(key);
}

after(async () => {
  for (const one of running.values()) await (await one).close();
});
