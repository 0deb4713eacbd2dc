/**
 * What this viewer has answered, remembered per site. Where storage is blocked, the answer holds
 * until the page is left.
 */

const memory = new Map<string, string>();

/** The viewer's own word on sharing, or null before the first answer. */
export function choice(): boolean | null {
  const word = read("shoal:p2p");
  return word === "on" ? true : word === "off" ? false : null;
}

/** Remembers the viewer's word. */
export function rememberChoice(share: boolean): void {
  write("shoal:p2p", share ? "on" : "off");
}

/** The viewer has seen what sharing means and said so. */
export function acknowledged(): boolean {
  return read("shoal:notice") === "seen";
}

/** Remembers that the notice was read. */
export function rememberNotice(): void {
  write("shoal:notice", "seen");
}

function read(key: string): string | null {
  try {
    return localStorage.getItem(key) ?? memory.get(key) ?? null;
  } catch {
    return memory.get(key) ?? null;
  }
}

function write(key: string, value: string): void {
  memory.set(key, value);
  try {
    localStorage.setItem(key, value);
  } catch {
    // Storage is blocked or full: `memory` holds it for this page.
  }
}
