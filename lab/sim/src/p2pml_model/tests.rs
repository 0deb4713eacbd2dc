//! The loader's rules, one by one, on a client whose network is the test.

use std::rc::Rc;

use core::time::Duration;

use shoal_engine::{
    HttpFault, HttpId, Input, LinkFault, LinkId, NeedId, Playhead, Time, TimelineSegment,
};
use shoal_wire::id::{OfferId, PeerId, SegmentId, TrackId};
use shoal_wire::tracker::{ClientMessage, Limits, TrackerMessage};

use super::client::Client;
use super::env::Output;
use super::packet::{Announcement, Packet};
use super::settings::HybridConfig;
use super::swarm::info_hash;

const SECOND: Duration = Duration::from_secs(1);
const LENGTH: u32 = 1_000_000;

/// A client, the time, and what it last wanted done.
struct Page {
    client: Client,
    now: Time,
    outputs: Vec<Output>,
    needs: u64,
}

impl Page {
    /// Forty segments of 4 s from number 0 on, of two renditions.
    fn new(config: HybridConfig) -> Self {
        let mut page = Self {
            client: Client::new(config, false, None, 7),
            now: Time(0),
            outputs: Vec::new(),
            needs: 0,
        };
        for track in [TrackId(0), TrackId(1)] {
            page.list(track, 0, 40);
        }
        page
    }

    fn list(&mut self, track: TrackId, first: u64, count: u64) {
        let segment = |seq| TimelineSegment {
            seq,
            start: SECOND * 4 * seq as u32,
            duration: SECOND * 4,
        };
        let segments = (first..first + count).map(segment).collect();
        self.feed(Input::Timeline { track, segments });
    }

    fn feed(&mut self, input: Input) {
        self.client.handle(self.now, input);
        self.outputs = self.client.outputs().into();
    }

    fn hear(&mut self, link: LinkId, packet: Packet) {
        self.client.hear(self.now, link, packet);
        self.outputs = self.client.outputs().into();
    }

    fn need(&mut self, seq: u64) -> NeedId {
        self.need_of(TrackId(0), seq)
    }

    fn need_of(&mut self, track: TrackId, seq: u64) -> NeedId {
        self.needs += 1;
        let (id, segment) = (NeedId(self.needs), SegmentId { track, seq });
        self.feed(Input::Need { id, segment });
        id
    }

    fn play(&mut self, seconds: f64) {
        let playhead = Playhead {
            position: Duration::from_secs_f64(seconds),
            rate: 1.0,
            active: Vec::new(),
        };
        self.feed(Input::Playhead(playhead));
    }

    fn wait(&mut self, span: Duration) {
        self.now += span;
        self.feed(Input::Tick);
    }

    /// What it asks of the origin: which segments, and from which byte on.
    fn gets(&self) -> Vec<(u64, u32)> {
        let gets = self.outputs.iter().filter_map(|output| match output {
            Output::HttpGet {
                segment, offset, ..
            } => Some((segment.seq, *offset)),
            _ => None,
        });
        gets.collect()
    }

    fn get_of(&self, seq: u64) -> HttpId {
        let id = self.outputs.iter().find_map(|output| match output {
            Output::HttpGet { id, segment, .. } if segment.seq == seq => Some(*id),
            _ => None,
        });
        id.expect("the origin is asked for it")
    }

    /// What it asks of peers: whom, for which segment, and from which byte on.
    fn requests(&self) -> Vec<(LinkId, u64, u32)> {
        let asks = self.packets().filter_map(|(link, packet)| match *packet {
            Packet::Request { seq, from, .. } => Some((link, seq, from)),
            _ => None,
        });
        asks.collect()
    }

    fn packets(&self) -> impl Iterator<Item = (LinkId, &Packet)> {
        self.outputs.iter().filter_map(|output| match output {
            Output::Send { link, packet } => Some((*link, packet)),
            _ => None,
        })
    }

    /// The last announcement to a peer.
    fn told(&self) -> Option<&Announcement> {
        let told = self.packets().filter_map(|(_, packet)| match packet {
            Packet::Announce(all) => Some(&**all),
            _ => None,
        });
        told.last()
    }

    fn number(&self) -> u32 {
        let number = self.packets().find_map(|(_, packet)| match *packet {
            Packet::Request { request, .. } => Some(request),
            _ => None,
        });
        number.expect("a peer is asked")
    }

    fn complete(&mut self, id: HttpId) {
        self.client.progress(self.now, id, LENGTH, Some(LENGTH));
        self.feed(Input::HttpDone(id));
    }

    /// Gets the first four segments, which the player asks for in turn.
    fn begin(&mut self) {
        self.need(0);
        for seq in 0..4 {
            // Two are under way at a time, numbered as they were begun.
            self.complete(HttpId(seq + 1));
        }
        self.need(3);
    }

    /// A peer connects that has these segments and fetches those.
    fn meet(&mut self, name: u8, loaded: &[u64], fetching: &[u64]) -> LinkId {
        self.feed(Input::TrackerOpened);
        let link = self.offered(name);
        self.feed(Input::LinkOpen(link));
        self.announce(link, loaded, fetching);
        link
    }

    /// A peer's offer comes and is answered.
    fn offered(&mut self, name: u8) -> LinkId {
        let message = TrackerMessage::Offer {
            info_hash: info_hash(TrackId(0)),
            peer_id: PeerId([name; 20]),
            offer_id: OfferId([name; 20]),
            sdp: "v=0".to_owned(),
        };
        self.feed(Input::TrackerMessage(message.encode()));
        let link = self.outputs.iter().find_map(|output| match output {
            Output::LinkAccept { link, .. } => Some(*link),
            _ => None,
        });
        let link = link.expect("the offer is answered");
        let sdp = "v=0".to_owned();
        self.feed(Input::LinkDescribed { link, sdp });
        link
    }

    fn announce(&mut self, link: LinkId, loaded: &[u64], fetching: &[u64]) {
        let all = Announcement {
            loaded: loaded.iter().copied().collect(),
            fetching: fetching.iter().copied().collect(),
        };
        self.hear(link, Packet::Announce(Rc::new(all)));
    }

    fn aborts(&self, id: HttpId) -> bool {
        let aborted = |output: &Output| matches!(output, Output::HttpAbort(of) if *of == id);
        self.outputs.iter().any(aborted)
    }

    fn closes(&self, link: LinkId) -> bool {
        let closed = |output: &Output| matches!(output, Output::LinkClose(of) if *of == link);
        self.outputs.iter().any(closed)
    }
}

fn page() -> Page {
    Page::new(HybridConfig::default())
}

#[test]
fn high_demand_is_got_by_http_two_at_a_time() {
    let mut page = page();
    page.need(0);
    assert_eq!(page.gets(), [(0, 0), (1, 0)]);
    let first = page.get_of(0);
    page.complete(first);
    assert_eq!(page.gets(), [(2, 0)]);
}

#[test]
fn without_peers_nothing_is_prefetched() {
    let mut page = page();
    page.begin();
    assert_eq!(page.gets(), []);
    for _ in 0..10 {
        page.wait(SECOND * 2);
        assert_eq!(page.gets(), []);
    }
}

#[test]
fn what_the_player_asks_for_is_delivered_from_the_store() {
    let mut page = page();
    page.begin();
    let need = page.need(2);
    let delivered =
        |output: &Output| matches!(output, Output::Deliver { need: of, .. } if *of == need);
    assert!(page.outputs.iter().any(delivered), "{:?}", page.outputs);
}

#[test]
fn one_request_is_open_at_a_peer() {
    let mut page = page();
    page.begin();
    let link = page.meet(1, &[10, 11, 12], &[]);
    assert_eq!(page.requests(), [(link, 10, 0)]);
}

#[test]
fn three_segments_come_from_peers_at_a_time() {
    let mut page = page();
    page.begin();
    let asked: usize = (1..=5)
        .map(|name| {
            page.meet(name, &[10, 11, 12, 13, 14], &[]);
            page.requests().len()
        })
        .sum();
    assert_eq!(asked, 3);
}

#[test]
fn a_segment_that_a_peer_only_fetches_is_waited_for() {
    let mut page = page();
    page.begin();
    let link = page.meet(1, &[], &[10]);
    assert_eq!(page.requests(), []);
    page.announce(link, &[10], &[]);
    assert_eq!(page.requests(), [(link, 10, 0)]);
}

#[test]
fn in_high_demand_p2p_gives_way_to_http_and_loses_no_byte() {
    let mut page = page();
    page.begin();
    let link = page.meet(1, &[4], &[]);
    let request = page.number();
    let (seq, bytes) = (4, LENGTH);
    page.hear(
        link,
        Packet::Data {
            seq,
            request,
            bytes,
        },
    );
    page.hear(link, Packet::Media(65_535));
    page.now += SECOND * 2;
    page.play(2.0);
    let cancelled = |(to, packet): (LinkId, &Packet)| {
        to == link && matches!(packet, Packet::Cancel { seq: 4, .. })
    };
    assert!(page.packets().any(cancelled));
    assert_eq!(page.gets(), [(4, 65_535)]);
}

#[test]
fn in_high_demand_p2p_helps_when_http_is_busy() {
    let mut page = page();
    page.need(0);
    let link = page.meet(1, &[2], &[]);
    assert_eq!(page.requests(), [(link, 2, 0)]);
}

#[test]
fn loads_that_no_window_holds_are_given_up() {
    let mut page = page();
    page.need(0);
    let ids = [page.get_of(0), page.get_of(1)];
    page.need(20);
    assert!(ids.into_iter().all(|id| page.aborts(id)));
}

#[test]
fn the_furthest_http_load_gives_way_to_high_demand() {
    let mut page = Page::new(HybridConfig {
        high_demand: SECOND * 4,
        ..HybridConfig::default()
    });
    page.need(0);
    for id in [page.get_of(0), page.get_of(1)] {
        page.complete(id);
    }
    // The lottery can only fall on the last two.
    page.meet(1, &[], &(2..38).collect::<Vec<_>>());
    let mut prefetched = Vec::new();
    while prefetched.len() < 2 {
        page.wait(SECOND);
        for (seq, _) in page.gets() {
            prefetched.push((seq, page.get_of(seq)));
        }
        for &(_, id) in &prefetched {
            page.client.progress(page.now, id, 1, Some(LENGTH));
        }
    }
    page.need(2);
    page.play(5.0);
    assert_eq!(page.gets(), [(2, 0)]);
    let furthest = prefetched.iter().max().map(|&(_, id)| id);
    assert!(furthest.is_some_and(|id| page.aborts(id)));
}

#[test]
fn after_a_jump_the_players_segment_starts_at_once() {
    let config = HybridConfig {
        high_demand: SECOND,
        ..HybridConfig::default()
    };
    let mut page = Page::new(config);
    page.need(0);
    page.play(0.1);
    page.need(5);
    assert_eq!(page.gets(), [], "it is in no hurry");
    page.now += SECOND;
    page.play(12.0);
    assert!(page.gets().contains(&(5, 0)), "{:?}", page.gets());
}

#[test]
fn a_silent_peer_is_left_and_after_three_times_dropped() {
    let mut page = page();
    page.begin();
    let link = page.meet(1, &[30], &[]);
    let config = HybridConfig::default();
    for _ in 1..config.p2p_retries {
        assert_eq!(page.requests(), [(link, 30, 0)]);
        // The wait may also end for the lottery, which asks nobody for what a peer has.
        page.wait(config.p2p_silence);
        assert!(!page.closes(link));
    }
    page.wait(config.p2p_silence);
    assert!(page.closes(link));
}

#[test]
fn a_silent_origin_is_left_and_asked_again() {
    let mut page = page();
    page.need(0);
    let first = page.get_of(0);
    page.client.progress(page.now, first, 1000, Some(LENGTH));
    page.wait(HybridConfig::default().http_silence);
    assert!(page.aborts(first));
    assert!(page.gets().contains(&(0, 1000)), "{:?}", page.gets());
}

#[test]
fn the_player_is_told_when_http_has_failed_three_times() {
    let mut page = page();
    let need = page.need(0);
    let fault = HttpFault::Status(503);
    for attempt in 1..=3 {
        let id = page.get_of(0);
        page.feed(Input::HttpFailed { id, fault });
        let failed = |output: &Output| matches!(output, Output::Fail(of) if *of == need);
        assert_eq!(page.outputs.iter().any(failed), attempt == 3);
    }
    page.need(0);
    assert!(
        page.gets().contains(&(0, 0)),
        "asked again, all is forgiven"
    );
}

#[test]
fn http_by_lot_leaves_alone_what_peers_have_or_fetch() {
    let mut page = page();
    page.begin();
    let taken: Vec<u64> = (4..38).collect();
    page.meet(1, &[], &taken);
    let mut got = Vec::new();
    for _ in 0..60 {
        page.wait(SECOND * 2);
        got.extend(page.gets());
    }
    got.sort_unstable();
    assert!(
        !got.is_empty() && got.iter().all(|&(seq, _)| seq >= 38),
        "{got:?}"
    );
}

#[test]
fn every_peer_is_told_everything_once_a_change() {
    let mut page = page();
    page.begin();
    let one = page.meet(1, &[], &[]);
    let other = page.meet(2, &[], &[]);
    page.now += SECOND * 2;
    page.play(2.0);
    assert_eq!(page.gets(), [(4, 0)]);
    let told: Vec<LinkId> = page.packets().map(|(link, _)| link).collect();
    assert_eq!(told, [one, other]);
    let all = page.told().expect("peers are told");
    assert!(all.fetching.contains(4) && all.loaded.contains(3));
    let id = page.get_of(4);
    page.complete(id);
    let all = page.told().expect("peers are told");
    assert!(all.loaded.contains(4) && !all.fetching.contains(4));
}

#[test]
fn an_upload_starts_at_once_and_gives_way_to_the_next() {
    let mut page = page();
    page.begin();
    let link = page.meet(1, &[], &[]);
    let (seq, request, from) = (1, 5, 900_000);
    page.hear(link, Packet::Request { seq, request, from });
    let sent: Vec<Packet> = page.packets().map(|(_, packet)| packet.clone()).collect();
    assert!(
        matches!(
            sent[0],
            Packet::Data {
                bytes: 100_000,
                request: 5,
                ..
            }
        ),
        "{sent:?}"
    );
    assert!(matches!(sent[1], Packet::Media(65_535)), "{sent:?}");
    let (seq, request, from) = (2, 6, 0);
    page.hear(link, Packet::Request { seq, request, from });
    page.feed(Input::LinkDrained { link, buffered: 0 });
    let mut rest = 0;
    let mut completed = Vec::new();
    while page.packets().count() > 0 {
        for (_, packet) in page.packets() {
            rest += packet.media();
            if let Packet::Completed { request, .. } = packet {
                completed.push(*request);
            }
        }
        page.feed(Input::LinkDrained { link, buffered: 0 });
    }
    assert_eq!((rest, completed), (LENGTH, vec![6]));
}

#[test]
fn a_segment_that_is_not_here_is_refused() {
    let mut page = page();
    page.begin();
    let link = page.meet(1, &[], &[]);
    let (seq, request, from) = (20, 5, 0);
    page.hear(link, Packet::Request { seq, request, from });
    let mut packets = page.packets();
    assert!(packets.all(|(_, packet)| matches!(
        packet,
        Packet::Absent {
            seq: 20,
            request: 5
        }
    )));
}

#[test]
fn a_peer_that_lacks_it_after_all_is_not_asked_again() {
    let mut page = page();
    page.begin();
    let link = page.meet(1, &[30], &[]);
    let (seq, request) = (30, page.number());
    page.hear(link, Packet::Absent { seq, request });
    assert_eq!(page.requests(), []);
    assert!(!page.closes(link));
}

#[test]
fn a_segment_is_resumed_where_the_lost_peer_left_it() {
    let mut page = page();
    page.begin();
    let link = page.meet(1, &[30], &[]);
    let (seq, request, bytes) = (30, page.number(), LENGTH);
    page.hear(
        link,
        Packet::Data {
            seq,
            request,
            bytes,
        },
    );
    page.hear(link, Packet::Media(65_535));
    let other = page.meet(2, &[30], &[]);
    let fault = LinkFault::Closed;
    page.feed(Input::LinkFailed { link, fault });
    assert_eq!(page.requests(), [(other, 30, 65_535)]);
}

#[test]
fn of_two_connections_to_a_peer_the_first_to_open_stays() {
    let mut page = page();
    page.begin();
    page.feed(Input::TrackerOpened);
    let (first, second) = (page.offered(1), page.offered(1));
    page.feed(Input::LinkOpen(second));
    assert!(page.closes(first) && !page.closes(second));
}

#[test]
fn an_announce_carries_five_offers() {
    let mut page = page();
    page.need(0);
    page.feed(Input::TrackerOpened);
    let offers: Vec<LinkId> = page
        .outputs
        .iter()
        .filter_map(|output| match output {
            Output::LinkOffer(link) => Some(*link),
            _ => None,
        })
        .collect();
    assert_eq!(offers.len(), 5);
    for link in offers {
        let sdp = "v=0".to_owned();
        page.feed(Input::LinkDescribed { link, sdp });
    }
    let [Output::TrackerSend(text)] = &page.outputs[..] else {
        panic!("no announce: {:?}", page.outputs);
    };
    let message = ClientMessage::decode(text, &Limits::default());
    assert!(matches!(message, Ok(ClientMessage::Announce(announce)) if announce.offers.len() == 5));
}

#[test]
fn the_swarm_of_the_last_rendition_is_kept_for_a_while() {
    let mut page = page();
    page.begin();
    let link = page.meet(1, &[], &[]);
    page.need_of(TrackId(1), 4);
    assert!(!page.closes(link));
    page.wait(HybridConfig::default().keeps_swarm);
    assert!(page.closes(link));
}
