/** Shows how much came from whom, as bars and figures. */

import type { PlayerStats } from "../public/events.js";
import type { Messages } from "../messages/messages.js";
import { amount, make, setText } from "./dom.js";

type Row = "peers" | "server" | "uploaded";

/** See the module's header. */
export class StatsPanel {
  readonly element: HTMLElement;
  readonly #messages: Messages;
  readonly #fills = new Map<Row, HTMLElement>();
  readonly #figures = new Map<Row, HTMLElement>();
  readonly #connected = make("p", { class: "connected" });
  readonly #rates = make("p", { class: "rates" });

  constructor(messages: Messages) {
    this.#messages = messages;
    const rows = [
      this.#row("peers", messages.fromPeers),
      this.#row("server", messages.fromServer),
      this.#row("uploaded", messages.uploaded),
    ];
    this.element = make("div", { class: "stats" }, make("dl", {}, ...rows), this.#connected, this.#rates);
  }

  /** Shows a snapshot. Bars are in proportion to the largest of the three. */
  render(stats: PlayerStats): void {
    const { language } = this.#messages;
    const { peerBytes, originBytes, uploadedBytes } = stats;
    const largest = Math.max(peerBytes, originBytes, uploadedBytes, 1);
    const received = Math.max(peerBytes + originBytes, 1);
    const percent = new Intl.NumberFormat(language, { style: "percent" });
    const rows: [Row, number, string][] = [
      ["peers", peerBytes, ` · ${percent.format(peerBytes / received)}`],
      ["server", originBytes, ` · ${percent.format(originBytes / received)}`],
      ["uploaded", uploadedBytes, ""],
    ];
    for (const [row, bytes, share] of rows) {
      this.#fills.get(row)?.style.setProperty("inline-size", `${String((100 * bytes) / largest)}%`);
      const figure = this.#figures.get(row);
      if (figure !== undefined) {
        setText(figure, amount(bytes, language) + share);
      }
    }
    const { connected, received: down, sent, perSecond } = this.#messages;
    setText(this.#connected, connected(stats.peers, stats.swarm));
    const downRate = perSecond(amount(stats.peerRate + stats.originRate, language));
    const upRate = perSecond(amount(stats.uploadRate, language));
    setText(this.#rates, `${down} ${downRate} · ${sent} ${upRate}`);
  }

  #row(row: Row, name: string): HTMLElement {
    const fill = make("span", { class: "fill" });
    const figure = make("span", { class: "figure" });
    this.#fills.set(row, fill);
    this.#figures.set(row, figure);
    return make(
      "div",
      { class: `row ${row}` },
      make("dt", {}, name),
      make("dd", {}, figure, make("span", { class: "bar", "aria-hidden": "true" }, fill)),
    );
  }
}
