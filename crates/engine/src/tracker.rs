//! The tracker: connecting, announcing, and what it tells.

use core::time::Duration;

use shoal_wire::id::{OfferId, PeerId};
use shoal_wire::tracker::{
    Announce, AnnounceEvent, Answer, ClientMessage, OffBy, Offer, TrackerMessage,
};

use crate::ctx::Ctx;
use crate::input::LinkId;
use crate::output::Output;
use crate::peers::Peers;
use crate::time::Time;
use crate::timers::Timer;

/// Where the socket stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Socket {
    #[default]
    Closed,
    Opening {
        since: Time,
    },
    /// What the index says of tracker and policy may have changed: it is read again first.
    Renewing {
        since: Time,
    },
    Open,
    /// It failed and is tried again at this moment.
    Resting {
        until: Time,
    },
}

/// The tracker, and what is known of it.
#[derive(Debug, Default)]
pub(crate) struct Tracker {
    index: IndexAge,
    /// How many trackers the index names.
    trackers: usize,
    /// What the tracker wants to see of who joins.
    token: Option<String>,
    /// Which of the index's trackers.
    which: usize,
    visit: Visit,
}

/// When the index was last read, and whether a tracker has cast doubt on it since.
#[derive(Debug, Default)]
struct IndexAge {
    read: Time,
    doubted: bool,
}

/// What lasts as long as we share.
#[derive(Debug, Default)]
struct Visit {
    socket: Socket,
    /// Failures in a row.
    failures: u32,
    /// The tracker's own interval.
    interval: Option<Duration>,
    /// When to announce again.
    due: Time,
    /// The next wait while peers are few.
    soon: Option<Duration>,
    /// An announce waits for its offers to be described, until this moment.
    gathering: Option<Time>,
    /// Offers ready to be announced.
    offers: Vec<(LinkId, String)>,
    /// The socket knows us.
    announced: bool,
    /// Viewers as last counted, ourselves included; 0 before that.
    swarm: u32,
}

/// What a tracker has told that concerns other parts.
#[derive(Debug)]
pub(crate) enum News {
    /// A peer has answered our offer.
    Answered {
        peer: PeerId,
        offer: OfferId,
        sdp: String,
    },
    /// It has counted the swarm.
    Counted,
    /// A peer would like to connect to us.
    Offered {
        peer: PeerId,
        offer: OfferId,
        sdp: String,
    },
    /// Sharing is off.
    Off(OffBy),
}

impl Tracker {
    /// The index is here, and names so many trackers.
    pub(crate) const fn index_came(&mut self, ctx: &Ctx, trackers: usize) {
        self.trackers = trackers;
        self.index.read = ctx.now;
    }

    /// The index has been read again, or could not be.
    pub(crate) fn index_renewed(&mut self, ctx: &Ctx) {
        self.index = IndexAge {
            read: ctx.now,
            doubted: false,
        };
        if matches!(self.visit.socket, Socket::Renewing { .. }) {
            self.visit.socket = Socket::Closed;
        }
    }

    /// What the tracker wants to see, from the index.
    pub(crate) fn show(&mut self, token: Option<String>) {
        self.token = token;
    }

    /// Viewers in the swarm as last counted, ourselves included; 0 before that.
    pub(crate) const fn swarm_size(&self) -> u32 {
        self.visit.swarm
    }

    /// Whether there is no tracker to be reached. `true` before the index is here.
    pub(crate) const fn is_lost(&self) -> bool {
        let Visit {
            socket,
            failures,
            announced,
            ..
        } = &self.visit;
        self.trackers == 0
            || matches!(socket, Socket::Resting { .. })
            || (*failures > 0 && !*announced)
    }

    /// Connects, gives up and announces, each when it is time.
    pub(crate) fn run(&mut self, ctx: &mut Ctx, peers: &mut Peers) {
        match self.visit.socket {
            _ if self.trackers == 0 => {}
            Socket::Closed => self.connect(ctx),
            Socket::Resting { until } if until <= ctx.now => self.connect(ctx),
            Socket::Opening { since } if since + ctx.config.tracker_open <= ctx.now => {
                ctx.push(Output::TrackerClose);
                self.closed(ctx, peers);
            }
            Socket::Renewing { since } if since + ctx.config.tracker_open <= ctx.now => {
                self.index_renewed(ctx);
                self.connect(ctx);
            }
            Socket::Open => {
                let gathered = |until| until <= ctx.now || !peers.is_making_offers();
                if self.visit.gathering.is_some_and(gathered) {
                    self.send_announce(ctx, peers);
                } else if self.visit.gathering.is_none() && self.visit.due <= ctx.now {
                    self.gather_offers(ctx, peers);
                }
            }
            Socket::Opening { .. } | Socket::Renewing { .. } | Socket::Resting { .. } => {}
        }
        let due = match self.visit.socket {
            Socket::Closed => None,
            Socket::Opening { since } | Socket::Renewing { since } => {
                Some(since + ctx.config.tracker_open)
            }
            Socket::Open => Some(self.visit.gathering.unwrap_or(self.visit.due)),
            Socket::Resting { until } => Some(until),
        };
        ctx.timers.set(Timer::Announce, due);
    }

    /// The socket is open.
    pub(crate) fn opened(&mut self, ctx: &Ctx) {
        if matches!(self.visit.socket, Socket::Opening { .. }) {
            self.visit.socket = Socket::Open;
            self.visit.announced = false;
            self.visit.gathering = None;
            self.visit.due = ctx.now;
            self.visit.soon = None;
        }
    }

    /// The socket closed, or could not be opened: another tracker is tried after a while.
    pub(crate) fn closed(&mut self, ctx: &mut Ctx, peers: &mut Peers) {
        let visit = &mut self.visit;
        if matches!(visit.socket, Socket::Closed | Socket::Resting { .. }) {
            return;
        }
        let doubled = ctx.config.tracker_retry * (1 << visit.failures.min(10));
        let wait = doubled.min(ctx.config.tracker_retry_max);
        let wait = wait.mul_f64(ctx.rng.around_one(0.3));
        let spread = if visit.failures == 0 && visit.interval.is_some() {
            ctx.config.tracker_spread.mul_f64(ctx.rng.unit())
        } else {
            Duration::ZERO
        };
        visit.socket = Socket::Resting {
            until: ctx.now + wait + spread,
        };
        visit.failures = visit.failures.saturating_add(1);
        visit.announced = false;
        // Offers die with the socket that their answers would come by.
        visit.gathering = None;
        visit.offers.clear();
        self.which = self.which.wrapping_add(1);
        peers.drop_offers(ctx);
    }

    /// Says goodbye and closes the socket.
    pub(crate) fn leave(&mut self, ctx: &mut Ctx) {
        if self.visit.announced {
            self.announce(ctx, Some(AnnounceEvent::Stopped), Vec::new());
        }
        if matches!(self.visit.socket, Socket::Open | Socket::Opening { .. }) {
            ctx.push(Output::TrackerClose);
        }
        self.visit = Visit::default();
    }

    /// An offer of ours is described: it waits for its announce.
    pub(crate) fn offer_described(&mut self, link: LinkId, sdp: String) {
        self.visit.offers.push((link, sdp));
    }

    /// Sends our answer to an offer that the tracker passed on.
    pub(crate) fn send_answer(&self, ctx: &mut Ctx, to: PeerId, offer_id: OfferId, sdp: String) {
        let answer = ClientMessage::Answer(Answer {
            info_hash: ctx.swarm,
            peer_id: ctx.me,
            to_peer_id: to,
            offer_id,
            sdp,
        });
        self.send(ctx, answer);
    }

    /// Takes in a message, or nothing where what came is none. Returns what of it concerns other parts.
    pub(crate) fn hear(
        &mut self,
        ctx: &mut Ctx,
        peers: &mut Peers,
        message: Option<TrackerMessage>,
    ) -> Option<News> {
        if self.visit.socket != Socket::Open {
            return None;
        }
        let (swarm, me) = (ctx.swarm, ctx.me);
        match message {
            Some(TrackerMessage::Announced {
                info_hash,
                interval,
                complete,
                incomplete,
                ..
            }) if info_hash == swarm => {
                self.visit.failures = 0;
                self.visit.swarm = complete.saturating_add(incomplete);
                let interval = Duration::from_secs(u64::from(interval));
                let config = &ctx.config;
                let (least, most) = (config.min_announce_interval, config.max_announce_interval);
                self.visit.interval = Some(interval.max(least).min(most));
                self.schedule_announce(ctx, peers.ready());
                Some(News::Counted)
            }
            Some(TrackerMessage::Offer {
                info_hash,
                peer_id: peer,
                offer_id: offer,
                sdp,
            }) if info_hash == swarm && peer != me => Some(News::Offered { peer, offer, sdp }),
            Some(TrackerMessage::Answer {
                info_hash,
                peer_id: peer,
                offer_id: offer,
                sdp,
            }) if info_hash == swarm && peer != me => Some(News::Answered { peer, offer, sdp }),
            Some(TrackerMessage::Failure { info_hash, off, .. })
                if info_hash.is_none_or(|hash| hash == swarm) =>
            {
                if off.is_none() {
                    // It may be that our token has ended.
                    self.index.doubted = true;
                    self.give_up(ctx, peers, "tracker-refused");
                }
                off.map(News::Off)
            }
            Some(_) => None,
            None => {
                self.give_up(ctx, peers, "tracker-malformed");
                None
            }
        }
    }

    /// The tracker is of no use at present: it is tried again later.
    fn give_up(&mut self, ctx: &mut Ctx, peers: &mut Peers, code: &'static str) {
        ctx.problem(code);
        ctx.push(Output::TrackerClose);
        self.closed(ctx, peers);
    }

    fn connect(&mut self, ctx: &mut Ctx) {
        if self.index.doubted || self.index.read + ctx.config.index_life <= ctx.now {
            self.visit.socket = Socket::Renewing { since: ctx.now };
            return ctx.push(Output::RenewIndex);
        }
        self.visit.socket = Socket::Opening { since: ctx.now };
        ctx.push(Output::TrackerConnect(self.which % self.trackers.max(1)));
    }

    /// Makes as many offers as can be of use, in place of those that nobody has answered; the
    /// announce goes out when all are described.
    fn gather_offers(&mut self, ctx: &mut Ctx, peers: &mut Peers) {
        peers.drop_unanswered_offers(ctx);
        let others = match self.visit.swarm {
            0 => usize::MAX,
            swarm => (swarm as usize).saturating_sub(1 + peers.ready() as usize),
        };
        peers.make_offers(ctx, others);
        self.visit.gathering = Some(ctx.now + ctx.config.describe_life);
        if !peers.is_making_offers() {
            self.send_announce(ctx, peers);
        }
    }

    fn send_announce(&mut self, ctx: &mut Ctx, peers: &mut Peers) {
        self.visit.gathering = None;
        let mut offers = Vec::new();
        for (id, sdp) in core::mem::take(&mut self.visit.offers) {
            if let Some(offer_id) = peers.offer_announced(ctx, id) {
                offers.push(Offer { offer_id, sdp });
            }
        }
        let event = (!self.visit.announced).then_some(AnnounceEvent::Started);
        self.announce(ctx, event, offers);
        self.visit.announced = true;
        self.visit.due = ctx.now + self.interval(ctx);
    }

    /// Announces again at the tracker's interval, and sooner while peers are few and others are
    /// there to be met.
    fn schedule_announce(&mut self, ctx: &mut Ctx, peers: u32) {
        let interval = self.interval(ctx);
        let few = (peers as usize) < ctx.config.few_links && self.visit.swarm > peers + 1;
        let wait = if few {
            let soon = self.visit.soon.unwrap_or(ctx.config.announce_soon);
            self.visit.soon = Some((soon * 2).min(interval));
            soon.min(interval)
        } else {
            interval
        };
        self.visit.due = ctx.now + wait.mul_f64(ctx.rng.around_one(0.1));
    }

    fn interval(&self, ctx: &Ctx) -> Duration {
        self.visit.interval.unwrap_or(ctx.config.announce_interval)
    }

    fn announce(&self, ctx: &mut Ctx, event: Option<AnnounceEvent>, offers: Vec<Offer>) {
        let message = ClientMessage::Announce(Announce {
            info_hash: ctx.swarm,
            peer_id: ctx.me,
            numwant: offers.len() as u32,
            uploaded: 0,
            downloaded: 0,
            left: Some(1),
            event,
            offers,
            token: self.token.clone(),
        });
        self.send(ctx, message);
    }

    fn send(&self, ctx: &mut Ctx, message: ClientMessage) {
        if self.visit.socket == Socket::Open {
            ctx.push(Output::TrackerSend(message));
        }
    }
}
