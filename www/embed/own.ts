/** Addresses that a query may name. */

/**
 * The address, when it lies on this site; null otherwise. What the viewer has answered holds for this
 * site: a link must not lend it to the videos of another.
 */
export function ownAddress(src: string): string | null {
  try {
    const url = new URL(src, location.origin);
    return src !== "" && url.origin === location.origin ? url.href : null;
  } catch {
    return null;
  }
}
