import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type * as Config from "../../www/lib/config.js";
import { en } from "../../www/lib/messages/en.js";
import { fr } from "../../www/lib/messages/fr.js";
import type * as MessagesModule from "../../www/lib/messages/index.js";
import { setPage, type PageFacts } from "./support/page.js";
import { world } from "./support/world.js";

/** The paths of all texts below a value, with their texts; functions are called with marks. */
function texts(value: unknown, path = ""): Map<string, string> {
  if (typeof value === "string") {
    return new Map([[path, value]]);
  }
  if (typeof value === "function") {
    const call = value as (...words: unknown[]) => string;
    return new Map([[path, call.length === 2 ? call(71, 93) : call(path === ".details" ? 71 : "«mark»")]]);
  }
  return new Map(Object.entries(value as object).flatMap(([name, part]) => [...texts(part, `${path}.${name}`)]));
}

async function language(t: TestContext, facts: PageFacts, option: string | null = null): Promise<string> {
  setPage(t, facts);
  const load = world();
  (await load<typeof Config>("config")).configure({ language: option });
  return (await load<typeof MessagesModule>("messages/index")).messages().language;
}

test("both languages have the same texts", () => {
  assert.deepEqual([...texts(fr).keys()].sort(), [...texts(en).keys()].sort());
});

test("no text is empty", () => {
  for (const [path, text] of [...texts(en), ...texts(fr)]) {
    assert.notEqual(text.trim(), "", path);
  }
});

test("both languages fill the same places", () => {
  const marks = (text: string | undefined): string[] => (text?.match(/«mark»|71|92/g) ?? []).sort();
  const french = texts(fr);
  let filled = 0;
  for (const [path, text] of texts(en)) {
    assert.deepEqual(marks(french.get(path)), marks(text), path);
    filled += marks(text).length;
  }
  assert.equal(filled, 6);
});

test("one viewer and several are told apart, in both languages", () => {
  assert.match(en.details(1), /1 viewer\b/);
  assert.match(en.details(2), /2 viewers/);
  assert.match(fr.details(1), /1 spectateur\b/);
  assert.match(fr.details(2), /2 spectateurs/);
});

test("the others of a swarm are counted without this viewer", () => {
  assert.match(en.connected(3, 8), /3 viewers of 7/);
  assert.equal(en.connected(3, 1), "Connected to 3 viewers");
  assert.match(fr.connected(3, 8), /7/);
  assert.doesNotMatch(fr.connected(3, 1), /0/);
});

test("the page's option decides on the language", async (t) => {
  assert.equal(await language(t, { lang: "en", languages: ["en"] }, "fr"), "fr");
});

test("then the page's own language, whatever its region", async (t) => {
  assert.equal(await language(t, { lang: "FR-ca", languages: ["en"] }), "fr");
});

test("then the browser's languages, the first that is known", async (t) => {
  assert.equal(await language(t, { lang: "", languages: ["xx", "fr-BE", "en"] }), "fr");
});

test("a language that nobody has written is passed over, and English comes last", async (t) => {
  assert.equal(await language(t, { lang: "xx", languages: ["yy"] }, "zz"), "en");
});
