/** Fetches the index of a video and applies the page's `tracker` attribute to it. */

import { messageOf } from "./errors.js";

/** What came of it. */
export type IndexOutcome =
  | { readonly kind: "found"; readonly json: Uint8Array; readonly url: string }
  /** The server has none: the video plays without sharing, and that is no fault. */
  | { readonly kind: "absent" }
  | { readonly kind: "malformed" | "unreachable"; readonly message: string };

/** The engine accepts no larger one. */
const MAX_BYTES = 64 * 1024;

/** Where the index of a playlist lies unless the page says otherwise. */
export function indexUrl(src: string): string {
  const url = new URL(src);
  url.search = "";
  url.hash = "";
  return `${url.href}.shoal/index.json`;
}

/** Fetches the index. Never rejects, except that an abort gives `absent`. */
export async function fetchIndex(url: string, tracker: string | null, signal: AbortSignal): Promise<IndexOutcome> {
  let bytes: Uint8Array;
  try {
    const response = await fetch(url, { signal, credentials: "same-origin", priority: "low" });
    if (response.status === 404 || response.status === 410) {
      return { kind: "absent" };
    }
    if (!response.ok) {
      return { kind: "unreachable", message: `${url} answered ${String(response.status)}` };
    }
    bytes = new Uint8Array(await response.arrayBuffer());
  } catch (thrown) {
    return signal.aborted ? { kind: "absent" } : { kind: "unreachable", message: messageOf(thrown) };
  }
  if (bytes.length > MAX_BYTES) {
    return { kind: "malformed", message: `the index is larger than ${String(MAX_BYTES)} bytes` };
  }
  return tracker === null ? { kind: "found", json: bytes, url } : withTracker(bytes, url, tracker);
}

/** The absolute WebSocket addresses that a `tracker` attribute names, or null when one is unfit. */
export function trackerUrls(attribute: string, base: string): string[] | null {
  const urls: string[] = [];
  for (const word of attribute.split(/\s+/).filter((part) => part !== "")) {
    let url: URL;
    try {
      url = new URL(word, base);
    } catch {
      return null;
    }
    if (!/^(ws|http)s?:$/.test(url.protocol)) {
      return null;
    }
    urls.push(url.href.replace(/^http/, "ws"));
  }
  return urls.length === 0 ? null : urls;
}

function withTracker(bytes: Uint8Array, url: string, tracker: string): IndexOutcome {
  try {
    const index: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof index !== "object" || index === null) {
      return { kind: "malformed", message: "the index is not a JSON object" };
    }
    const json = JSON.stringify({ ...index, trackers: trackerUrls(tracker, document.baseURI) ?? [] });
    return { kind: "found", json: new TextEncoder().encode(json), url };
  } catch (thrown) {
    return { kind: "malformed", message: messageOf(thrown) };
  }
}
