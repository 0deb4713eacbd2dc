/**
 * Answers and limits of this viewer, remembered per site. Where storage is blocked, the answer holds
 * until the page is left.
 */

import { options } from "../config.js";
import type { AnswerRecord, Asker } from "../public/p2p.js";
import { metered } from "./support.js";

const memory = new Map<string, string>();

/** Returns the viewer's own answer on sharing, or null before the first one. */
export function choice(): boolean | null {
  const answer = read("shoal:p2p");
  return answer === "on" ? true : answer === "off" ? false : null;
}

/** Version of the notice. One that says something new is shown again to everybody. */
const NOTICE = 1;

/** Remembers the viewer's answer. */
export function rememberChoice(share: boolean, by: Asker): void {
  write("shoal:p2p", share ? "on" : "off");
  write("shoal:record", JSON.stringify({ by, at: new Date().toISOString(), notice: NOTICE }));
  meteredToo = share && metered();
}

/** Whether the viewer's yes was given on this page and this metered connection; one from elsewhere does not count. */
let meteredToo = false;

/** Returns whether the viewer has agreed to share over a metered connection. */
export function agreedMetered(): boolean {
  return meteredToo;
}

/** Returns how the viewer's answer came about; null before the first one. */
export function record(): AnswerRecord | null {
  const share = choice();
  try {
    const { by, at, notice } = JSON.parse(read("shoal:record") ?? "") as AnswerRecord;
    return share === null ? null : { answer: share ? "share" : "server", by, at, notice };
  } catch {
    return null;
  }
}

/** Returns whether the viewer has seen what sharing means and said so. */
export function acknowledged(): boolean {
  return read("shoal:notice") === String(NOTICE);
}

/** Remembers that the notice was read. */
export function rememberNotice(): void {
  write("shoal:notice", String(NOTICE));
}

/** Bounds on what is sent to other viewers. 0 is no limit. */
export interface UploadLimits {
  /** Bytes per second. */
  readonly rate: number;
  /** Bytes per visit. */
  readonly total: number;
}

/** Returns the viewer's own limits, or those of the page's options where the viewer has set none. */
export function limits(): UploadLimits {
  const [rate, total] = (read("shoal:limits") ?? "").split(" ").map(Number);
  const { uploadRate, uploadTotal } = options();
  return Number.isSafeInteger(rate) && Number.isSafeInteger(total)
    ? { rate: rate ?? 0, total: total ?? 0 }
    : { rate: uploadRate, total: uploadTotal };
}

/** Remembers the viewer's limits. */
export function rememberLimits({ rate, total }: UploadLimits): void {
  write("shoal:limits", `${String(rate)} ${String(total)}`);
}

/** Returns whether the viewer hides their address from other viewers. */
export function hides(): boolean {
  return read("shoal:hide") === "on";
}

/** Remembers whether the viewer hides their address. */
export function rememberHiding(hide: boolean): void {
  write("shoal:hide", hide ? "on" : "off");
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
