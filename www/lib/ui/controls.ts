/**
 * media-chrome's web components, put together into our control bar. Loaded late: see `shell.ts`.
 */

import "media-chrome/dist/media-captions-button.js";
import "media-chrome/dist/media-control-bar.js";
import "media-chrome/dist/media-fullscreen-button.js";
import "media-chrome/dist/media-live-button.js";
import "media-chrome/dist/media-loading-indicator.js";
import "media-chrome/dist/media-mute-button.js";
import "media-chrome/dist/media-pip-button.js";
import "media-chrome/dist/media-play-button.js";
import "media-chrome/dist/media-preview-time-display.js";
import "media-chrome/dist/media-seek-backward-button.js";
import "media-chrome/dist/media-seek-forward-button.js";
import "media-chrome/dist/media-time-display.js";
import "media-chrome/dist/media-time-range.js";
import "media-chrome/dist/media-volume-range.js";
import "media-chrome/dist/menu/index.js";
import { Fr } from "media-chrome/dist/lang/fr.js";
import "media-chrome/dist/media-controller.js";
import { addTranslation, setLanguage } from "media-chrome/dist/utils/i18n.js";

import type { Messages } from "../messages/messages.js";
import { liftCaptions } from "./captions.js";
import { make } from "./dom.js";
import { Entry } from "./entry.js";
import { Panel } from "./panel.js";
import style from "./controls.css";
import type { Actions, View } from "./view.js";

addTranslation("fr", Fr);

/** Elements that the controls are mounted on. */
export interface MountPoints {
  readonly video: HTMLVideoElement;
  /** `<media-controller>` that holds the video; it was unknown to the browser until this module was loaded. */
  readonly controller: HTMLElement;
  /** Holds the controller, and will hold the panel. */
  readonly stage: HTMLElement;
  /** Element that goes into full screen. */
  readonly screen: HTMLElement;
  /** Switch for the control bar. */
  readonly toggle: HTMLElement;
}

/** Controls once they are mounted. */
export interface Controls {
  /** Whether the panel is on screen. */
  readonly open: boolean;
  render(view: View): void;
}

/** Builds control bar, menu and panel. */
export function mountControls(points: MountPoints, messages: Messages, actions: Actions): Controls {
  const { video, controller, stage, screen, toggle } = points;
  setLanguage(messages.language);
  const template = make("template");
  template.innerHTML = markup(messages);
  const parts = document.importNode(template.content, true);
  const panel = new Panel(messages, actions);
  const entry = new Entry(messages, actions, "sharing-state");
  const bar = make("span", { class: "sharing" }, panel.details, toggle);
  // media-chrome takes the space bar for "play" wherever it is pressed, buttons included.
  bar.addEventListener("keydown", (event) => {
    if (event.key === " " || event.key === "Enter") {
      event.stopPropagation();
    }
  });
  parts.querySelector(".spacer")?.after(bar);
  parts.querySelector("media-settings-menu")?.append(entry.element);
  screen.before(make("style", {}, style));
  controller.append(make("slot", { name: "poster", slot: "poster" }), parts);
  stage.append(panel.element);
  for (const menu of controller.querySelectorAll("media-settings-menu, [slot=submenu]")) {
    // A menu may hold nothing but entries, says ARIA; media-chrome has a plain button in each.
    menu.shadowRoot?.querySelector("[part~=back]")?.setAttribute("role", "menuitem");
  }
  Object.assign(controller, { fullscreenElement: screen });
  liftCaptions(controller, video);
  return {
    get open() {
      return panel.open;
    },
    render: (view) => {
      panel.render(view);
      entry.render(view);
    },
  };
}

function markup({ speed, quality, captions }: Messages): string {
  return `
  <media-loading-indicator slot="centered-chrome" noautohide></media-loading-indicator>
  <media-play-button slot="centered-chrome" class="first" notooltip></media-play-button>
  <media-settings-menu hidden anchor="auto">
    <media-settings-menu-item>${speed}
      <media-playback-rate-menu slot="submenu" hidden rates="0.5 0.75 1 1.25 1.5 2">
        <div slot="title">${speed}</div>
      </media-playback-rate-menu>
    </media-settings-menu-item>
    <media-settings-menu-item class="quality">${quality}
      <media-rendition-menu slot="submenu" hidden><div slot="title">${quality}</div></media-rendition-menu>
    </media-settings-menu-item>
    <media-settings-menu-item class="captions">${captions}
      <media-captions-menu slot="submenu" hidden><div slot="title">${captions}</div></media-captions-menu>
    </media-settings-menu-item>
  </media-settings-menu>
  <div class="chrome">
    <media-control-bar class="timeline">
      <media-time-range><media-preview-time-display slot="preview"></media-preview-time-display></media-time-range>
    </media-control-bar>
    <media-control-bar class="bar">
      <media-play-button></media-play-button>
      <media-seek-backward-button seekoffset="10" class="wide"></media-seek-backward-button>
      <media-seek-forward-button seekoffset="10" class="wide"></media-seek-forward-button>
      <span class="volume"><media-mute-button></media-mute-button><media-volume-range class="middle"></media-volume-range></span>
      <media-live-button></media-live-button>
      <media-time-display showduration notoggle></media-time-display>
      <span class="spacer"></span>
      <media-captions-button class="middle"></media-captions-button>
      <media-settings-menu-button></media-settings-menu-button>
      <media-pip-button class="wide"></media-pip-button>
      <media-fullscreen-button></media-fullscreen-button>
    </media-control-bar>
  </div>`;
}
