/**
 * The notice: what sharing shows to whom, and the answer to it. It is shown whenever sharing could
 * run and the viewer has not said that they know. It has a place of its own under the picture, so
 * that it covers neither captions nor controls. No attribute and no style of the page hides it while
 * sharing runs: where it cannot be seen (`sight.ts`), the viewer is taken not to have been told.
 */

import type { Messages } from "../messages/messages.js";
import { button, link, make, setText } from "./dom.js";
import { Toggle } from "./toggle.js";
import type { Actions, View } from "./view.js";

/** See the module's header. */
export class Notice {
  readonly element: HTMLElement;
  readonly #messages: Messages;
  readonly #title = make("h2");
  readonly #text = make("p");
  readonly #more: HTMLAnchorElement;
  readonly #toggle: Toggle;
  readonly #question: HTMLElement;
  readonly #statement: HTMLElement;

  constructor(messages: Messages, actions: Actions) {
    this.#messages = messages;
    const { notice } = messages;
    const answer = (text: string, name: string, share: boolean): HTMLElement =>
      button(text, { class: `answer ${name}` }, () => {
        actions.choose(share);
        actions.acknowledge();
      });
    this.#more = link(messages.privacy);
    this.#toggle = new Toggle(messages, actions, "sharing-state-notice", false);
    this.#question = make(
      "div",
      { class: "answers question" },
      answer(notice.serverOnly, "no", false),
      answer(notice.share, "yes", true),
    );
    this.#statement = make(
      "div",
      { class: "answers" },
      make("span", { "aria-hidden": "true" }, messages.sharing),
      this.#toggle.element,
      button(notice.understood, { class: "answer ok" }, () => {
        actions.acknowledge();
      }),
    );
    this.element = make(
      "section",
      { id: "notice", class: "notice", "aria-label": notice.label },
      make("div", { class: "words" }, this.#title, this.#text, this.#more),
      this.#question,
      this.#statement,
    );
    this.element.hidden = true;
  }

  /**
   * Shows a state.
   * @param view The state.
   * @param wanted The viewer has not acknowledged it, or asks for it.
   * @param settled It is known whether the notice can be seen: before, whether to ask is open.
   */
  render(view: View, wanted: boolean, settled: boolean): void {
    const { notice } = this.#messages;
    const asks = view.state === "asking";
    this.element.hidden = !wanted;
    this.#question.hidden = !asks;
    this.#question.classList.toggle("pending", !settled);
    this.#statement.hidden = asks;
    setText(this.#title, asks && settled ? notice.ask : view.state === "on" ? notice.on : notice.label);
    const signal = (navigator as { globalPrivacyControl?: boolean }).globalPrivacyControl === true;
    setText(this.#text, asks && signal ? `${notice.text} ${notice.signal}` : notice.text);
    this.#more.hidden = view.privacy === null;
    this.#more.href = view.privacy ?? "";
    this.#toggle.render(view);
  }
}

/** Sharing runs, would run, or waits for the viewer's answer; or, where the notice is `shown`, starts because of it. */
export function concernsViewer({ state, reason }: View, shown: boolean): boolean {
  return state !== "off" && reason !== "metered" && (shown || reason !== "starting");
}
