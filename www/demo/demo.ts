/** The player beside a live picture of where its video comes from. */

import { ownAddress } from "../embed/own.js";
import type { PlayerStats, ShoalPlayer } from "../lib/public/index.js";

interface Video {
  readonly name: string;
  readonly src: string;
}

/** Seconds that the graph shows. */
const SPAN = 60;
const WIDTH = 300;
const HEIGHT = 96;

const sentences: Readonly<Record<PlayerStats["state"], string>> = {
  asking: "The player has asked whether to share. Until there is an answer, all comes from the server.",
  off: "Sharing is off. All comes from the server.",
  on: "Sharing is on.",
  waiting: "Sharing is waiting. Meanwhile all comes from the server.",
};

const player = find("shoal-player");
const history: PlayerStats[] = [];

player.addEventListener("stats", ({ detail }) => { show(detail); });
player.addEventListener("p2pchange", () => { show(player.stats()); });
setInterval(() => {
  if (customElements.get("shoal-player") !== undefined) {
    history.push(player.stats());
    history.splice(0, history.length - SPAN);
    draw();
  }
}, 1000);
void choose();

/** Takes the video that `?src=` names, else the first that the server lists. */
async function choose(): Promise<void> {
  const wanted = ownAddress(new URLSearchParams(location.search).get("src") ?? "");
  const videos = await list();
  const src = wanted ?? videos[0]?.src;
  if (src === undefined) {
    find("#state").textContent = "The server lists no videos. Name one with ?src= and the address of a playlist.";
    return;
  }
  player.setAttribute("src", src);
  offer(src);
  const links = find("nav");
  links.hidden = videos.length < 2;
  links.replaceChildren(
    ...videos.map((video) => {
      const link = document.createElement("a");
      link.href = `?${new URLSearchParams({ src: video.src }).toString()}`;
      link.textContent = video.name;
      if (ownAddress(video.src) === ownAddress(src)) {
        link.setAttribute("aria-current", "true");
      }
      return link;
    }),
  );
}

/** Shows what to write into another page for this video. */
function offer(src: string): void {
  const url = new URL("../embed", location.href);
  url.search = new URLSearchParams({ src: new URL(src, location.href).pathname }).toString();
  const code = `<iframe src="${url.href}" width="640" height="480" allow="autoplay; fullscreen; picture-in-picture" style="border: 0"></iframe>`;
  const field = find("#embed-code");
  field.textContent = code;
  const copy = find("#embed-copy");
  copy.addEventListener("click", () => {
    navigator.clipboard.writeText(code).then(
      () => { copy.textContent = "Copied"; },
      () => { getSelection()?.selectAllChildren(field); },
    );
  });
}

async function list(): Promise<Video[]> {
  try {
    const response = await fetch("../videos.json");
    return response.ok ? ((await response.json()) as Video[]) : [];
  } catch {
    return [];
  }
}

function show(stats: PlayerStats): void {
  const { state, peerBytes, originBytes, uploadedBytes, peers } = stats;
  const percent = Math.round((100 * peerBytes) / Math.max(1, peerBytes + originBytes));
  find("#state").textContent =
    peerBytes > 0 ? `${sentences[state]} ${String(percent)} % of the video came from other viewers.` : sentences[state];
  find(".sources .peers").style.flexGrow = String(peerBytes);
  find(".sources .server").style.flexGrow = String(originBytes);
  find("#peer-bytes").textContent = amount(peerBytes);
  find("#origin-bytes").textContent = amount(originBytes);
  find("#uploaded-bytes").textContent = amount(uploadedBytes);
  find("#peers").textContent = String(peers);
}

function draw(): void {
  const top = Math.max(1, ...history.flatMap(({ peerRate, originRate, uploadRate }) => [peerRate, originRate, uploadRate]));
  trace("peers", top, ({ peerRate }) => peerRate);
  trace("server", top, ({ originRate }) => originRate);
  trace("sent", top, ({ uploadRate }) => uploadRate);
  find("#top-rate").textContent = `${amount(top)}/s`;
}

function trace(name: string, top: number, rate: (stats: PlayerStats) => number): void {
  const points = history.map((stats, index) => {
    const x = WIDTH - ((history.length - 1 - index) * WIDTH) / (SPAN - 1);
    const y = HEIGHT - 2 - (rate(stats) / top) * (HEIGHT - 6);
    return `${x.toFixed(1)} ${y.toFixed(1)}`;
  });
  find(`path.${name}`).setAttribute("d", points.length < 2 ? "" : `M${points.join("L")}`);
}

function amount(bytes: number): string {
  const [size, unit] = bytes < 999_500 ? [1e3, "kB"] : bytes < 999_500_000 ? [1e6, "MB"] : [1e9, "GB"];
  const value = bytes / size;
  return `${value.toFixed(size > 1e3 && value < 10 ? 1 : 0)} ${unit}`;
}

function find(selector: "shoal-player"): ShoalPlayer;
function find(selector: string): HTMLElement;
function find(selector: string): HTMLElement {
  const found = document.querySelector<HTMLElement>(selector);
  if (found === null) {
    throw new Error(`the page has no ${selector}`);
  }
  return found;
}
