//! The engine: owns the parts, routes inputs, drains outputs.
//!
//! Each part owns its fields and decides by itself. What one part's news means to the others is said
//! here, and nowhere else.

mod links;

use shoal_wire::id::PeerId;
use shoal_wire::tracker::OffBy;

use crate::audit::Account;
use crate::config::Config;
use crate::consent::{Consent, Rule, State, Step, Wish};
use crate::ctx::Ctx;
use crate::download::Download;
use crate::event::Stats;
use crate::gossip::Gossip;
use crate::input::Input;
use crate::output::{CloseReason, Output};
use crate::peers::{Described, Peers};
use crate::time::Time;
use crate::tracker::{News, Tracker};
use crate::upload::Upload;

/// One viewer of one video.
#[derive(Debug)]
pub struct Engine {
    ctx: Ctx,
    consent: Consent,
    tracker: Tracker,
    peers: Peers,
    gossip: Gossip,
    download: Download,
    upload: Upload,
}

impl Engine {
    /// A viewer that has not been told anything yet. `seed` is all its chance. The configuration
    /// is taken as it is: see [`Config::check`].
    #[must_use]
    pub fn new(config: Config, seed: u64) -> Self {
        Self {
            consent: Consent::new(),
            tracker: Tracker::default(),
            peers: Peers::default(),
            gossip: Gossip::default(),
            download: Download::new(),
            upload: Upload::new(&config),
            ctx: Ctx::new(config, seed),
        }
    }

    /// Takes in one thing that happened. Drain [`Self::poll_output`] to [`Output::Wait`] before
    /// the next. `now` never goes back; where a clock does, the engine stays where it was.
    pub fn handle_input(&mut self, now: Time, input: Input) {
        self.ctx.now = self.ctx.now.max(now);
        self.ctx.traffic.stats.inputs += 1;
        self.route(input);
        self.settle();
    }

    /// Returns the next thing to do.
    #[must_use]
    pub fn poll_output(&mut self) -> Output {
        let next = self.ctx.pop();
        next.unwrap_or_else(|| Output::Wait(self.ctx.timers.next()))
    }

    /// Returns what has been done so far.
    #[must_use]
    pub fn stats(&self, now: Time) -> Stats {
        let (stored_bytes, ahead_bytes) = self.download.held_bytes();
        Stats {
            ahead_bytes,
            stored_bytes,
            peers: self.peers.ready(),
            swarm: self.tracker.swarm_size(),
            ..self.ctx.traffic.snapshot(now)
        }
    }

    /// Returns the policy's outcome.
    #[must_use]
    pub const fn state(&self) -> State {
        self.consent.state()
    }

    /// Returns our name in the swarm.
    #[must_use]
    pub const fn peer_id(&self) -> PeerId {
        self.ctx.me
    }

    /// Checks the books between two inputs: meters that run against requests that live, requests
    /// that wait against the queues, blocks asked against the peers they are asked of.
    ///
    /// # Errors
    /// A sentence on the first two counts that do not agree: a fault of the engine.
    pub fn audit(&self) -> Result<(), String> {
        let mut accounts = Vec::new();
        self.download.books(&self.ctx, &mut accounts);
        self.upload.books(&mut accounts);
        let wrong = accounts.into_iter().find(|it| !Account::is_right(it));
        wrong.map_or(Ok(()), |account| Err(account.to_string()))
    }

    fn route(&mut self, input: Input) {
        let ctx = &mut self.ctx;
        match input {
            Input::Cancel(id) => self.download.cancel_need(id),
            Input::Frugal(low) => self.upload.low_power(ctx, low),
            Input::HttpBlock { id, block } => self.download.http_block(ctx, id, block),
            Input::HttpDone(id) => self.download.http_ended(ctx, &self.gossip, id, None),
            Input::HttpFailed { id, fault } => {
                self.download.http_ended(ctx, &self.gossip, id, Some(fault));
            }
            Input::Index(info) => {
                let (swarm, trackers) = (info.swarm, info.trackers);
                if self.download.index_came(info) {
                    ctx.swarm = swarm;
                    self.tracker.index_came(ctx, trackers);
                }
            }
            Input::Limits {
                upload_rate,
                upload_total,
            } => {
                ctx.config.upload_rate = upload_rate;
                ctx.config.upload_total = upload_total;
                self.upload.limit(ctx);
            }
            Input::LinkDescribed { link, sdp } => match self.peers.described(ctx, link, sdp) {
                Some(Described::Answer { peer, offer, sdp }) => {
                    self.tracker.send_answer(ctx, peer, offer, sdp);
                }
                Some(Described::Offer(sdp)) => self.tracker.offer_described(link, sdp),
                None => {}
            },
            Input::LinkDrained { link, buffered } => self.upload.drained(ctx.now, link, buffered),
            Input::LinkFailed { link, fault } => self.link_failed(link, fault),
            Input::LinkFrame { link, frame } => self.link_frame(link, frame),
            Input::LinkOpen(link) => self.peers.opened(ctx, link),
            Input::Mirrors(count) => self.download.mirrors(count),
            Input::Need { id, segment } => self.download.need(ctx, id, segment),
            Input::Offered {
                segment,
                length,
                pace,
            } => {
                let (gossip, how) = (&mut self.gossip, (length, pace));
                self.download.offered(ctx, gossip, segment, how);
            }
            Input::Part {
                track,
                part,
                first,
                lengths,
            } => {
                let download = &mut self.download;
                if let Some(seq) = download.part_came(ctx.now, (track, part), first, &lengths) {
                    self.gossip.tell_growth(ctx, track, seq);
                }
            }
            Input::PartFailed { track, part } => self.download.part_failed(ctx.now, track, part),
            Input::Playhead(playhead) => self.download.playhead(ctx, playhead),
            Input::Renewed => self.tracker.index_renewed(ctx),
            Input::Rule(rule) => self.rule(rule),
            Input::Tick => {}
            Input::Timeline { track, segments } => self.download.playlist(ctx, track, segments),
            Input::Token(token) => self.tracker.show(token),
            Input::TrackerClosed => self.tracker.closed(ctx, &mut self.peers),
            Input::TrackerMessage(text) => self.tracker_message(&text),
            Input::TrackerOpened => self.tracker.opened(ctx),
            Input::Verified { piece, verdict } => {
                let gossip = &mut self.gossip;
                for culprit in self.download.verified(ctx, gossip, piece, verdict) {
                    self.strike(culprit.link, culprit.strikes);
                }
            }
            Input::Viewers { viewers, again } => self.consent.viewers_counted(ctx, viewers, again),
        }
    }

    /// Does all that follows from what is known now.
    fn settle(&mut self) {
        self.reconsider();
        self.consent.count_viewers(&mut self.ctx);
        if self.consent.is_joined() {
            self.tracker.run(&mut self.ctx, &mut self.peers);
            self.run_links();
            let (ctx, gossip) = (&mut self.ctx, &mut self.gossip);
            self.download.run_fetches(ctx, gossip);
            self.download
                .run_plan(ctx, gossip, self.tracker.swarm_size());
            self.download.request(ctx, gossip);
            self.upload.run_slots(ctx);
            self.upload.serve(ctx, self.download.store_mut(), gossip);
            gossip.announce(ctx);
        }
        self.reconsider();
    }

    fn rule(&mut self, rule: Rule) {
        if self.consent.set(rule) {
            self.leave();
        }
    }

    /// Joins or leaves as the rules have it, and tells the page what the viewer sees.
    fn reconsider(&mut self) {
        let known = self.download.is_known();
        match self.consent.step(known) {
            Step::Join => self.download.join(self.ctx.now),
            Step::Leave => self.leave(),
            Step::Stay => {}
        }
        let stranded = self.tracker.is_lost() && self.peers.ready() == 0;
        self.consent.show(&mut self.ctx, known, stranded);
    }

    /// Ends everything that others can see, in one go. Whoever joins again does it under another name,
    /// so that nobody can tell that it is the same viewer, perhaps at another address.
    fn leave(&mut self) {
        self.tracker.leave(&mut self.ctx);
        self.ctx.me = self.ctx.rng.peer_id();
        for link in self.peers.names() {
            self.close_link(link, CloseReason::Stopped);
        }
        self.peers.leave();
        self.download.leave(&mut self.ctx, &self.gossip);
        self.gossip.leave();
        self.ctx.timers.leave();
    }

    fn tracker_message(&mut self, text: &str) {
        match self.tracker.hear(&mut self.ctx, &mut self.peers, text) {
            Some(News::Answered { peer, offer, sdp }) => {
                self.peers.answered(&mut self.ctx, peer, offer, sdp);
            }
            Some(News::Counted) => self.download.changed(),
            Some(News::Offered { peer, offer, sdp }) => self.link_offered(peer, offer, sdp),
            Some(News::Off(OffBy::Site)) => self.rule(Rule::Site(Some(Wish::Off))),
            Some(News::Off(OffBy::Video)) => self.rule(Rule::Video(Some(Wish::Off))),
            None => {}
        }
    }
}
