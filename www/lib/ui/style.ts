/**
 * The player's looks. Pages adapt them by the `--shoal-*` properties and by the parts `player`,
 * `controller`, `video`, `panel`, `alert` and `hint`. The notice is no part and inherits nothing: no style of
 * the page makes it unreadable.
 */

/** What is there from the start: the picture, the switch, the notice, faults. */
export const style = `
:host {
  display: flex;
  flex-direction: column;
  container-type: inline-size;
  position: relative;
  min-inline-size: 240px;
}
:host([hidden]), [hidden]:not(media-settings-menu, media-settings-menu *) { display: none !important; }
.player, .notice {
  --_surface: #ffffff;
  --_text: #14202b;
  --_soft: #51606d;
  --_line: #d5dde3;
  --_accent: #0b7a75;
  --_server: #7d8a97;
  --_sent: #7a5fc7;
  --_wait: #9a6700;
  color-scheme: light dark;
}
@media (prefers-color-scheme: dark) {
  .player, .notice {
    --_surface: #17212b;
    --_text: #eef3f6;
    --_soft: #a9b7c3;
    --_line: #33424f;
    --_accent: #45c4b6;
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
  --radius: var(--shoal-radius, 10px);
  display: flex;
  flex-direction: column;
  flex: 1 1 auto;
  min-block-size: 0;
  background: var(--surface);
  color: var(--text);
  font: 400 14px/1.45 var(--shoal-font, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif);
  text-align: start;
  border-radius: var(--radius);
  overflow: hidden;
}
.player:fullscreen { border-radius: 0; inline-size: 100vw; block-size: 100vh; }
.stage { position: relative; display: flex; flex-direction: column; flex: 1 999 auto; min-block-size: 84px; }
media-controller {
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

h2 { font-size: 15px; line-height: 1.3; font-weight: 650; margin: 0; }
p { margin: 0; }
button { font: inherit; color: inherit; background: none; border: 0; margin: 0; padding: 0; cursor: pointer; }
:is(button, a, select):focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.link { cursor: pointer; color: var(--accent); text-decoration: underline; text-underline-offset: 2px; align-self: start; padding: 2px 0; border-radius: 3px; }
.unseen { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

/* The switch: place, colour and a sign in the knob tell its state. */
.toggle { display: inline-flex; align-items: center; position: relative; pointer-events: auto; }
.switch { padding: 9px 6px; border-radius: 6px; }
.track { display: block; flex: none; inline-size: 34px; block-size: 20px; border-radius: 10px; padding: 2px; background: var(--_server); transition: background .15s; }
.knob { display: grid; place-items: center; inline-size: 16px; block-size: 16px; border-radius: 50%; background: #fff; color: #14202b; font: 700 12px/1 sans-serif; transition: margin .15s; }
.knob::before { content: ""; }
[aria-checked="true"] .knob { margin-inline-start: 14px; }
[data-state="on"] .track, .hiding [aria-checked="true"] .track { background: var(--accent); }
[data-state="on"] .knob::before, .hiding [aria-checked="true"] .knob::before { inline-size: 5px; block-size: 9px; margin-block-end: 2px; border: solid; border-width: 0 2px 2px 0; rotate: 45deg; }
:is([data-state="asking"], [data-state="waiting"]) .track { background: var(--_wait); }
:is([data-state="asking"], [data-state="waiting"]) .knob { margin-inline-start: 7px; }
[data-state="asking"] .knob::before { content: "?"; }
[data-state="waiting"] .knob::before { inline-size: 2px; block-size: 2px; background: currentColor; box-shadow: -4px 0, 4px 0; }
[aria-disabled="true"] { cursor: not-allowed; }
[aria-disabled="true"] .track { background: none; box-shadow: inset 0 0 0 2px var(--_server); }
[aria-disabled="true"] .knob { background: none; color: inherit; }
[aria-disabled="true"] .knob::before { inline-size: 16px; block-size: 2px; background: currentColor; rotate: -45deg; }
.tip { display: none; }

/* The notice, and faults that playback survives: under the picture, never over it. */
.notice {
  all: initial;
  --surface: var(--_surface); --text: var(--_text); --soft: var(--_soft); --accent: var(--_accent);
  color: var(--text); background: var(--surface);
  font: 400 14px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
.notice, .hint { display: flex; align-items: center; gap: 10px 20px; padding: 12px 16px; border-block-start: 1px solid var(--_line); flex: 0 1 auto; min-block-size: 84px; }
.hint { min-block-size: 0; }
.words { flex: 1 1 0; min-inline-size: 0; max-block-size: 100%; overflow: auto; }
.words p, .hint p { color: var(--soft); margin-block-start: 2px; }
.hint p { flex: 1; margin: 0; }
.answers { display: flex; align-items: center; gap: 10px; flex: none; }
.question { display: grid; gap: 8px; align-items: stretch; }
.pending { visibility: hidden; }
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

@container (max-width: 560px) {
  .notice { flex-direction: column; align-items: stretch; padding-block: 8px; }
  .words { flex: 0 1 auto; min-block-size: 0; }
  .answers { justify-content: space-between; }
  .question { grid-template-columns: 1fr 1fr; }
  .alert { font-size: 14px; gap: 10px; padding: 10px 16px; }
}
/* Not "none": media-chrome waits for the end of a transition. */
@media (prefers-reduced-motion: reduce) { * { transition-duration: 1ms !important; } }
@media (forced-colors: active) {
  .track { border: 1px solid ButtonText; } .knob { background: ButtonText; color: ButtonFace; forced-color-adjust: none; }
  [data-state="on"] .track, .fill { background: Highlight; }
}
`;

/** What comes with the controls: always light on dark over the picture, like the picture itself; and the panel. */
export const controlStyle = `
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
}
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
svg { inline-size: 20px; block-size: 20px; fill: currentColor; display: block; flex: none; }
.sharing { display: inline-flex; align-items: center; pointer-events: auto; }
.bar .toggle { position: static; }
.chrome, media-settings-menu { --accent: #22a394; --_wait: #c98a12; --_server: #93a0ac; }
.bar .switch:hover, .details:hover { background: rgb(255 255 255 / .14); }
.bar button:focus-visible { outline: 2px solid #fff; outline-offset: -2px; }
.details { display: inline-flex; align-items: center; gap: 4px; padding: 10px 6px; border-radius: 6px; font-weight: 500; font-size: 13px; line-height: 20px; font-variant-numeric: tabular-nums; }
.tip {
  display: block; position: absolute; inset-block-end: 66px; inset-inline-end: 10px; inline-size: max-content; max-inline-size: min(290px, 90cqi);
  padding: 6px 10px; border-radius: 6px; background: rgb(12 20 27 / .92); color: #fff; font-size: 13px; line-height: 1.4;
  opacity: 0; visibility: hidden; pointer-events: none; transition: opacity .15s; z-index: 2;
}
.switch:hover + .tip, .switch:focus-visible + .tip { opacity: 1; visibility: visible; }
.share { --media-menu-item-checked-indicator-display: none; }
.state { display: inline-flex; align-items: center; gap: 8px; font-size: 12px; }

/* The panel; where there is no room over the picture, it goes under it. */
.panel {
  position: absolute; inset-inline-end: 10px; inset-block-end: 66px; z-index: 3;
  inline-size: 320px; max-block-size: calc(100% - 76px); overflow: auto;
  display: flex; flex-direction: column; gap: 10px; padding: 14px 16px;
  background: var(--surface); color: var(--text);
  border: 1px solid var(--line); border-radius: var(--radius); box-shadow: 0 8px 30px rgb(0 0 0 / .35);
}
.panel header, .panel label, .hiding { display: flex; align-items: center; gap: 8px; }
.panel h2 { flex: 1; }
.panel .switch { padding: 4px; }
.close { padding: 4px; border-radius: 6px; color: var(--soft); }
.close:hover { background: color-mix(in srgb, var(--text) 9%, transparent); }
.panel p, .panel .word { color: var(--soft); }
.panel p:empty { display: none; }
.frugal::before { content: "\\2193\\a0"; }
.panel label, .hiding { justify-content: space-between; }
.panel label + label { margin-block-start: -4px; }
.hiding { flex-wrap: wrap; }
.panel footer { display: flex; flex-wrap: wrap; gap: 4px 16px; }
select { font: inherit; color: var(--text); background: var(--surface); border: 1px solid var(--soft); border-radius: 6px; padding: 3px 6px; min-block-size: 32px; }
.stats dl { margin: 0 0 10px; display: flex; flex-direction: column; gap: 8px; }
.row { display: grid; grid-template-columns: 1fr auto; column-gap: 12px; }
.row dt, .row dd { margin: 0; }
.row dd { display: contents; }
.figure { font-variant-numeric: tabular-nums; font-weight: 600; text-align: end; }
.row .bar { grid-column: 1 / -1; display: block; block-size: 6px; border-radius: 3px; margin-block-start: 3px; background: color-mix(in srgb, var(--text) 10%, transparent); overflow: hidden; }
.fill { display: block; block-size: 100%; inline-size: 0; border-radius: 3px; background: var(--accent); transition: inline-size .4s; }
.server .fill { background: var(--_server); }
.uploaded .fill { background: var(--_sent); }
.connected, .rates { font-size: 13px; font-variant-numeric: tabular-nums; }
@container (max-width: 560px) {
  .panel { position: static; inline-size: auto; max-block-size: none; border: 0; border-block-start: 1px solid var(--line); border-radius: 0; box-shadow: none; }
}
`;
