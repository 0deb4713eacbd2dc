/** Sharing in the control bar: the switch, and a button that opens a panel with reason and figures. */

import type { Messages } from "../messages/index.js";
import { button, icon, make, say } from "./dom.js";
import { StatsPanel } from "./stats.js";
import { Toggle } from "./toggle.js";
import { sentence, type Requests, type View } from "./view.js";

/** Two viewers. */
const PEOPLE =
  "M16 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6Zm-8 0a3 3 0 1 0 0-6 3 3 0 0 0 0 6Zm0 2c-2.3 0-7 1.2-7 3.5V19h14v-2.5C15 14.2 10.3 13 8 13Zm8 0-1 .05c1.2.84 2 2 2 3.45V19h6v-2.5c0-2.3-4.7-3.5-7-3.5Z";
const CROSS =
  "M19 6.4 17.6 5 12 10.6 6.4 5 5 6.4 10.6 12 5 17.6 6.4 19 12 13.4 17.6 19 19 17.6 13.4 12Z";

/** See the module's header. */
export class Sharing {
  /** Goes into the control bar. */
  readonly bar: HTMLElement;
  /** Lies over the picture, or under it where there is no room. */
  readonly panel: HTMLElement;
  readonly #messages: Messages;
  readonly #toggles: Toggle[];
  readonly #stats: StatsPanel;
  readonly #details: HTMLButtonElement;
  readonly #count = make("span", { class: "count" });
  readonly #heading: HTMLElement;
  readonly #reason = make("p", { class: "reason" });

  constructor(messages: Messages, requests: Requests) {
    this.#messages = messages;
    this.#stats = new StatsPanel(messages);
    const inBar = new Toggle(messages, requests, "sharing-state", true);
    const inPanel = new Toggle(messages, requests, "sharing-state-panel", false);
    this.#toggles = [inBar, inPanel];

    this.#details = button("", { class: "details", "aria-expanded": "false", "aria-controls": "sharing" }, () => {
      this.open = !this.open;
    });
    this.#details.append(icon(PEOPLE), this.#count);
    this.bar = make("span", { class: "sharing" }, this.#details, inBar.element);
    // media-chrome takes the space bar for "play" wherever it is pressed, buttons included.
    this.bar.addEventListener("keydown", (event) => {
      if (event.key === " " || event.key === "Enter") {
        event.stopPropagation();
      }
    });

    this.#heading = make("h2", { id: "sharing-title" }, messages.sharing);
    const close = button("", { class: "close", "aria-label": messages.close }, () => {
      this.open = false;
      this.#details.focus();
    });
    close.append(icon(CROSS));
    const explain = button(messages.explain, { class: "link" }, () => {
      this.open = false;
      requests.explain();
    });
    this.panel = make(
      "section",
      { id: "sharing", class: "panel", part: "panel", "aria-labelledby": "sharing-title", hidden: "" },
      make("header", {}, this.#heading, inPanel.element, close),
      this.#reason,
      this.#stats.element,
      explain,
    );
    this.panel.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        event.stopPropagation();
        this.open = false;
        this.#details.focus();
      }
    });
  }

  /** The panel is on screen. */
  get open(): boolean {
    return !this.panel.hidden;
  }

  set open(open: boolean) {
    this.panel.hidden = !open;
    this.#details.setAttribute("aria-expanded", String(open));
  }

  /** Puts the keyboard on the switch in the control bar. */
  focus(): void {
    this.bar.querySelector<HTMLElement>("[role=switch]")?.focus();
  }

  /** Shows a state. */
  render(view: View): void {
    for (const toggle of this.#toggles) {
      toggle.render(view);
    }
    say(this.#count, view.peers > 0 ? String(view.peers) : "");
    this.#details.setAttribute("aria-label", this.#messages.details(view.peers));
    say(this.#reason, sentence(view, this.#messages));
    if (this.open) {
      this.#stats.render(view.stats);
    }
  }
}
