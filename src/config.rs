//! The options that the page gives, made into the engine's: nothing unknown passes.

use core::time::Duration;

use js_sys::{Object, Reflect};
use shoal_engine::Config;
use wasm_bindgen::{JsCast as _, JsValue};

use crate::error::Error;

/// What the constructor is given.
#[derive(Debug)]
pub(crate) struct Options {
    /// The engine's bounds.
    pub(crate) engine: Config,
    /// Connect through TURN servers alone.
    pub(crate) relay: bool,
}

/// The one option that is not the engine's: as in `RTCConfiguration`.
const TRANSPORT: &str = "iceTransportPolicy";

impl Options {
    /// Reads options. What is left out is as `Config::default()` has it.
    pub(crate) fn read(value: &JsValue) -> Result<Self, Error> {
        let wrong = |reason: &str| Error::Config(format!("The options are not right: {reason}."));
        let Some(given) = value.dyn_ref::<Object>() else {
            return Err(wrong("they must be an object"));
        };
        let mut options = Self {
            engine: Config::default(),
            relay: false,
        };
        for key in Object::keys(given) {
            let name = key.as_string().unwrap_or_default();
            let value = Reflect::get(given, &key).unwrap_or_default();
            if value.is_undefined() {
                continue;
            }
            if name == TRANSPORT {
                options.relay = match value.as_string().as_deref() {
                    Some("all") => false,
                    Some("relay") => true,
                    _ => return Err(wrong("`iceTransportPolicy` is \"all\" or \"relay\"")),
                };
                continue;
            }
            let Some(bound) = bound(&mut options.engine, &name) else {
                return Err(wrong(&format!("there is no option `{name}`")));
            };
            if !value.as_f64().is_some_and(|number| bound.set(number)) {
                return Err(wrong(&format!("`{name}` cannot have that value")));
            }
        }
        let checked = options.engine.check();
        checked.map_err(|error| wrong(&error.to_string()))?;
        Ok(options)
    }
}

/// A bound that is given as a number.
trait Bound {
    /// Takes a number, if it can be.
    fn set(&mut self, number: f64) -> bool;
}

macro_rules! whole_numbers {
    ($($number:ty)*) => {
        $(impl Bound for $number {
            fn set(&mut self, number: f64) -> bool {
                *self = number as Self;
                // What is negative, has a fraction or is out of range has become another number.
                *self as f64 == number && number <= MOST
            }
        })*
    };
}

/// The greatest whole number that JavaScript tells from the next: 2^53 - 1.
const MOST: f64 = 9_007_199_254_740_991.0;

whole_numbers!(u32 u64 usize);

impl Bound for f64 {
    fn set(&mut self, number: f64) -> bool {
        *self = number;
        true
    }
}

/// In seconds.
impl Bound for Duration {
    fn set(&mut self, number: f64) -> bool {
        Self::try_from_secs_f64(number)
            .map(|span| *self = span)
            .is_ok()
    }
}

macro_rules! bounds {
    ($($field:ident $name:literal,)*) => {
        /// The bound of this name.
        fn bound<'a>(config: &'a mut Config, name: &str) -> Option<&'a mut dyn Bound> {
            // One that is missing from the list does not compile.
            let Config { $($field),* } = config;
            match name {
                $($name => Some($field),)*
                _ => None,
            }
        }
    };
}

bounds! {
    store_bytes "storeBytes",
    max_active_tracks "maxActiveTracks",
    max_timeline "maxTimeline",
    max_needs "maxNeeds",
    upload_rate "uploadRate",
    upload_burst "uploadBurst",
    upload_total "uploadTotal",
    upload_slots "uploadSlots",
    upload_patience "uploadPatience",
    assumed_upload "assumedUpload",
    free_ride "freeRide",
    max_upload_queue "maxUploadQueue",
    link_buffer "linkBuffer",
    horizon "horizon",
    margin "margin",
    min_margin "minMargin",
    calm "calm",
    assumed_rate "assumedRate",
    join_grace "joinGrace",
    early_fetchers "earlyFetchers",
    doubling "doubling",
    introduction "introduction",
    fetching_trust "fetchingTrust",
    max_http "maxHttp",
    max_early_http "maxEarlyHttp",
    http_silence "httpSilence",
    http_retry "httpRetry",
    max_origin_failures "maxOriginFailures",
    max_failed "maxFailed",
    block_length "blockLength",
    pipeline "pipeline",
    min_pipeline "minPipeline",
    max_pipeline "maxPipeline",
    peer_silence "peerSilence",
    busy_wait "busyWait",
    have_delay "haveDelay",
    max_links "maxLinks",
    target_links "targetLinks",
    churn "churn",
    churn_grace "churnGrace",
    few_links "fewLinks",
    offers "offers",
    offer_life "offerLife",
    describe_life "describeLife",
    connect_life "connectLife",
    handshake_life "handshakeLife",
    keep_alive "keepAlive",
    link_silence "linkSilence",
    max_ranges "maxRanges",
    max_window "maxWindow",
    max_fetching "maxFetching",
    max_strikes "maxStrikes",
    ban "ban",
    max_remembered "maxRemembered",
    tracker_open "trackerOpen",
    tracker_retry "trackerRetry",
    tracker_retry_max "trackerRetryMax",
    announce_soon "announceSoon",
    announce_interval "announceInterval",
}
