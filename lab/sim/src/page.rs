//! The page: the player, its own loader, and what it tells the engine.

use core::time::Duration;

use shoal_engine::{Input, NeedId, Pace, Rule, State, Time, Wish};
use shoal_wire::id::{SegmentId, TrackId};

use crate::crowd::Act;
use crate::event::{Event, NodeId};
use crate::guard::Reported;
use crate::node::Stage;
use crate::player::Order;
use crate::request::{Asked, Request};
use crate::scenario::Arm;
use crate::world::World;

/// Time until the page reads a playlist again that it did not get.
const PLAYLIST_RETRY: Duration = Duration::from_secs(1);
/// Seconds of video that must be there, beside what the origin takes, for a request to wait for an
/// engine that is starting; how often that is looked at, and how many times at most.
const RESERVE: f64 = 1.5;
const HOLD: Duration = Duration::from_millis(250);
const HOLDS: u32 = 12;
/// Segments that are kept to be offered again.
const MAX_STASH: usize = 16;

impl World {
    /// The page has loaded the engine, and asks for the index.
    pub(crate) fn engine_ready(&mut self, id: NodeId) {
        if self.arm == Arm::Hybrid {
            return;
        }
        let config = self.scenario.config.clone();
        self.node(id).load_engine(config);
        let share = match self.arm {
            Arm::Shared => self.node(id).share,
            Arm::Alone | Arm::Hybrid => Some(false),
        };
        for rule in [Rule::Capable(true), Rule::Metered(false), Rule::Page(None)] {
            self.feed(id, Input::Rule(rule));
        }
        self.feed(id, Input::Rule(Rule::Viewer(share)));
        self.get_index(id);
    }

    /// The index is here: from now on the engine is asked first.
    pub(crate) fn attach(&mut self, id: NodeId) {
        self.feed(id, Input::Rule(Rule::Site(Some(Wish::On))));
        self.feed(id, Input::Rule(Rule::Video(None)));
        self.feed(id, Input::Mirrors(self.mirrors.len()));
        self.feed(id, Input::Index(self.video.index()));
        self.node(id).attached = true;
        let Some(player) = &self.node(id).player else {
            return;
        };
        let (timelines, playhead) = (player.timelines(), player.playhead());
        for (track, listed) in timelines {
            let segments = self.video.timeline(listed);
            self.feed(id, Input::Timeline { track, segments });
        }
        self.feed(id, Input::Playhead(playhead));
        self.unstash(id);
        for (number, segment) in core::mem::take(&mut self.node(id).held) {
            self.load(id, number, segment);
        }
    }

    pub(crate) fn step(&mut self, id: NodeId, nth: usize) {
        let now = self.now;
        let node = self.node(id);
        let act = node.plan.script[nth].act;
        match (act, &mut node.player) {
            (Act::Seek(to), Some(player)) => player.seek(now, to),
            (Act::Switch(track), Some(player)) => player.switch(now, track),
            (Act::Hide(hidden), _) => {
                node.hidden = hidden;
                // A tab that is shown again runs what is due at once.
                node.armed = None;
                node.wake = None;
                if let Some(player) = &mut node.player {
                    player.touched = true;
                }
                self.arm_timer(id);
            }
            (Act::Answer(share), _) => {
                node.share = Some(share);
                match self.arm {
                    Arm::Alone => {}
                    Arm::Hybrid if share => self.install_hybrid(id),
                    Arm::Hybrid => self.remove_hybrid(id),
                    Arm::Shared => self.feed(id, Input::Rule(Rule::Viewer(Some(share)))),
                }
            }
            _ => {}
        }
    }

    pub(crate) fn wake(&mut self, id: NodeId) {
        let now = self.now;
        let node = self.node(id);
        if node.wake == Some(now) {
            node.wake = None;
        }
        if let Some(player) = &mut node.player {
            player.wake(now);
        }
    }

    /// Does what the player has ordered, and arms its timer, unless nothing has happened to it.
    pub(crate) fn obey(&mut self, id: NodeId) {
        match &mut self.node(id).player {
            Some(player) if player.touched => player.touched = false,
            _ => return,
        }
        loop {
            let node = self.node(id);
            if node.stage != Stage::Here {
                return;
            }
            let Some(player) = &mut node.player else {
                return;
            };
            let orders = core::mem::take(&mut player.orders);
            if orders.is_empty() {
                break;
            }
            for order in orders {
                self.order(id, order);
            }
        }
        let now = self.now;
        let node = self.node(id);
        let Some(player) = &node.player else { return };
        if player.ended() && node.plan.leaves.is_none() && !node.leaving {
            node.leaving = true;
            let linger = self.scenario.linger;
            self.soon(linger, id, Event::Leave);
            return;
        }
        let wake = player
            .next_wake()
            .map(|at| node.timer(at.max(now + Duration::from_micros(1))));
        if let Some(at) = wake
            && node.wake.is_none_or(|armed| armed > at)
        {
            node.wake = Some(at);
            self.schedule(at, id, Event::Wake);
        }
    }

    fn order(&mut self, id: NodeId, order: Order) {
        match order {
            Order::Abort(number) => self.abort_load(id, number),
            Order::Load(number, segment) => self.load(id, number, segment),
            Order::Playlist(track) => self.read_playlist(id, track),
            Order::Report(playhead) => {
                if self.node(id).attached {
                    self.feed(id, Input::Playhead(playhead));
                }
            }
        }
    }

    /// A playlist has come, as it was when the origin read it; or it has not.
    pub(crate) fn playlist(&mut self, id: NodeId, track: TrackId, read: Option<Time>) {
        let Some(read) = read else {
            return self.soon(PLAYLIST_RETRY, id, Event::Playlist(track));
        };
        let now = self.now;
        let listed = self.video.listed(read);
        // hls.js tells the page about a playlist before it loads from it.
        if self.node(id).attached {
            let segments = self.video.timeline(listed.clone());
            self.feed(id, Input::Timeline { track, segments });
        }
        if let Some(player) = &mut self.node(id).player {
            player.listed(now, track, listed);
        }
    }

    /// The player asks for a segment.
    pub(crate) fn load(&mut self, id: NodeId, number: u64, segment: SegmentId) {
        if self.node(id).attached {
            self.node(id).needs.insert(number, segment);
            self.feed(
                id,
                Input::Need {
                    id: NeedId(number),
                    segment,
                },
            );
        } else if self.is_comfortable(id, segment) {
            self.node(id).held.push((number, segment));
            self.soon(
                HOLD,
                id,
                Event::Held {
                    number,
                    left: HOLDS,
                },
            );
        } else {
            self.stock_get(id, number, segment);
        }
    }

    /// Whether a request may wait for an engine that is starting.
    fn is_comfortable(&mut self, id: NodeId, segment: SegmentId) -> bool {
        let length = f64::from(self.video.length(segment));
        let joins = self.arm == Arm::Shared && self.node(id).share != Some(false);
        let node = self.node(id);
        let forecast = length / node.stock_rate.max(1.0);
        let ahead = node.player.as_ref().and_then(|player| player.ahead());
        joins && ahead.is_some_and(|ahead| ahead.as_secs_f64() >= RESERVE + 1.5 * forecast)
    }

    /// A request that waits for the engine is looked at again.
    pub(crate) fn held(&mut self, id: NodeId, number: u64, left: u32) {
        let held = &self.node(id).held;
        let Some(at) = held.iter().position(|(held, _)| *held == number) else {
            return;
        };
        let segment = held[at].1;
        if left > 0 && self.is_comfortable(id, segment) {
            let left = left - 1;
            return self.soon(HOLD, id, Event::Held { number, left });
        }
        self.node(id).held.remove(at);
        self.stock_get(id, number, segment);
    }

    /// The player asks no more.
    pub(crate) fn abort_load(&mut self, id: NodeId, number: u64) {
        self.node(id).held.retain(|(held, _)| *held != number);
        if self.node(id).needs.remove(&number).is_some() {
            self.feed(id, Input::Cancel(NeedId(number)));
        } else {
            let asked = |request: &Request| matches!(request.asked, Asked::Stock { number: of, .. } if of == number);
            let found = self
                .node(id)
                .requests
                .iter()
                .find(|(_, request)| asked(request));
            if let Some((request, _)) = found {
                self.drop_request(id, request);
            }
        }
    }

    /// The stock loader has got a segment, which the page offers to the engine, now or later.
    pub(crate) fn offer(&mut self, id: NodeId, segment: SegmentId, pace: Pace) {
        let length = self.video.length(segment);
        let node = self.node(id);
        node.counts.stock_bytes += u64::from(length);
        node.stock_rate = f64::from(length) / pace.whole.as_secs_f64().max(0.001);
        node.stash.push((segment, pace));
        self.unstash(id);
    }

    /// Offers the engine what it could not take before: it had not joined, or did not know the part of
    /// the index.
    pub(crate) fn unstash(&mut self, id: NodeId) {
        if !self.node(id).attached {
            return;
        }
        for (segment, pace) in core::mem::take(&mut self.node(id).stash) {
            let length = self.video.length(segment);
            self.node(id).guard.reported = Some(Reported::Segment { segment, length });
            self.feed(
                id,
                Input::Offered {
                    segment,
                    length,
                    pace,
                },
            );
            let node = self.node(id);
            let later = node.engine.as_ref().is_some_and(|e| e.state() == State::On);
            if later && !node.store.holds(segment) && node.stash.len() < MAX_STASH {
                node.stash.push((segment, Pace::default()));
            }
        }
    }

    /// The page is closed. The engine is not told: there is nobody left to tell it.
    pub(crate) fn leave(&mut self, id: NodeId) {
        let now = self.now;
        let node = self.node(id);
        if node.stage != Stage::Here {
            return;
        }
        node.stage = Stage::Gone;
        node.counts.present = now.since(node.plan.arrives);
        if let Some(player) = &mut node.player {
            player.stop(now);
        }
        self.leave_links(id);
        self.leave_tracker(id);
        let node = self.node(id);
        node.requests.clear();
        node.up.clear();
        node.down.clear();
        self.check_counts(id);
    }
}
