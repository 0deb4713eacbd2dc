/**
 * Playback of one source: by hls.js where the browser has Media Source Extensions, natively
 * elsewhere. Network and decoding faults are mended as far as they can be; what cannot be mended is
 * reported once, with a code that has a sentence for viewers.
 */

import Hls, { type ErrorData, type HlsConfig } from "hls.js";

import { fatal } from "../errors.js";
import type { ErrorCode, PlayerError } from "../public/errors.js";
import type { Session } from "../session/session.js";
import { Attachment } from "./attachment.js";
import { segmentLoader } from "./loader.js";
import { followRenditions, type RichVideo } from "./renditions.js";

/** Pauses between attempts to go on after a network fault, in milliseconds. */
const PAUSES = [1000, 2000, 4000];
/** Time within which a second decoding fault is not mended in the same way, in milliseconds. */
const MEND_SPAN = 5000;
/** Files that any browser plays by itself. */
const NATIVE_FILE = /\.(mp4|m4v|mov|webm|ogv)$/i;
const HLS_TYPE = "application/vnd.apple.mpegurl";

/** Returns whether this source is played through Media Source Extensions, and not by the browser itself. */
export function playsByMse(src: string): boolean {
  return Hls.isSupported() && !NATIVE_FILE.test(new URL(src).pathname);
}

/** See the module's header. */
export class Playback {
  readonly #media: RichVideo;
  readonly #report: (error: PlayerError) => void;
  readonly #session: Session;
  readonly #attachment: Attachment;
  readonly #src: string;
  readonly #mse: boolean;
  readonly #controller = new AbortController();
  #hls: Hls | null = null;
  #attempt = 0;
  #mended = -Infinity;
  #swapped = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(src: string, media: RichVideo, session: Session, report: (error: PlayerError) => void) {
    this.#src = src;
    this.#media = media;
    this.#report = report;
    this.#mse = playsByMse(src);
    this.#session = session;
    this.#attachment = new Attachment(session, media);
  }

  /** Starts from a position in seconds; −1 is where the stream wants to start. */
  start(position = -1): void {
    if (this.#mse) {
      this.#startHls(position);
    } else {
      this.#startNative();
    }
  }

  /** Position of the live edge, in seconds, or null when the video is not live. */
  get livePosition(): number | null {
    const live = this.#hls?.latestLevelDetails?.live === true;
    return live ? (this.#hls?.liveSyncPosition ?? null) : null;
  }

  /** Ends playback and lets the media element go. */
  destroy(): void {
    clearTimeout(this.#timer);
    this.#controller.abort();
    this.#attachment.detach();
    this.#hls?.destroy();
    this.#hls = null;
    this.#media.videoRenditions.replace([], () => undefined);
    this.#media.liveEdgeStart = NaN;
    if (!this.#mse) {
      this.#media.removeAttribute("src");
      this.#media.load();
    }
  }

  #startHls(position: number): void {
    const config: Partial<HlsConfig> = {
      fLoader: segmentLoader(this.#session.requests, this.#attachment),
      startPosition: position,
      // As far as the engine looks ahead. More would fetch from the server what peers could bring.
      maxBufferLength: 30,
      maxMaxBufferLength: 30,
      backBufferLength: 30,
      // Lets the element, and with it the controls, know that a stream is live.
      liveDurationInfinity: true,
    };
    const hls = new Hls(config);
    this.#hls = hls;
    this.#attachment.attach(hls);
    followRenditions(hls, this.#media);
    hls.on(Hls.Events.FRAG_BUFFERED, () => {
      this.#attempt = 0;
    });
    hls.on(Hls.Events.ERROR, (_event, data) => {
      if (data.fatal) {
        this.#mend(hls, data);
      }
    });
    hls.loadSource(this.#src);
    hls.attachMedia(this.#media);
  }

  #startNative(): void {
    const { signal } = this.#controller;
    if (!NATIVE_FILE.test(new URL(this.#src).pathname) && this.#media.canPlayType(HLS_TYPE) === "") {
      // Not in this very call: whoever starts playback takes the sentences of the last one away after it.
      queueMicrotask(() => {
        if (!signal.aborted) {
          this.#report(fatal("media-unplayable", "neither Media Source Extensions nor native HLS"));
        }
      });
      return;
    }
    this.#media.addEventListener(
      "error",
      () => {
        const network = this.#media.error?.code === MediaError.MEDIA_ERR_NETWORK;
        const code = network ? "media-unreachable" : "media-unplayable";
        this.#report(fatal(code, this.#media.error?.message ?? "the media element failed"));
      },
      { signal },
    );
    this.#media.src = this.#src;
  }

  /** Goes on, if it can be, where hls.js has given up after its own attempts. */
  #mend(hls: Hls, data: ErrorData): void {
    const started = hls.levels.length > 0;
    if (data.type === Hls.ErrorTypes.MEDIA_ERROR && started && this.#mendMedia(hls)) {
      return;
    }
    const pause = PAUSES[this.#attempt];
    if (data.type === Hls.ErrorTypes.NETWORK_ERROR && started && !isRefusal(data) && pause !== undefined) {
      this.#attempt += 1;
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => {
        hls.startLoad();
      }, pause);
      return;
    }
    hls.stopLoad();
    this.#report(fatal(codeOf(data), `${data.details}: ${data.error.message}`));
  }

  /** Sets up the decoders anew; at the second fault in a row with the audio codec swapped. */
  #mendMedia(hls: Hls): boolean {
    const now = performance.now();
    const again = now - this.#mended < MEND_SPAN;
    if (again && this.#swapped) {
      return false;
    }
    this.#swapped = again;
    this.#mended = now;
    if (again) {
      hls.swapAudioCodec();
    }
    hls.recoverMediaError();
    return true;
  }
}

const PLAYLIST_FAULTS: readonly string[] = [
  Hls.ErrorDetails.MANIFEST_LOAD_ERROR,
  Hls.ErrorDetails.MANIFEST_LOAD_TIMEOUT,
  Hls.ErrorDetails.LEVEL_LOAD_ERROR,
  Hls.ErrorDetails.LEVEL_LOAD_TIMEOUT,
  Hls.ErrorDetails.AUDIO_TRACK_LOAD_ERROR,
  Hls.ErrorDetails.AUDIO_TRACK_LOAD_TIMEOUT,
];
const MALFORMED: readonly string[] = [
  Hls.ErrorDetails.MANIFEST_PARSING_ERROR,
  Hls.ErrorDetails.LEVEL_PARSING_ERROR,
  Hls.ErrorDetails.LEVEL_EMPTY_ERROR,
];

/** Returns whether asking again would bring the same answer. */
function isRefusal({ details, response }: ErrorData): boolean {
  const status = response?.code ?? 0;
  return MALFORMED.includes(details) || (status >= 400 && status < 500);
}

function codeOf(data: ErrorData): ErrorCode {
  if (MALFORMED.includes(data.details)) {
    return "playlist-malformed";
  }
  if (PLAYLIST_FAULTS.includes(data.details)) {
    const status = data.response?.code;
    return status === 404 || status === 410 ? "playlist-missing" : "playlist-unreachable";
  }
  return data.type === Hls.ErrorTypes.NETWORK_ERROR ? "media-unreachable" : "media-unplayable";
}
