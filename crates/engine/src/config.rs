//! Every bound of the engine.

use core::time::Duration;

/// Every bound on what the engine holds, sends and waits for. `Config::default()` is what the player runs
/// with.
///
/// Each field says its unit, what gets worse in each direction, and its default. How measurements are
/// smoothed is no bound: those constants lie beside what they smooth (`meter`, `servers`, `asked`).
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Bytes of media kept for playing and sharing. Less: seeks back and later peers go to the
    /// origin again. More: memory of the page. 128 MiB.
    pub store_bytes: u64,
    /// Tracks that the player loads at one time; what goes beyond is not fetched ahead. Fewer: an audio
    /// track may be left out; more: one playhead can make us plan for longer. 4.
    pub max_active_tracks: usize,
    /// Segments of one playlist that are looked at; what goes beyond plays over HTTP. Fewer: long streams
    /// are not shared to their end; more: memory. 100,000 is four days of 4 s segments.
    pub max_timeline: usize,
    /// Requests of the player open at one time; more are declined. Fewer: a player with many tracks goes
    /// past us; more: memory. 32.
    pub max_needs: usize,

    /// Bytes per second sent to peers at most; 0 is no limit. Lower: less use to others; higher: less of
    /// the viewer's line is left. 0.
    pub upload_rate: u64,
    /// Seconds of that rate which may be saved up while nobody asks. Longer: bursts above the rate;
    /// shorter: what is not used at once is lost to the swarm. 30 s.
    pub upload_burst: Duration,
    /// Bytes sent to peers per visit at most; 0 is no limit. Less: others go to the origin when it is
    /// spent; more: the viewer's volume. 0.
    pub upload_total: u64,
    /// Bytes per second sent to peers at most while the page is in the background or the battery is
    /// low; 0 is no limit. Lower: less use to others; higher: more of the battery. 125,000.
    pub frugal_upload: u64,
    /// Peers whose requests wait for us at one time; the others are told that we are busy. More:
    /// each of them gets less; fewer: more of them go elsewhere. 16.
    pub upload_slots: usize,
    /// Time that a request may have to wait for us, by our measured rate; beyond that we say that we
    /// are busy, and the peer asks elsewhere. Shorter: our line idles between requests; longer: peers
    /// find out late that we are slow. 1 s.
    pub upload_patience: Duration,
    /// Bytes per second that we are taken to send until it is measured. Lower: the first requests are
    /// refused; higher: they wait for too long on a slow line. 250,000.
    pub assumed_upload: u64,
    /// Bytes that a peer which never serves us may take before it is served last. Less: newcomers, who
    /// have nothing yet, wait; more: who only takes is served longer. 1 MiB.
    pub free_ride: u64,
    /// Requests of one peer that wait for us; more are rejected. Fewer: a quick peer's pipeline runs
    /// dry; more: memory. 128.
    pub max_upload_queue: usize,
    /// Requests that may wait in all on the slowest line. Fewer: its line idles; more: they wait longer
    /// than `upload_patience`. 4.
    pub min_upload_queue: usize,
    /// Bytes of media handed to one channel and not yet sent, at most; a slow channel gets what it drains
    /// in `pipeline`. More: cancels and urgent messages wait longer behind media; less: a quick channel
    /// runs dry. 256 KiB.
    pub link_buffer: u32,

    /// Media ahead of the playhead that is fetched at most. More: more is wasted when the viewer
    /// leaves; less: less slack for peers. 30 s.
    pub horizon: Duration,
    /// Segments of a live stream that are listened for before the playlist lists them. Fewer: several
    /// viewers fetch a new segment before they hear of each other; more: windows are longer. 3.
    pub live_ahead: u64,
    /// Parts of the index kept of a live track behind the first segment of its playlist. Fewer: who seeks
    /// back fetches them again; more: memory. 4.
    pub parts_behind: u64,
    /// Time kept in hand before the player would stall, beside what the transfer itself is
    /// estimated to take, until the origin has been measured, and at most. More: the origin is used
    /// more; less: less room for a slow origin. 3 s.
    pub margin: Duration,
    /// Time kept in hand at least, however quick the origin is. More: the origin is used more; less: a
    /// quick origin's first hesitation is a stall. 1 s.
    pub min_margin: Duration,
    /// Slack of a segment beyond which the rarest piece is asked for first; within it the first one.
    /// Shorter: pieces come out of order close to their deadline; longer: all ask for the same ones. 8 s.
    pub calm: Duration,
    /// Bytes per second that the origin is taken to send until it is measured. Lower: the first segments
    /// rely on the origin for longer; higher: a slow origin is asked too late at first. 250,000.
    pub assumed_rate: u64,
    /// Time that segments which are not urgent wait for the first peers after joining. Shorter: the
    /// origin sends them before peers can; longer: a lone viewer's buffer fills late. 5 s.
    pub join_grace: Duration,
    /// Viewers of the whole swarm that are expected to fetch a segment from the origin early. More:
    /// the origin sends more; less: a relay tree starts from fewer places. 2.5.
    pub early_fetchers: f64,
    /// Time in which twice as many viewers are taken to come to have a piece. Where a segment's slack is so
    /// short that the few early fetchers could not reach the whole swarm in it, more viewers fetch early.
    /// Shorter: the origin sends less to a live stream close to its edge, and more of it comes late. 500 ms.
    pub doubling: Duration,
    /// Time that a new peer is given to tell what it has, before the origin is asked for what it may
    /// have. Shorter: the origin sends what a peer had; longer: a silent peer costs time. 1.5 s.
    pub introduction: Duration,
    /// Time for which a peer's claim to fetch a segment from the origin is believed. Shorter: two fetch it
    /// from a slow origin; longer: a false claim holds others up. 8 s.
    pub fetching_trust: Duration,
    /// HTTP requests for media at one time. Fewer: what is in danger waits for what is not; more: they
    /// share one line. 3.
    pub max_http: usize,
    /// HTTP requests under way up to which one more is made for what is not in danger. More: what
    /// will be needed soon shares the line with what will be needed later; 0: nobody fetches early. 1.
    pub max_early_http: usize,
    /// Silence after which an HTTP request is given up. Shorter: a slow origin is asked twice; longer: a
    /// dead one is waited for. 10 s.
    pub http_silence: Duration,
    /// First wait after a failed HTTP request; doubles with each failure in a row, to 16 times. Shorter: a
    /// struggling origin is pressed; longer: one failure costs time. 500 ms.
    pub http_retry: Duration,
    /// Time for which a failure of a server makes us careful. Shorter: a flaky one stalls the player;
    /// longer: one hiccup makes us use the origin more for so long. 60 s.
    pub flaky: Duration,
    /// Time for which the measured speed of a mirror counts; then it is asked again when there is time.
    /// Shorter: more is asked of slow mirrors; longer: one that has become fast is found late. 120 s.
    pub mirror_memory: Duration,
    /// Failures of the origin on one segment after which the player's own loader takes over. Fewer: one
    /// hiccup ends sharing of the segment; more: the player's own error handling comes late. 3.
    pub max_origin_failures: u32,
    /// Segments whose failures are remembered. Fewer: the oldest is tried from the start; more:
    /// memory. 64.
    pub max_failed: usize,

    /// Bytes of one request to a peer. A power of two, 1 KiB to 128 KiB. Less: more messages; more: a
    /// slow peer holds up more. BEP 3's usual 16 KiB.
    pub block_length: u32,
    /// Time's worth of a peer's measured rate that is asked of it ahead. Longer: a seek or a slow origin
    /// waits for what is already on its way; shorter than a round trip: the peer idles. 300 ms.
    pub pipeline: Duration,
    /// Blocks asked of a peer beyond that. Fewer: a peer not measured yet idles; more: more comes late
    /// from a slow one. 2.
    pub min_pipeline: usize,
    /// Blocks asked of one peer at one time at most. Fewer: a quick, distant peer idles; more: it holds
    /// up more when it falls silent. 64.
    pub max_pipeline: usize,
    /// Silence of a peer that owes us blocks, after which they are asked elsewhere. Shorter: the blocks of a
    /// slow peer come twice; longer: they come late. 4 s.
    pub peer_silence: Duration,
    /// Time for which a peer that said it is busy is left alone; doubles each time, to 8 times. Shorter: more
    /// refusals; longer: an idle peer is not used. 300 ms.
    pub busy_wait: Duration,
    /// Time that a new piece may wait to be announced together with others. Longer: fewer messages; each
    /// hop through the swarm takes so much longer. 40 ms.
    pub have_delay: Duration,

    /// Peers connected at one time. More: more memory, more messages; fewer: less choice. 40.
    pub max_links: usize,
    /// Peers up to which we make offers of our own; the rest is room for those who offer to us. More:
    /// newcomers find everybody full; fewer: a viewer whom few offer to has few. 24.
    pub target_links: usize,
    /// Time between two moments at which the least useful peer is let go, while there are more than
    /// `target_links`. Shorter: connections are made in vain; longer: better peers wait. 30 s.
    pub churn: Duration,
    /// Time for which a new peer is not judged, and an old one may be of no use. Shorter: who comes has no
    /// time to prove itself; longer: the useless keep their places. 60 s.
    pub churn_grace: Duration,
    /// Peers below which the tracker is asked again soon. Fewer: who lost its peers waits for the
    /// interval; more: more announces. 6.
    pub few_links: usize,
    /// Offers made per announce. Fewer: peers come slowly; more: work for offers that nobody answers.
    /// WebTorrent's trackers forward 5 to 20. 5.
    pub offers: usize,
    /// Time that an offer waits for an answer. Shorter: answers come too late; longer: a dead offer takes
    /// up room. 50 s, as WebTorrent's clients have it.
    pub offer_life: Duration,
    /// Descriptions in a row without a candidate by which a peer could come, after which WebRTC is taken to be
    /// blocked. More: offers are made in vain for longer; fewer: a network that comes up late is
    /// given up. 3.
    pub max_routeless: u32,
    /// Time that making an offer or an answer may take, candidates included. Shorter: slow STUN and TURN
    /// servers are not waited for; longer: an announce waits. 8 s.
    pub describe_life: Duration,
    /// Time that opening the channel may take once both sides have described themselves. Shorter: distant
    /// pairs do not meet; longer: a dead one takes up room. 20 s.
    pub connect_life: Duration,
    /// Time that the handshake may take once the channel is open. Shorter: a busy page is dropped; longer:
    /// a silent stranger takes up room. 10 s.
    pub handshake_life: Duration,
    /// Silence of our own after which a keep-alive is sent. Shorter: more messages; longer: peers drop us.
    /// 55 s, as WebTorrent's clients have it.
    pub keep_alive: Duration,
    /// Silence of a peer after which it is dropped. Shorter than its keep-alive: good peers go; longer: who
    /// has gone takes up room. 130 s.
    pub link_silence: Duration,
    /// Ranges of pieces remembered per peer. Fewer: a peer with many gaps is taken for malformed; more:
    /// memory. 4,096.
    pub max_ranges: usize,
    /// Piece numbers that a peer may want to hear about at one time: so much of what we have watched
    /// can it learn. Fewer: a long buffer's window is refused; more: it learns more. 65,536 is 256 segments
    /// of a usual index.
    pub max_window: u64,
    /// Ranges that one peer may claim to be fetching. Fewer: true claims are not heeded; more: memory. 64.
    pub max_fetching: usize,
    /// Strikes at which a peer is banned. Fewer: a bad line is taken for malice; more: harm goes on. A
    /// corrupt piece from one peer alone counts as all. 4.
    pub max_strikes: u32,
    /// Time that a ban lasts, and after which a strike is forgiven. Shorter: liars are back soon; longer: who
    /// was unlucky stays out. 10 min.
    pub ban: Duration,
    /// Banned or struck peers remembered. Fewer: the oldest are forgiven; more: memory. 256.
    pub max_remembered: usize,

    /// Age that the index may have when a tracker is connected to; an older one is read again, for what it
    /// says of policy, token and servers. Longer: what has changed there is found out later; shorter: more
    /// requests. 5 min.
    pub index_life: Duration,
    /// Least time between two questions of how many watch, whatever the server says. Shorter: a server can
    /// have us ask in a loop; longer: sharing begins late. 10 s.
    pub min_count_interval: Duration,
    /// Most time between them, and the wait after a question that was not answered. Shorter: more requests;
    /// longer: sharing begins late. 5 min.
    pub count_retry: Duration,
    /// Time that opening the tracker's socket may take. Shorter: a busy tracker is given up; longer: a dead
    /// one is waited for. 10 s.
    pub tracker_open: Duration,
    /// First wait before the tracker is tried again; doubles to `tracker_retry_max`. Shorter: it is pressed
    /// while it comes up; longer: a lost socket costs time. 1 s.
    pub tracker_retry: Duration,
    /// Time added at most, by chance, where a tracker that we had joined is lost. Shorter: the viewers of a
    /// node that dies are a crowd at the next one; longer: new peers come later. 5 s.
    pub tracker_spread: Duration,
    /// Longest wait before the tracker is tried again. Shorter: more attempts; longer: it is back unnoticed.
    /// 60 s.
    pub tracker_retry_max: Duration,
    /// First wait before announcing again while peers are few; doubles to the tracker's interval.
    /// Shorter: more offers are made before the last ones can be answered; longer: peers come slowly. 15 s.
    pub announce_soon: Duration,
    /// Time between announces until the tracker names one. Shorter: more messages; longer: gaps in the
    /// swarm heal slowly. 120 s.
    pub announce_interval: Duration,
    /// Least time between announces, whatever the tracker says. Shorter: it can have us announce in a loop;
    /// longer: a tracker that wants it sooner forgets us. 20 s.
    pub min_announce_interval: Duration,
    /// Most time between announces, whatever the tracker says. Shorter: more messages than it wants; longer:
    /// it can keep us from finding peers. 15 min.
    pub max_announce_interval: Duration,
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
            min_upload_queue: 4,
            link_buffer: 256 << 10,
            horizon: s(30),
            live_ahead: 3,
            parts_behind: 4,
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
            flaky: s(60),
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
            min_announce_interval: s(20),
            max_announce_interval: s(900),
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
            (
                self.min_announce_interval <= self.max_announce_interval,
                "minAnnounceInterval",
                "at most maxAnnounceInterval",
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
