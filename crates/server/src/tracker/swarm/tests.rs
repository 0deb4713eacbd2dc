use shoal_wire::id::OfferId;

use super::*;
use crate::tracker::limits::{Announces, Bucket, Introductions};

const SWARM: InfoHash = InfoHash([7; 20]);

struct World {
    swarms: Swarms,
    now: Duration,
    opened: std::collections::BTreeSet<SocketId>,
}

impl World {
    fn new(config: SwarmConfig) -> Self {
        let mut swarms = Swarms::new(config, 1);
        swarms.admit(SWARM);
        Self {
            swarms,
            now: Duration::ZERO,
            opened: Default::default(),
        }
    }

    /// A socket speaks; it is opened before its first word, each at an address of its own.
    fn say(&mut self, socket: u64, message: ClientMessage) -> Vec<Delivery> {
        self.handle(socket, message).0
    }

    fn handle(&mut self, socket: u64, message: ClientMessage) -> (Vec<Delivery>, Handled) {
        self.open(socket, socket);
        let mut out = Vec::new();
        let handled = self
            .swarms
            .handle(self.now, SocketId(socket), message, &mut out);
        (out, handled)
    }

    fn open(&mut self, socket: u64, address: u64) {
        let socket = SocketId(socket);
        if self.opened.insert(socket) {
            assert!(self.swarms.open(self.now, socket, AddressId(address)));
        }
    }

    fn close(&mut self, socket: u64) {
        self.opened.remove(&SocketId(socket));
        self.swarms.close(self.now, SocketId(socket));
    }

    /// The viewer `n`, on the socket `n`, announces with some offers.
    fn announce(&mut self, n: u8, event: Option<Event>, offers: u8) -> Vec<Delivery> {
        self.say(u64::from(n), announce(n, event, offers))
    }

    fn counts(&self) -> (u32, u32, u32) {
        let Scrape {
            complete,
            incomplete,
            downloaded,
        } = self.swarms.counts(SWARM).unwrap();
        (complete, incomplete, downloaded)
    }
}

fn announce(peer: u8, event: Option<Event>, offers: u8) -> ClientMessage {
    let offer = |n| Offer {
        offer_id: offer_id(peer, n),
        sdp: format!("offer {n} of {peer}"),
    };
    ClientMessage::Announce(Announce {
        info_hash: SWARM,
        peer_id: PeerId([peer; 20]),
        event,
        numwant: u32::from(offers),
        uploaded: 0,
        downloaded: 0,
        left: None,
        offers: (0..offers).map(offer).collect(),
        token: None,
    })
}

fn offer_id(peer: u8, n: u8) -> OfferId {
    let mut id = [peer; 20];
    id[0] = n;
    OfferId(id)
}

fn answer(by: u8, to: u8, offer: OfferId) -> ClientMessage {
    ClientMessage::Answer(Answer {
        info_hash: SWARM,
        peer_id: PeerId([by; 20]),
        to_peer_id: PeerId([to; 20]),
        offer_id: offer,
        sdp: "answer".into(),
    })
}

fn offers(out: &[Delivery]) -> Vec<(SocketId, OfferId)> {
    let offer = |delivery: &Delivery| match delivery.message {
        TrackerMessage::Offer { offer_id, .. } => Some((delivery.to, offer_id)),
        _ => None,
    };
    out.iter().filter_map(offer).collect()
}

fn is_failure(out: &[Delivery]) -> bool {
    matches!(
        out,
        [Delivery {
            message: TrackerMessage::Failure {
                info_hash: Some(_),
                ..
            },
            ..
        }]
    )
}

#[test]
fn every_announce_is_answered_with_counts() {
    let mut world = World::new(SwarmConfig::default());
    world.announce(1, Some(Event::Started), 0);
    let out = world.announce(2, None, 0);
    let reply = TrackerMessage::Announced {
        info_hash: SWARM,
        interval: 120,
        complete: 0,
        incomplete: 2,
        min_interval: None,
    };
    assert_eq!(
        out,
        [Delivery {
            to: SocketId(2),
            message: reply
        }]
    );
    world.announce(1, Some(Event::Completed), 0);
    assert_eq!(world.counts(), (1, 1, 1));
    let out = world.announce(1, Some(Event::Stopped), 3);
    assert_eq!(out.len(), 1);
    assert_eq!(world.counts(), (0, 1, 1));
}

#[test]
fn each_offer_goes_to_another_peer_and_never_back() {
    let mut world = World::new(SwarmConfig::default());
    for n in 1..=20 {
        world.announce(n, Some(Event::Started), 0);
    }
    for n in 1..=20 {
        let out = world.announce(n, None, 10);
        let mut to: Vec<_> = offers(&out).into_iter().map(|(to, _)| to.0).collect();
        assert_eq!(to.len(), 10);
        assert!(!to.contains(&u64::from(n)));
        to.sort_unstable();
        to.dedup();
        assert_eq!(to.len(), 10);
    }
}

#[test]
fn every_peer_is_met_sooner_or_later() {
    let mut world = World::new(SwarmConfig::default());
    for n in 1..=20 {
        world.announce(n, Some(Event::Started), 0);
    }
    let mut met = std::collections::BTreeSet::new();
    for _ in 0..100 {
        met.extend(
            offers(&world.announce(1, None, 5))
                .into_iter()
                .map(|(to, _)| to),
        );
    }
    assert_eq!(met.len(), 19);
}

#[test]
fn numwant_and_the_cap_limit_what_is_forwarded() {
    let mut world = World::new(SwarmConfig {
        max_offers: 3,
        ..SwarmConfig::default()
    });
    for n in 1..=20 {
        world.announce(n, None, 0);
    }
    assert_eq!(offers(&world.announce(1, None, 10)).len(), 3);
    let mut message = announce(1, None, 10);
    if let ClientMessage::Announce(announce) = &mut message {
        announce.numwant = 2;
    }
    assert_eq!(offers(&world.say(1, message)).len(), 2);
}

#[test]
fn an_answer_reaches_the_offering_peer_once() {
    let mut world = World::new(SwarmConfig::default());
    world.announce(1, None, 0);
    let out = world.announce(2, None, 1);
    let offer = offer_id(2, 0);
    assert_eq!(offers(&out), [(SocketId(1), offer)]);
    let out = world.say(1, answer(1, 2, offer));
    let sdp = "answer".to_owned();
    let message = TrackerMessage::Answer {
        info_hash: SWARM,
        peer_id: PeerId([1; 20]),
        offer_id: offer,
        sdp,
    };
    assert_eq!(
        out,
        [Delivery {
            to: SocketId(2),
            message
        }]
    );
    assert_eq!(world.say(1, answer(1, 2, offer)), []);
}

#[test]
fn an_answer_to_an_offer_never_received_goes_nowhere() {
    let mut world = World::new(SwarmConfig::default());
    world.announce(1, None, 0);
    world.announce(2, None, 1);
    world.announce(3, None, 0);
    // Never given that offer; somebody else's peer id; another offer; another peer.
    assert_eq!(world.say(3, answer(3, 2, offer_id(2, 0))), []);
    assert_eq!(world.say(3, answer(1, 2, offer_id(2, 0))), []);
    assert_eq!(world.say(1, answer(1, 2, offer_id(2, 1))), []);
    assert_eq!(world.say(1, answer(1, 3, offer_id(2, 0))), []);
    // The right one still can.
    assert_eq!(world.say(1, answer(1, 2, offer_id(2, 0))).len(), 1);
}

#[test]
fn an_answer_to_a_peer_that_has_left_goes_nowhere() {
    let mut world = World::new(SwarmConfig::default());
    world.announce(1, None, 0);
    world.announce(2, None, 1);
    world.close(2);
    assert_eq!(world.say(1, answer(1, 2, offer_id(2, 0))), []);
}

#[test]
fn only_the_newest_offers_stay_answerable() {
    let mut world = World::new(SwarmConfig {
        max_unanswered: 2,
        ..SwarmConfig::default()
    });
    world.announce(1, None, 0);
    for n in 2..=4 {
        world.announce(n, Some(Event::Started), 1);
        world.close(u64::from(n));
    }
    assert_eq!(world.say(1, answer(1, 2, offer_id(2, 0))), []);
    assert!(world.swarms.swarms[&SWARM].unanswered() <= 2);
}

#[test]
fn a_closed_socket_takes_its_peers_along() {
    let mut world = World::new(SwarmConfig::default());
    world.say(1, announce(1, None, 0));
    world.say(1, announce(2, Some(Event::Completed), 0));
    world.announce(3, None, 0);
    world.close(1);
    assert_eq!(world.counts(), (0, 1, 1));
    world.close(1);
    world.close(9);
    assert_eq!(world.counts(), (0, 1, 1));
}

#[test]
fn nobody_takes_over_a_peer_id() {
    let mut world = World::new(SwarmConfig::default());
    world.announce(1, None, 0);
    world.announce(2, None, 1);
    // Socket 3 claims to be viewer 1, which was given an offer; then to leave in its name.
    world.say(3, announce(1, Some(Event::Started), 0));
    assert_eq!(world.say(3, answer(1, 2, offer_id(2, 0))), []);
    world.say(3, announce(1, Some(Event::Stopped), 0));
    assert_eq!(world.say(1, answer(1, 2, offer_id(2, 0))).len(), 1);
}

#[test]
fn a_viewer_that_reconnects_is_not_offered_to_itself() {
    let mut world = World::new(SwarmConfig::default());
    world.say(1, announce(1, None, 0));
    assert_eq!(offers(&world.say(2, announce(1, None, 5))), []);
}

#[test]
fn unknown_swarms_are_refused_by_name() {
    let mut world = World::new(SwarmConfig::default());
    world.swarms.retire(SWARM);
    assert!(is_failure(&world.announce(1, None, 3)));
    assert!(is_failure(&world.say(1, answer(1, 2, offer_id(2, 0)))));
    let scrape = ClientMessage::Scrape {
        info_hashes: vec![SWARM],
    };
    let files = vec![(SWARM, Scrape::default())];
    let message = TrackerMessage::Scraped { files };
    assert_eq!(
        world.say(1, scrape),
        [Delivery {
            to: SocketId(1),
            message
        }]
    );
}

#[test]
fn a_scrape_of_everything_tells_nothing() {
    let mut world = World::new(SwarmConfig::default());
    world.announce(1, None, 0);
    let out = world.say(
        1,
        ClientMessage::Scrape {
            info_hashes: Vec::new(),
        },
    );
    let message = TrackerMessage::Scraped { files: Vec::new() };
    assert_eq!(
        out,
        [Delivery {
            to: SocketId(1),
            message
        }]
    );
}

#[test]
fn a_retired_swarm_lasts_until_its_last_viewer_leaves() {
    let mut world = World::new(SwarmConfig::default());
    world.swarms.admit(SWARM);
    world.announce(1, None, 0);
    world.swarms.retire(SWARM);
    world.swarms.retire(SWARM);
    assert!(world.swarms.has(SWARM));
    world.announce(2, None, 0);
    world.announce(1, Some(Event::Stopped), 0);
    world.close(2);
    assert!(!world.swarms.has(SWARM));
}

#[test]
fn one_socket_has_a_limited_number_of_peers() {
    let mut world = World::new(SwarmConfig {
        max_peers_per_socket: 2,
        ..SwarmConfig::default()
    });
    world.say(1, announce(1, None, 0));
    world.say(1, announce(2, None, 0));
    assert!(is_failure(&world.say(1, announce(3, None, 0))));
    world.say(1, announce(1, Some(Event::Stopped), 0));
    assert!(!is_failure(&world.say(1, announce(3, None, 0))));
}

#[test]
fn same_seed_same_meetings() {
    let run = || {
        let mut world = World::new(SwarmConfig::default());
        (1..=50)
            .flat_map(|n| world.announce(n, None, 5))
            .collect::<Vec<_>>()
    };
    assert_eq!(run(), run());
}

/// A long random life of a tracker, after which nobody is left and nothing is kept.
#[test]
fn counts_are_right_after_any_course_of_events() {
    let mut world = World::new(SwarmConfig::default());
    let mut rng = Rng::with_seed(3);
    for _ in 0..5_000 {
        let (socket, peer) = (rng.u64(1..8), rng.u8(1..20));
        match rng.u8(0..6) {
            0 => world.close(socket),
            1 => drop(world.say(socket, announce(peer, Some(Event::Stopped), 0))),
            2 => drop(world.say(socket, announce(peer, Some(Event::Completed), 2))),
            3 => drop(world.say(
                socket,
                answer(peer, rng.u8(1..20), offer_id(rng.u8(1..20), 0)),
            )),
            _ => drop(world.say(socket, announce(peer, None, rng.u8(0..10)))),
        }
        let swarm = &world.swarms.swarms[&SWARM];
        swarm.check();
        let held: usize = world.swarms.sockets.values().map(Vec::len).sum();
        assert_eq!(held, swarm.len());
    }
    (1..8).for_each(|socket| world.close(socket));
    assert_eq!((world.counts().0, world.counts().1), (0, 0));
    assert!(world.swarms.sockets.is_empty());
}

/// Few introductions, so that a test sees their end.
fn frugal(socket: u32, address: u32) -> SwarmConfig {
    let bucket = |burst| Bucket {
        burst,
        per_hour: 60,
    };
    SwarmConfig {
        introductions: Introductions {
            socket: bucket(socket),
            address: bucket(address),
        },
        ..SwarmConfig::default()
    }
}

fn interval(out: &[Delivery]) -> u32 {
    match out[0].message {
        TrackerMessage::Announced { interval, .. } => interval,
        ref other => panic!("{other:?}"),
    }
}

#[test]
fn who_asks_for_more_and_more_gets_less_and_waits_longer() {
    let mut world = World::new(frugal(1_000, 40));
    for n in 2..=100 {
        world.announce(n, None, 0);
    }
    let asked: Vec<_> = (0..10)
        .map(|_| {
            let out = world.announce(1, None, 10);
            (offers(&out).len(), interval(&out))
        })
        .collect();
    assert_eq!(asked[0], (10, 120));
    assert!(asked.is_sorted_by(|one, next| one.0 >= next.0 && one.1 <= next.1));
    assert_eq!(asked[9], (0, 480));
    let total: usize = asked.iter().map(|(offers, _)| offers).sum();
    assert_eq!(total, 40);
    assert!(world.swarms.tally().held_back > 0);
    // Nobody else has less for it.
    let out = world.announce(2, None, 10);
    assert_eq!((offers(&out).len(), interval(&out)), (10, 120));
}

#[test]
fn who_was_introduced_too_often_is_not_drawn() {
    let mut world = World::new(frugal(1_000, 8));
    world.announce(1, None, 0);
    let mut received = 0;
    for n in 2..=50 {
        let out = world.announce(n, None, 1);
        received += offers(&out).iter().filter(|(to, _)| to.0 == 1).count();
        world.close(u64::from(n));
    }
    assert_eq!(received, 8);
    world.now += Duration::from_secs(3_600);
    world.announce(1, None, 0);
    assert_eq!(offers(&world.announce(60, None, 1)).len(), 1);
}

#[test]
fn many_ids_and_sockets_of_one_address_gain_nothing() {
    let mut world = World::new(frugal(20, 30));
    for n in 1..=100 {
        world.announce(n, None, 0);
    }
    let mut met = 0;
    for round in 0..50_u64 {
        // A new socket and a new id for each round, all at the same address.
        world.open(1_000 + round, 7_777);
        let out = world.say(1_000 + round, announce(200 + (round % 50) as u8, None, 10));
        met += offers(&out).len();
        world.close(1_000 + round);
    }
    assert_eq!(met, 30);
}

#[test]
fn a_school_without_budget_is_introduced_to_itself() {
    let mut world = World::new(frugal(100, 10));
    for n in 1..=20 {
        world.announce(n, None, 0);
    }
    for n in 30..=50 {
        world.open(n, 7_777);
        world.say(n, announce(n as u8, None, 0));
    }
    let is_ours = |(to, _): &(SocketId, OfferId)| to.0 >= 30;
    let mut strangers = 0;
    for n in 30..=50 {
        let out = offers(&world.say(n, announce(n as u8, None, 5)));
        assert_eq!(out.len(), 5, "{n}");
        strangers += out.iter().filter(|to| !is_ours(to)).count();
    }
    assert_eq!(strangers, 10);
}

#[test]
fn only_long_abuse_is_refused_and_by_name() {
    let mut world = World::new(SwarmConfig::default());
    world.announce(2, None, 0);
    let burst = world.swarms.config.announces.socket.burst;
    for n in 0..burst {
        assert!(!is_failure(&world.announce(1, None, 0)), "{n}");
    }
    assert!(is_failure(&world.announce(1, None, 0)));
    assert_eq!(world.swarms.tally().too_often, 1);
    // It is still a member, may leave, and the interval makes it welcome again.
    assert_eq!(world.counts(), (0, 2, 0));
    world.now += Duration::from_secs(120);
    assert!(!is_failure(&world.announce(1, None, 0)));
}

#[test]
fn a_flood_is_told_from_a_message() {
    let mut world = World::new(SwarmConfig {
        messages: Bucket {
            burst: 2,
            per_hour: 60,
        },
        ..SwarmConfig::default()
    });
    let scrape = || ClientMessage::Scrape {
        info_hashes: Vec::new(),
    };
    assert_eq!(world.handle(1, scrape()).1, Handled::Fine);
    assert_eq!(world.handle(1, scrape()).1, Handled::Fine);
    assert_eq!(world.handle(1, scrape()), (Vec::new(), Handled::Flood));
    assert_eq!(world.handle(2, scrape()).1, Handled::Fine);
}

#[test]
fn an_offer_can_be_answered_for_a_minute() {
    let mut world = World::new(SwarmConfig::default());
    world.announce(1, None, 0);
    world.announce(2, None, 2);
    let mut answered = |offer| !world.say(1, answer(1, 2, offer_id(2, offer))).is_empty();
    let given = (0..2).filter(|offer| answered(*offer)).count();
    assert_eq!(given, 1);
    world.announce(2, None, 2);
    world.now += Duration::from_secs(61);
    assert!((0..2).all(|offer| world.say(1, answer(1, 2, offer_id(2, offer))).is_empty()));
}

#[test]
fn a_peer_that_says_nothing_more_is_gone_after_a_while() {
    let mut world = World::new(SwarmConfig::default());
    world.announce(1, None, 0);
    for _ in 0..10 {
        world.announce(2, None, 0);
        world.now += Duration::from_secs(60);
    }
    assert_eq!(world.counts(), (0, 1, 0));
    assert!(!world.swarms.is_used(SocketId(1)));
    world.announce(1, None, 0);
    assert_eq!(world.counts(), (0, 2, 0));
}

#[test]
fn switching_off_tells_everybody_and_lets_nobody_in() {
    for (scope, by) in [
        (Scope::Site, OffBy::Site),
        (Scope::Video(SWARM), OffBy::Video),
    ] {
        let mut world = World::new(SwarmConfig::default());
        (1..=3).for_each(|n| drop(world.announce(n, None, 2)));
        let mut out = Vec::new();
        world.swarms.switch(scope, false, &mut out);
        let mut told: Vec<_> = out.iter().map(|delivery| delivery.to.0).collect();
        told.sort_unstable();
        assert_eq!(told, [1, 2, 3]);
        let failure = off(SWARM, by);
        assert!(out.iter().all(|delivery| delivery.message == failure));
        assert_eq!(world.counts(), (0, 0, 0));
        assert_eq!(world.swarms.off(SWARM), Some(by));
        let (out, handled) = world.handle(4, announce(4, Some(Event::Started), 5));
        assert_eq!(out[0].message, failure);
        assert_eq!(handled, Handled::Off(by));
        world.swarms.switch(scope, true, &mut Vec::new());
        assert!(!is_failure(&world.announce(4, Some(Event::Started), 5)));
    }
}

#[test]
fn switching_one_video_off_leaves_the_others_alone() {
    const OTHER: InfoHash = InfoHash([8; 20]);
    let mut world = World::new(SwarmConfig::default());
    world.swarms.admit(OTHER);
    let elsewhere = |mut message| {
        if let ClientMessage::Announce(announce) = &mut message {
            announce.info_hash = OTHER;
        }
        message
    };
    world.announce(1, None, 0);
    world.say(1, elsewhere(announce(1, None, 0)));
    world.say(2, elsewhere(announce(2, None, 0)));
    let mut out = Vec::new();
    world.swarms.switch(Scope::Video(SWARM), false, &mut out);
    assert_eq!(out.len(), 1);
    // The socket is in use, and stays.
    assert!(world.swarms.is_used(SocketId(1)));
    let (out, handled) = world.handle(1, announce(1, None, 0));
    assert!(matches!(
        out[0].message,
        TrackerMessage::Failure {
            off: Some(OffBy::Video),
            ..
        }
    ));
    assert_eq!(handled, Handled::Fine);
    let out = world.say(2, elsewhere(announce(2, None, 1)));
    assert_eq!(offers(&out).len(), 1);
}

#[test]
fn an_open_tracker_takes_any_swarm_up_to_a_bound() {
    let mut swarms = Swarms::new(
        SwarmConfig {
            max_open_swarms: 2,
            ..SwarmConfig::default()
        },
        1,
    );
    swarms.open_to_any();
    assert!(swarms.open(Duration::ZERO, SocketId(1), AddressId(1)));
    let mut join = |swarm, event| {
        let mut message = announce(1, event, 0);
        if let ClientMessage::Announce(announce) = &mut message {
            announce.info_hash = InfoHash([swarm; 20]);
        }
        let mut out = Vec::new();
        swarms.handle(Duration::ZERO, SocketId(1), message, &mut out);
        !is_failure(&out)
    };
    assert!(join(1, None) && join(2, None));
    assert!(!join(3, None));
    assert!(join(2, None));
    assert!(join(1, Some(Event::Stopped)));
    assert!(join(3, None));
    swarms.close(Duration::ZERO, SocketId(1));
    assert!(swarms.swarms.is_empty());
}

#[test]
fn who_asks_for_counts_is_limited_like_who_announces() {
    let config = SwarmConfig {
        announces: Announces {
            socket: Bucket {
                burst: 3,
                per_hour: 60,
            },
            ..SwarmConfig::default().announces
        },
        ..SwarmConfig::default()
    };
    let mut world = World::new(config);
    let ask = |world: &mut World| {
        let info_hashes = vec![SWARM];
        let mut out = world.say(1, ClientMessage::Scrape { info_hashes });
        matches!(out.pop().unwrap().message, TrackerMessage::Scraped { .. })
    };
    assert_eq!([(); 4].map(|()| ask(&mut world)), [true, true, true, false]);
    world.now += Duration::from_secs(60);
    assert!(ask(&mut world));
    assert_eq!(world.swarms.tally().too_often, 1);
}
