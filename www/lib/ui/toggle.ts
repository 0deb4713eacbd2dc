/** The switch for sharing: a real toggle that shows its state and says why. */

import type { Messages } from "../messages/index.js";
import { make, say } from "./dom.js";
import { sentence, type Requests, type View } from "./view.js";

/** See the module's header. It stands in the control bar, the panel and the notice alike. */
export class Toggle {
  readonly element: HTMLElement;
  readonly #button: HTMLButtonElement;
  readonly #tip: HTMLElement;
  readonly #messages: Messages;
  #view: View | null = null;

  /** `id` names the description within the player; `tip` shows it as a tooltip as well. */
  constructor(messages: Messages, requests: Requests, id: string, tip: boolean) {
    this.#messages = messages;
    this.#tip = make("span", { id, class: tip ? "tip" : "unseen", role: "tooltip" });
    this.#button = make(
      "button",
      {
        type: "button",
        class: "switch",
        role: "switch",
        "aria-checked": "false",
        "aria-label": messages.sharing,
        "aria-describedby": id,
      },
      make("span", { class: "track" }, make("span", { class: "knob" })),
    );
    this.#button.addEventListener("click", () => {
      if (this.#view?.switchable === true) {
        requests.choose(!willing(this.#view));
      }
    });
    this.element = make("span", { class: "toggle" }, this.#button, this.#tip);
  }

  /** Shows a state. */
  render(view: View): void {
    this.#view = view;
    this.#button.dataset["state"] = view.state;
    this.#button.setAttribute("aria-checked", String(willing(view)));
    this.#button.setAttribute("aria-disabled", String(!view.switchable));
    say(this.#tip, `${this.#messages.states[view.state]}. ${sentence(view, this.#messages)}`);
  }
}

/** The switch is on when sharing goes on or would, were it not for something else. */
function willing({ state, reason }: View): boolean {
  return state === "on" || (state === "waiting" && reason !== "metered");
}
