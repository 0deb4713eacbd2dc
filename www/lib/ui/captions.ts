/** Keeps captions clear of the control bar: they move up while it is on screen. */

/** Lines from the bottom edge; two lines of caption then end above the bar. */
const LIFTED = -6;

/** Moves captions that have no place of their own, from now on. */
export function liftCaptions(controller: Element, video: HTMLVideoElement): void {
  const lifted = new WeakSet<VTTCue>();
  const place = (): void => {
    const bar = !controller.hasAttribute("userinactive") || video.paused;
    for (const track of video.textTracks) {
      for (const cue of track.mode === "showing" ? [...(track.activeCues ?? [])] : []) {
        if (!(cue instanceof VTTCue)) {
          continue;
        }
        if (bar && cue.line === "auto") {
          cue.line = LIFTED;
          lifted.add(cue);
        } else if (!bar && lifted.delete(cue)) {
          cue.line = "auto";
        } else {
          continue;
        }
        // Chromium lays a cue out once; taken off and put on, it is laid out anew.
        track.removeCue(cue);
        track.addCue(cue);
      }
    }
  };
  video.textTracks.addEventListener("addtrack", ({ track }) => {
    track?.addEventListener("cuechange", place);
  });
  controller.addEventListener("userinactivechange", place);
  video.addEventListener("play", place);
  video.addEventListener("pause", place);
}
