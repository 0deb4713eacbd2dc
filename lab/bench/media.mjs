// The video of the benchmark: noise that does not compress, at a steady 2 Mbit/s in segments of 4 s, made once by ffmpeg.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { link, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, must, root, say } from '../../scripts/run.mjs';

/** Seconds of a segment. */
export const SEGMENT = 4;
/** Segments that a live playlist lists. */
export const WINDOW = 8;
/** The master playlist, in every folder that is served. */
export const MASTER = 'video.m3u8';

const cache = join(root, 'target', 'bench', 'media');
const RATE = 25; // frames a second
const VIDEO = '1900k';
const AUDIO = '96k';

/** Segments of the video, in order; made when those of last time do not reach. */
export class Media {
  /** @type {{ bytes: number, mark: string }[]} size of each segment's file, and what its `mdat` is known by */
  segments = [];

  static async make(seconds) {
    const count = Math.ceil(seconds / SEGMENT);
    if (!existsSync(join(cache, name(count - 1)))) await encode(count * SEGMENT);
    const media = new Media();
    for (let seq = 0; seq < count; seq += 1) {
      const bytes = await readFile(join(cache, name(seq)));
      media.segments.push({ bytes: bytes.length, mark: mark(bytes) });
    }
    return media;
  }

  /** Puts the file of a segment into a folder, as a packager does: whole, or not at all. */
  async place(seq, folder) {
    await link(join(cache, name(seq)), join(folder, name(seq)));
  }

  /** Begins a folder to be served: the master playlist and what initialises the rendition. */
  async begin(folder) {
    await rm(folder, { recursive: true, force: true });
    await mkdir(join(folder, 'v'), { recursive: true });
    await link(join(cache, 'init.mp4'), join(folder, 'v', 'init.mp4'));
    await writeFile(join(folder, MASTER), `#EXTM3U\n#EXT-X-VERSION:7\n${VARIANT}\nv/playlist.m3u8\n`);
  }

  /** Writes the media playlist of some segments. */
  async list(folder, from, to, ended) {
    const lines = ['#EXTM3U', '#EXT-X-VERSION:7', `#EXT-X-TARGETDURATION:${SEGMENT}`, `#EXT-X-MEDIA-SEQUENCE:${from}`];
    if (ended) lines.push('#EXT-X-PLAYLIST-TYPE:VOD');
    lines.push('#EXT-X-INDEPENDENT-SEGMENTS', '#EXT-X-MAP:URI="init.mp4"');
    for (let seq = from; seq < to; seq += 1) lines.push(`#EXTINF:${SEGMENT.toFixed(3)},`, name(seq));
    if (ended) lines.push('#EXT-X-ENDLIST');
    await writeFile(join(folder, 'v', 'playlist.part'), `${lines.join('\n')}\n`);
    await rename(join(folder, 'v', 'playlist.part'), join(folder, 'v', 'playlist.m3u8'));
  }
}

const VARIANT = '#EXT-X-STREAM-INF:BANDWIDTH=2200000,AVERAGE-BANDWIDTH=2010000,RESOLUTION=640x360,FRAME-RATE=25.000,CODECS="avc1.4d401e,mp4a.40.2"';

function name(seq) {
  return `${String(seq).padStart(4, '0')}.m4s`;
}

async function encode(seconds) {
  say(`bench: ffmpeg makes ${seconds} s of video in target/bench/media`);
  const work = `${cache}.part`;
  await rm(work, { recursive: true, force: true });
  await mkdir(work, { recursive: true });
  const group = String(RATE * SEGMENT);
  await must('ffmpeg could not make the video; the lines above say why.', 'ffmpeg', [
    ...['-hide_banner', '-loglevel', 'error', '-y', '-bitexact'],
    ...['-f', 'lavfi', '-i', `testsrc2=s=640x360:r=${RATE}:d=${seconds},noise=alls=24:allf=t:all_seed=1`],
    ...['-f', 'lavfi', '-i', `sine=f=330:r=48000:d=${seconds}`],
    ...['-c:v', 'libx264', '-preset', 'veryfast', '-profile:v', 'main', '-level', '3.0', '-pix_fmt', 'yuv420p'],
    ...['-g', group, '-keyint_min', group, '-sc_threshold', '0', '-bf', '0'],
    ...['-b:v', VIDEO, '-minrate', VIDEO, '-maxrate', VIDEO, '-bufsize', VIDEO, '-x264-params', 'nal-hrd=cbr'],
    ...['-c:a', 'aac', '-b:a', AUDIO],
    ...['-f', 'hls', '-hls_time', String(SEGMENT), '-hls_playlist_type', 'vod', '-hls_segment_type', 'fmp4'],
    ...['-hls_fmp4_init_filename', 'init.mp4', '-hls_segment_filename', join(work, '%04d.m4s'), join(work, 'playlist.m3u8')],
  ]);
  await check(join(work, 'playlist.m3u8'), seconds);
  await rm(cache, { recursive: true, force: true });
  await rename(work, cache);
}

/** The playlists that we write say what we think that ffmpeg has made. */
async function check(playlist, seconds) {
  const durations = [...(await readFile(playlist, 'utf8')).matchAll(/#EXTINF:([\d.]+)/g)].map(([, text]) => Number(text));
  const even = durations.every((duration) => Math.abs(duration - SEGMENT) < 0.05);
  if (!even || durations.length !== seconds / SEGMENT) fail('ffmpeg has not cut the video into segments of 4 s. Is it older than version 4.4?');
  const { size } = await stat(playlist.replace('playlist.m3u8', name(1)));
  if (size < 900_000 || size > 1_100_000) fail(`ffmpeg has made a segment of ${size} bytes, which is not 2 Mbit/s.`);
}

/** What a segment is known by once the player has appended it; `instrument.mjs` makes the same. */
function mark(bytes) {
  for (let at = 0; at + 8 <= bytes.length; at += bytes.readUInt32BE(at)) {
    if (bytes.toString('latin1', at + 4, at + 8) === 'mdat') {
      return createHash('sha256').update(bytes.subarray(at + 8, at + bytes.readUInt32BE(at))).digest('hex').slice(0, 16);
    }
  }
  return fail('A segment of the benchmark has no "mdat" box. Remove target/bench and run again.');
}
