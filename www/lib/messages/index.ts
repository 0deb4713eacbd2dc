/**
 * The player's texts. A language is one file that keeps the `Messages` of `messages.ts` and one line in
 * `languages` below; media-chrome's own texts in it are one line in `ui/controls.ts`.
 */

import { options } from "../config.js";
import { en } from "./en.js";
import { fr } from "./fr.js";
import type { Messages } from "./messages.js";

const languages: Readonly<Record<string, Messages>> = { en, fr };

/** Returns the texts in the page's language, else the browser's, else in English. */
export function messages(): Messages {
  const wanted = [options().language, document.documentElement.lang, ...navigator.languages];
  for (const tag of wanted) {
    const found = languages[(tag ?? "").toLowerCase().split("-")[0] ?? ""];
    if (found !== undefined) {
      return found;
    }
  }
  return en;
}
