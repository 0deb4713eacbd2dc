/**
 * Ties one hls.js instance to one swarm: what hls.js learns of playlists becomes the engine's
 * timeline, what the video element does becomes its playhead, and the loader gets its supply.
 */

import Hls, { type Fragment, type FragmentLoaderContext, type LevelDetails } from "hls.js";

import type { ActiveTrack, TimelineSegment } from "../host/client.js";
import type { Pace, Place } from "../session/early-segments.js";
import type { Answer, Swarm } from "../session/session.js";
import type { Supply } from "./loader.js";
import type { Network } from "./abr-stats.js";

/** How often a playing video reports where it is, in milliseconds. */
const BEAT = 500;
/** Two buffered ranges closer than this, in seconds, count as one: encoders leave such gaps. */
const GAP = 0.1;

/** A decoded frame is on screen after this time, in milliseconds. */
const PAINT = 50;
/** The engine is started without a first frame after this time, in milliseconds. */
const MAX_WAIT = 3000;

const MEDIA_EVENTS = ["timeupdate", "progress", "seeking", "ratechange", "pause", "play"] as const;

/** See the module's header. */
export class Attachment implements Supply {
  readonly #swarm: Swarm;
  readonly #media: HTMLVideoElement;
  readonly #unwatch: (() => void)[] = [];
  #hls: Hls | null = null;

  constructor(swarm: Swarm, media: HTMLVideoElement) {
    this.#swarm = swarm;
    this.#media = media;
  }

  /** Begins to listen. The swarm may start once hls.js has read the playlist. */
  attach(hls: Hls): void {
    this.#hls = hls;
    hls.on(Hls.Events.MANIFEST_PARSED, () => {
      this.#swarm.start(this.#firstFrame());
    });
    hls.on(Hls.Events.LEVEL_UPDATED, (_event, { details, level }) => {
      this.#report(details, this.#levelPlaylists(level, details));
    });
    hls.on(Hls.Events.AUDIO_TRACK_UPDATED, (_event, { details, id }) => {
      this.#report(details, this.#audioPlaylists(id, details));
    });
    const beat = (): void => {
      this.#beat();
    };
    for (const name of MEDIA_EVENTS) {
      this.#media.addEventListener(name, beat);
    }
    const timer = setInterval(() => {
      if (!this.#media.paused) {
        beat();
      }
    }, BEAT);
    this.#unwatch.push(
      () => {
        clearInterval(timer);
        for (const name of MEDIA_EVENTS) {
          this.#media.removeEventListener(name, beat);
        }
      },
      this.#swarm.events.on("ready", () => {
        this.#reportAll();
        beat();
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

  get phase(): "off" | "on" | "starting" {
    const { state, reason } = this.#swarm.status;
    if (state === "on") {
      return "on";
    }
    return state === "waiting" && reason === "starting" ? "starting" : "off";
  }

  get begun(): boolean {
    return this.#media.buffered.length > 0;
  }

  get silent(): number {
    return this.#swarm.silent;
  }

  ahead(): number {
    const { currentTime, playbackRate } = this.#media;
    return Math.max(0, this.#bufferEnd() - currentTime) / Math.max(playbackRate, 0.1);
  }

  place({ frag, part }: FragmentLoaderContext): Place | null {
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

  forecast({ frag }: FragmentLoaderContext): number {
    const hls = this.#hls;
    const bitrate = kind(frag) === "main" ? (hls?.levels[frag.level]?.bitrate ?? 0) : 0;
    const { bandwidth, firstByte } = this.network();
    const seconds = (bitrate * frag.duration) / bandwidth + firstByte / 1000;
    return Number.isFinite(seconds) ? seconds : 0;
  }

  network(): Network {
    const hls = this.#hls;
    return { bandwidth: hls?.bandwidthEstimate ?? NaN, firstByte: hls?.ttfbEstimate ?? NaN };
  }

  need(place: Place, answer: Answer): number | null {
    // A seek reaches the loader before the video element's own event reaches us.
    this.#beat();
    return this.#swarm.need(place, answer);
  }

  cancel(id: number): void {
    this.#swarm.cancel(id);
  }

  received(): number {
    return this.#swarm.received();
  }

  pulse(): number {
    return this.#swarm.pulse();
  }

  late(since: number, excused: boolean): void {
    this.#swarm.late(since, excused);
  }

  offer(place: Place, bytes: Uint8Array, pace: Pace): void {
    this.#swarm.offer(place, bytes, pace);
  }

  fetched(bytes: number, wasted: boolean): void {
    this.#swarm.fetched(bytes, wasted);
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

  #beat(): void {
    const { paused, playbackRate, currentTime } = this.#media;
    this.#swarm.playhead(currentTime, paused ? 0 : playbackRate, this.#active());
  }

  /** Tracks that are being loaded. Both are muxed into one buffer as far as the element shows. */
  #active(): ActiveTrack[] {
    const hls = this.#hls;
    if (hls === null) {
      return [];
    }
    const playlists = [
      this.#levelPlaylists(hls.loadLevel, null),
      hls.audioTrack >= 0 ? this.#audioPlaylists(hls.audioTrack, null) : [],
    ];
    const tracks = new Set(playlists.map((each) => this.#swarm.trackOf(each)));
    tracks.delete(null);
    const buffered = this.#bufferEnd();
    return [...tracks].map((track) => ({ track: track ?? 0, buffered }));
  }

  /** Where the range that holds the playhead ends; the playhead itself when none does. */
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

  #reportAll(): void {
    const hls = this.#hls;
    hls?.levels.forEach((level, index) => {
      if (level.details !== undefined) {
        this.#report(level.details, this.#levelPlaylists(index, level.details));
      }
    });
    hls?.audioTracks.forEach(({ id, details }) => {
      if (details !== undefined) {
        this.#report(details, this.#audioPlaylists(id, details));
      }
    });
  }

  #report(details: LevelDetails, playlists: string[]): void {
    this.#swarm.timeline(playlists, details.fragments.flatMap(segment));
  }

  #levelPlaylists(level: number, details: LevelDetails | null, base?: string): string[] {
    return known(this.#hls?.levels[level]?.uri, details?.url ?? base);
  }

  #audioPlaylists(id: number, details: LevelDetails | null, base?: string): string[] {
    const track = this.#hls?.audioTracks.find((each) => each.id === id);
    return known(track?.url, details?.url ?? base);
  }
}

/** hls.js's `PlaylistLevelType`, whose values are these words. */
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
