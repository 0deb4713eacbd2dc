/** English. */

import type { Messages } from "./messages.js";

export const en: Messages = {
  language: "en",
  direction: "ltr",
  sharing: "Sharing",
  states: {
    on: "On",
    off: "Off",
    asking: "Waiting for your answer",
    waiting: "Waiting",
    unavailable: "Unavailable",
  },
  on: "Parts of the video come from other viewers, and you pass on what you have watched.",
  asking: "Nothing is shared until you answer. The video comes from the server.",
  reasons: {
    "engine-failed": "Sharing has stopped because of a fault in the player. The video comes from the server.",
    "few-viewers": "Waiting for viewers: there are too few to share with. The video comes from the server.",
    metered: "This connection is metered or saves data, so sharing does not start by itself. You can switch it on.",
    "no-index": "This video cannot be shared: the server has no index to check shared parts against.",
    "no-mse": "This browser plays the video itself, so parts of it cannot be shared.",
    "no-relay": "Your address is to stay hidden, and the relay for that cannot be reached. The video comes from the server.",
    "no-wasm": "This browser has no WebAssembly, or it is switched off, so nothing can be shared.",
    "no-webrtc": "This browser has no WebRTC, or it is switched off, so it cannot connect to other viewers.",
    page: "This page keeps sharing off.",
    site: "The operator of this site keeps sharing off.",
    starting: "The player is getting ready to share.",
    tracker: "The tracker, which introduces viewers to each other, cannot be reached. The player keeps trying.",
    video: "This video is not meant to be shared.",
    "webrtc-blocked": "A setting, an extension or this network blocks WebRTC, so no other viewer can be reached.",
    you: "You have switched sharing off. The video comes from the server.",
  },
  details: (peers) => `Sharing details, ${people(peers)} connected`,
  close: "Close",
  fromPeers: "From viewers",
  fromServer: "From the server",
  uploaded: "Passed on by you",
  connected: (peers, swarm) =>
    swarm > 1 ? `Connected to ${people(peers)} of ${String(swarm - 1)}` : `Connected to ${people(peers)}`,
  perSecond: (amount) => `${amount}/s`,
  received: "Receiving",
  sent: "Sending",
  limits: {
    rate: "Pass on at most",
    total: "And in this visit",
    none: "no limit",
    left: (amount) => `${amount} left`,
  },
  hide: "Hide my address",
  hideWhat: "Slower: all goes through this site’s relay. Viewers see its address; whoever runs it sees yours.",
  frugal: {
    battery: "Passing on less, because the device runs on its battery.",
    hidden: "Passing on less, because this tab is in the background.",
  },
  explain: "What sharing means",
  privacy: "Privacy in full",
  notice: {
    label: "About sharing this video",
    ask: "Share this video with other viewers?",
    on: "You share this video with other viewers",
    text: "Viewers send each other parts of it: you upload what you have watched. They, and the tracker that introduces them, can see your IP address. This spares the server, so that more people can watch. Otherwise all of it comes from the server, which sees your address in any case. You can change this in the player at any time.",
    signal: "Your browser asks sites for privacy, so nothing is shared without your yes.",
    share: "Share",
    serverOnly: "Only from the server",
    understood: "OK",
  },
  speed: "Speed",
  quality: "Quality",
  captions: "Captions",
  retry: "Try again",
  dismiss: "Dismiss",
  errors: {
    "attribute-invalid": "An attribute of this player has a value that it does not know.",
    "index-malformed":
      "This video is not shared: its index is damaged. Whoever runs this site can make a new one with “shoal index”.",
    "index-unreachable": "This video is not shared: its index cannot be fetched at present.",
    "media-unplayable": "This browser cannot play the video. Another browser may have the right decoder.",
    "media-unreachable": "The video does not arrive. Check your connection, then try again.",
    "playlist-malformed":
      "This address does not lead to a video: what the server sent is no HLS playlist. Check the address in “src”.",
    "playlist-missing": "There is no video at this address. It may have moved: check the address, then try again.",
    "playlist-unreachable": "The video cannot be reached. Check your connection, then try again.",
    "src-missing": "This player has no video yet. Give it the address of an HLS playlist in its “src” attribute.",
  },
  p2pInvalid: (value) =>
    `The attribute p2p="${value}" is not known, so nothing is shared. Write “ask” or “off”, or leave it out.`,
};

function people(peers: number): string {
  return peers === 1 ? "1 viewer" : `${String(peers)} viewers`;
}
