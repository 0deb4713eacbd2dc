//! Every bound of the engine.

use core::time::Duration;

/// Every bound of the engine. `Config::default()` is what the player runs with. The page's
/// options have the same names in camelCase, and durations in seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Bytes of media kept for playing and sharing. Less: seeks back and later peers go to the
    /// origin again. More: memory of the page. 128 MiB.
    pub store_bytes: u64,
    /// Tracks that the player loads at one time; what goes beyond is not fetched ahead. 4.
    pub max_active_tracks: usize,
    /// Segments of one playlist that are looked at; what goes beyond plays over HTTP. 100,000 is
    /// four days of 4 s segments.
    pub max_timeline: usize,
    /// Requests of the player open at one time; more are declined. 32.
    pub max_needs: usize,

    /// Bytes per second sent to peers at most; 0 is no limit. Lower: less use to others.
    pub upload_rate: u64,
    /// How much of that may be saved up while nobody asks. Longer: bursts above the rate; shorter: what
    /// is not used at once is lost to the swarm. 30 s.
    pub upload_burst: Duration,
    /// Bytes sent to peers per visit at most; 0 is no limit.
    pub upload_total: u64,
    /// Bytes per second sent to peers at most while the page is in the background or the battery is
    /// low; 0 is no limit. 125,000.
    pub frugal_upload: u64,
    /// Peers whose requests wait for us at one time; the others are told that we are busy. More:
    /// each of them gets less. 16.
    pub upload_slots: usize,
    /// How long a request may have to wait for us, by our measured rate; beyond that we say that we
    /// are busy, and the peer asks elsewhere. Shorter: our line idles between requests; longer: peers
    /// find out late that we are slow. 1 s.
    pub upload_patience: Duration,
    /// Our own upload rate, bytes per second, until one is measured. 250,000.
    pub assumed_upload: u64,
    /// What a peer that never serves us may take before it is served last. 1 MiB.
    pub free_ride: u64,
    /// Requests of one peer that wait for us; more are rejected. 128.
    pub max_upload_queue: usize,
    /// Media bytes handed to one channel and not yet sent, at most; a slow channel gets what it drains
    /// in `pipeline`. More: cancels and urgent messages wait longer behind media.
    /// 256 KiB.
    pub link_buffer: u32,

    /// Media ahead of the playhead that is fetched at most. More: more is wasted when the viewer
    /// leaves; less: less slack for peers. 30 s.
    pub horizon: Duration,
    /// Time kept in hand before the player would stall, beside what the transfer itself is
    /// estimated to take, until the origin has been measured, and at most. More: the origin is used
    /// more; less: less room for a slow origin. 3 s.
    pub margin: Duration,
    /// The same at least, however quick the origin is. 1 s.
    pub min_margin: Duration,
    /// Slack of a segment beyond which the rarest piece is asked for first; within it the first one. 8 s.
    pub calm: Duration,
    /// Assumed origin rate, bytes per second, until one is measured. Lower: the first segments
    /// rely on the origin for longer. 250,000.
    pub assumed_rate: u64,
    /// How long segments that are not urgent wait for the first peers after joining. 5 s.
    pub join_grace: Duration,
    /// Viewers of the whole swarm that are expected to fetch a segment from the origin early. More:
    /// the origin sends more; less: a relay tree starts from fewer places. 2.5.
    pub early_fetchers: f64,
    /// Assumed time in which twice as many viewers come to have a piece. Where a segment's slack is so
    /// short that the few early fetchers could not reach the whole swarm in it, more viewers fetch early.
    /// Shorter: the origin sends less to a live stream close to its edge, and more of it comes late. 500 ms.
    pub doubling: Duration,
    /// How long a new peer is given to tell what it has, before the origin is asked for what it may
    /// have. 1.5 s.
    pub introduction: Duration,
    /// How long a peer's word that it fetches a segment from the origin is waited on. 8 s.
    pub fetching_trust: Duration,
    /// HTTP requests for media at one time. 3.
    pub max_http: usize,
    /// HTTP requests under way up to which one more is made for what is not in danger. More: what
    /// will be needed soon shares the line with what will be needed later. 1.
    pub max_early_http: usize,
    /// Silence after which an HTTP request is given up. 10 s.
    pub http_silence: Duration,
    /// First wait after a failed HTTP request; doubles with each failure in a row, to 16 times. 500 ms.
    pub http_retry: Duration,
    /// How long the measured speed of a mirror counts; then it is asked again when there is time. Shorter:
    /// more is asked of slow mirrors; longer: one that has become fast is found late. 120 s.
    pub mirror_memory: Duration,
    /// Failures of the origin on one segment after which the player's own loader takes over. 3.
    pub max_origin_failures: u32,
    /// Segments whose failures are remembered. 64.
    pub max_failed: usize,

    /// Bytes of one request to a peer (BEP 3's usual 16 KiB). A power of two, 1 KiB to 128 KiB.
    pub block_length: u32,
    /// How much of a peer's measured rate is asked of it ahead. Longer: a seek or a slow origin
    /// waits for what is already on its way; shorter than a round trip: the peer idles. 300 ms.
    pub pipeline: Duration,
    /// Blocks asked of a peer beyond that. 2.
    pub min_pipeline: usize,
    /// Blocks asked of one peer at one time at most. 64.
    pub max_pipeline: usize,
    /// Silence of a peer that owes us blocks, after which they are asked elsewhere. Shorter: the blocks of a
    /// slow peer come twice. 4 s.
    pub peer_silence: Duration,
    /// How long a peer that said it is busy is left alone; doubles each time, to 8 times. 300 ms.
    pub busy_wait: Duration,
    /// How long a new piece may wait to be announced together with others. Longer: fewer messages; each
    /// hop through the swarm takes so much longer. 40 ms.
    pub have_delay: Duration,

    /// Peers connected at one time. More: more memory, more messages. 40.
    pub max_links: usize,
    /// Peers up to which we make offers of our own; the rest is room for those who offer to us. 24.
    pub target_links: usize,
    /// How often the least useful peer is let go while there are more than `target_links`. 30 s.
    pub churn: Duration,
    /// How long a new peer is not judged, and an old one may be of no use. 60 s.
    pub churn_grace: Duration,
    /// Peers below which the tracker is asked again soon. 6.
    pub few_links: usize,
    /// Offers made per announce. WebTorrent's trackers forward 5 to 20. 5.
    pub offers: usize,
    /// How long an offer waits for an answer. WebTorrent's clients keep 50 s.
    pub offer_life: Duration,
    /// Descriptions in a row without a way by which a peer could come, after which WebRTC is taken to be
    /// blocked. More: offers are made in vain for longer; fewer: a network that comes up late is
    /// given up. 3.
    pub max_routeless: u32,
    /// Bound on making an offer or an answer, candidates included. 8 s.
    pub describe_life: Duration,
    /// Bound on opening the channel once both sides have described themselves. 20 s.
    pub connect_life: Duration,
    /// Bound on the handshake once the channel is open. 10 s.
    pub handshake_life: Duration,
    /// Silence of our own after which a keep-alive is sent. WebTorrent's clients use 55 s.
    pub keep_alive: Duration,
    /// Silence of a peer after which it is dropped. 130 s.
    pub link_silence: Duration,
    /// Ranges of pieces remembered per peer. 4,096.
    pub max_ranges: usize,
    /// Piece numbers that a peer may want to hear about at one time: so much of what we have watched
    /// can it learn. 65,536 is 256 segments of a usual index.
    pub max_window: u64,
    /// Ranges that one peer may say it is fetching. 64.
    pub max_fetching: usize,
    /// Strikes at which a peer is banned. A rotten piece from one peer alone counts as all. 4.
    pub max_strikes: u32,
    /// How long a ban lasts, and after how long a strike is forgiven. 10 min.
    pub ban: Duration,
    /// Banned or struck peers remembered. 256.
    pub max_remembered: usize,

    /// How old the index may be when a tracker is connected to; an older one is read again, for what it
    /// says of policy, token and servers. Longer: what has changed there is found out later. 5 min.
    pub index_life: Duration,
    /// Least time between two questions of how many watch, whatever the server says. 10 s.
    pub min_count_interval: Duration,
    /// The longest such time, and the wait after a question that was not answered. 5 min.
    pub count_retry: Duration,
    /// Bound on opening the tracker's socket. 10 s.
    pub tracker_open: Duration,
    /// First wait before the tracker is tried again; doubles to `tracker_retry_max`. 1 s.
    pub tracker_retry: Duration,
    /// What is added at most, by chance, where a tracker that we had joined is lost. Shorter: the viewers of a
    /// node that dies are a crowd at the next one; longer: new peers come later. 5 s.
    pub tracker_spread: Duration,
    /// Longest wait before the tracker is tried again. 60 s.
    pub tracker_retry_max: Duration,
    /// First wait before announcing again while peers are few; doubles to the tracker's interval.
    /// Shorter: more offers are made before the last ones can be answered. 15 s.
    pub announce_soon: Duration,
    /// Announce interval until the tracker names one; what it names is kept within 20 s and 15
    /// min. 120 s.
    pub announce_interval: Duration,
}

impl Default for Config {
    fn default() -> Self {
        const fn s(seconds: u64) -> Duration {
            Duration::from_secs(seconds)
        }
        const fn ms(millis: u64) -> Duration {
            Duration::from_millis(millis)
        }
        Self {
            store_bytes: 128 << 20,
            max_active_tracks: 4,
            max_timeline: 100_000,
            max_needs: 32,
            upload_rate: 0,
            upload_burst: s(30),
            upload_total: 0,
            frugal_upload: 125_000,
            upload_slots: 16,
            upload_patience: s(1),
            assumed_upload: 250_000,
            free_ride: 1 << 20,
            max_upload_queue: 128,
            link_buffer: 256 << 10,
            horizon: s(30),
            margin: s(3),
            min_margin: s(1),
            calm: s(8),
            assumed_rate: 250_000,
            join_grace: s(5),
            early_fetchers: 2.5,
            doubling: ms(500),
            introduction: ms(1500),
            fetching_trust: s(8),
            max_http: 3,
            max_early_http: 1,
            http_silence: s(10),
            http_retry: ms(500),
            mirror_memory: s(120),
            max_origin_failures: 3,
            max_failed: 64,
            block_length: 16 << 10,
            pipeline: ms(300),
            min_pipeline: 2,
            max_pipeline: 64,
            peer_silence: s(4),
            busy_wait: ms(300),
            have_delay: ms(40),
            max_links: 40,
            target_links: 24,
            churn: s(30),
            churn_grace: s(60),
            few_links: 6,
            offers: 5,
            offer_life: s(50),
            max_routeless: 3,
            describe_life: s(8),
            connect_life: s(20),
            handshake_life: s(10),
            keep_alive: s(55),
            link_silence: s(130),
            max_ranges: 4096,
            max_window: 65_536,
            max_fetching: 64,
            max_strikes: 4,
            ban: s(600),
            max_remembered: 256,
            index_life: s(300),
            min_count_interval: s(10),
            count_retry: s(300),
            tracker_open: s(10),
            tracker_retry: s(1),
            tracker_spread: s(5),
            tracker_retry_max: s(60),
            announce_soon: s(15),
            announce_interval: s(120),
        }
    }
}

/// A setting that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{setting} must be {rule}")]
pub struct ConfigError {
    /// The field of `Config`.
    pub setting: &'static str,
    /// What it must be.
    pub rule: &'static str,
}

impl Config {
    /// Says which setting cannot be, before anything runs on it.
    ///
    /// # Errors
    /// The first setting that is out of its range.
    pub fn check(&self) -> Result<(), ConfigError> {
        let block = self.block_length;
        let rules = [
            (
                (1 << 10..=128 << 10).contains(&block) && block.is_power_of_two(),
                "blockLength",
                "a power of two from 1024 to 131072",
            ),
            (
                self.link_buffer >= block,
                "linkBuffer",
                "at least blockLength",
            ),
            (
                self.store_bytes >= 1 << 20,
                "storeBytes",
                "at least 1048576",
            ),
            (self.max_links <= 500, "maxLinks", "at most 500"),
            (
                self.target_links <= self.max_links,
                "targetLinks",
                "at most maxLinks",
            ),
            (
                self.min_margin <= self.margin,
                "minMargin",
                "at most margin",
            ),
            (!self.doubling.is_zero(), "doubling", "more than 0"),
            (self.assumed_upload >= 1, "assumedUpload", "at least 1"),
            (self.offers <= 10, "offers", "at most 10"),
            (self.max_http >= 1, "maxHttp", "at least 1"),
            (
                (1..=self.max_pipeline).contains(&self.min_pipeline),
                "minPipeline",
                "from 1 to maxPipeline",
            ),
            (self.max_routeless >= 1, "maxRouteless", "at least 1"),
            (
                self.min_count_interval <= self.count_retry,
                "minCountInterval",
                "at most countRetry",
            ),
            (self.early_fetchers >= 1.0, "earlyFetchers", "at least 1"),
            (self.assumed_rate >= 1, "assumedRate", "at least 1"),
        ];
        match rules.iter().find(|rule| !rule.0) {
            Some(&(_, setting, rule)) => Err(ConfigError { setting, rule }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_can_be() {
        assert_eq!(Config::default().check(), Ok(()));
    }

    #[test]
    fn what_cannot_be_is_named() {
        let config = Config {
            block_length: 10_000,
            ..Config::default()
        };
        let error = config.check().unwrap_err();
        assert_eq!(error.setting, "blockLength");
    }
}
