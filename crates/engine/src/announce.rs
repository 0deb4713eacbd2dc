//! The tracker: connecting, announcing, and what it tells.

use core::time::Duration;

use shoal_wire::id::{InfoHash, OfferId, PeerId};
use shoal_wire::tracker::{
    Announce, AnnounceEvent, Answer, ClientMessage, Limits, OffBy, Offer, TrackerMessage,
};

use crate::engine::Engine;
use crate::input::LinkId;
use crate::link::{Link, Phase};
use crate::output::{CloseReason, Output};
use crate::policy::{Rule, Wish};
use crate::time::Time;

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

/// What is known of the tracker.
#[derive(Debug, Default)]
pub(crate) struct Tracker {
    socket: Socket,
    /// Which of the index's trackers.
    which: usize,
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
    pub(crate) swarm: u32,
}

impl Engine {
    /// We would share but the tracker cannot be reached and nobody else is there.
    pub(crate) fn is_stranded(&self) -> bool {
        let lost = matches!(self.tracker.socket, Socket::Resting { .. })
            || (self.tracker.failures > 0 && !self.tracker.announced);
        (lost || self.trackers() == 0) && self.ready_links() == 0
    }

    pub(crate) fn run_tracker(&mut self) {
        let trackers = self.trackers();
        match self.tracker.socket {
            _ if trackers == 0 => {}
            Socket::Closed => self.connect_tracker(),
            Socket::Resting { until } if until <= self.now => self.connect_tracker(),
            Socket::Opening { since } if since + self.config.tracker_open <= self.now => {
                self.out.push_back(Output::TrackerClose);
                self.tracker_closed();
            }
            Socket::Renewing { since } if since + self.config.tracker_open <= self.now => {
                self.index_renewed();
                self.connect_tracker();
            }
            Socket::Open => {
                let ready = self.tracker.gathering.is_some_and(|until| {
                    until <= self.now || !self.links.values().any(|link| link.is_unsaid())
                });
                if ready {
                    self.send_announce();
                } else if self.tracker.gathering.is_none() && self.tracker.due <= self.now {
                    self.gather_offers();
                }
            }
            Socket::Opening { .. } | Socket::Renewing { .. } | Socket::Resting { .. } => {}
        }
    }

    pub(crate) fn tracker_deadline(&self) -> Option<Time> {
        match self.tracker.socket {
            Socket::Closed => None,
            Socket::Opening { since } | Socket::Renewing { since } => {
                Some(since + self.config.tracker_open)
            }
            Socket::Open => Some(self.tracker.gathering.unwrap_or(self.tracker.due)),
            Socket::Resting { until } => Some(until),
        }
    }

    pub(crate) fn tracker_opened(&mut self) {
        if matches!(self.tracker.socket, Socket::Opening { .. }) {
            self.tracker.socket = Socket::Open;
            self.tracker.announced = false;
            self.tracker.gathering = None;
            self.tracker.due = self.now;
            self.tracker.soon = None;
        }
    }

    pub(crate) fn tracker_closed(&mut self) {
        if matches!(self.tracker.socket, Socket::Closed | Socket::Resting { .. }) {
            return;
        }
        let doubled = self.config.tracker_retry * (1 << self.tracker.failures.min(10));
        let wait = doubled.min(self.config.tracker_retry_max);
        let wait = wait.mul_f64(self.chance.around_one(0.3));
        let spread = if self.tracker.failures == 0 && self.tracker.interval.is_some() {
            self.config.tracker_spread.mul_f64(self.chance.unit())
        } else {
            Duration::ZERO
        };
        self.tracker.socket = Socket::Resting {
            until: self.now + wait + spread,
        };
        self.tracker.failures = self.tracker.failures.saturating_add(1);
        self.tracker.which = self.tracker.which.wrapping_add(1);
        self.tracker.announced = false;
        self.drop_offers();
    }

    /// Says goodbye and closes the socket.
    pub(crate) fn leave_tracker(&mut self) {
        if self.tracker.announced {
            self.announce(Some(AnnounceEvent::Stopped), Vec::new());
        }
        if matches!(self.tracker.socket, Socket::Open | Socket::Opening { .. }) {
            self.out.push_back(Output::TrackerClose);
        }
        self.tracker = Tracker {
            which: self.tracker.which,
            ..Tracker::default()
        };
    }

    /// A described offer waits for its announce.
    pub(crate) fn offer_ready(&mut self, link: LinkId, sdp: String) {
        self.tracker.offers.push((link, sdp));
    }

    /// Sends our answer to an offer that the tracker passed on.
    pub(crate) fn send_answer(&mut self, to: PeerId, offer_id: OfferId, sdp: String) {
        let answer = ClientMessage::Answer(Answer {
            info_hash: self.swarm(),
            peer_id: self.me,
            to_peer_id: to,
            offer_id,
            sdp,
        });
        self.send_tracker(&answer);
    }

    pub(crate) fn tracker_message(&mut self, text: &str) {
        if self.tracker.socket != Socket::Open {
            return;
        }
        let swarm = self.swarm();
        match TrackerMessage::decode(text, &Limits::default()) {
            Ok(TrackerMessage::Announced { info_hash, .. }) if info_hash != swarm => {}
            Ok(TrackerMessage::Announced {
                interval,
                complete,
                incomplete,
                ..
            }) => {
                self.tracker.failures = 0;
                self.tracker.swarm = complete.saturating_add(incomplete);
                let interval = Duration::from_secs(u64::from(interval.clamp(20, 900)));
                self.tracker.interval = Some(interval);
                self.schedule_announce();
                self.plan.stale = true;
            }
            Ok(TrackerMessage::Offer {
                info_hash,
                peer_id,
                offer_id,
                sdp,
            }) => {
                if info_hash == swarm && peer_id != self.me {
                    self.link_offered(peer_id, offer_id, sdp);
                }
            }
            Ok(TrackerMessage::Answer {
                info_hash,
                peer_id,
                offer_id,
                sdp,
            }) => {
                if info_hash == swarm && peer_id != self.me {
                    self.link_answered(peer_id, offer_id, sdp);
                }
            }
            Ok(TrackerMessage::Failure { info_hash, off, .. }) => {
                if info_hash.is_none_or(|hash| hash == swarm) {
                    match off {
                        Some(OffBy::Site) => self.rule(Rule::Site(Some(Wish::Off))),
                        Some(OffBy::Video) => self.rule(Rule::Video(Some(Wish::Off))),
                        // It may be that our token has ended.
                        None => {
                            self.index_doubted = true;
                            self.give_up_tracker("tracker-refused");
                        }
                    }
                }
            }
            Ok(_) => {}
            Err(_) => {
                self.give_up_tracker("tracker-malformed");
            }
        }
    }

    /// The tracker is of no use at present: it is tried again later.
    fn give_up_tracker(&mut self, code: &'static str) {
        self.problem(code);
        self.out.push_back(Output::TrackerClose);
        self.tracker_closed();
    }

    /// The index has been read again, or could not be.
    pub(crate) fn index_renewed(&mut self) {
        self.indexed = self.now;
        self.index_doubted = false;
        if matches!(self.tracker.socket, Socket::Renewing { .. }) {
            self.tracker.socket = Socket::Closed;
        }
    }

    fn connect_tracker(&mut self) {
        if self.index_doubted || self.indexed + self.config.index_life <= self.now {
            self.tracker.socket = Socket::Renewing { since: self.now };
            self.out.push_back(Output::RenewIndex);
            return;
        }
        let trackers = self.trackers().max(1);
        self.tracker.socket = Socket::Opening { since: self.now };
        self.out
            .push_back(Output::TrackerConnect(self.tracker.which % trackers));
    }

    /// Makes as many offers as can be of use, in place of those that nobody has answered; the
    /// announce goes out when all are described.
    fn gather_offers(&mut self) {
        let unanswered = self
            .links
            .iter()
            .filter(|(_, link)| link.phase == Phase::Offered);
        for id in unanswered.map(|(id, _)| id).collect::<Vec<_>>() {
            self.close_link(id, CloseReason::Expired);
        }
        let others = match self.tracker.swarm {
            0 => usize::MAX,
            swarm => (swarm as usize).saturating_sub(1 + self.ready_links() as usize),
        };
        let room = self.config.target_links.saturating_sub(self.links.len());
        for _ in 0..self.config.offers.min(room).min(others) {
            let offer = self.chance.offer_id();
            let id = self.add_link(Link::new(offer, true, None, self.now));
            self.out.push_back(Output::LinkOffer(id));
        }
        self.tracker.gathering = Some(self.now + self.config.describe_life);
        if !self.links.values().any(Link::is_unsaid) {
            self.send_announce();
        }
    }

    fn send_announce(&mut self) {
        self.tracker.gathering = None;
        let mut offers = Vec::new();
        for (id, sdp) in core::mem::take(&mut self.tracker.offers) {
            if let Some(link) = self.links.get_mut(id) {
                link.enter(Phase::Offered, self.now);
                let (offer_id, due) = (link.offer, link.expires(&self.config));
                self.due_by(due);
                offers.push(Offer { offer_id, sdp });
            }
        }
        let event = (!self.tracker.announced).then_some(AnnounceEvent::Started);
        self.announce(event, offers);
        self.tracker.announced = true;
        let interval = self
            .tracker
            .interval
            .unwrap_or(self.config.announce_interval);
        self.tracker.due = self.now + interval;
    }

    /// Announces again at the tracker's interval, and sooner while peers are few and others are
    /// there to be met.
    fn schedule_announce(&mut self) {
        let interval = self
            .tracker
            .interval
            .unwrap_or(self.config.announce_interval);
        let few = (self.ready_links() as usize) < self.config.few_links
            && self.tracker.swarm > self.ready_links() + 1;
        let wait = if few {
            let soon = self.tracker.soon.unwrap_or(self.config.announce_soon);
            self.tracker.soon = Some((soon * 2).min(interval));
            soon.min(interval)
        } else {
            interval
        };
        self.tracker.due = self.now + wait.mul_f64(self.chance.around_one(0.1));
    }

    fn announce(&mut self, event: Option<AnnounceEvent>, offers: Vec<Offer>) {
        let message = ClientMessage::Announce(Announce {
            info_hash: self.swarm(),
            peer_id: self.me,
            numwant: offers.len() as u32,
            uploaded: 0,
            downloaded: 0,
            left: Some(1),
            event,
            offers,
            token: self.token.clone(),
        });
        self.send_tracker(&message);
    }

    fn send_tracker(&mut self, message: &ClientMessage) {
        if self.tracker.socket == Socket::Open {
            self.out.push_back(Output::TrackerSend(message.encode()));
        }
    }

    /// Offers die with the socket that their answers would come by.
    fn drop_offers(&mut self) {
        self.tracker.gathering = None;
        self.tracker.offers.clear();
        let dead = self
            .links
            .iter()
            .filter(|(_, link)| link.phase == Phase::Offered || (link.phase == Phase::Describing));
        for id in dead.map(|(id, _)| id).collect::<Vec<_>>() {
            self.close_link(id, CloseReason::Expired);
        }
    }

    fn trackers(&self) -> usize {
        self.timeline
            .as_ref()
            .map_or(0, |timeline| timeline.info.trackers)
    }

    pub(crate) fn swarm(&self) -> InfoHash {
        self.timeline
            .as_ref()
            .map_or(InfoHash([0; 20]), |timeline| timeline.info.swarm)
    }
}
