/**
 * Ties one hls.js instance to one session: what hls.js learns of playlists becomes the engine's timeline,
 * what the video element does becomes its playhead, and the loader can ask how playback stands.
 */

import Hls, { type Fragment, type FragmentLoaderContext, type LevelDetails } from "hls.js";

import type { ActiveTrack, TimelineSegment } from "../host/client.js";
import type { SegmentRef } from "../session/early-segments.js";
import type { Session } from "../session/session.js";
import type { NetworkEstimate } from "./abr-stats.js";

/** Interval at which a playing video reports where it is, in milliseconds. */
const REPORT_INTERVAL = 500;
/** Gap in seconds below which two buffered ranges count as one: encoders leave such gaps. */
const GAP = 0.1;

/** Time until a decoded frame is on screen, in milliseconds. */
const PAINT = 50;
/** Time after which the engine is started without a first frame, in milliseconds. */
const MAX_WAIT = 3000;

const MEDIA_EVENTS = ["timeupdate", "progress", "seeking", "ratechange", "pause", "play"] as const;

/** See the module's header. */
export class Attachment {
  readonly #session: Session;
  readonly #media: HTMLVideoElement;
  readonly #unwatch: (() => void)[] = [];
  #hls: Hls | null = null;

  constructor(session: Session, media: HTMLVideoElement) {
    this.#session = session;
    this.#media = media;
  }

  /** Begins to listen. The session may start once hls.js has read the playlist. */
  attach(hls: Hls): void {
    this.#hls = hls;
    hls.on(Hls.Events.MANIFEST_PARSED, () => {
      this.#session.start(this.#firstFrame());
    });
    hls.on(Hls.Events.LEVEL_UPDATED, (_event, { details, level }) => {
      this.#reportTimeline(details, this.#levelPlaylists(level, details));
    });
    hls.on(Hls.Events.AUDIO_TRACK_UPDATED, (_event, { details, id }) => {
      this.#reportTimeline(details, this.#audioPlaylists(id, details));
    });
    const report = (): void => {
      this.reportPlayhead();
    };
    for (const name of MEDIA_EVENTS) {
      this.#media.addEventListener(name, report);
    }
    const timer = setInterval(() => {
      if (!this.#media.paused) {
        report();
      }
    }, REPORT_INTERVAL);
    this.#unwatch.push(
      () => {
        clearInterval(timer);
        for (const name of MEDIA_EVENTS) {
          this.#media.removeEventListener(name, report);
        }
      },
      this.#session.events.on("ready", () => {
        this.#reportTimelines();
        report();
      }),
    );
  }

  /** Stops listening. hls.js's own listeners go with hls.js. */
  detach(): void {
    for (const unwatch of this.#unwatch) {
      unwatch();
    }
    this.#hls = null;
  }

  /** Whether something is there to be shown. */
  get begun(): boolean {
    return this.#media.buffered.length > 0;
  }

  /** Returns the seconds of video ahead of the playhead, at the present speed of playback. */
  ahead(): number {
    const { currentTime, playbackRate } = this.#media;
    return Math.max(0, this.#bufferEnd() - currentTime) / Math.max(playbackRate, 0.1);
  }

  /** Returns the segment that a request is for, or null when it is none that can be shared. */
  segmentRef({ frag, part }: FragmentLoaderContext): SegmentRef | null {
    // Parts of low-latency streams and initialisation segments are not in the index.
    if (part !== null || typeof frag.sn !== "number") {
      return null;
    }
    const { level, baseurl, sn: seq } = frag;
    switch (kind(frag)) {
      case "main":
        return { playlists: this.#levelPlaylists(level, null, baseurl), seq };
      case "audio":
        return { playlists: this.#audioPlaylists(level, null, baseurl), seq };
      default:
        return null;
    }
  }

  /** Returns the seconds that the server would need for a request, by hls.js's own measurements. */
  forecast({ frag }: FragmentLoaderContext): number {
    const hls = this.#hls;
    const bitrate = kind(frag) === "main" ? (hls?.levels[frag.level]?.bitrate ?? 0) : 0;
    const { bandwidth, firstByte } = this.network();
    const seconds = (bitrate * frag.duration) / bandwidth + firstByte / 1000;
    return Number.isFinite(seconds) ? seconds : 0;
  }

  /** Returns what hls.js believes of the network. */
  network(): NetworkEstimate {
    const hls = this.#hls;
    return { bandwidth: hls?.bandwidthEstimate ?? NaN, firstByte: hls?.ttfbEstimate ?? NaN };
  }

  /** Tells the engine where playback is. */
  reportPlayhead(): void {
    const { paused, playbackRate, currentTime } = this.#media;
    this.#session.playhead(currentTime, paused ? 0 : playbackRate, this.#active());
  }

  /** Settles soon after the first frame, or when that is long in coming. */
  #firstFrame(): Promise<void> {
    const media = this.#media;
    if (media.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) {
      return Promise.resolve();
    }
    return new Promise((settle) => {
      const late = setTimeout(settle, MAX_WAIT);
      const painted = (): void => {
        clearTimeout(late);
        setTimeout(settle, PAINT);
      };
      media.addEventListener("loadeddata", painted, { once: true });
      this.#unwatch.push(() => {
        media.removeEventListener("loadeddata", painted);
        painted();
      });
    });
  }

  /** Returns the tracks that are being loaded. Both are muxed into one buffer as far as the element shows. */
  #active(): ActiveTrack[] {
    const hls = this.#hls;
    if (hls === null) {
      return [];
    }
    const playlists = [
      this.#levelPlaylists(hls.loadLevel, null),
      hls.audioTrack >= 0 ? this.#audioPlaylists(hls.audioTrack, null) : [],
    ];
    const tracks = new Set(playlists.map((each) => this.#session.requests.trackOf(each)));
    tracks.delete(null);
    const buffered = this.#bufferEnd();
    return [...tracks].map((track) => ({ track: track ?? 0, buffered }));
  }

  /** Returns where the range that holds the playhead ends; the playhead itself when none does. */
  #bufferEnd(): number {
    const { buffered, currentTime } = this.#media;
    let end = currentTime;
    for (let range = 0; range < buffered.length; range += 1) {
      if (buffered.start(range) <= end + GAP && buffered.end(range) > end) {
        end = buffered.end(range);
      }
    }
    return end;
  }

  #reportTimelines(): void {
    const hls = this.#hls;
    hls?.levels.forEach((level, index) => {
      if (level.details !== undefined) {
        this.#reportTimeline(level.details, this.#levelPlaylists(index, level.details));
      }
    });
    hls?.audioTracks.forEach(({ id, details }) => {
      if (details !== undefined) {
        this.#reportTimeline(details, this.#audioPlaylists(id, details));
      }
    });
  }

  #reportTimeline(details: LevelDetails, playlists: string[]): void {
    this.#session.timeline(playlists, details.fragments.flatMap(segment));
  }

  #levelPlaylists(level: number, details: LevelDetails | null, base?: string): string[] {
    return known(this.#hls?.levels[level]?.uri, details?.url ?? base);
  }

  #audioPlaylists(id: number, details: LevelDetails | null, base?: string): string[] {
    const track = this.#hls?.audioTracks.find((each) => each.id === id);
    return known(track?.url, details?.url ?? base);
  }
}

/** Returns hls.js's `PlaylistLevelType`, whose values are these words. */
function kind(frag: Fragment): string {
  return frag.type;
}

function known(...urls: (string | undefined)[]): string[] {
  return urls.filter((url) => url !== undefined && url !== "") as string[];
}

function segment(fragment: Fragment): TimelineSegment[] {
  const { sn, url, start, duration, byteRangeStartOffset, byteRangeEndOffset } = fragment;
  if (typeof sn !== "number" || fragment.gap === true || url === "") {
    return [];
  }
  const range =
    byteRangeStartOffset === undefined || byteRangeEndOffset === undefined
      ? {}
      : { rangeStart: byteRangeStartOffset, rangeEnd: byteRangeEndOffset };
  return [{ seq: sn, url, start, duration, ...range }];
}
