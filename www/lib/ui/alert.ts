/** Sentences about faults: over the picture when playback has ended, under it when it goes on. */

import type { Messages } from "../messages/messages.js";
import { button, make, setText } from "./dom.js";

/** Shows a fault that ended playback. */
export class Alert {
  readonly element: HTMLElement;
  readonly #text = make("p");
  readonly #retry: HTMLButtonElement;

  constructor(messages: Messages, retry: () => void) {
    this.#retry = button(messages.retry, { class: "answer" }, retry);
    this.element = make("div", { id: "alert", class: "alert", part: "alert", role: "alert", hidden: "" });
    this.element.append(this.#text, this.#retry);
  }

  /** Shows a sentence; `retry` where trying again may help. */
  show(text: string, retry: boolean): void {
    setText(this.#text, text);
    this.#retry.hidden = !retry;
    this.element.hidden = false;
  }

  /** Takes it away. */
  hide(): void {
    this.element.hidden = true;
  }
}

/** Shows a fault that playback survives. */
export class Hint {
  readonly element: HTMLElement;
  readonly #text = make("p");

  constructor(messages: Messages) {
    const dismiss = button(messages.dismiss, { class: "link" }, () => {
      this.hide();
    });
    this.element = make("div", { id: "hint", class: "hint", part: "hint", role: "status", hidden: "" }, this.#text, dismiss);
  }

  /** Shows a sentence. */
  show(text: string): void {
    setText(this.#text, text);
    this.element.hidden = false;
  }

  /** Takes it away. */
  hide(): void {
    this.element.hidden = true;
  }
}
