//! A connected peer, as one whom we send blocks.

use std::collections::VecDeque;

use shoal_wire::peer::Block;

use crate::config::Config;
use crate::input::LOW_MARK;
use crate::meter::Meter;
use crate::time::Time;

/// A connected peer, as one whom we send blocks.
#[derive(Debug)]
pub(super) struct Customer {
    /// It speaks the fast extension: it can be told that a block will not come.
    pub(super) fast: bool,
    /// We do not serve it at present.
    pub(super) choked: bool,
    /// It wants something of us.
    pub(super) interested: bool,
    /// It serves us.
    pub(super) serves_us: bool,
    /// Blocks that it has asked of us.
    pub(super) queue: VecDeque<Block>,
    /// Bytes in the channel's buffer as last reported.
    buffered: u32,
    /// Media bytes handed to the channel since that report.
    handed: u32,
    /// Media bytes that its channel took of late.
    rate: Meter,
    /// Media bytes sent to it in all, and when the last of them went.
    pub(super) given: u64,
    pub(super) last_given: Time,
}

impl Customer {
    pub(super) fn new(fast: bool) -> Self {
        Self {
            fast,
            choked: true,
            interested: false,
            serves_us: false,
            queue: VecDeque::new(),
            buffered: 0,
            handed: 0,
            rate: Meter::default(),
            given: 0,
            last_given: Time::default(),
        }
    }

    /// Whether it takes from us and never serves us.
    pub(super) const fn is_free_rider(&self, config: &Config) -> bool {
        !self.serves_us && self.given > config.free_ride
    }

    /// Whether its channel may be handed this many media bytes more: it gets what it drains in a moment
    /// ahead. What is handed over up to the low mark always brings a report.
    pub(super) fn takes(&self, bytes: u32, config: &Config, now: Time) -> bool {
        let ahead = self
            .buffered
            .saturating_add(self.handed)
            .saturating_add(bytes);
        let worth = (self.rate.rate(now) * config.pipeline.as_secs_f64()) as u32;
        self.handed < LOW_MARK || ahead <= worth.min(config.link_buffer)
    }

    /// Its channel is handed a block.
    pub(super) fn hand(&mut self, now: Time, bytes: u32) {
        self.handed = self.handed.saturating_add(bytes);
        self.given += u64::from(bytes);
        self.last_given = now;
    }

    /// Its channel has drained. Returns the media bytes sent since the last time.
    pub(super) fn drained(&mut self, now: Time, buffered: u32) -> u64 {
        let sent = u64::from(core::mem::take(&mut self.handed));
        self.rate.add(now, sent);
        self.buffered = buffered;
        sent
    }
}
