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

/** Who put the question to the viewer: the player, or a dialog of the page's own. */
export type Asker = "page" | "player";

/** That the viewer was asked, by whom, when, and what they said. */
export interface AnswerRecord {
  readonly answer: "server" | "share";
  readonly by: Asker;
  /** In ISO 8601, as the viewer's clock had it. */
  readonly at: string;
  /** Version of the player's notice at the time. */
  readonly notice: number;
}

/** Version of the notice. One that says something new is shown again to everybody. */
const NOTICE = 1;

/** Remembers the viewer's word. */
export function rememberChoice(share: boolean, by: Asker): void {
  write("shoal:p2p", share ? "on" : "off");
  write("shoal:record", JSON.stringify({ by, at: new Date().toISOString(), notice: NOTICE }));
}

/** How the viewer's word came about; null before the first answer. */
export function record(): AnswerRecord | null {
  const share = choice();
  try {
    const { by, at, notice } = JSON.parse(read("shoal:record") ?? "") as AnswerRecord;
    return share === null ? null : { answer: share ? "share" : "server", by, at, notice };
  } catch {
    return null;
  }
}

/** The viewer has seen what sharing means and said so. */
export function acknowledged(): boolean {
  return read("shoal:notice") === String(NOTICE);
}

/** Remembers that the notice was read. */
export function rememberNotice(): void {
  write("shoal:notice", String(NOTICE));
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
