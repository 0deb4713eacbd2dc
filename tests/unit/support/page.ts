/** The few things of a page that the modules under test look at. */

import type { TestContext } from "node:test";

/** What a test says of its page; the rest is an ordinary one. */
export interface PageFacts {
  readonly search?: string;
  readonly lang?: string;
  readonly languages?: readonly string[];
  readonly hidden?: boolean;
  readonly connection?: EventTarget & { saveData?: boolean; type?: string };
  readonly globalPrivacyControl?: boolean;
  readonly getBattery?: () => Promise<unknown>;
  /** Blocked: every access to the storage throws. */
  readonly storage?: "blocked" | "there";
  readonly webrtc?: boolean;
}

/** A page whose facts may be changed while it lasts. */
export interface FakePage {
  readonly stored: Map<string, string>;
  readonly document: EventTarget & { hidden: boolean; baseURI: string; documentElement: { lang: string } };
}

/** Gives a global another value until the test is over. */
export function setGlobal(t: TestContext, name: string, value: unknown): void {
  const before = Object.getOwnPropertyDescriptor(globalThis, name);
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  t.after(() => {
    if (before === undefined) {
      Reflect.deleteProperty(globalThis, name);
    } else {
      Object.defineProperty(globalThis, name, before);
    }
  });
}

/** Puts up a page until the test is over. */
export function setPage(t: TestContext, facts: PageFacts = {}): FakePage {
  const stored = new Map<string, string>();
  const document = Object.assign(new EventTarget(), {
    hidden: facts.hidden ?? false,
    baseURI: "https://site.example/videos/page.html",
    documentElement: { lang: facts.lang ?? "" },
  });
  const { connection, globalPrivacyControl, getBattery } = facts;
  setGlobal(t, "document", document);
  setGlobal(t, "location", { search: facts.search ?? "", href: document.baseURI });
  setGlobal(t, "navigator", {
    languages: facts.languages ?? ["en"],
    ...(connection === undefined ? {} : { connection }),
    ...(globalPrivacyControl === undefined ? {} : { globalPrivacyControl }),
    ...(getBattery === undefined ? {} : { getBattery }),
  });
  setGlobal(t, "RTCPeerConnection", facts.webrtc === false ? undefined : class {});
  const blocked = (): never => {
    throw new DOMException("storage is blocked", "SecurityError");
  };
  setGlobal(
    t,
    "localStorage",
    facts.storage === "blocked"
      ? { getItem: blocked, setItem: blocked }
      : {
          getItem: (key: string) => stored.get(key) ?? null,
          setItem: (key: string, value: string) => stored.set(key, value),
        },
  );
  return { stored, document };
}

/** An element that has attributes and nothing else. */
export function element(attributes: Readonly<Record<string, string>>): Element {
  return {
    getAttribute: (name: string) => attributes[name] ?? null,
    hasAttribute: (name: string) => name in attributes,
  } as unknown as Element;
}
