/** Switch for sharing: a real toggle that shows its state and says why. */

import type { Messages } from "../messages/messages.js";
import { make, setText } from "./dom.js";
import { sentence, stateLabel, willing, type Actions, type View } from "./view.js";

/** Makes what a switch looks like; a shape in the knob tells its state beside its colour and place. */
export function track(): HTMLElement {
  return make("span", { class: "track" }, make("span", { class: "knob" }));
}

/** Shows a state on whatever holds a `track`. */
export function mark(element: HTMLElement, view: View): void {
  element.dataset["state"] = view.state;
  element.setAttribute("aria-checked", String(willing(view)));
  element.setAttribute("aria-disabled", String(!view.switchable));
}

/** Makes a switch that stands for yes or no. */
export function switchButton(label: string, description: string, act: () => void): HTMLButtonElement {
  const element = make(
    "button",
    { type: "button", class: "switch", role: "switch", "aria-label": label, "aria-describedby": description },
    track(),
  );
  element.addEventListener("click", act);
  return element;
}

/** See the module's header. It stands in the control bar, the panel and the notice alike. */
export class Toggle {
  readonly element: HTMLElement;
  readonly #button: HTMLButtonElement;
  readonly #tip: HTMLElement;
  readonly #messages: Messages;
  #view: View | null = null;

  /** `id` names the description within the player; `tip` shows it as a tooltip as well. */
  constructor(messages: Messages, actions: Actions, id: string, tip: boolean) {
    this.#messages = messages;
    this.#tip = make("span", { id, class: tip ? "tip" : "unseen", role: "tooltip" });
    this.#button = switchButton(messages.sharing, id, () => {
      if (this.#view?.switchable === true) {
        actions.choose(!willing(this.#view));
      }
    });
    this.element = make("span", { class: "toggle" }, this.#button, this.#tip);
  }

  /** Puts the keyboard on it. */
  focus(): void {
    this.#button.focus();
  }

  /** Shows a state. */
  render(view: View): void {
    this.#view = view;
    mark(this.#button, view);
    setText(this.#tip, `${stateLabel(view, this.#messages)}. ${sentence(view, this.#messages)}`);
  }
}
