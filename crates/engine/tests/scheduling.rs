//! Who fetches what, from whom and when; what is told to whom; who is served.

mod common;

use std::collections::BTreeMap;
use std::time::Duration;

use common::{Viewer, first_piece, gets, ranges, requests, said, segment, sent};
use shoal_engine::{CloseReason, Config, HttpFault, Input, LinkId, Output, Pace, Rule, Wish};
use shoal_wire::id::PieceIndex;
use shoal_wire::peer::shoal::Extension;
use shoal_wire::peer::{Block, Message};
use shoal_wire::tracker::TrackerMessage;
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// A viewer with this configuration that shares, with its part of the index.
fn sharing(config: Config) -> Viewer {
    let mut viewer = Viewer::new(config);
    viewer.tell(Input::Rule(Rule::Site(Some(Wish::On))));
    viewer.tell(Input::TrackerOpened);
    viewer.index_part();
    viewer
}

/// The origin sends the segment that the player needs first.
fn holding_the_first_segment(config: Config) -> Viewer {
    let mut viewer = sharing(config);
    let (_, outputs) = viewer.need(0);
    let [(http, ..)] = gets(&outputs)[..] else {
        panic!("{outputs:?}")
    };
    viewer.send_over_http(http, 0);
    viewer
}

fn block(piece: u32, number: u32) -> Block {
    Block {
        piece: PieceIndex(piece),
        begin: number * 16_384,
        length: 16_384,
    }
}

/// The tracker counts this many viewers.
fn counted(viewer: &mut Viewer, viewers: u32) {
    let message: TrackerMessage = TrackerMessage::Announced {
        info_hash: common::SWARM,
        interval: 120,
        complete: 0,
        incomplete: viewers,
        min_interval: None,
    };
    viewer.tell(Input::TrackerMessage(Some(message)));
}

/// A peer that wants every segment and has none.
fn meet_needy(viewer: &mut Viewer, name: u8) -> LinkId {
    let (link, _) = viewer.meet(name);
    viewer.hear_of(link, &Extension::Wants(ranges(0, first_piece(10))));
    viewer.hear_of(link, &Extension::Have(ranges(0, 0)));
    link
}

#[test]
fn what_was_watched_is_told_to_nobody_who_does_not_ask() {
    let mut viewer = holding_the_first_segment(Config::default());
    let (link, outputs) = viewer.meet(200);
    let told = said(&outputs, link);
    assert!(matches!(told[..], [Extension::Wants(_)]), "{told:?}");
    let later = viewer.hear_of(
        link,
        &Extension::Wants(ranges(first_piece(1), first_piece(9))),
    );
    assert_eq!(said(&later, link), [Extension::Have(ranges(0, 0))]);
    let back = viewer.hear_of(link, &Extension::Wants(ranges(1, first_piece(9))));
    assert_eq!(said(&back, link), [Extension::Have(ranges(1, 3))]);
    let again = viewer.hear_of(link, &Extension::Wants(ranges(1, first_piece(8))));
    assert_eq!(said(&again, link), [], "nothing is told twice");
}

#[test]
fn a_window_over_everything_costs_the_peer_its_link() {
    let mut viewer = holding_the_first_segment(Config::default());
    let (link, _) = viewer.meet(200);
    let outputs = viewer.hear_of(link, &Extension::Wants(ranges(0, 1 << 20)));
    assert!(outputs.contains(&Output::LinkClose {
        link,
        reason: CloseReason::Malformed
    }));
}

#[test]
fn new_pieces_are_told_together_and_only_to_those_who_lack_them() {
    let mut viewer = sharing(Config::default());
    let wants = Extension::Wants(ranges(0, first_piece(10)));
    let (needy, _) = viewer.meet(200);
    viewer.hear_of(needy, &wants);
    let (owner, _) = viewer.meet(201);
    viewer.hear_of(owner, &wants);
    viewer.hear_of(owner, &Extension::Have(ranges(0, 3)));
    let (_, outputs) = viewer.need(0);
    let mut all = outputs;
    for (http, ..) in gets(&all) {
        all.extend(viewer.send_over_http(http, 0));
    }
    all.extend(viewer.pass(Duration::from_millis(100)));
    let have = |link| {
        let told = said(&all, link);
        told.into_iter()
            .filter(|told| matches!(told, Extension::Have(_)))
            .collect::<Vec<_>>()
    };
    assert_eq!(have(needy), [Extension::Have(ranges(0, 3))]);
    assert_eq!(have(owner), []);
}

#[test]
fn a_busy_peer_is_left_alone_for_a_while() {
    let mut viewer = sharing(Config::default());
    viewer.play(0.0, 16.0);
    let (link, _) = viewer.meet(200);
    let asked = viewer.hear_have(link, first_piece(4), first_piece(4) + 3);
    let asked = requests(&asked, link);
    assert!(!asked.is_empty());
    let mut after = Vec::new();
    for &block in &asked {
        after.extend(viewer.hear(link, Message::Reject(block)));
    }
    assert_eq!(requests(&after, link), []);
    let later = viewer.pass(Duration::from_secs(1));
    assert_eq!(
        requests(&later, link).len(),
        1,
        "it is tried with one block: {later:?}"
    );
}

#[test]
fn what_would_wait_too_long_is_refused_at_once() {
    let mut viewer = holding_the_first_segment(Config {
        assumed_upload: 65_536,
        ..Config::default()
    });
    let (link, _) = viewer.meet(200);
    let mut answers = Vec::new();
    for piece in 0..3 {
        for number in 0..4 {
            let asked = block(piece, number.min(if piece == 2 { 0 } else { 3 }));
            answers.extend(sent(&viewer.hear(link, Message::Request(asked)), link));
        }
    }
    let refused = answers.iter().filter(|m| matches!(m, Message::Reject(_)));
    let served = answers.iter().filter(|m| matches!(m, Message::Piece(_)));
    assert!(refused.count() > 0 && served.count() > 0, "{answers:?}");
}

#[test]
fn no_more_is_sent_than_the_total_allows() {
    let mut viewer = holding_the_first_segment(Config {
        upload_total: 40_000,
        ..Config::default()
    });
    let (link, _) = viewer.meet(200);
    let mut all = Vec::new();
    for number in 0..4 {
        all.extend(viewer.hear(link, Message::Request(block(0, number))));
        all.extend(viewer.tell(Input::LinkDrained { link, buffered: 0 }));
    }
    let messages = sent(&all, link);
    let pieces = messages.iter().filter(|m| matches!(m, Message::Piece(_)));
    assert_eq!(pieces.count(), 2, "{messages:?}");
    assert!(messages.contains(&Message::Choke), "{messages:?}");
    assert!(viewer.engine.stats(viewer.now).uploaded_bytes <= 40_000);
}

#[test]
fn who_never_serves_is_refused_while_others_wait() {
    let config = Config {
        free_ride: 16_000,
        ..Config::default()
    };
    let mut viewer = holding_the_first_segment(config);
    let (rider, _) = viewer.meet(200);
    let (other, _) = viewer.meet(201);
    viewer.hear(rider, Message::Choke);
    // It gets what it asks for as long as nobody else does.
    for number in 0..4 {
        viewer.hear(rider, Message::Request(block(0, number)));
    }
    let mut queued = Vec::new();
    for number in 0..4 {
        queued.extend(viewer.hear(other, Message::Request(block(1, number))));
    }
    assert!(!sent(&queued, other).is_empty());
    let outputs = viewer.hear(rider, Message::Request(block(1, 3)));
    assert_eq!(sent(&outputs, rider), [Message::Reject(block(1, 3))]);
}

#[test]
fn a_quick_origin_is_asked_later_than_an_unknown_one() {
    let asked_at = |pace: Pace| {
        let mut viewer = sharing(Config::default());
        viewer.tell(Input::Offered {
            segment: segment(0),
            length: common::SEGMENT,
            pace,
        });
        viewer.play(0.0, 12.0);
        meet_needy(&mut viewer, 1);
        let (_, outputs) = viewer.need(3);
        assert_eq!(gets(&outputs).len(), 0, "{outputs:?}");
        let begun = viewer.now;
        while viewer.now.since(begun) < Duration::from_secs(12) {
            let outputs = viewer.pass(Duration::from_millis(100));
            if gets(&outputs).iter().any(|get| get.1 == segment(3)) {
                break;
            }
        }
        viewer.now.since(begun)
    };
    let quick = Pace {
        first_byte: Duration::from_millis(30),
        whole: Duration::from_millis(60),
    };
    let (quick, unknown) = (asked_at(quick), asked_at(Pace::default()));
    assert!(quick > unknown, "{quick:?} after, {unknown:?} after");
    assert!(
        quick < Duration::from_millis(10_900),
        "with a second in hand: {quick:?}"
    );
}

#[test]
fn a_fetch_under_way_when_sharing_ends_leaves_the_server_as_quick_as_it_was() {
    for end in [Rule::Viewer(Some(false)), Rule::Hidden(true)] {
        let mut viewer = sharing(Config::default());
        viewer.tell(Input::Rule(Rule::Viewer(Some(true))));
        let fetch = |viewer: &mut Viewer, seq: u64| {
            // The buffer is empty: the server is asked at once.
            viewer.play(4.0 * seq as f64, 4.0 * seq as f64);
            let (_, outputs) = viewer.need(seq);
            let get = gets(&outputs).pop();
            get.expect("what is in danger is fetched").0
        };
        fetch(&mut viewer, 0);
        viewer.tell(Input::Rule(end));
        viewer.pass(Duration::from_secs(60));
        viewer.tell(Input::Rule(Rule::Hidden(false)));
        viewer.tell(Input::Rule(Rule::Viewer(Some(true))));
        let http = fetch(&mut viewer, 1);
        viewer.send_over_http(http, 1);
        // A quick server leaves time for a neighbour to bring the next one.
        viewer.tell(Input::TrackerOpened);
        viewer.play(8.0, 20.0);
        meet_needy(&mut viewer, 1);
        let (_, outputs) = viewer.need(5);
        assert_eq!(gets(&outputs), [], "after {end:?}");
    }
}

#[test]
fn of_neighbours_who_want_the_same_one_goes_at_once_and_the_others_step_in() {
    let mut viewer = sharing(Config::default());
    let mut outputs = Vec::new();
    for name in 1..=4 {
        meet_needy(&mut viewer, name);
    }
    counted(&mut viewer, 5);
    let mut fetched = BTreeMap::new();
    let start = viewer.now;
    outputs.extend(viewer.play(0.0, 8.0));
    while viewer.now.since(start) < Duration::from_secs(26) {
        let mut under_way = gets(&outputs);
        while let Some((http, at, ..)) = under_way.pop() {
            fetched.entry(at.seq).or_insert(viewer.now.since(start));
            under_way.extend(gets(&viewer.send_over_http(http, at.seq)));
        }
        outputs = viewer.pass(Duration::from_millis(100));
    }
    assert_eq!(
        fetched.keys().copied().collect::<Vec<_>>(),
        [2, 3, 4, 5, 6, 7],
        "all of it comes before it is in danger"
    );
    let late = fetched.values().filter(|after| after.as_secs() >= 3);
    let late = late.count();
    assert!(
        (1..6).contains(&late),
        "some are left to the others at first: {fetched:?}"
    );
}

#[test]
fn a_word_that_was_not_kept_is_not_waited_on_again() {
    let mut viewer = sharing(Config::default());
    viewer.play(0.0, 8.0);
    let (liar, _) = viewer.meet(1);
    viewer.hear_of(liar, &Extension::Wants(ranges(0, first_piece(10))));
    let all = ranges(first_piece(2), first_piece(9));
    let fetched = |outputs: &[Output], seq| gets(outputs).iter().any(|get| get.1 == segment(seq));
    let mut lied = viewer.hear_of(liar, &Extension::Fetching(all.clone()));
    lied.extend(viewer.hear_of(liar, &Extension::Have(ranges(0, 0))));
    counted(&mut viewer, 2);
    lied.extend(viewer.pass(Duration::from_secs(7)));
    assert!(
        !fetched(&lied, 2) && !fetched(&lied, 3),
        "it is waited on: {lied:?}"
    );
    let outputs = viewer.pass(Duration::from_secs(3));
    let [(http, fetched_segment, ..)] = gets(&outputs)[..] else {
        panic!("then it is not: {outputs:?}")
    };
    viewer.hear_of(liar, &Extension::Fetching(all));
    let outputs = viewer.send_over_http(http, fetched_segment.seq);
    assert!(
        !gets(&outputs).is_empty(),
        "nor when it says so again: {outputs:?}"
    );
}

#[test]
fn a_word_that_was_taken_back_in_time_is_no_lie() {
    let mut viewer = sharing(Config::default());
    viewer.play(0.0, 8.0);
    let (link, _) = viewer.meet(1);
    counted(&mut viewer, 2);
    let eighth = first_piece(8);
    let mut outputs = Vec::new();
    for word in [
        Extension::Wants(ranges(0, first_piece(10))),
        Extension::Fetching(ranges(eighth, eighth + 3)),
        Extension::Have(ranges(eighth, eighth + 1)),
        Extension::Lost(ranges(eighth + 1, eighth + 3)),
    ] {
        outputs.extend(viewer.hear_of(link, &word));
    }
    outputs.extend(viewer.pass(Duration::from_secs(9)));
    let [(http, at, ..)] = gets(&outputs)[..] else {
        panic!("{outputs:?}")
    };
    let others = ranges(first_piece(2), first_piece(10));
    viewer.hear_of(link, &Extension::Fetching(others));
    let outputs = viewer.send_over_http(http, at.seq);
    assert_eq!(gets(&outputs), [], "its word still counts");
}

/// A viewer whose origin is down has asked two peers for one block: the viewer, the two, and the block.
fn asking_twice() -> (Viewer, LinkId, LinkId, Block) {
    let mut viewer = sharing(Config::default());
    let (first, _) = viewer.meet(200);
    let (second, _) = viewer.meet(201);
    viewer.play(14.0, 16.0);
    let (_, outputs) = viewer.need(4);
    for (id, ..) in gets(&outputs) {
        let fault = HttpFault::Status(503);
        viewer.tell(Input::HttpFailed { id, fault });
    }
    let pieces = first_piece(4)..first_piece(4) + 3;
    let outputs = viewer.hear_have(first, pieces.start, pieces.end);
    let asked = requests(&outputs, first);
    assert!(!asked.is_empty(), "it is asked of the peer that has it");
    let outputs = viewer.hear_have(second, pieces.start, pieces.end);
    let mut asked_again = requests(&outputs, second);
    loop {
        let block = asked_again.pop().expect("a block is asked twice");
        if asked.contains(&block) {
            return (viewer, first, second, block);
        }
        let outputs = viewer.hear(second, Message::Piece(block));
        asked_again.extend(requests(&outputs, second));
    }
}

#[test]
fn while_the_origin_fails_the_last_blocks_are_asked_of_two_peers() {
    let (mut viewer, first, second, block) = asking_twice();
    let outputs = viewer.hear(second, Message::Piece(block));
    assert!(
        sent(&outputs, first).contains(&Message::Cancel(block)),
        "{outputs:?}"
    );
}

#[test]
fn a_block_asked_of_two_peers_is_on_its_way_while_either_is_to_send_it() {
    let (mut viewer, first, _, block) = asking_twice();
    // The books are checked after this.
    viewer.hear(first, Message::Reject(block));
}

#[test]
fn the_least_useful_peer_makes_way() {
    let config = Config {
        target_links: 1,
        ..Config::default()
    };
    let mut viewer = holding_the_first_segment(config);
    let (idle, _) = viewer.meet(200);
    let (useful, _) = viewer.meet(201);
    let mut closed = Vec::new();
    for _ in 0..4 {
        viewer.hear(useful, Message::Request(block(0, 0)));
        closed.extend(viewer.pass(Duration::from_secs(25)));
        viewer.tell(Input::LinkDrained {
            link: useful,
            buffered: 0,
        });
    }
    let reason = CloseReason::Superfluous;
    assert!(
        closed.contains(&Output::LinkClose { link: idle, reason }),
        "{closed:?}"
    );
    assert!(!closed.contains(&Output::LinkClose {
        link: useful,
        reason
    }));
}

#[test]
fn a_peer_that_owes_and_stays_silent_again_and_again_is_banned() {
    let mut viewer = sharing(Config::default());
    viewer.play(0.0, 16.0);
    let (link, _) = viewer.meet(200);
    let mut all = viewer.hear_have(link, first_piece(4), first_piece(4) + 3);
    for _ in 0..12 {
        all.extend(viewer.pass(Duration::from_secs(4)));
        all.extend(viewer.play(0.0, 16.0));
    }
    assert!(all.contains(&Output::LinkClose {
        link,
        reason: CloseReason::Banned
    }));
}
