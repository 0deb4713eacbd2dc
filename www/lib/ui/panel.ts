/** Panel: state, reason and figures of sharing, and the viewer's own limits. */

import type { Messages } from "../messages/messages.js";
import { amount, button, icon, link, make, setText } from "./dom.js";
import { StatsPanel } from "./stats.js";
import { switchButton, Toggle } from "./toggle.js";
import { sentence, stateLabel, type Actions, type View } from "./view.js";

/** Two viewers. */
const PEOPLE =
  "M16 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6Zm-8 0a3 3 0 1 0 0-6 3 3 0 0 0 0 6Zm0 2c-2.3 0-7 1.2-7 3.5V19h14v-2.5C15 14.2 10.3 13 8 13Zm8 0-1 .05c1.2.84 2 2 2 3.45V19h6v-2.5c0-2.3-4.7-3.5-7-3.5Z";
const CROSS =
  "M19 6.4 17.6 5 12 10.6 6.4 5 5 6.4 10.6 12 5 17.6 6.4 19 12 13.4 17.6 19 19 17.6 13.4 12Z";
/** Bits in a byte: lines are sold by bits, and everything else here counts bytes. */
const BITS = 8;
/** Limits on offer, in bytes per second. */
const RATES = [5e6 / BITS, 2e6 / BITS, 1e6 / BITS, 5e5 / BITS];
/** Limits on offer, in bytes per visit. */
const TOTALS = [1e8, 5e8, 1e9, 5e9];

/** See the module's header. */
export class Panel {
  /** Opens and closes the panel; goes into the control bar. */
  readonly details: HTMLButtonElement;
  /** Lies over the picture, or under it where there is no room. */
  readonly element: HTMLElement;
  readonly #messages: Messages;
  readonly #toggle: Toggle;
  readonly #stats: StatsPanel;
  readonly #count = make("span", { class: "count" });
  readonly #word = make("span", { class: "word" });
  readonly #reason = make("p");
  readonly #frugal = make("p", { class: "frugal" });
  readonly #rate: LimitSelect;
  readonly #total: LimitSelect;
  readonly #left = make("p");
  readonly #hiding: HTMLElement;
  readonly #hide: HTMLButtonElement;
  readonly #more: HTMLAnchorElement;
  #view: View | null = null;

  constructor(messages: Messages, actions: Actions) {
    this.#messages = messages;
    const { language, limits } = messages;
    this.#stats = new StatsPanel(messages);
    this.#toggle = new Toggle(messages, actions, "sharing-state-panel", false);
    this.details = button("", { class: "details", "aria-expanded": "false", "aria-controls": "sharing" }, () => {
      this.open = !this.open;
    });
    this.details.append(icon(PEOPLE), this.#count);
    const close = button("", { class: "close", "aria-label": messages.close }, () => {
      this.#leave();
    });
    close.append(icon(CROSS));
    const bits = (rate: number): string => {
      const megabits = (rate * BITS) / 1e6;
      return megabits < 1 ? `${String(Math.round(megabits * 1e3))} kbit/s` : `${megabits.toLocaleString(language)} Mbit/s`;
    };
    const limit = (): void => {
      actions.limit({ rate: this.#rate.value, total: this.#total.value });
    };
    this.#rate = new LimitSelect(limits.rate, limits.none, RATES, bits, limit);
    this.#total = new LimitSelect(limits.total, limits.none, TOTALS, (bytes) => amount(bytes, language), limit);
    this.#hide = switchButton(messages.hide, "hide-what", () => {
      actions.hide(this.#view?.hidden !== true);
    });
    this.#hiding = make(
      "div",
      { class: "hiding" },
      make("span", {}, messages.hide),
      this.#hide,
      make("p", { id: "hide-what" }, messages.hideWhat),
    );
    this.#more = link(messages.privacy);
    this.element = make(
      "section",
      { id: "sharing", class: "panel", part: "panel", "aria-label": messages.sharing, hidden: "" },
      make("header", {}, make("h2", {}, messages.sharing), this.#word, this.#toggle.element, close),
      this.#reason,
      this.#frugal,
      this.#stats.element,
      this.#rate.element,
      this.#total.element,
      this.#left,
      this.#hiding,
      make(
        "footer",
        {},
        button(messages.explain, { class: "link" }, () => {
          this.open = false;
          actions.explain();
        }),
        this.#more,
      ),
    );
    for (const part of [this.element, this.details]) {
      part.addEventListener("keydown", (event) => {
        if (event.key === "Escape" && this.open) {
          event.stopPropagation();
          this.#leave();
        }
      });
    }
  }

  /** Whether the panel is on screen. */
  get open(): boolean {
    return !this.element.hidden;
  }

  set open(open: boolean) {
    this.element.hidden = !open;
    this.details.setAttribute("aria-expanded", String(open));
    this.#fill();
  }

  /** Shows a state. */
  render(view: View): void {
    this.#view = view;
    setText(this.#count, view.peers > 0 ? String(view.peers) : "");
    this.details.setAttribute("aria-label", this.#messages.details(view.peers));
    this.#fill();
  }

  #leave(): void {
    this.open = false;
    this.details.focus();
  }

  #fill(): void {
    const view = this.#view;
    if (view === null || !this.open) {
      return;
    }
    const messages = this.#messages;
    const { frugal, hidden, limits, privacy, stats } = view;
    this.#toggle.render(view);
    setText(this.#word, stateLabel(view, messages));
    setText(this.#reason, sentence(view, messages));
    this.#stats.render(stats);
    setText(this.#frugal, frugal === null ? "" : messages.frugal[frugal]);
    this.#rate.value = limits.rate;
    this.#total.value = limits.total;
    setText(this.#left, stats.uploadLeft === null ? "" : messages.limits.left(amount(stats.uploadLeft, messages.language)));
    this.#hiding.hidden = hidden === null;
    this.#hide.setAttribute("aria-checked", String(hidden === true));
    this.#more.hidden = privacy === null;
    this.#more.href = privacy ?? "";
  }
}

/** Offers limits to choose from; 0 is none. One that the page has set is on offer as well. */
class LimitSelect {
  readonly element: HTMLElement;
  readonly #select = make("select");
  readonly #text: (limit: number) => string;

  constructor(label: string, none: string, offered: number[], text: (limit: number) => string, act: () => void) {
    this.#text = text;
    this.#select.append(make("option", { value: "0" }, none));
    offered.forEach((limit) => { this.#offer(limit); });
    this.#select.addEventListener("change", act);
    this.element = make("label", {}, label, this.#select);
  }

  get value(): number {
    return Number(this.#select.value);
  }

  set value(limit: number) {
    if (this.value !== limit) {
      this.#select.value = String(limit);
      if (this.#select.value === "") {
        this.#offer(limit);
        this.#select.value = String(limit);
      }
    }
  }

  #offer(limit: number): void {
    this.#select.append(make("option", { value: String(limit) }, this.#text(limit)));
  }
}
