// How Chromium is started where many viewers share a machine.

/** What `puppeteer.launch` is given. */
export const CHROMIUM = {
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
};
