//! What the page's script talks to. Checks arguments, and decides nothing.

use core::time::Duration;
use std::rc::Rc;

use js_sys::{Array, Function, Uint8Array};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use shoal_engine::{Input, NeedId, Pace, Playhead, Rule, Wish};
use shoal_wire::id::{SegmentId, TrackId};
use tsify::Tsify;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::catalogue::{Address, Catalogue};
use crate::config::Options;
use crate::error::Error;
use crate::events;
use crate::host_event::HostEvent;
use crate::js::typed;
use crate::queue::Queue;
use crate::viewer::Viewer;

/// One viewer of one video. After `close` every call is a harmless no-op.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Client {
    queue: Rc<Queue>,
}

/// Those who decide on P2P. The site's and the video's rules are set from the index.
#[derive(Debug, Deserialize, Tsify)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RuleName {
    AskFirst,
    Capable,
    Hidden,
    Metered,
    MeteredToo,
    Page,
    Site,
    Video,
    Viewer,
}

/// What one of those who decide may say, beside nothing.
#[derive(Debug, Deserialize, Tsify)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RuleWish {
    Ask,
    Off,
    On,
}

/// A segment as the playlist lists it.
#[derive(Debug, Deserialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TimelineSegment {
    /// Media sequence number.
    seq: f64,
    /// Absolute.
    url: String,
    /// First byte of the resource that belongs to it.
    #[tsify(optional, type = "number | undefined")]
    range_start: Option<f64>,
    /// The byte after the last; without it the whole resource is the segment.
    #[tsify(optional, type = "number | undefined")]
    range_end: Option<f64>,
    /// Seconds on the player's timeline.
    start: f64,
    /// Seconds.
    duration: f64,
}

/// What the player is loading at present, one for each type of track.
#[derive(Debug, Deserialize, Tsify)]
pub(crate) struct ActiveTrack {
    /// Its place in the index.
    track: u16,
    /// End of what can be played without a gap, in seconds on the player's timeline.
    buffered: f64,
}

/// How long a server took to answer a request of the player's own loader. Zero: not known.
#[derive(Debug, Deserialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HttpTiming {
    /// Seconds until the first byte.
    first_byte: f64,
    /// Seconds until the last byte.
    whole: f64,
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
        let options = Options::read(options)?;
        Ok(Self {
            queue: Queue::new(options, seed, emit),
        })
    }

    /// Gives the index as `JSON.parse` makes it, once. Throws an `Error` with `code` "index-malformed" and a message for
    /// people when it cannot be used.
    #[wasm_bindgen(js_name = setIndex)]
    pub fn set_index(
        &self,
        #[wasm_bindgen(unchecked_param_type = "object")] index: JsValue,
        url: &str,
    ) -> Result<(), JsValue> {
        if self.queue.look(|viewer| viewer.catalogue().is_some()) == Some(true) {
            return Err(Error::Argument("The index was given before.".into()).into());
        }
        let catalogue = Catalogue::new(index, url)?;
        self.queue.push(HostEvent::Index(Box::new(catalogue)));
        Ok(())
    }

    /// The playlists that the index names, absolute, in its order.
    #[wasm_bindgen(unchecked_return_type = "string[]")]
    #[must_use]
    pub fn tracks(&self) -> Array {
        let tracks = self.queue.look(|viewer| {
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
        #[wasm_bindgen(unchecked_param_type = "RuleName")] name: JsValue,
        #[wasm_bindgen(unchecked_param_type = "boolean | RuleWish | null")] value: JsValue,
    ) -> Result<(), JsValue> {
        self.push(Input::Rule(rule(argument("name", name)?, value)?));
        Ok(())
    }

    /// The index names a relay (TURN), for viewers who hide their address.
    #[must_use]
    pub fn relays(&self) -> bool {
        let relays = |viewer: &mut Viewer| viewer.catalogue().is_some_and(Catalogue::relays);
        self.queue.look(relays).unwrap_or_default()
    }

    /// The viewer's own bounds on what is sent to peers: bytes per second and bytes in all; 0 is no
    /// limit.
    pub fn limits(&self, rate: f64, total: f64) {
        self.push(Input::Limits {
            upload_rate: whole(rate),
            upload_total: whole(total),
        });
    }

    /// The page is in the background or the battery is low, or no longer.
    pub fn frugal(&self, frugal: bool) {
        self.push(Input::Frugal(frugal));
    }

    /// The playlist of a track as it stands now.
    pub fn timeline(
        &self,
        track: u16,
        #[wasm_bindgen(unchecked_param_type = "TimelineSegment[]")] segments: JsValue,
    ) -> Result<(), JsValue> {
        let track = TrackId(track);
        let segments: Vec<TimelineSegment> = argument("segments", segments)?;
        let listed = |it: &TimelineSegment| shoal_engine::TimelineSegment {
            seq: whole(it.seq),
            start: span(it.start),
            duration: span(it.duration),
        };
        let timeline = segments.iter().map(listed).collect();
        let address = |it: TimelineSegment| {
            let start = it.range_start.map_or(0, whole);
            let range = it.range_end.map(|end| start..whole(end));
            (whole(it.seq), Address { url: it.url, range })
        };
        let addresses = segments.into_iter().map(address).collect();
        self.queue.look(|viewer| viewer.list(track, addresses));
        self.push(Input::Timeline {
            track,
            segments: timeline,
        });
        Ok(())
    }

    /// Where the player is, in seconds; at least once a second while it plays.
    pub fn playhead(
        &self,
        position: f64,
        rate: f64,
        #[wasm_bindgen(unchecked_param_type = "ActiveTrack[]")] active: JsValue,
    ) -> Result<(), JsValue> {
        let active: Vec<ActiveTrack> = argument("active", active)?;
        let track = |it: ActiveTrack| shoal_engine::ActiveTrack {
            track: TrackId(it.track),
            buffered: span(it.buffered),
        };
        let rate = if rate.is_finite() { rate.max(0.0) } else { 0.0 };
        self.push(Input::Playhead(Playhead {
            position: span(position),
            rate,
            active: active.into_iter().map(track).collect(),
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
        self.push(Input::Need {
            id: NeedId(whole(id)),
            segment,
        });
    }

    /// The player no longer wants what it asked for.
    pub fn cancel(&self, id: f64) {
        self.push(Input::Cancel(NeedId(whole(id))));
    }

    /// The player got a whole segment by itself. The bytes are copied if they are kept.
    pub fn offered(
        &self,
        track: u16,
        seq: f64,
        bytes: Uint8Array,
        #[wasm_bindgen(unchecked_param_type = "HttpTiming")] timing: JsValue,
    ) -> Result<(), JsValue> {
        let segment = SegmentId {
            track: TrackId(track),
            seq: whole(seq),
        };
        let timing: HttpTiming = argument("timing", timing)?;
        // What must wait may find the page's buffer emptied.
        let data = if self.queue.is_busy() {
            bytes.slice(0, bytes.length())
        } else {
            bytes
        };
        let pace = Pace {
            first_byte: span(timing.first_byte),
            whole: span(timing.whole),
        };
        self.queue.push(HostEvent::Offered {
            segment,
            data,
            pace,
        });
        Ok(())
    }

    /// The figures and the state at present; after `close`, those of the end.
    #[wasm_bindgen(unchecked_return_type = "ClientStats")]
    #[must_use]
    pub fn stats(&self) -> JsValue {
        let (stats, state) = self.queue.stats();
        events::snapshot(&stats, state)
    }

    /// With the option `trace`: what has happened to the engine so far, for `sim replay`. Holds no
    /// address. May be asked in the middle of a failure.
    #[must_use]
    pub fn trace(&self) -> Option<Vec<u8>> {
        self.queue.trace()
    }

    /// Ends everything: peers, tracker, requests, timers. No event follows.
    pub fn close(&self) {
        self.queue.close();
    }
}

impl Client {
    fn push(&self, input: Input) {
        self.queue.push(input.into());
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.queue.close();
    }
}

fn rule(name: RuleName, value: JsValue) -> Result<Rule, Error> {
    let flag = value.as_bool();
    let wish = || {
        let wish: Option<RuleWish> = argument("value", value)?;
        Ok(wish.map(|wish| match wish {
            RuleWish::Ask => Wish::Ask,
            RuleWish::Off => Wish::Off,
            RuleWish::On => Wish::On,
        }))
    };
    let missing = || Error::Argument(format!("The rule {name:?} takes true or false."));
    Ok(match name {
        RuleName::AskFirst => Rule::AskFirst(flag.ok_or_else(missing)?),
        RuleName::Capable => Rule::Capable(flag.ok_or_else(missing)?),
        RuleName::Hidden => Rule::Hidden(flag.ok_or_else(missing)?),
        RuleName::Metered => Rule::Metered(flag.ok_or_else(missing)?),
        RuleName::MeteredToo => Rule::MeteredToo(flag.ok_or_else(missing)?),
        RuleName::Page => Rule::Page(wish()?),
        RuleName::Site => Rule::Site(wish()?),
        RuleName::Video => Rule::Video(wish()?),
        RuleName::Viewer if flag.is_some() => Rule::Viewer(flag),
        RuleName::Viewer => Rule::Viewer(match wish()? {
            Some(Wish::On) => Some(true),
            Some(Wish::Off) => Some(false),
            Some(Wish::Ask) | None => None,
        }),
    })
}

fn argument<T: DeserializeOwned>(name: &str, value: JsValue) -> Result<T, Error> {
    typed(value).map_err(|reason| Error::Argument(format!("`{name}` is not right: {reason}.")))
}

/// Seconds as the engine takes them; what is no time is nothing.
fn span(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

/// A number without a sign or a fraction, as numbers of requests and segments are.
const fn whole(number: f64) -> u64 {
    number as u64
}
