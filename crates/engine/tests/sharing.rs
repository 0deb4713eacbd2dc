//! What one viewer does with peers, tracker and origin.

mod common;

use std::time::Duration;

use common::{Viewer, first_piece, gets, requests, segment, sent, tracker_messages};
use shoal_engine::{
    CloseReason, Config, Declined, Event, HttpFault, Input, LinkFault, Output, Reason, Rule, State,
    Verdict, Wish,
};
use shoal_wire::id::PieceIndex;
use shoal_wire::peer::{Block, Frame, Message};
use shoal_wire::tracker::{AnnounceEvent, ClientMessage, TrackerMessage};
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const fn is_network(output: &Output) -> bool {
    matches!(
        output,
        Output::TrackerConnect(_)
            | Output::TrackerSend(_)
            | Output::LinkOffer(_)
            | Output::LinkAccept { .. }
            | Output::LinkSend { .. }
            | Output::HttpGet { .. }
    )
}

#[test]
fn nobody_is_contacted_while_the_viewer_is_asked() {
    let mut viewer = Viewer::new(Config::default());
    let mut outputs = viewer.tell(Input::Rule(Rule::Site(Some(Wish::Ask))));
    let (id, needed) = viewer.need(0);
    outputs.extend(needed);
    outputs.extend(viewer.pass(Duration::from_secs(600)));
    assert_eq!(viewer.state(), State::Asking);
    assert!(outputs.contains(&Output::Decline {
        id,
        reason: Declined::Off
    }));
    assert!(!outputs.iter().any(is_network), "{outputs:?}");
}

#[test]
fn joining_announces_offers_and_leaving_ends_everything_at_once() {
    let mut viewer = Viewer::new(Config::default());
    viewer.tell(Input::Rule(Rule::Site(Some(Wish::On))));
    let outputs = viewer.tell(Input::TrackerOpened);
    let links = outputs
        .iter()
        .filter_map(common::offered)
        .collect::<Vec<_>>();
    assert_eq!(links.len(), 5);
    let mut said = Vec::new();
    for &link in &links {
        said.extend(viewer.tell(Input::LinkDescribed {
            link,
            sdp: "an offer".into(),
        }));
    }
    match &tracker_messages(&said)[..] {
        [ClientMessage::Announce(announce)] => {
            assert_eq!(announce.event, Some(AnnounceEvent::Started));
            assert_eq!(announce.offers.len(), 5);
        }
        other => panic!("{other:?}"),
    }
    let (peer, _) = viewer.meet(200);
    let outputs = viewer.tell(Input::Rule(Rule::Viewer(Some(false))));
    assert_eq!(viewer.state(), State::Off(Reason::You));
    let close = Output::LinkClose {
        link: peer,
        reason: CloseReason::Stopped,
    };
    assert!(
        outputs.contains(&close) && outputs.contains(&Output::TrackerClose),
        "{outputs:?}"
    );
    assert_eq!(
        outputs
            .iter()
            .filter(|o| matches!(o, Output::LinkClose { .. }))
            .count(),
        6
    );
    assert_eq!(viewer.pass(Duration::from_secs(600)), []);
}

#[test]
fn a_need_that_would_stall_goes_to_the_origin_at_once() {
    let mut viewer = Viewer::sharing();
    viewer.index_part();
    let (id, outputs) = viewer.need(0);
    let [(http, at, 0, common::SEGMENT)] = gets(&outputs)[..] else {
        panic!("{outputs:?}")
    };
    assert_eq!(at, segment(0));
    let outputs = viewer.send_over_http(http, 0);
    let delivered = |o: &Output| matches!(o, Output::Deliver { id: given, .. } if *given == id);
    assert!(outputs.iter().any(delivered), "{outputs:?}");
}

#[test]
fn a_comfortable_viewer_takes_from_peers_and_leaves_the_origin_alone() {
    let mut viewer = Viewer::sharing();
    viewer.index_part();
    viewer.play(0.0, 16.0);
    let (link, _) = viewer.meet(200);
    let mut outputs = viewer.hear_have(link, first_piece(4), first_piece(4) + 3);
    let (id, more) = viewer.need(4);
    outputs.extend(more);
    let all = viewer.feed(link, outputs);
    let delivered = |o: &Output| matches!(o, Output::Deliver { id: given, .. } if *given == id);
    assert!(all.iter().any(delivered), "{all:?}");
    assert_eq!(
        gets(&all).iter().filter(|get| get.1 == segment(4)).count(),
        0
    );
    assert_eq!(
        viewer.engine.stats(viewer.now).peer_bytes,
        u64::from(common::SEGMENT)
    );
}

#[test]
fn a_silent_peer_does_not_cost_a_stall() {
    let mut viewer = Viewer::sharing();
    viewer.index_part();
    viewer.play(0.0, 16.0);
    let (link, _) = viewer.meet(200);
    viewer.hear_have(link, first_piece(4), first_piece(4) + 3);
    let (_, outputs) = viewer.need(4);
    assert!(!requests(&outputs, link).is_empty() || viewer.engine.stats(viewer.now).peers == 1);
    let outputs = viewer.pass(Duration::from_secs(14));
    let got = gets(&outputs)
        .into_iter()
        .filter(|get| get.1 == segment(4))
        .count();
    assert!(
        got > 0,
        "the origin is asked before the buffer is empty: {outputs:?}"
    );
}

#[test]
fn a_rotten_piece_is_refused_and_its_sender_banned() {
    let mut viewer = Viewer::sharing();
    viewer.index_part();
    viewer.play(0.0, 16.0);
    let (link, _) = viewer.meet(200);
    let mut outputs = viewer.hear_have(link, first_piece(4), first_piece(4) + 1);
    let (id, more) = viewer.need(4);
    outputs.extend(more);
    let mut asked = requests(&outputs, link);
    let mut all = Vec::new();
    while let Some(block) = asked.pop() {
        let outputs = viewer.hear(link, Message::Piece(block));
        asked.extend(requests(&outputs, link));
        all.extend(viewer.verify(outputs, Verdict::Invalid));
    }
    assert!(
        all.contains(&Output::LinkClose {
            link,
            reason: CloseReason::Banned
        }),
        "{all:?}"
    );
    assert!(
        !all.iter()
            .any(|o| matches!(o, Output::Deliver { id: given, .. } if *given == id))
    );
    assert!(viewer.events.contains(&Event::Problem("peer-rotten-piece")));
    assert_eq!(viewer.engine.stats(viewer.now).rotten_pieces, 1);
    let offer: TrackerMessage = TrackerMessage::Offer {
        info_hash: common::SWARM,
        peer_id: shoal_wire::id::PeerId([200; 20]),
        offer_id: shoal_wire::id::OfferId([1; 20]),
        sdp: "again".into(),
    };
    let outputs = viewer.tell(Input::TrackerMessage(Some(offer)));
    assert!(
        !outputs
            .iter()
            .any(|o| matches!(o, Output::LinkAccept { .. }))
    );
}

#[test]
fn only_verified_pieces_are_served() {
    let mut viewer = Viewer::sharing();
    viewer.index_part();
    let (id, outputs) = viewer.need(0);
    let (http, ..) = gets(&outputs)
        .first()
        .copied()
        .unwrap_or_else(|| panic!("{id:?}"));
    viewer.send_over_http(http, 0);
    let (link, outputs) = viewer.meet(200);
    assert!(
        sent(&outputs, link).contains(&Message::Unchoke),
        "{outputs:?}"
    );
    let held = Block {
        piece: PieceIndex(first_piece(0)),
        begin: 16_384,
        length: 16_384,
    };
    let outputs = viewer.hear(link, Message::Request(held));
    assert_eq!(sent(&outputs, link), [Message::Piece(held)]);
    for absent in [
        Block {
            piece: PieceIndex(first_piece(7)),
            ..held
        },
        Block {
            begin: 65_536,
            ..held
        },
        Block {
            length: u32::MAX,
            ..held
        },
        Block { length: 0, ..held },
    ] {
        let outputs = viewer.hear(link, Message::Request(absent));
        assert_eq!(sent(&outputs, link), [Message::Reject(absent)]);
    }
}

#[test]
fn a_channel_that_does_not_drain_gets_no_more_than_its_buffer() {
    let mut viewer = Viewer::sharing();
    viewer.index_part();
    for seq in 0..8 {
        viewer.play(f64::from(seq as u32) * 4.0, f64::from(seq as u32) * 4.0);
        let (_, outputs) = viewer.need(seq);
        let outputs = [outputs, viewer.pass(Duration::from_millis(1))].concat();
        let mut under_way = gets(&outputs);
        while let Some((http, at, ..)) = under_way.pop() {
            under_way.extend(gets(&viewer.send_over_http(http, at.seq)));
        }
    }
    let (link, _) = viewer.meet(200);
    let mut out = 0;
    for n in 0..100 {
        let piece = PieceIndex(first_piece(n / 8) + (n % 8) as u32 / 4);
        let block = Block {
            piece,
            begin: (n % 4) as u32 * 16_384,
            length: 16_384,
        };
        let outputs = viewer.hear(link, Message::Request(block));
        let pieces = sent(&outputs, link);
        out += pieces
            .iter()
            .filter(|m| matches!(m, Message::Piece(_)))
            .count();
    }
    assert!(
        (1..=16).contains(&out),
        "{out} blocks of 16 KiB in a buffer of 256 KiB"
    );
    let outputs = viewer.tell(Input::LinkDrained { link, buffered: 0 });
    assert!(!sent(&outputs, link).is_empty());
}

#[test]
fn rubbish_costs_the_one_who_sent_it() {
    let mut viewer = Viewer::sharing();
    let (link, _) = viewer.meet(200);
    let rubbish = Message::Extended {
        id: 1,
        payload: vec![99, 1, 2, 3],
    };
    let outputs = viewer.hear(link, rubbish);
    assert!(outputs.contains(&Output::LinkClose {
        link,
        reason: CloseReason::Malformed
    }));
    let (link, _) = viewer.meet(201);
    let outputs = viewer.tell(Input::LinkFailed {
        link,
        fault: LinkFault::Malformed,
    });
    assert!(outputs.contains(&Output::LinkClose {
        link,
        reason: CloseReason::Malformed
    }));
    let outputs = viewer.tell(Input::TrackerMessage(None));
    assert!(outputs.contains(&Output::TrackerClose));
    assert!(viewer.events.contains(&Event::Problem("tracker-malformed")));
    let outputs = viewer.pass(Duration::from_secs(6));
    assert!(
        outputs.contains(&Output::TrackerConnect(0)),
        "it is tried again: {outputs:?}"
    );
}

#[test]
fn a_tracker_that_is_away_is_tried_again_and_the_viewer_told() {
    let mut viewer = Viewer::new(Config::default());
    viewer.tell(Input::Rule(Rule::Site(Some(Wish::On))));
    assert_eq!(viewer.state(), State::On);
    viewer.tell(Input::TrackerClosed);
    assert_eq!(viewer.state(), State::Waiting(Reason::Tracker));
    let outputs = viewer.pass(Duration::from_secs(6));
    assert!(outputs.contains(&Output::TrackerConnect(0)), "{outputs:?}");
    let outputs = viewer.tell(Input::TrackerOpened);
    for link in outputs.iter().filter_map(common::offered) {
        viewer.tell(Input::LinkDescribed {
            link,
            sdp: "an offer".into(),
        });
    }
    assert_eq!(viewer.state(), State::On);
}

#[test]
fn only_who_was_answered_before_takes_its_time_to_come_back() {
    let announced: TrackerMessage = TrackerMessage::Announced {
        info_hash: common::SWARM,
        interval: 120,
        complete: 0,
        incomplete: 1,
        min_interval: None,
    };
    let mut config = Config::default();
    for (spread, wait, back) in [(0, 2, true), (1_000, 2, false), (1_000, 1_002, true)] {
        config.tracker_spread = Duration::from_secs(spread);
        let mut viewer = Viewer::sharing_by(config.clone());
        viewer.tell(Input::TrackerMessage(Some(announced.clone())));
        viewer.tell(Input::TrackerClosed);
        let outputs = viewer.pass(Duration::from_secs(wait));
        assert_eq!(
            outputs.contains(&Output::TrackerConnect(0)),
            back,
            "{spread} {wait}"
        );
    }
    config.tracker_spread = Duration::from_secs(1_000);
    let mut viewer = Viewer::sharing_by(config);
    viewer.tell(Input::TrackerClosed);
    let outputs = viewer.pass(Duration::from_secs(2));
    assert!(outputs.contains(&Output::TrackerConnect(0)), "{outputs:?}");
}

#[test]
fn an_origin_that_fails_is_left_to_the_players_own_loader() {
    let mut viewer = Viewer::sharing();
    viewer.index_part();
    let (id, mut outputs) = viewer.need(0);
    let mut all = Vec::new();
    for _ in 0..10 {
        for (http, ..) in gets(&outputs) {
            let fault = HttpFault::Status(503);
            all.extend(viewer.tell(Input::HttpFailed { id: http, fault }));
        }
        outputs = viewer.pass(Duration::from_secs(1));
        all.extend(outputs.clone());
    }
    let declined = Output::Decline {
        id,
        reason: Declined::Origin,
    };
    assert!(all.contains(&declined), "{all:?}");
}

#[test]
fn a_malformed_handshake_ends_the_link() {
    let mut viewer = Viewer::sharing();
    let (link, _) = viewer.meet(200);
    let frame = Frame::Handshake(shoal_wire::peer::Handshake {
        info_hash: common::SWARM,
        peer_id: shoal_wire::id::PeerId([200; 20]),
        fast: true,
        extended: true,
    });
    let outputs = viewer.tell(Input::LinkFrame { link, frame });
    assert!(outputs.contains(&Output::LinkClose {
        link,
        reason: CloseReason::Malformed
    }));
}

#[test]
fn the_store_keeps_within_its_bound() {
    let config = Config {
        store_bytes: 1 << 20,
        ..Config::default()
    };
    let mut viewer = Viewer::new(config);
    viewer.tell(Input::Rule(Rule::Site(Some(Wish::On))));
    viewer.index_part();
    for seq in 0..10 {
        let at = 4.0 * f64::from(seq as u32);
        viewer.play(at, at);
        let (_, outputs) = viewer.need(seq);
        let outputs = [outputs, viewer.pass(Duration::from_millis(10))].concat();
        for (http, at, ..) in gets(&outputs) {
            viewer.send_over_http(http, at.seq);
        }
        assert!(viewer.engine.stats(viewer.now).stored_bytes <= 1 << 20);
    }
}

#[test]
fn an_origin_that_sends_something_else_than_the_index_says_is_left_to_the_player() {
    let mut viewer = Viewer::sharing();
    viewer.index_part();
    let (id, mut outputs) = viewer.need(0);
    let mut all = Vec::new();
    for _ in 0..20 {
        for (http, at, offset, _) in gets(&outputs) {
            let piece = PieceIndex(first_piece(at.seq) + offset / common::PIECE);
            let length = (common::SEGMENT - offset).min(common::PIECE);
            let block = Block {
                piece,
                begin: 0,
                length,
            };
            let rotten = viewer.tell(Input::HttpBlock { id: http, block });
            all.extend(viewer.verify(rotten, Verdict::Invalid));
            all.extend(viewer.tell(Input::HttpDone(http)));
        }
        outputs = viewer.pass(Duration::from_secs(1));
        all.extend(outputs.clone());
    }
    let declined = Output::Decline {
        id,
        reason: Declined::Origin,
    };
    assert!(all.contains(&declined), "{all:?}");
    assert!(gets(&all).iter().filter(|get| get.1 == segment(0)).count() < 10);
}
