/**
 * Tells whether an element of ours can be seen, as far as the page's own doing goes: size, styles,
 * and in browsers that tell, what lies over it. That the viewer has scrolled it away is not the page's doing.
 */

/** Size on the screen below which nobody can read it, in CSS pixels. */
const MIN_WIDTH = 180;
const MIN_HEIGHT = 64;
/** Share of it that has to be there, from 0 to 1. */
const MOST = 0.9;

/**
 * Time for which something has to seem unseen that was seen, in milliseconds. Chromium says so also for a moment in which it
 * had no time to find out, and a busy page would leave the swarm and join it again.
 */
const DOUBT = 400;

/** Intersection Observer v2, which TypeScript does not know. */
const OPTIONS = { threshold: [0, 0.5, MOST, 1], rootMargin: "99999px", trackVisibility: true, delay: 100 };

/** See the module's header. */
export class Sight {
  readonly #element: HTMLElement;
  readonly #observer: IntersectionObserver;
  #seen = false;
  #doubt: ReturnType<typeof setTimeout> | undefined;

  constructor(element: HTMLElement, listener: (seen: boolean) => void) {
    this.#element = element;
    this.#observer = new IntersectionObserver((entries) => {
      const entry = entries.at(-1);
      const seen = entry !== undefined && clear(entry);
      if (!seen && this.#seen) {
        this.#doubt ??= setTimeout(() => {
          this.#seen = false;
          this.look();
        }, DOUBT);
        return;
      }
      this.#trust();
      this.#seen = seen;
      listener(seen);
    }, OPTIONS);
  }

  /** Looks afresh and goes on looking. Some changes, such as a slow fade, browsers do not report. */
  look(): void {
    this.#observer.disconnect();
    this.#observer.observe(this.#element);
  }

  /** Stops looking. */
  rest(): void {
    this.#observer.disconnect();
    this.#trust();
    this.#seen = false;
  }

  /** Ends the doubt. */
  #trust(): void {
    clearTimeout(this.#doubt);
    this.#doubt = undefined;
  }
}

function clear(entry: IntersectionObserverEntry & { readonly isVisible?: boolean }): boolean {
  const { boundingClientRect: box, intersectionRatio, isVisible, target } = entry;
  return (
    intersectionRatio >= MOST &&
    box.width >= MIN_WIDTH &&
    box.height >= MIN_HEIGHT &&
    isVisible !== false &&
    opacity(target) > 0.5
  );
}

/** Returns the opacity that is left after all that an element lies in. */
function opacity(element: Element): number {
  let left = 1;
  for (let at: Element | null = element; at !== null; at = above(at)) {
    left *= Number(getComputedStyle(at).opacity);
  }
  return left;
}

function above(element: Element): Element | null {
  const root = element.getRootNode();
  return element.assignedSlot ?? element.parentElement ?? (root instanceof ShadowRoot ? root.host : null);
}
