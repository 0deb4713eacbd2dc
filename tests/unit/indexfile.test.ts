import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { fetchIndex, indexUrl, trackerUrls } from "../../www/lib/indexfile.js";
import { setGlobal, setPage } from "./support/page.js";

const URL_OF_INDEX = "https://site.example/v.m3u8.shoal/index.json";
const never = new AbortController().signal;

/** Lets the server answer with a body and a status. */
function serve(t: TestContext, body: string | Error, status = 200): { readonly asked: [string, RequestInit][] } {
  setPage(t);
  const asked: [string, RequestInit][] = [];
  setGlobal(t, "fetch", (url: string, init: RequestInit) => {
    asked.push([url, init]);
    return body instanceof Error ? Promise.reject(body) : Promise.resolve(new Response(body, { status }));
  });
  return { asked };
}

const text = (json: Uint8Array): string => new TextDecoder().decode(json);

test("the index lies beside the playlist, whose query and fragment are not its own", () => {
  assert.equal(indexUrl("https://site.example/a/v.m3u8?token=x#t=5"), "https://site.example/a/v.m3u8.shoal/index.json");
});

test("an index that is there is found, byte for byte", async (t) => {
  const { asked } = serve(t, '{"swarm": 1}');
  const outcome = await fetchIndex(URL_OF_INDEX, null, never);
  assert(outcome.kind === "found");
  assert.equal(text(outcome.json), '{"swarm": 1}');
  assert.equal(outcome.url, URL_OF_INDEX);
  assert.deepEqual(asked, [[URL_OF_INDEX, { signal: never, credentials: "same-origin", priority: "low" }]]);
});

for (const status of [404, 410]) {
  test(`a server that answers ${String(status)} has no index, which is no fault`, async (t) => {
    serve(t, "", status);
    assert.deepEqual(await fetchIndex(URL_OF_INDEX, null, never), { kind: "absent" });
  });
}

test("another refusal is told with its status", async (t) => {
  serve(t, "", 503);
  const outcome = await fetchIndex(URL_OF_INDEX, null, never);
  assert.deepEqual(outcome, { kind: "unreachable", message: `${URL_OF_INDEX} answered 503` });
});

test("a network that fails is told with its cause", async (t) => {
  serve(t, new TypeError("fetch failed"));
  assert.deepEqual(await fetchIndex(URL_OF_INDEX, null, never), { kind: "unreachable", message: "fetch failed" });
});

test("an abort is no fault", async (t) => {
  serve(t, new DOMException("aborted", "AbortError"));
  assert.deepEqual(await fetchIndex(URL_OF_INDEX, null, AbortSignal.abort()), { kind: "absent" });
});

test("64 KiB are read, one byte more is not", async (t) => {
  serve(t, " ".repeat(65_536));
  assert.equal((await fetchIndex(URL_OF_INDEX, null, never)).kind, "found");
  serve(t, " ".repeat(65_537));
  assert.equal((await fetchIndex(URL_OF_INDEX, null, never)).kind, "malformed");
});

test("the page's trackers take the place of those in the index", async (t) => {
  serve(t, '{"trackers":["wss://old.example/"],"swarm":1}');
  const outcome = await fetchIndex(URL_OF_INDEX, "/tracker wss://two.example/t", never);
  assert(outcome.kind === "found");
  assert.deepEqual(JSON.parse(text(outcome.json)), {
    trackers: ["wss://site.example/tracker", "wss://two.example/t"],
    swarm: 1,
  });
});

for (const body of ["{", "5", "null"]) {
  test(`an index "${body}" cannot take the page's trackers`, async (t) => {
    serve(t, body);
    assert.equal((await fetchIndex(URL_OF_INDEX, "/tracker", never)).kind, "malformed");
  });
}

test("trackers are separated by space and become addresses of WebSockets", () => {
  assert.deepEqual(trackerUrls(" http://a.example/x \n wss://b.example/ ws://c.example/", "https://site.example/"), [
    "ws://a.example/x",
    "wss://b.example/",
    "ws://c.example/",
  ]);
});

test("a relative tracker is found from the page, as safely as the page was", () => {
  assert.deepEqual(trackerUrls("tracker", "https://site.example/videos/"), ["wss://site.example/videos/tracker"]);
});

test("one unfit tracker makes all of them unfit", () => {
  assert.equal(trackerUrls("wss://a.example ftp://b.example", "https://site.example/"), null);
  assert.equal(trackerUrls("wss://a.example http://", "https://site.example/"), null);
});

test("no tracker at all is none", () => {
  assert.equal(trackerUrls("  ", "https://site.example/"), null);
});
