/**
 * The video's renditions under the names that media-chrome's quality menu knows (`videoRenditions`),
 * and what it wants to know of a live stream. Both are own properties of the video element.
 */

import Hls from "hls.js";

/** Rendition as media-chrome lists it. */
export interface Rendition {
  readonly id: string;
  readonly width: number;
  readonly height: number;
  readonly bitrate: number;
}

/** Array-like of renditions that tells of its changes. */
export class RenditionList extends EventTarget {
  [index: number]: Rendition;
  length = 0;
  #selected = -1;
  #choose: (index: number) => void = () => undefined;

  *[Symbol.iterator](): Iterator<Rendition> {
    for (let index = 0; index < this.length; index += 1) {
      const rendition = this[index];
      if (rendition !== undefined) {
        yield rendition;
      }
    }
  }

  /** Index that the viewer has chosen; −1: the player chooses. */
  get selectedIndex(): number {
    return this.#selected;
  }

  set selectedIndex(index: number) {
    if (index !== this.#selected) {
      this.#selected = index;
      this.#choose(index);
      this.dispatchEvent(new Event("change"));
    }
  }

  /** Takes over another set of renditions. */
  replace(renditions: readonly Rendition[], choose: (index: number) => void): void {
    renditions.forEach((rendition, index) => {
      this[index] = rendition;
    });
    this.length = renditions.length;
    this.#selected = -1;
    this.#choose = choose;
    this.dispatchEvent(new Event(renditions.length === 0 ? "removerendition" : "addrendition"));
  }
}

/** Video element with the properties that media-chrome looks for. */
export type RichVideo = HTMLVideoElement & {
  readonly videoRenditions: RenditionList;
  /** Time in seconds after which playback is live; NaN when the video is not live. */
  liveEdgeStart: number;
};

/** Adds the properties to a video element. */
export function enrich(media: HTMLVideoElement): RichVideo {
  return Object.assign(media, { videoRenditions: new RenditionList(), liveEdgeStart: NaN });
}

/** Fills the properties from an hls.js instance. */
export function followRenditions(hls: Hls, media: RichVideo): void {
  const list = (): void => {
    const levels = hls.levels.length > 1 ? hls.levels : [];
    const renditions = levels.map(({ width, height, bitrate }, index) => ({ id: String(index), width, height, bitrate }));
    media.videoRenditions.replace(renditions, (index) => {
      hls.nextLevel = index;
    });
  };
  hls.on(Hls.Events.MANIFEST_PARSED, list);
  hls.on(Hls.Events.LEVELS_UPDATED, list);
  hls.on(Hls.Events.LEVEL_UPDATED, (_event, { details }) => {
    // One segment of slack: the player hovers around its aim.
    media.liveEdgeStart = details.live ? (hls.liveSyncPosition ?? 0) - details.targetduration : NaN;
  });
}
