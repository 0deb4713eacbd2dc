/** Sharing as an entry of the settings menu: it switches, and says what it has become. */

import type { Messages } from "../messages/messages.js";
import { make, setText } from "./dom.js";
import { mark, track } from "./toggle.js";
import { stateLabel, willing, type Actions, type View } from "./view.js";

/** See the module's header. */
export class Entry {
  readonly element = document.createElement("media-settings-menu-item");
  readonly #messages: Messages;
  readonly #word = make("span", { class: "word" });
  #view: View | null = null;

  /** `description` is the id of the element that holds the reason. */
  constructor(messages: Messages, actions: Actions, description: string) {
    this.#messages = messages;
    const { element } = this;
    element.className = "share";
    element.setAttribute("type", "checkbox");
    element.setAttribute("aria-describedby", description);
    const knob = track();
    knob.slot = "suffix";
    this.#word.slot = "description";
    element.append(messages.sharing, this.#word, knob);
    const act = (event: Event): void => {
      // The menu would close on it, and tell only half of the changes.
      event.stopPropagation();
      if (this.#view?.switchable === true) {
        actions.choose(!willing(this.#view));
      }
    };
    element.addEventListener("click", act);
    element.addEventListener("keydown", (event) => {
      if (event.key === " " || event.key === "Enter") {
        event.preventDefault();
        act(event);
      }
    });
  }

  /** Shows a state. */
  render(view: View): void {
    this.#view = view;
    mark(this.element, view);
    setText(this.#word, stateLabel(view, this.#messages));
  }
}
