//! The engine: owns the parts, routes inputs, drains outputs.
//!
//! What it does is in the modules beside: `join` (policy and leaving), `announce` (the tracker),
//! `links` (peers), `plan` (what is wanted, and who brings it), `origin` (HTTP), `request` (blocks
//! from peers), `serve` (blocks to peers), `keep` (what is held).

use std::collections::VecDeque;

use shoal_wire::id::{PeerId, SegmentId};
use shoal_wire::peer::Ranges;

use crate::announce::Tracker;
use crate::chance::Chance;
use crate::config::Config;
use crate::crowd::Crowd;
use crate::event::{Event, Stats};
use crate::input::{HttpId, Input, LinkId, NeedId, Playhead};
use crate::link::Link;
use crate::meter::{BusyMeter, Meter};
use crate::origin::{Fetch, Origin};
use crate::output::{Declined, Output};
use crate::plan::Plan;
use crate::policy::{Policy, Reason, State};
use crate::serve::Upload;
use crate::store::Store;
use crate::table::Table;
use crate::time::Time;
use crate::timeline::Timeline;
use crate::trust::Trust;

/// One viewer of one video.
#[derive(Debug)]
pub struct Engine {
    pub(crate) config: Config,
    pub(crate) chance: Chance,
    pub(crate) me: PeerId,
    pub(crate) now: Time,

    pub(crate) policy: Policy,
    pub(crate) state: State,
    pub(crate) crowd: Crowd,
    /// When P2P was last joined; nothing while nobody may be contacted.
    pub(crate) joined: Option<Time>,

    pub(crate) timeline: Option<Timeline>,
    /// When the index was last read, and whether a tracker has cast doubt on it since.
    pub(crate) indexed: Time,
    pub(crate) index_doubted: bool,
    /// What the tracker wants to see.
    pub(crate) token: Option<String>,
    pub(crate) store: Store,
    pub(crate) needs: Table<NeedId, SegmentId>,
    pub(crate) playhead: Option<(Playhead, Time)>,
    pub(crate) plan: Plan,

    pub(crate) origin: Origin,
    pub(crate) fetches: Table<HttpId, Fetch>,

    pub(crate) tracker: Tracker,
    pub(crate) links: Table<LinkId, Link>,
    pub(crate) next_link: u64,
    /// Descriptions in a row by which no peer could come.
    pub(crate) routeless: u32,
    /// When the links have to be looked at again, or earlier.
    pub(crate) links_due: Option<Time>,
    /// When the least useful of them may go.
    pub(crate) churn_at: Option<Time>,
    /// Who may ask us has to be thought over.
    pub(crate) slots_stale: bool,
    /// The pieces that we have told peers we want to hear about.
    pub(crate) window: Ranges,
    /// Links that may have room for more requests.
    pub(crate) hungry: Vec<LinkId>,
    /// Some block has been asked of two peers.
    pub(crate) doubled: bool,
    pub(crate) trust: Trust,
    pub(crate) upload: Upload,
    /// Pieces that became valid, or were forgotten, and have not been announced.
    pub(crate) gained: Ranges,
    pub(crate) gained_since: Option<Time>,
    pub(crate) lost: Ranges,

    pub(crate) stats: Stats,
    pub(crate) peer_rate: Meter,
    pub(crate) origin_rate: Meter,
    pub(crate) busy: BusyMeter,

    pub(crate) out: VecDeque<Output>,
    wait: Option<Time>,
}

impl Engine {
    /// A viewer that has not been told anything yet. `seed` is all its chance. The configuration
    /// is taken as it is: see [`Config::check`].
    #[must_use]
    pub fn new(config: Config, seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let me = chance.peer_id();
        Self {
            me,
            chance,
            now: Time::default(),
            policy: Policy::default(),
            state: State::Waiting(Reason::Starting),
            crowd: Crowd::default(),
            joined: None,
            timeline: None,
            indexed: Time::default(),
            index_doubted: false,
            token: None,
            store: Store::default(),
            needs: Table::default(),
            playhead: None,
            plan: Plan::default(),
            origin: Origin::new(),
            fetches: Table::default(),
            tracker: Tracker::default(),
            links: Table::default(),
            next_link: 0,
            routeless: 0,
            links_due: None,
            churn_at: None,
            slots_stale: false,
            window: Ranges::new(),
            hungry: Vec::new(),
            doubled: false,
            trust: Trust::default(),
            upload: Upload::new(&config),
            gained: Ranges::new(),
            gained_since: None,
            lost: Ranges::new(),
            stats: Stats::default(),
            peer_rate: Meter::default(),
            origin_rate: Meter::default(),
            busy: BusyMeter::new(core::time::Duration::from_secs(4)),
            out: VecDeque::new(),
            wait: None,
            config,
        }
    }

    /// Takes in one thing that happened. Drain [`Self::poll_output`] to [`Output::Wait`] before
    /// the next. `now` never goes back; where a clock does, the engine stays where it was.
    pub fn handle_input(&mut self, now: Time, input: Input) {
        self.now = self.now.max(now);
        self.stats.inputs += 1;
        match input {
            Input::Cancel(id) => {
                self.needs.remove(id);
                self.plan.stale = true;
            }
            Input::Frugal(frugal) => {
                self.upload.frugal = frugal;
                self.limit_upload();
            }
            Input::HttpBlock { id, block } => self.http_block(id, block),
            Input::HttpDone(id) => self.http_ended(id, None),
            Input::HttpFailed { id, fault } => self.http_ended(id, Some(fault)),
            Input::Index(info) => {
                if self.timeline.is_none() {
                    self.timeline = Some(Timeline::new(info));
                    self.indexed = self.now;
                }
            }
            Input::Limits {
                upload_rate,
                upload_total,
            } => {
                self.config.upload_rate = upload_rate;
                self.config.upload_total = upload_total;
                self.limit_upload();
            }
            Input::LinkDescribed { link, sdp } => self.link_described(link, sdp),
            Input::LinkDrained { link, buffered } => self.link_drained(link, buffered),
            Input::LinkFailed { link, fault } => self.link_failed(link, fault),
            Input::LinkFrame { link, frame } => self.link_frame(link, frame),
            Input::LinkOpen(link) => self.link_open(link),
            Input::Mirrors(count) => self.origin.mirror(count),
            Input::Need { id, segment } => self.need(id, segment),
            Input::Offered {
                segment,
                length,
                pace,
            } => self.offered(segment, length, pace),
            Input::Part {
                track,
                part,
                first,
                lengths,
            } => {
                if let Some(timeline) = &mut self.timeline {
                    timeline.add_part(track, part, first, &lengths, self.now);
                }
                self.part_came(track, first, lengths.len());
            }
            Input::PartFailed { track, part } => {
                if let Some(timeline) = &mut self.timeline {
                    timeline.part_failed(track, part, self.now);
                }
                self.plan.stale = true;
            }
            Input::Playhead(mut playhead) => {
                playhead.active.truncate(self.config.max_active_tracks);
                self.playhead = Some((playhead, self.now));
                self.plan.stale = true;
            }
            Input::Renewed => self.index_renewed(),
            Input::Rule(rule) => self.rule(rule),
            Input::Tick => {}
            Input::Timeline {
                track,
                mut segments,
            } => {
                segments.truncate(self.config.max_timeline);
                if let Some(timeline) = &mut self.timeline {
                    timeline.set(track, segments);
                }
                self.plan.stale = true;
            }
            Input::Token(token) => self.token = token,
            Input::TrackerClosed => self.tracker_closed(),
            Input::TrackerMessage(text) => self.tracker_message(&text),
            Input::TrackerOpened => self.tracker_opened(),
            Input::Verified { piece, verdict } => self.verified(piece, verdict),
            Input::Viewers { viewers, again } => self.viewers_counted(viewers, again),
        }
        self.settle();
    }

    /// The next thing to do.
    #[must_use]
    pub fn poll_output(&mut self) -> Output {
        self.out.pop_front().unwrap_or(Output::Wait(self.wait))
    }

    /// What has been done so far.
    #[must_use]
    pub fn stats(&self, now: Time) -> Stats {
        Stats {
            ahead_bytes: self.store.idle_bytes(),
            stored_bytes: self.store.bytes,
            peers: self.ready_links(),
            swarm: self.tracker.swarm,
            origin_rate: self.origin_rate.rate(now),
            peer_rate: self.peer_rate.rate(now),
            upload_rate: self.upload.rate(now),
            ..self.stats
        }
    }

    /// The policy's outcome.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// Our name in the swarm.
    #[must_use]
    pub const fn peer_id(&self) -> PeerId {
        self.me
    }

    /// The player wants a segment.
    fn need(&mut self, id: NeedId, segment: SegmentId) {
        let known = self
            .timeline
            .as_ref()
            .is_some_and(|t| t.segment(segment).is_some());
        if self.joined.is_none() {
            self.decline(id, Declined::Off);
        } else if !known || self.needs.len() >= self.config.max_needs {
            self.decline(id, Declined::Unindexed);
        } else {
            self.needs.insert(id, segment);
            self.plan.stale = true;
        }
    }

    /// Leaves a need to the player's own loader.
    pub(crate) fn decline(&mut self, id: NeedId, reason: Declined) {
        self.needs.remove(id);
        self.out.push_back(Output::Decline { id, reason });
    }

    /// Says that something went wrong that costs the viewer nothing.
    pub(crate) fn problem(&mut self, code: &'static str) {
        self.out.push_back(Output::Event(Event::Problem(code)));
    }

    /// Does all that follows from what is known now, and says when to come back.
    fn settle(&mut self) {
        self.reconsider();
        self.run_crowd();
        if self.joined.is_some() {
            self.run_tracker();
            self.run_links();
            self.run_fetches();
            self.run_plan();
            self.request();
            self.run_slots();
            self.serve();
            self.announce_pieces();
        }
        self.reconsider();
        self.wait = self.next_deadline();
    }

    fn next_deadline(&self) -> Option<Time> {
        if self.joined.is_none() {
            return self.crowd_deadline();
        }
        let fetches = self.fetches.values().map(Fetch::silent_at).min();
        let others = [
            self.tracker_deadline(),
            self.plan.next,
            self.upload.next,
            self.crowd_deadline(),
        ];
        let links = [self.links_due, self.have_at(), fetches];
        others.into_iter().chain(links).flatten().min()
    }
}
