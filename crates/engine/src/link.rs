//! One connection to a peer: its life, what the peer has, what we owe each other.

use core::time::Duration;
use std::collections::VecDeque;

use shoal_wire::id::{OfferId, PeerId};
use shoal_wire::peer::{Block, Ranges};

use crate::config::Config;
use crate::input::LOW_MARK;
use crate::meter::{BusyMeter, Meter};
use crate::table::Table;
use crate::time::Time;

/// Where a link stands. Each state but `Ready` has a bound on how long it may last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
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
pub(crate) struct Link {
    pub(crate) phase: Phase,
    pub(crate) since: Time,
    /// Names our offer, or the offer that we answer.
    pub(crate) offer: OfferId,
    /// We made the offer.
    pub(crate) ours: bool,
    /// Our description is made.
    pub(crate) described: bool,
    /// Who it is, once known.
    pub(crate) peer: Option<PeerId>,
    pub(crate) fast: bool,
    /// Their number for our extension (BEP 10), once they have told it.
    pub(crate) shoal: Option<u8>,

    /// The pieces that the peer says it has, of those that we want to hear about.
    pub(crate) has: Ranges,
    /// The pieces that it wants to hear about, once it has told.
    pub(crate) wants: Option<Ranges>,
    /// It has told what it has, by our extension.
    pub(crate) told: bool,
    /// The peer says that it has everything (BEP 6).
    pub(crate) has_all: bool,
    /// Pieces that the peer says it fetches from the origin, and until when we believe it.
    pub(crate) fetching: Vec<(core::ops::Range<u32>, Time)>,
    /// It has not kept its last word on that: nobody waits for it until it keeps one.
    pub(crate) doubted: bool,

    /// It does not serve us at present.
    pub(crate) chokes_us: bool,
    /// We do not serve it at present.
    pub(crate) choked: bool,
    /// It wants something of us.
    pub(crate) interested: bool,
    /// It said that it is busy: it is asked again then.
    pub(crate) busy_until: Time,
    /// How long it is left alone the next time.
    pub(crate) busy_wait: Duration,

    /// Blocks asked of it, and when.
    pub(crate) asked: Table<Block, Time>,
    /// Blocks it has asked of us.
    pub(crate) queue: VecDeque<Block>,
    /// Blocks asked of it and taken back, which may be on their way. The newest.
    pub(crate) recalled: VecDeque<Block>,
    /// Bytes in the channel's buffer as last reported.
    pub(crate) buffered: u32,
    /// Media bytes handed to the channel since that report.
    pub(crate) handed: u32,
    /// Media bytes sent to it, in the last seconds and in all.
    pub(crate) up: Meter,
    pub(crate) given: u64,

    /// Media bytes from it while it owes us some, and in all.
    pub(crate) down: BusyMeter,
    pub(crate) taken: u64,
    pub(crate) last_block: Time,
    /// When media last went one way or the other.
    pub(crate) last_used: Time,
    pub(crate) last_heard: Time,
    pub(crate) last_said: Time,
    /// It owed us blocks and was silent: it gets one block at a time until it delivers.
    pub(crate) snubbed: bool,
}

impl Link {
    pub(crate) fn new(offer: OfferId, ours: bool, peer: Option<PeerId>, now: Time) -> Self {
        Self {
            phase: Phase::Describing,
            since: now,
            offer,
            ours,
            described: false,
            peer,
            fast: false,
            shoal: None,
            has: Ranges::new(),
            wants: None,
            told: false,
            has_all: false,
            fetching: Vec::new(),
            doubted: false,
            chokes_us: true,
            choked: true,
            interested: false,
            busy_until: now,
            busy_wait: Duration::ZERO,
            asked: Table::default(),
            queue: VecDeque::new(),
            recalled: VecDeque::new(),
            buffered: 0,
            handed: 0,
            up: Meter::default(),
            given: 0,
            down: BusyMeter::new(DOWN_HALF_LIFE),
            taken: 0,
            last_block: now,
            last_used: now,
            last_heard: now,
            last_said: now,
            snubbed: false,
        }
    }

    pub(crate) const fn enter(&mut self, phase: Phase, now: Time) {
        self.phase = phase;
        self.since = now;
    }

    /// When the link is given up if nothing happens.
    pub(crate) fn expires(&self, config: &Config) -> Time {
        match self.phase {
            Phase::Describing => self.since + config.describe_life,
            Phase::Offered => self.since + config.offer_life,
            Phase::Connecting => self.since + config.connect_life,
            Phase::Greeting => self.since + config.handshake_life,
            Phase::Ready => self.last_heard + config.link_silence,
        }
    }

    /// It is an offer of ours that is still being described.
    pub(crate) fn is_unsaid(&self) -> bool {
        self.ours && !self.described && self.phase == Phase::Describing
    }

    pub(crate) const fn is_ready(&self) -> bool {
        matches!(self.phase, Phase::Ready)
    }

    pub(crate) fn has(&self, piece: u32) -> bool {
        self.has_all || self.has.contains(piece)
    }

    /// It has some of these pieces, or is fetching them from the origin.
    pub(crate) fn brings(&self, span: &core::ops::Range<u32>, now: Time) -> bool {
        self.has_all || self.has.meets(span) || self.fetches(span, now)
    }

    /// It is fetching some of these pieces from the origin.
    pub(crate) fn fetches(&self, span: &core::ops::Range<u32>, now: Time) -> bool {
        let mut believed = self.believed(now);
        believed.any(|range| range.start < span.end && span.start < range.end)
    }

    /// The pieces that it says it is fetching, as far as we believe it.
    pub(crate) fn believed(&self, now: Time) -> impl Iterator<Item = core::ops::Range<u32>> + '_ {
        let fetching = self.fetching.iter().filter(|_| !self.doubted);
        fetching
            .filter(move |(_, until)| *until > now)
            .map(|(range, _)| range.clone())
    }

    /// It takes back that it fetches these pieces.
    pub(crate) fn unsay(&mut self, range: &core::ops::Range<u32>, most: usize) {
        let said = core::mem::take(&mut self.fetching).into_iter();
        let rest = said.flat_map(|(said, until)| {
            let before = said.start..said.end.min(range.start);
            let behind = said.start.max(range.end)..said.end;
            [(before, until), (behind, until)]
        });
        let rest = rest.filter(|(rest, _)| !rest.is_empty());
        self.fetching = rest.take(most).collect();
    }

    /// Looks back on what it said it would fetch, once its time is over: whether all of it that we
    /// still want, and have not got another way, has come to be had by it. Says whether anything
    /// was looked at.
    pub(crate) fn judge_word(&mut self, window: &Ranges, have: &Ranges, now: Time) -> bool {
        let before = self.fetching.len();
        for (range, until) in core::mem::take(&mut self.fetching) {
            if until > now {
                self.fetching.push((range, until));
                continue;
            }
            let said = core::iter::once(range).collect::<Ranges>();
            let open = said.intersect(window).without(have);
            if !open.is_empty() {
                self.doubted = !open.without(&self.has).is_empty();
            }
        }
        self.fetching.len() < before
    }

    /// It wants some of these pieces and has not all of them.
    pub(crate) fn lacks(&self, span: &core::ops::Range<u32>) -> bool {
        let wants = self.wants.as_ref().is_some_and(|wants| wants.meets(span));
        wants && !self.has_all && !self.has.covers(span)
    }

    /// Where it is in the video: the first piece that it wants.
    pub(crate) fn front(&self) -> u32 {
        let first = self.wants.as_ref().and_then(|wants| wants.iter().next());
        first.map_or(u32::MAX, |range| range.start)
    }

    /// Bytes per second that it sends while it owes us something, once measured.
    pub(crate) fn speed(&self) -> Option<f64> {
        self.down.rate()
    }

    /// Bytes that it owes us.
    pub(crate) fn owes(&self) -> u64 {
        self.asked.keys().map(|block| u64::from(block.length)).sum()
    }

    /// It takes from us and never serves us.
    pub(crate) const fn is_free_rider(&self, config: &Config) -> bool {
        self.chokes_us && self.given > config.free_ride
    }

    /// How many more blocks may be asked of it, by its measured rate.
    pub(crate) fn room(&self, config: &Config, now: Time) -> usize {
        if !self.is_ready() || self.chokes_us || self.busy_until > now {
            return 0;
        }
        // Who was silent or busy is tried with one block first.
        let pipeline = if self.snubbed || self.busy_wait > config.busy_wait {
            1
        } else {
            let ahead = self.speed().unwrap_or(0.0) * config.pipeline.as_secs_f64();
            let blocks = (ahead / f64::from(config.block_length)) as usize;
            (blocks + config.min_pipeline).min(config.max_pipeline)
        };
        pipeline.saturating_sub(self.asked.len())
    }

    /// The channel may be handed this many media bytes more: it gets what it drains in a moment
    /// ahead. What is handed over up to the low mark always brings a report.
    pub(crate) fn takes(&self, bytes: u32, config: &Config, now: Time) -> bool {
        let ahead = self
            .buffered
            .saturating_add(self.handed)
            .saturating_add(bytes);
        let worth = (self.up.rate(now) * config.pipeline.as_secs_f64()) as u32;
        self.handed < LOW_MARK || ahead <= worth.min(config.link_buffer)
    }

    /// When it counts as silent, if it owes us anything.
    pub(crate) fn silent_at(&self, config: &Config) -> Option<Time> {
        let oldest = self.asked.values().min()?;
        Some((*oldest).max(self.last_block) + config.peer_silence)
    }
}

/// Busy time after which a peer's old rate counts half.
const DOWN_HALF_LIFE: Duration = Duration::from_secs(2);
