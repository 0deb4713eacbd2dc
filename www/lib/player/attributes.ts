/** Reads the attributes of the element: relaxed where nothing is lost, strict where privacy is. */

import { trackerUrls } from "../indexfile.js";

/** Attribute whose value was not understood. */
export interface Misread {
  readonly name: string;
  readonly value: string;
}

/** Wish of the page on sharing, and what in its attributes was not understood. */
export interface PageWish {
  readonly wish: "ask" | "off" | null;
  /** Sharing is off then, as the strictest reading. */
  readonly misread: Misread | null;
}

/** Returns the page's wish: its attribute's or, where that is stricter, its address's (`?p2p=off`). */
export function pageWish(element: Element): PageWish {
  const wishes = [element.getAttribute("p2p"), new URLSearchParams(location.search).get("p2p")] as const;
  const [attribute] = wishes;
  if (attribute !== null && attribute !== "ask" && attribute !== "off") {
    return { wish: "off", misread: { name: "p2p", value: attribute } };
  }
  const wish = wishes.includes("off") ? "off" : wishes.includes("ask") ? "ask" : null;
  const tracker = element.getAttribute("tracker");
  if (tracker !== null && trackerUrls(tracker, document.baseURI) === null) {
    return { wish: "off", misread: { name: "tracker", value: tracker } };
  }
  const index = element.getAttribute("index");
  if (index !== null && absolute(element, "index") === null) {
    return { wish: "off", misread: { name: "index", value: index } };
  }
  return { wish, misread: null };
}

/** Returns an attribute as an absolute address; null when it is absent, empty or none. */
export function absolute(element: Element, name: "index" | "src"): string | null {
  const value = element.getAttribute(name)?.trim() ?? "";
  if (value === "") {
    return null;
  }
  try {
    return new URL(value, document.baseURI).href;
  } catch {
    return null;
  }
}

/** Returns `width` and `height` as with `<video>`: a rule that the page's own style overrules. */
export function sizeRule(element: Element): string {
  const width = pixels(element.getAttribute("width"));
  const height = pixels(element.getAttribute("height"));
  const size = width === null ? "" : `inline-size: ${String(width)}px; max-inline-size: 100%;`;
  const shape =
    width === null || height === null ? "" : `--shoal-aspect-ratio: ${String(width)} / ${String(height)};`;
  return `:host { ${size} ${shape} }`;
}

function pixels(value: string | null): number | null {
  const number = Number.parseInt(value ?? "", 10);
  return Number.isFinite(number) && number > 0 ? number : null;
}
