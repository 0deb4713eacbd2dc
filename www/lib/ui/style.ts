/**
 * The player's looks. Pages adapt them by the `--shoal-*` properties and by the parts `player`,
 * `controller`, `video`, `panel`, `alert` and `hint`. The notice is no part: no style of the page hides
 * it.
 */

export const style = `
:host {
  --_surface: #ffffff;
  --_text: #14202b;
  --_soft: #51606d;
  --_line: #d5dde3;
  --_accent: #0b7a75;
  --_on-accent: #ffffff;
  --_server: #8b98a5;
  --_sent: #7a5fc7;
  --_wait: #9a6700;
  display: flex;
  flex-direction: column;
  container-type: inline-size;
  position: relative;
  min-inline-size: 240px;
  color: var(--shoal-text, var(--_text));
  font: 400 14px/1.45 var(--shoal-font, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif);
  text-align: start;
}
:host([hidden]), [hidden]:not(media-settings-menu, media-settings-menu *) { display: none !important; }
@media (prefers-color-scheme: dark) {
  :host {
    --_surface: #17212b;
    --_text: #eef3f6;
    --_soft: #a9b7c3;
    --_line: #33424f;
    --_accent: #45c4b6;
    --_on-accent: #06201e;
    --_server: #7d8c99;
    --_sent: #a993ee;
    --_wait: #e2b04a;
  }
}
* { box-sizing: border-box; }
.player {
  --surface: var(--shoal-surface, var(--_surface));
  --text: var(--shoal-text, var(--_text));
  --soft: var(--shoal-text-soft, var(--_soft));
  --line: var(--shoal-line, var(--_line));
  --accent: var(--shoal-accent, var(--_accent));
  --on-accent: var(--shoal-on-accent, var(--_on-accent));
  --radius: var(--shoal-radius, 10px);
  display: flex;
  flex-direction: column;
  flex: 1 1 auto;
  min-block-size: 0;
  background: var(--surface);
  border-radius: var(--radius);
  overflow: hidden;
}
.player:fullscreen { border-radius: 0; inline-size: 100vw; block-size: 100vh; }
.stage { position: relative; display: flex; flex-direction: column; flex: 1 1 auto; min-block-size: 0; }

/* The picture and its controls: always light on dark, like the picture itself. */
media-controller {
  --media-font-family: inherit;
  --media-primary-color: #fff;
  --media-secondary-color: transparent;
  --media-control-background: transparent;
  --media-control-hover-background: rgb(255 255 255 / .14);
  --media-control-height: 22px;
  --media-control-padding: 9px 7px;
  --media-button-icon-width: 22px;
  --media-font-size: 13px;
  --media-font-weight: 500;
  --media-tooltip-background-color: rgb(12 20 27 / .92);
  --media-tooltip-background: rgb(12 20 27 / .92);
  --media-preview-time-background: rgb(12 20 27 / .92);
  --media-preview-time-border-radius: 5px;
  --media-menu-background: rgb(12 20 27 / .94);
  --media-settings-menu-background: rgb(12 20 27 / .94);
  --media-menu-border-radius: 8px;
  --media-menu-item-hover-background: rgb(255 255 255 / .14);
  --media-range-bar-color: #45c4b6;
  --media-range-track-background: rgb(255 255 255 / .28);
  --media-range-track-height: 4px;
  --media-range-track-border-radius: 2px;
  --media-range-thumb-background: #fff;
  --media-range-thumb-border-radius: 50%;
  --media-time-range-buffered-color: rgb(255 255 255 / .45);
  --media-focus-box-shadow: inset 0 0 0 2px #fff;
  display: block;
  inline-size: 100%;
  flex: 1 1 auto;
  min-block-size: 0;
  aspect-ratio: var(--shoal-aspect-ratio, var(--_ratio, 16 / 9));
  background: #000;
  color: #fff;
}
.player:fullscreen media-controller { aspect-ratio: auto; }
video { display: block; inline-size: 100%; block-size: 100%; object-fit: contain; background: #000; }
video::cue { font-size: clamp(14px, 2.8cqi, 40px); }
.first { display: none; --media-button-icon-width: 44px; --media-control-height: 44px; --media-control-padding: 12px; border-radius: 50%; background: rgb(0 0 0 / .55); }
.first:hover { background: rgb(0 0 0 / .75); }
media-controller:not([mediahasplayed])[mediapaused] .first { display: inline-flex; }
media-loading-indicator { position: absolute; --media-loading-indicator-icon-height: 56px; animation: late .5s; }
/* It goes on turning while it is transparent, and a frame of that costs as much as a frame of the video. */
media-loading-indicator:not([medialoading]) { display: none; }
@keyframes late { from, to { opacity: 0; } }
.chrome {
  position: relative;
  inline-size: 100%;
  padding: 28px 6px 4px;
  background: linear-gradient(to top, rgb(0 0 0 / .78), rgb(0 0 0 / .5) 55%, transparent);
}
.timeline, .bar { position: static; inline-size: 100%; display: flex; align-items: center; }
.timeline { padding-inline: 4px; }
media-time-range, media-volume-range { --media-control-hover-background: transparent; }
media-time-range { --media-control-padding: 0 4px; block-size: 18px; inline-size: 100%; }
.bar > *, .bar .volume > * { border-radius: 6px; }
.bar .spacer { flex: 1 1 0; }
.volume { display: inline-flex; align-items: center; }
media-volume-range { inline-size: 72px; --media-control-padding: 9px 4px; }
media-time-display { font-variant-numeric: tabular-nums; white-space: nowrap; }
media-settings-menu { z-index: 2; inset-inline-end: 6px; inset-block-end: 58px; max-block-size: calc(100% - 66px); min-inline-size: 190px; }
media-controller:not([breakpointsm]) .middle, media-controller:not([breakpointsm]) media-pip-button,
media-controller:not([breakpointmd]) .wide { display: none; }
media-controller:not([breakpointsm]) { --media-control-padding: 9px 5px; --media-font-size: 12px; }
media-live-button { display: none; }
media-controller[mediastreamtype="live"] media-live-button { display: inline-flex; }
media-controller[mediastreamtype="live"] media-time-display { display: none; }
media-settings-menu-item.quality:has([mediarenditionunavailable]), media-captions-button[mediasubtitleslist=""],
media-captions-button:not([mediasubtitleslist]), media-settings-menu-item.captions:has(media-captions-menu:not([mediasubtitleslist])),
media-pip-button[mediapipunavailable], media-fullscreen-button[mediafullscreenunavailable],
media-volume-range[mediavolumeunavailable] { display: none; }

/* The switch. */
.sharing, .toggle { display: inline-flex; align-items: center; pointer-events: auto; }
button { font: inherit; color: inherit; background: none; border: 0; margin: 0; padding: 0; cursor: pointer; }
svg { inline-size: 20px; block-size: 20px; fill: currentColor; display: block; flex: none; }
.switch { padding: 9px 6px; border-radius: 6px; }
.track { display: block; inline-size: 34px; block-size: 20px; border-radius: 10px; padding: 2px; background: var(--_server); transition: background .15s; }
.knob { display: block; inline-size: 16px; block-size: 16px; border-radius: 50%; background: #fff; transition: transform .15s; }
.switch[aria-checked="true"] .knob { transform: translateX(14px); }
.switch[data-state="on"] .track { background: var(--accent); }
.switch[data-state="asking"] .track, .switch[data-state="waiting"] .track { background: var(--_wait); }
.switch[data-state="asking"] .knob { transform: translateX(7px); }
.switch[aria-disabled="true"] { cursor: not-allowed; opacity: .6; }
.bar .track { background: rgb(255 255 255 / .35); }
.bar .switch[data-state="on"] .track { background: #22a394; }
.bar .switch[data-state="asking"] .track, .bar .switch[data-state="waiting"] .track { background: #c98a12; }
.bar .switch:hover, .details:hover { background: rgb(255 255 255 / .14); }
.details { display: inline-flex; align-items: center; gap: 4px; padding: 10px 6px; border-radius: 6px; font-weight: 500; font-size: 13px; line-height: 20px; font-variant-numeric: tabular-nums; }
:is(button, .switch):focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.bar button:focus-visible { outline: 2px solid #fff; outline-offset: -2px; }
.tip {
  position: absolute; inset-block-end: 66px; inset-inline-end: 10px; inline-size: max-content; max-inline-size: min(290px, 90cqi);
  padding: 6px 10px; border-radius: 6px; background: rgb(12 20 27 / .92); color: #fff; font-size: 13px; line-height: 1.4;
  opacity: 0; visibility: hidden; pointer-events: none; transition: opacity .15s; z-index: 2;
}
.switch:hover + .tip, .switch:focus-visible + .tip { opacity: 1; visibility: visible; }
.panel .toggle, .notice .toggle { position: relative; }
.unseen { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

/* The panel. */
h2 { font-size: 15px; line-height: 1.3; font-weight: 650; margin: 0; }
p { margin: 0; }
.panel {
  position: absolute; inset-inline-end: 10px; inset-block-end: 66px; z-index: 3;
  inline-size: 320px; max-block-size: calc(100% - 76px); overflow: auto;
  display: flex; flex-direction: column; gap: 10px; padding: 14px 16px;
  background: var(--surface); color: var(--text);
  border: 1px solid var(--line); border-radius: var(--radius); box-shadow: 0 8px 30px rgb(0 0 0 / .35);
}
.panel header { display: flex; align-items: center; gap: 8px; }
.panel h2 { flex: 1; }
.panel .switch { padding: 4px; }
.close { padding: 4px; border-radius: 6px; color: var(--soft); }
.close:hover { background: color-mix(in srgb, var(--text) 9%, transparent); }
.reason { color: var(--soft); }
.stats dl { margin: 0 0 10px; display: flex; flex-direction: column; gap: 8px; }
.row { display: grid; grid-template-columns: 1fr auto; column-gap: 12px; }
.row dt, .row dd { margin: 0; }
.row dd { display: contents; }
.figure { font-variant-numeric: tabular-nums; font-weight: 600; text-align: end; }
.row .bar { grid-column: 1 / -1; display: block; block-size: 6px; border-radius: 3px; margin-block-start: 3px; background: color-mix(in srgb, var(--text) 10%, transparent); overflow: hidden; }
.fill { display: block; block-size: 100%; inline-size: 0; border-radius: 3px; background: var(--accent); transition: inline-size .4s; }
.server .fill { background: var(--_server); }
.uploaded .fill { background: var(--_sent); }
.connected, .rates { color: var(--soft); font-size: 13px; font-variant-numeric: tabular-nums; }
.link { color: var(--accent); text-decoration: underline; text-underline-offset: 2px; align-self: start; padding: 2px 0; border-radius: 3px; }

/* The notice, and faults that playback survives: under the picture, never over it. */
.notice, .hint { display: flex; align-items: center; gap: 10px 20px; padding: 12px 16px; border-block-start: 1px solid var(--line); flex: none; }
.words { flex: 1 1 0; min-inline-size: 0; }
.words p, .hint p { color: var(--soft); margin-block-start: 2px; }
.hint p { flex: 1; margin: 0; }
.answers { display: flex; align-items: center; gap: 10px; flex: none; }
.question { display: grid; gap: 8px; align-items: stretch; }
.answer { padding: 8px 14px; border-radius: 8px; border: 1.5px solid var(--accent); color: var(--accent); font-weight: 600; min-block-size: 40px; }
.answer:hover { background: color-mix(in srgb, var(--accent) 12%, transparent); }

/* Faults that end playback. */
.alert {
  position: absolute; inset: 0; z-index: 4; display: flex; flex-direction: column; align-items: center; justify-content: center; gap: 14px;
  padding: 16px max(20px, 10%); text-align: center; text-wrap: balance; background: rgb(9 15 20 / .97); color: #fff; font-size: 16px; overflow: auto;
}
.alert .answer { border-color: #fff; color: #fff; }
.alert .answer:hover { background: rgb(255 255 255 / .16); }
.alert .answer:focus-visible { outline-color: #fff; }

/* Where there is no room over the picture, the panel goes under it. */
@container (max-width: 560px) {
  .panel { position: static; inline-size: auto; max-block-size: none; border: 0; border-block-start: 1px solid var(--line); border-radius: 0; box-shadow: none; }
  .notice { flex-direction: column; align-items: stretch; }
  .answers { justify-content: space-between; }
  .question { grid-template-columns: 1fr 1fr; }
  .alert { font-size: 14px; gap: 10px; padding: 10px 16px; }
}
@media (prefers-reduced-motion: reduce) { * { transition: none !important; } }
@media (forced-colors: active) {
  .track { border: 1px solid ButtonText; } .knob { background: ButtonText; }
  .switch[data-state="on"] .track { background: Highlight; } .fill { background: Highlight; }
}
`;
