use super::*;

const SWARM: InfoHash = InfoHash([7; 20]);

struct World {
    swarms: Swarms,
}

impl World {
    fn new(config: SwarmConfig) -> Self {
        let mut swarms = Swarms::new(config, 1);
        swarms.admit(SWARM);
        Self { swarms }
    }

    fn say(&mut self, socket: u64, message: ClientMessage) -> Vec<Delivery> {
        let mut out = Vec::new();
        self.swarms.handle(SocketId(socket), message, &mut out);
        out
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
    world.swarms.close(SocketId(2));
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
        world.swarms.close(SocketId(u64::from(n)));
    }
    assert!(world.swarms.swarms[&SWARM].peers[0].unanswered.len() <= 2);
}

#[test]
fn a_closed_socket_takes_its_peers_along() {
    let mut world = World::new(SwarmConfig::default());
    world.say(1, announce(1, None, 0));
    world.say(1, announce(2, Some(Event::Completed), 0));
    world.announce(3, None, 0);
    world.swarms.close(SocketId(1));
    assert_eq!(world.counts(), (0, 1, 1));
    world.swarms.close(SocketId(1));
    world.swarms.close(SocketId(9));
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
    world.swarms.close(SocketId(2));
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
            0 => world.swarms.close(SocketId(socket)),
            1 => drop(world.say(socket, announce(peer, Some(Event::Stopped), 0))),
            2 => drop(world.say(socket, announce(peer, Some(Event::Completed), 2))),
            3 => drop(world.say(
                socket,
                answer(peer, rng.u8(1..20), offer_id(rng.u8(1..20), 0)),
            )),
            _ => drop(world.say(socket, announce(peer, None, rng.u8(0..10)))),
        }
        let swarm = &world.swarms.swarms[&SWARM];
        let complete = swarm.peers.iter().filter(|peer| peer.complete).count();
        assert_eq!(swarm.complete as usize, complete);
        assert_eq!(swarm.positions.len(), swarm.peers.len());
        for (position, peer) in swarm.peers.iter().enumerate() {
            assert_eq!(swarm.positions[&peer.key], position);
        }
        let held: usize = world.swarms.sockets.values().map(Vec::len).sum();
        assert_eq!(held, swarm.peers.len());
    }
    (1..8).for_each(|socket| world.swarms.close(SocketId(socket)));
    assert_eq!((world.counts().0, world.counts().1), (0, 0));
    assert!(world.swarms.sockets.is_empty());
}
