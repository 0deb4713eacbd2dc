//! What the page's script talks to. Checks arguments, and decides nothing.

use core::time::Duration;

use js_sys::{Array, Function, Object, Uint8Array};
use shoal_engine::{ActiveTrack, Input, NeedId, Pace, Playhead, Rule, TimelineSegment, Wish};
use shoal_wire::id::{SegmentId, TrackId};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::catalogue::{Address, Catalogue};
use crate::config::Options;
use crate::error::Error;
use crate::events;
use crate::host_event::HostEvent;
use crate::pump::Pump;
use crate::viewer::Viewer;

/// One viewer of one video. After `close` every call is a harmless no-op.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Client {
    pump: Pump,
}

#[wasm_bindgen]
extern "C" {
    /// A segment as the page lists it; seconds and bytes.
    #[wasm_bindgen(typescript_type = "TimelineSegment")]
    pub type Listed;
    #[wasm_bindgen(method, getter, catch)]
    fn seq(this: &Listed) -> Result<f64, JsValue>;
    #[wasm_bindgen(method, getter, catch)]
    fn url(this: &Listed) -> Result<String, JsValue>;
    #[wasm_bindgen(method, getter, js_name = rangeStart, catch)]
    fn range_start(this: &Listed) -> Result<Option<f64>, JsValue>;
    #[wasm_bindgen(method, getter, js_name = rangeEnd, catch)]
    fn range_end(this: &Listed) -> Result<Option<f64>, JsValue>;
    #[wasm_bindgen(method, getter, catch)]
    fn start(this: &Listed) -> Result<f64, JsValue>;
    #[wasm_bindgen(method, getter, catch)]
    fn duration(this: &Listed) -> Result<f64, JsValue>;

    /// A track as the page plays it; seconds.
    #[wasm_bindgen(typescript_type = "ActiveTrack")]
    pub type Active;
    #[wasm_bindgen(method, getter, catch)]
    fn track(this: &Active) -> Result<u16, JsValue>;
    #[wasm_bindgen(method, getter, catch)]
    fn buffered(this: &Active) -> Result<f64, JsValue>;
}

#[wasm_bindgen]
impl Client {
    /// A viewer that has not been told anything yet. Throws an `Error` with `code` "config" when
    /// the options are not right.
    #[wasm_bindgen(constructor)]
    pub fn new(
        #[wasm_bindgen(unchecked_param_type = "ClientOptions")] options: JsValue,
        seed: u64,
        #[wasm_bindgen(unchecked_param_type = "(events: ClientEvent[]) => void")] emit: Function,
    ) -> Result<Self, JsValue> {
        let options = Options::read(&options)?;
        Ok(Self {
            pump: Pump::new(options, seed, emit),
        })
    }

    /// Gives the index, once. Throws an `Error` with `code` "index-malformed" and a message for
    /// people when it cannot be used.
    #[wasm_bindgen(js_name = setIndex)]
    pub fn set_index(&self, json: &str, url: &str) -> Result<(), JsValue> {
        if self.pump.look(|viewer| viewer.catalogue().is_some()) == Some(true) {
            return Err(Error::Argument("The index was given before.".into()).into());
        }
        let catalogue = Catalogue::new(json.as_bytes(), url)?;
        self.pump.push(HostEvent::Index(Box::new(catalogue)));
        Ok(())
    }

    /// The playlists that the index names, absolute, in its order.
    #[wasm_bindgen(unchecked_return_type = "string[]")]
    #[must_use]
    pub fn tracks(&self) -> Array {
        let tracks = self.pump.look(|viewer| {
            let playlists = viewer
                .catalogue()
                .map(|it| it.playlists().map(JsValue::from));
            playlists.map(|playlists| playlists.collect::<Array>())
        });
        tracks.flatten().unwrap_or_default()
    }

    /// One of those who decide on P2P has spoken.
    pub fn rule(
        &self,
        #[wasm_bindgen(unchecked_param_type = "RuleName")] name: &str,
        #[wasm_bindgen(unchecked_param_type = "RuleValue")] value: JsValue,
    ) -> Result<(), JsValue> {
        self.pump.push(Input::Rule(rule(name, &value)?));
        Ok(())
    }

    /// The index names a relay (TURN), for viewers who hide their address.
    #[must_use]
    pub fn relays(&self) -> bool {
        let relays = |viewer: &mut Viewer| viewer.catalogue().is_some_and(Catalogue::relays);
        self.pump.look(relays).unwrap_or_default()
    }

    /// The viewer's own bounds on what is sent to peers: bytes per second and bytes in all; 0 is no
    /// limit.
    pub fn limits(&self, rate: f64, total: f64) {
        self.pump.push(Input::Limits {
            upload_rate: whole(rate),
            upload_total: whole(total),
        });
    }

    /// The page is in the background or the battery is low, or no longer.
    pub fn frugal(&self, frugal: bool) {
        self.pump.push(Input::Frugal(frugal));
    }

    /// The playlist of a track as it stands now.
    pub fn timeline(&self, track: u16, segments: Vec<Listed>) -> Result<(), JsValue> {
        let track = TrackId(track);
        let mut addresses = Vec::with_capacity(segments.len());
        let mut timeline = Vec::with_capacity(segments.len());
        for listed in segments {
            let seq = whole(listed.seq()?);
            let start = listed.range_start()?.map_or(0, whole);
            let range = listed.range_end()?.map(|end| start..whole(end));
            addresses.push((
                seq,
                Address {
                    url: listed.url()?,
                    range,
                },
            ));
            let (start, duration) = (span(listed.start()?), span(listed.duration()?));
            timeline.push(TimelineSegment {
                seq,
                start,
                duration,
            });
        }
        self.pump.look(|viewer| viewer.list(track, addresses));
        self.pump.push(Input::Timeline {
            track,
            segments: timeline,
        });
        Ok(())
    }

    /// Where the player is, in seconds; at least once a second while it plays.
    pub fn playhead(&self, position: f64, rate: f64, active: Vec<Active>) -> Result<(), JsValue> {
        let mut tracks = Vec::with_capacity(active.len());
        for active in active {
            let track = TrackId(active.track()?);
            tracks.push(ActiveTrack {
                track,
                buffered: span(active.buffered()?),
            });
        }
        let rate = if rate.is_finite() { rate.max(0.0) } else { 0.0 };
        let position = span(position);
        self.pump.push(Input::Playhead(Playhead {
            position,
            rate,
            active: tracks,
        }));
        Ok(())
    }

    /// The player wants a segment. A `deliver` or a `decline` with the same `id` follows, unless
    /// it is cancelled.
    pub fn need(&self, id: f64, track: u16, seq: f64) {
        let segment = SegmentId {
            track: TrackId(track),
            seq: whole(seq),
        };
        self.pump.push(Input::Need {
            id: NeedId(whole(id)),
            segment,
        });
    }

    /// The player no longer wants what it asked for.
    pub fn cancel(&self, id: f64) {
        self.pump.push(Input::Cancel(NeedId(whole(id))));
    }

    /// The player got a whole segment by itself, the first byte after `first_byte` seconds and the last
    /// after `took`. The bytes are copied if they are kept.
    pub fn offered(&self, track: u16, seq: f64, bytes: Uint8Array, first_byte: f64, took: f64) {
        let segment = SegmentId {
            track: TrackId(track),
            seq: whole(seq),
        };
        // What must wait may find the page's buffer emptied.
        let data = if self.pump.is_busy() {
            bytes.slice(0, bytes.length())
        } else {
            bytes
        };
        let pace = Pace {
            first_byte: span(first_byte),
            whole: span(took),
        };
        self.pump.push(HostEvent::Offered {
            segment,
            data,
            pace,
        });
    }

    /// The figures and the state at present; after `close`, those of the end.
    #[wasm_bindgen(unchecked_return_type = "ClientStats")]
    #[must_use]
    pub fn stats(&self) -> Object {
        let (stats, state) = self.pump.figures();
        events::snapshot(&stats, state)
    }

    /// With the option `trace`: what has happened to the engine so far, for `sim replay`. Holds no
    /// address. May be asked in the middle of a failure.
    #[must_use]
    pub fn trace(&self) -> Option<Vec<u8>> {
        self.pump.trace()
    }

    /// Ends everything: peers, tracker, requests, timers. No event follows.
    pub fn close(&self) {
        self.pump.close();
    }
}

fn rule(name: &str, value: &JsValue) -> Result<Rule, Error> {
    let wish = || match value.as_string().as_deref() {
        Some("ask") => Ok(Some(Wish::Ask)),
        Some("off") => Ok(Some(Wish::Off)),
        Some("on") => Ok(Some(Wish::On)),
        None if value.is_null() || value.is_undefined() => Ok(None),
        _ => Err(Error::Argument(format!(
            "The rule `{name}` takes no such value."
        ))),
    };
    let flag = || match value.as_bool() {
        Some(flag) => Ok(flag),
        None => Err(Error::Argument(format!(
            "The rule `{name}` takes true or false."
        ))),
    };
    match name {
        "ask-first" => flag().map(Rule::AskFirst),
        "capable" => flag().map(Rule::Capable),
        "hidden" => flag().map(Rule::Hidden),
        "metered" => flag().map(Rule::Metered),
        "metered-too" => flag().map(Rule::MeteredToo),
        "page" => wish().map(Rule::Page),
        "site" => wish().map(Rule::Site),
        "video" => wish().map(Rule::Video),
        "viewer" if value.as_bool().is_some() => Ok(Rule::Viewer(value.as_bool())),
        "viewer" => Ok(Rule::Viewer(match wish()? {
            Some(Wish::On) => Some(true),
            Some(Wish::Off) => Some(false),
            Some(Wish::Ask) | None => None,
        })),
        _ => Err(Error::Argument(format!("There is no rule `{name}`."))),
    }
}

/// Seconds as the engine takes them; what is no time is nothing.
fn span(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

/// A number without a sign or a fraction, as numbers of requests and segments are.
const fn whole(number: f64) -> u64 {
    number as u64
}
