/**
 * The notice: what sharing shows to whom, and the answer to it. It is shown whenever sharing could
 * run and the viewer has not said that they know. It has a place of its own under the picture, so
 * that it covers neither captions nor controls, and no attribute of the page hides it.
 */

import type { Messages } from "../messages/index.js";
import { button, make, say } from "./dom.js";
import { Toggle } from "./toggle.js";
import type { Requests, View } from "./view.js";

/** See the module's header. */
export class Notice {
  readonly element: HTMLElement;
  readonly #messages: Messages;
  readonly #title = make("h2", { id: "notice-title" });
  readonly #toggle: Toggle;
  readonly #question: HTMLElement;
  readonly #statement: HTMLElement;

  constructor(messages: Messages, requests: Requests) {
    this.#messages = messages;
    const { notice } = messages;
    this.#toggle = new Toggle(messages, requests, "sharing-state-notice", false);
    this.#question = make(
      "div",
      { class: "answers question" },
      button(notice.serverOnly, { class: "answer no" }, () => {
        requests.choose(false);
        requests.acknowledge();
      }),
      button(notice.share, { class: "answer yes" }, () => {
        requests.choose(true);
        requests.acknowledge();
      }),
    );
    this.#statement = make(
      "div",
      { class: "answers" },
      this.#toggle.element,
      button(notice.understood, { class: "answer ok" }, () => {
        requests.acknowledge();
      }),
    );
    const text = make("p", {}, `${notice.what} ${notice.why} ${notice.off}`);
    // The region is always there and politely live: what appears in it is read when there is time.
    this.element = make(
      "section",
      { id: "notice", class: "notice", role: "region", "aria-label": notice.label, "aria-live": "polite" },
      make("div", { class: "words" }, this.#title, text),
      this.#question,
      this.#statement,
    );
    this.element.hidden = true;
  }

  /** Shows a state. `wanted`: the viewer has not acknowledged it, or asks for it. */
  render(view: View, wanted: boolean): void {
    const { notice } = this.#messages;
    const asks = view.state === "asking";
    this.element.hidden = !wanted;
    this.#question.hidden = !asks;
    this.#statement.hidden = asks;
    say(this.#title, asks ? notice.ask : view.state === "on" ? notice.on : notice.label);
    this.#toggle.render(view);
  }
}

/** Sharing runs, would run, or waits for nothing but the viewer's answer. */
export function concernsViewer({ state, reason }: View): boolean {
  return state === "on" || state === "asking" || (state === "waiting" && reason !== "starting" && reason !== "metered");
}
