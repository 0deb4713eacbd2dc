//! The bounds of a [`Config`] by name, in one list: for pages, which set them, and for recordings,
//! which keep them.

use core::time::Duration;

use crate::config::Config;

impl Config {
    /// Sets a bound by its name in camelCase; durations are in seconds. `None` when there is no
    /// such bound, `false` when it cannot be that number.
    pub fn set(&mut self, name: &str, number: f64) -> Option<bool> {
        let mut fits = None;
        self.visit(&mut |at, bound| {
            if at == name {
                fits = Some(bound.set(number));
            }
        });
        fits
    }

    /// Every bound with its name, as [`Self::set`] takes it.
    #[must_use]
    pub fn bounds(&self) -> Vec<(&'static str, f64)> {
        let mut bounds = Vec::new();
        self.clone()
            .visit(&mut |name, bound| bounds.push((name, bound.number())));
        bounds
    }
}

/// A bound that is given as a number.
trait Bound {
    /// The number.
    fn number(&self) -> f64;
    /// Takes a number, if it can be.
    fn set(&mut self, number: f64) -> bool;
}

macro_rules! whole_numbers {
    ($($number:ty)*) => {
        $(impl Bound for $number {
            fn number(&self) -> f64 {
                *self as f64
            }

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
    fn number(&self) -> f64 {
        *self
    }

    fn set(&mut self, number: f64) -> bool {
        *self = number;
        number.is_finite()
    }
}

/// In seconds.
impl Bound for Duration {
    fn number(&self) -> f64 {
        self.as_secs_f64()
    }

    fn set(&mut self, number: f64) -> bool {
        Self::try_from_secs_f64(number)
            .map(|span| *self = span)
            .is_ok()
    }
}

macro_rules! bounds {
    ($($field:ident $name:literal,)*) => {
        impl Config {
            fn visit(&mut self, visit: &mut dyn FnMut(&'static str, &mut dyn Bound)) {
                // One that is missing from the list does not compile.
                let Self { $($field),* } = self;
                $(visit($name, $field);)*
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
    frugal_upload "frugalUpload",
    upload_slots "uploadSlots",
    upload_patience "uploadPatience",
    assumed_upload "assumedUpload",
    free_ride "freeRide",
    max_upload_queue "maxUploadQueue",
    min_upload_queue "minUploadQueue",
    link_buffer "linkBuffer",
    horizon "horizon",
    live_ahead "liveAhead",
    parts_behind "partsBehind",
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
    flaky "flaky",
    mirror_memory "mirrorMemory",
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
    max_routeless "maxRouteless",
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
    index_life "indexLife",
    min_count_interval "minCountInterval",
    count_retry "countRetry",
    tracker_open "trackerOpen",
    tracker_retry "trackerRetry",
    tracker_spread "trackerSpread",
    tracker_retry_max "trackerRetryMax",
    announce_soon "announceSoon",
    announce_interval "announceInterval",
    min_announce_interval "minAnnounceInterval",
    max_announce_interval "maxAnnounceInterval",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bound_can_be_set_to_what_it_is() {
        let mut copy = Config {
            store_bytes: 1 << 20,
            upload_rate: 1 << 53,
            ..Config::default()
        };
        let bounds = Config::default().bounds();
        assert!(
            bounds
                .iter()
                .all(|(name, number)| copy.set(name, *number) == Some(true))
        );
        assert_eq!(copy, Config::default());
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let mut config = Config::default();
        assert_eq!(config.set("storeBites", 1.0), None);
        for (name, number) in [
            ("maxHttp", 2.5),
            ("maxStrikes", 4_294_967_296.0),
            ("uploadRate", 1e300),
            ("uploadRate", f64::NAN),
            ("earlyFetchers", f64::NAN),
            ("horizon", -1.0),
            ("storeBytes", -1.0),
        ] {
            assert_eq!(config.set(name, number), Some(false), "{name}: {number}");
        }
    }
}
