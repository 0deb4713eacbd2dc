/**
 * media-chrome's web components, put together into our control bar. Loaded late: see `face.ts`.
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

import type { Messages } from "../messages/index.js";
import { make } from "./dom.js";

addTranslation("fr", Fr);

/**
 * Furnishes a `<media-controller>` that holds the video already.
 * @param controller It was unknown to the browser until this module was loaded.
 * @param messages The texts.
 * @param sharing Our own part of the bar.
 * @param screen What goes into full screen.
 */
export function furnish(controller: HTMLElement, messages: Messages, sharing: HTMLElement, screen: HTMLElement): void {
  setLanguage(messages.language);
  const template = make("template");
  template.innerHTML = markup(messages);
  const parts = document.importNode(template.content, true);
  parts.querySelector(".spacer")?.after(sharing);
  controller.append(make("slot", { name: "poster", slot: "poster" }), parts);
  Object.assign(controller, { fullscreenElement: screen });
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
      <media-time-display showduration></media-time-display>
      <span class="spacer"></span>
      <media-captions-button class="middle"></media-captions-button>
      <media-settings-menu-button></media-settings-menu-button>
      <media-pip-button class="wide"></media-pip-button>
      <media-fullscreen-button></media-fullscreen-button>
    </media-control-bar>
  </div>`;
}
