//! One connection to a peer: how far it has come.

use shoal_wire::id::{OfferId, PeerId};

use crate::config::Config;
use crate::time::Time;

/// Where a link stands. Each state has a bound on how long it may last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// We are making an offer or an answer.
    Describing,
    /// Our offer is with the tracker.
    Offered,
    /// Both sides have described themselves.
    Connecting,
    /// The channel is open; the handshake is on its way.
    Greeting,
    /// The handshake is done.
    Ready,
}

/// One connection to a peer.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) phase: Phase,
    /// When it came to this phase.
    pub(super) since: Time,
    /// Names our offer, or the offer that we answer.
    pub(super) offer: OfferId,
    /// We made the offer.
    pub(super) ours: bool,
    /// Our description is made.
    pub(super) described: bool,
    /// Who it is, once known.
    pub(super) peer: Option<PeerId>,
    /// When something last came from it.
    pub(super) last_heard: Time,
}

impl Link {
    /// A link by an offer of ours.
    pub(super) const fn offering(offer: OfferId, now: Time) -> Self {
        Self {
            phase: Phase::Describing,
            since: now,
            offer,
            ours: true,
            described: false,
            peer: None,
            last_heard: now,
        }
    }

    /// A link by an offer of a peer.
    pub(super) const fn answering(offer: OfferId, peer: PeerId, now: Time) -> Self {
        Self {
            ours: false,
            peer: Some(peer),
            ..Self::offering(offer, now)
        }
    }

    pub(super) const fn enter(&mut self, phase: Phase, now: Time) {
        self.phase = phase;
        self.since = now;
    }

    /// When the link is given up if nothing happens.
    pub(super) fn expires(&self, config: &Config) -> Time {
        match self.phase {
            Phase::Describing => self.since + config.describe_life,
            Phase::Offered => self.since + config.offer_life,
            Phase::Connecting => self.since + config.connect_life,
            Phase::Greeting => self.since + config.handshake_life,
            Phase::Ready => self.last_heard + config.link_silence,
        }
    }

    /// Whether it is an offer of ours that is still being described.
    pub(super) fn is_being_offered(&self) -> bool {
        self.ours && !self.described && self.phase == Phase::Describing
    }

    pub(super) const fn is_ready(&self) -> bool {
        matches!(self.phase, Phase::Ready)
    }
}
