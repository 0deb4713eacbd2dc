//! Who decides on P2P: what the viewer sees, and that nobody is contacted before, and after, all say yes.

mod common;

use std::collections::BTreeSet;
use std::time::Duration;

use common::{Viewer, first_piece, offered, sent, tracker_messages};
use shoal_engine::{
    Config, Input, LinkFault, LinkId, Output, Reason, Rule, State, Time, Verdict, Wish,
};
use shoal_wire::id::{OfferId, PeerId};
use shoal_wire::peer::{Block, Message};
use shoal_wire::tracker::{AnnounceEvent, ClientMessage, OffBy, TrackerMessage};
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// What was said last by each of those who decide, kept beside the engine.
#[derive(Debug, Default)]
struct Said {
    ask_first: bool,
    incapable: bool,
    hidden: bool,
    least: u32,
    metered: bool,
    metered_too: bool,
    page: Option<Wish>,
    relay: bool,
    site: Option<Wish>,
    video: Option<Wish>,
    viewer: Option<bool>,
    /// The greatest number that was counted since the bound was set.
    viewers: u32,
}

impl Said {
    fn hear(&mut self, input: &Input) {
        match *input {
            Input::Rule(Rule::AskFirst(first)) => self.ask_first = first,
            Input::Rule(Rule::Capable(capable)) => self.incapable = !capable,
            Input::Rule(Rule::Hidden(hidden)) => self.hidden = hidden,
            Input::Rule(Rule::Least(least)) => {
                if least != self.least {
                    self.viewers = 0;
                }
                self.least = least;
            }
            Input::Rule(Rule::Metered(metered)) => self.metered = metered,
            Input::Rule(Rule::MeteredToo(too)) => self.metered_too = too,
            Input::Rule(Rule::Page(wish)) => self.page = wish,
            Input::Rule(Rule::Relay(relay)) => self.relay = relay,
            Input::Rule(Rule::Site(wish)) => self.site = wish,
            Input::Rule(Rule::Video(wish)) => self.video = wish,
            Input::Rule(Rule::Viewer(answer)) => self.viewer = answer,
            Input::Viewers {
                viewers: Some(viewers),
                ..
            } => self.viewers = self.viewers.max(viewers),
            _ => {}
        }
    }

    /// Someone who may has refused, or nobody who may has agreed.
    fn refuses(&self) -> bool {
        let off = Some(Wish::Off);
        let refused = self.incapable
            || self.viewer == Some(false)
            || [self.site, self.video, self.page].contains(&off);
        let ask = self.ask_first || [self.video, self.page].contains(&Some(Wish::Ask));
        let agreed = self.viewer == Some(true) || (self.site == Some(Wish::On) && !ask);
        let unaware = self.metered && !(self.metered_too && self.viewer == Some(true));
        let lonely = self.least > 1 && self.viewers < self.least;
        refused || !agreed || unaware || (self.hidden && !self.relay) || lonely
    }
}

/// The same numbers for the same seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn flag(&mut self) -> bool {
        self.roll(2) == 0
    }

    fn input(&mut self, links: &BTreeSet<LinkId>) -> Input {
        let wish = [None, Some(Wish::On), Some(Wish::Ask), Some(Wish::Off)][self.roll(4) as usize];
        let answer = [None, Some(true), Some(true), Some(false)][self.roll(4) as usize];
        let known = links.iter().nth(self.roll(6) as usize);
        let link = known.copied().unwrap_or(LinkId(self.roll(50)));
        match self.roll(20) {
            0 => Input::Rule(Rule::AskFirst(self.flag())),
            1 => Input::Rule(Rule::Capable(self.roll(4) > 0)),
            2 => Input::Rule(Rule::Hidden(self.flag())),
            3 => Input::Rule(Rule::Least(self.roll(4) as u32)),
            4 => Input::Rule(Rule::Metered(self.roll(4) == 0)),
            5 => Input::Rule(Rule::MeteredToo(self.flag())),
            6 => Input::Rule(Rule::Page(wish)),
            7 => Input::Rule(Rule::Relay(self.flag())),
            8 => Input::Rule(Rule::Site(wish)),
            9 => Input::Rule(Rule::Video(wish)),
            10 | 11 => Input::Rule(Rule::Viewer(answer)),
            12 => Input::Viewers {
                viewers: [None, Some(1), Some(3)][self.roll(3) as usize],
                again: Duration::from_secs(self.roll(60)),
            },
            13 => Input::TrackerOpened,
            14 => Input::TrackerClosed,
            15 => Input::LinkDescribed {
                link,
                sdp: "sdp".into(),
            },
            16 => Input::LinkOpen(link),
            17 => Input::LinkFailed {
                link,
                fault: [LinkFault::Closed, LinkFault::Routeless][self.roll(2) as usize],
            },
            _ => Input::Tick,
        }
    }
}

#[test]
fn nobody_is_connected_to_while_anybody_who_may_refuses() {
    let mut shared = 0;
    for seed in 0..400 {
        let mut dice = Dice(seed);
        let mut said = Said::default();
        let mut viewer = Viewer::new(Config::default());
        let (mut links, mut socket) = (BTreeSet::new(), false);
        for step in 0..400 {
            viewer.now = Time(viewer.now.0 + dice.roll(20_000_000));
            let input = dice.input(&links);
            said.hear(&input);
            if input == Input::TrackerClosed {
                socket = false;
            }
            for output in viewer.tell(input.clone()) {
                match output {
                    Output::LinkOffer(link) | Output::LinkAccept { link, .. } => {
                        links.insert(link);
                    }
                    Output::LinkClose { link, .. } => {
                        links.remove(&link);
                    }
                    Output::TrackerConnect(_) => socket = true,
                    Output::TrackerClose => socket = false,
                    _ => {}
                }
            }
            let connected = socket || !links.is_empty();
            let at = || format!("seed {seed} step {step} after {input:?}: {said:?}");
            assert!(!(connected && said.refuses()), "{}", at());
            let on = matches!(viewer.state(), State::On | State::Waiting(Reason::Tracker));
            assert!(on || !connected, "{:?} {}", viewer.state(), at());
            shared += u32::from(connected);
        }
    }
    assert!(shared > 2_000, "it shared in {shared} steps only");
}

#[test]
fn too_few_viewers_are_counted_without_joining() {
    let mut viewer = Viewer::new(Config::default());
    viewer.tell(Input::Rule(Rule::Least(3)));
    let outputs = viewer.tell(Input::Rule(Rule::Site(Some(Wish::On))));
    assert!(
        outputs.is_empty(),
        "it was asked when the bound was heard: {outputs:?}"
    );
    assert_eq!(viewer.state(), State::Waiting(Reason::FewViewers));
    for viewers in [Some(1), None, Some(2)] {
        let again = Duration::from_secs(30);
        let answered = viewer.tell(Input::Viewers { viewers, again });
        assert_eq!(answered, []);
        let asked = viewer.pass(Duration::from_secs(330));
        assert_eq!(asked, [Output::CountViewers { member: false }]);
    }
    let again = Duration::from_secs(30);
    let viewers = Some(3);
    let joined = viewer.tell(Input::Viewers { viewers, again });
    assert!(joined.contains(&Output::RenewIndex), "{joined:?}");
    let joined = viewer.tell(Input::Renewed);
    assert!(joined.contains(&Output::TrackerConnect(0)), "{joined:?}");
    assert_eq!(viewer.state(), State::On);
    let asked = viewer.pass(Duration::from_secs(35));
    assert!(
        asked.contains(&Output::CountViewers { member: true }),
        "{asked:?}"
    );
    let viewers = Some(1);
    viewer.tell(Input::Viewers { viewers, again });
    assert_eq!(viewer.state(), State::Waiting(Reason::FewViewers));
}

#[test]
fn who_will_not_share_counts_nobody() {
    let mut viewer = Viewer::new(Config::default());
    let mut outputs = viewer.tell(Input::Rule(Rule::Viewer(Some(false))));
    outputs.extend(viewer.tell(Input::Rule(Rule::Least(3))));
    outputs.extend(viewer.pass(Duration::from_secs(600)));
    assert_eq!(outputs, []);
}

#[test]
fn hiding_in_mid_play_begins_anew_under_another_name() {
    let mut viewer = Viewer::sharing();
    let before = viewer.engine.peer_id();
    viewer.tell(Input::Rule(Rule::Relay(true)));
    let (link, _) = viewer.meet(200);
    let outputs = viewer.tell(Input::Rule(Rule::Hidden(true)));
    let closed = |o: &Output| matches!(o, Output::LinkClose { link: it, .. } if *it == link);
    assert!(outputs.iter().any(closed), "{outputs:?}");
    let place = |wanted: &Output| outputs.iter().position(|output| output == wanted);
    assert!(
        place(&Output::TrackerClose) < place(&Output::TrackerConnect(0)),
        "{outputs:?}"
    );
    let farewell = tracker_messages(&outputs);
    let [ClientMessage::Announce(stopped)] = &farewell[..] else {
        panic!("{farewell:?}")
    };
    assert_eq!(
        (stopped.event, stopped.peer_id),
        (Some(AnnounceEvent::Stopped), before)
    );
    assert_eq!(viewer.state(), State::On);
    assert_ne!(viewer.engine.peer_id(), before);
}

#[test]
fn without_a_way_in_the_reason_is_said_and_nothing_goes_on() {
    for (hidden, reason, fault) in [
        (false, Reason::WebrtcBlocked, LinkFault::Routeless),
        (false, Reason::WebrtcBlocked, LinkFault::Closed),
        (true, Reason::NoRelay, LinkFault::Routeless),
    ] {
        let mut viewer = Viewer::new(Config::default());
        viewer.tell(Input::Rule(Rule::Relay(true)));
        viewer.tell(Input::Rule(Rule::Hidden(hidden)));
        viewer.tell(Input::Rule(Rule::Site(Some(Wish::On))));
        let opened = viewer.tell(Input::TrackerOpened);
        let mut outputs = Vec::new();
        for link in opened.iter().filter_map(offered) {
            outputs.extend(viewer.tell(Input::LinkFailed { link, fault }));
        }
        assert_eq!(viewer.state(), State::Off(reason));
        assert!(outputs.contains(&Output::TrackerClose));
        assert_eq!(viewer.pass(Duration::from_secs(600)), []);
        viewer.tell(Input::Rule(Rule::Capable(true)));
        assert_eq!(viewer.state(), State::On, "it is tried again");
    }
}

/// The tracker says that it serves nobody any more, or not this one.
fn failure(off: Option<OffBy>) -> Input {
    let message: TrackerMessage = TrackerMessage::Failure {
        reason: "no".into(),
        info_hash: Some(common::SWARM),
        off,
    };
    Input::TrackerMessage(Some(message))
}

#[test]
fn switched_off_by_the_operator_everything_ends_at_once() {
    for (by, reason) in [(OffBy::Site, Reason::Site), (OffBy::Video, Reason::Video)] {
        let mut viewer = Viewer::sharing();
        let (link, _) = viewer.meet(200);
        let outputs = viewer.tell(failure(Some(by)));
        assert_eq!(viewer.state(), State::Off(reason));
        let closed = |o: &Output| matches!(o, Output::LinkClose { link: it, .. } if *it == link);
        assert!(outputs.iter().any(closed) && outputs.contains(&Output::TrackerClose));
        assert_eq!(viewer.pass(Duration::from_secs(3600)), []);
    }
}

#[test]
fn a_refused_viewer_reads_the_index_again_and_shows_the_new_token() {
    let mut viewer = Viewer::new(Config::default());
    viewer.tell(Input::Token(Some("old".into())));
    viewer.tell(Input::Rule(Rule::Site(Some(Wish::On))));
    let token = |viewer: &mut Viewer| {
        let mut outputs = viewer.tell(Input::TrackerOpened);
        for link in outputs.iter().filter_map(offered).collect::<Vec<_>>() {
            let sdp = "an offer".into();
            outputs.extend(viewer.tell(Input::LinkDescribed { link, sdp }));
        }
        match tracker_messages(&outputs).into_iter().next() {
            Some(ClientMessage::Announce(announce)) => announce.token,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(token(&mut viewer).as_deref(), Some("old"));
    viewer.tell(failure(None));
    let outputs = viewer.pass(Duration::from_secs(2));
    assert!(outputs.contains(&Output::RenewIndex), "{outputs:?}");
    assert!(!outputs.contains(&Output::TrackerConnect(0)), "{outputs:?}");
    viewer.tell(Input::Token(Some("new".into())));
    let outputs = viewer.tell(Input::Renewed);
    assert!(outputs.contains(&Output::TrackerConnect(0)), "{outputs:?}");
    assert_eq!(token(&mut viewer).as_deref(), Some("new"));
}

#[test]
fn an_old_index_is_read_again_before_joining() {
    let mut viewer = Viewer::new(Config::default());
    viewer.pass(Duration::from_secs(600));
    let outputs = viewer.tell(Input::Rule(Rule::Viewer(Some(true))));
    assert!(outputs.contains(&Output::RenewIndex), "{outputs:?}");
    viewer.tell(Input::Rule(Rule::Site(Some(Wish::Off))));
    assert_eq!(viewer.tell(Input::Renewed), []);
    assert_eq!(viewer.state(), State::Off(Reason::Site));
}

#[test]
fn an_index_that_never_comes_is_not_waited_for() {
    let mut viewer = Viewer::new(Config::default());
    viewer.pass(Duration::from_secs(600));
    viewer.tell(Input::Rule(Rule::Viewer(Some(true))));
    let outputs = viewer.pass(Duration::from_secs(11));
    assert!(outputs.contains(&Output::TrackerConnect(0)), "{outputs:?}");
}

#[test]
fn no_stranger_can_make_us_believe_that_webrtc_is_blocked() {
    let mut viewer = Viewer::sharing();
    for name in 100..110 {
        let offer: TrackerMessage = TrackerMessage::Offer {
            info_hash: common::SWARM,
            peer_id: PeerId([name; 20]),
            offer_id: OfferId([name; 20]),
            sdp: "an offer of nothing".into(),
        };
        let outputs = viewer.tell(Input::TrackerMessage(Some(offer)));
        let Some(&Output::LinkAccept { link, .. }) = outputs.first() else {
            panic!("{outputs:?}")
        };
        let fault = LinkFault::Routeless;
        viewer.tell(Input::LinkFailed { link, fault });
    }
    assert_eq!(viewer.state(), State::On);
}

/// A peer that wants what we have: the first segment.
fn served(config: Config) -> (Viewer, LinkId) {
    let mut viewer = Viewer::new(config);
    viewer.tell(Input::Rule(Rule::Site(Some(Wish::On))));
    viewer.tell(Input::TrackerOpened);
    viewer.index_part();
    let (_, outputs) = viewer.need(0);
    let http = common::gets(&outputs)[0].0;
    let outputs = viewer.send_over_http(http, 0);
    viewer.verify(outputs, Verdict::Valid);
    let (link, _) = viewer.meet(200);
    (viewer, link)
}

/// The peer asks for a block after another.
fn blocks(viewer: &mut Viewer, link: LinkId, numbers: std::ops::Range<u32>) -> Vec<Message> {
    let mut said = Vec::new();
    for number in numbers {
        let block = Block {
            piece: shoal_wire::id::PieceIndex(first_piece(0) + number / 4),
            begin: (number % 4) * 16_384,
            length: 16_384,
        };
        let mut outputs = viewer.hear(link, Message::Request(block));
        outputs.extend(viewer.tell(Input::LinkDrained { link, buffered: 0 }));
        said.extend(sent(&outputs, link));
    }
    said
}

fn pieces(said: &[Message]) -> usize {
    said.iter()
        .filter(|it| matches!(it, Message::Piece(_)))
        .count()
}

#[test]
fn the_viewers_total_is_kept_and_can_be_raised() {
    let (mut viewer, link) = served(Config::default());
    let limit = |upload_total| Input::Limits {
        upload_rate: 0,
        upload_total,
    };
    viewer.tell(limit(40_000));
    let said = blocks(&mut viewer, link, 0..6);
    assert_eq!(pieces(&said), 2);
    assert!(said.contains(&Message::Choke), "{said:?}");
    let outputs = viewer.tell(limit(0));
    assert!(sent(&outputs, link).contains(&Message::Unchoke));
    assert_eq!(pieces(&blocks(&mut viewer, link, 2..6)), 4);
}

#[test]
fn a_page_in_the_background_sends_more_slowly() {
    let config = Config {
        frugal_upload: 16_384,
        ..Config::default()
    };
    let (mut viewer, link) = served(config);
    viewer.tell(Input::Frugal(true));
    assert_eq!(pieces(&blocks(&mut viewer, link, 0..4)), 1);
    for _ in 0..2 {
        let outputs = viewer.pass(Duration::from_millis(1100));
        assert_eq!(pieces(&sent(&outputs, link)), 1);
        viewer.tell(Input::LinkDrained { link, buffered: 0 });
    }
    let outputs = viewer.tell(Input::Frugal(false));
    assert_eq!(pieces(&sent(&outputs, link)), 1);
}
