/** Tells page and viewer of faults: an event for the page, a sentence where the viewer can do something about it. */

import { survivable } from "../errors.js";
import type { Messages } from "../messages/messages.js";
import type { ErrorCode, PlayerError } from "../public/errors.js";
import type { Shell } from "../ui/shell.js";
import type { Misread } from "./attributes.js";

/** Faults after which the same attempt may succeed. */
const RETRYABLE: readonly string[] = ["media-unreachable", "playlist-missing", "playlist-unreachable"];
/** Faults that playback survives and of which the viewer sees a sentence. */
const HINTED: readonly string[] = ["attribute-invalid", "index-malformed", "index-unreachable"];

/** Part of the shell that shows sentences. */
type Sentences = Pick<Shell, "alert" | "hint">;

/** See the module's header. */
export class Faults {
  readonly #dispatch: (error: PlayerError) => void;
  #shell: Sentences | null = null;
  #messages: Messages | null = null;
  #failure: PlayerError | null = null;

  /** `dispatch` tells the page. */
  constructor(dispatch: (error: PlayerError) => void) {
    this.#dispatch = dispatch;
  }

  /** Whether playback has ended for want of a connection. */
  get unreachable(): boolean {
    return this.#failure?.code.endsWith("-unreachable") === true;
  }

  /** Shows sentences here from now on. */
  mount(shell: Sentences, messages: Messages): void {
    this.#shell = shell;
    this.#messages = messages;
  }

  /** Tells of a fault; in a sentence of its own, or in the one that is known for its code. */
  report(error: PlayerError, own?: string): void {
    const texts: Partial<Record<ErrorCode, string>> = this.#messages?.errors ?? {};
    const sentence = own ?? texts[error.code] ?? error.message;
    if (error.fatal) {
      this.#failure = error;
      this.#shell?.alert.show(sentence, RETRYABLE.includes(error.code));
    } else if (HINTED.includes(error.code)) {
      this.#shell?.hint.show(sentence);
    }
    this.#dispatch(error);
  }

  /** Tells of an attribute that is not understood. */
  misread({ name, value }: Misread): void {
    const sentence = name === "p2p" ? this.#messages?.p2pInvalid(value) : undefined;
    this.report(survivable("attribute-invalid", `${name}="${value}" is not understood`), sentence);
  }

  /** Forgets what was, and takes all sentences away. */
  clear(): void {
    this.#failure = null;
    this.#shell?.alert.hide();
    this.#shell?.hint.hide();
  }
}
