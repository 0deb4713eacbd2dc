//! Blocks asked of peers, and how well each peer keeps up.
//!
//! Invariant: a peer's meter runs exactly while blocks are asked of it, and so does its share of the
//! line. Only [`Asked::add`], [`Asked::done`] and [`Asked::cancel`] move a block.

use core::time::Duration;
use std::collections::VecDeque;

use shoal_wire::peer::Block;

use crate::config::Config;
use crate::ctx::Ctx;
use crate::input::LinkId;
use crate::meter::BusyMeter;
use crate::small_map::SmallMap;
use crate::time::Time;
use crate::timers::Timer;

/// Busy time after which a peer's old rate counts half.
const SPEED_HALF_LIFE: Duration = Duration::from_secs(2);

/// What is asked of each connected peer.
#[derive(Debug, Default)]
pub(super) struct Asked {
    suppliers: SmallMap<LinkId, Box<Supplier>>,
    /// Some block has been asked of two peers.
    doubled: bool,
}

/// A connected peer, as one who sends us blocks.
#[derive(Debug)]
pub(super) struct Supplier {
    /// It speaks the fast extension: what is asked of it is sent or refused, also after a choke.
    fast: bool,
    /// It does not serve us at present.
    chokes_us: bool,
    /// It said that it is busy: it is asked again then.
    busy_until: Time,
    /// How long it is left alone the next time.
    busy_wait: Duration,
    /// Blocks asked of it, and when.
    asked: SmallMap<Block, Time>,
    /// Blocks asked of it and cancelled, which may be on their way. The newest.
    cancelled: VecDeque<Block>,
    /// Its rate while it owes us some.
    speed: BusyMeter,
    /// Bytes from it in all, and when the last of them came.
    sent: u64,
    last_block: Time,
    /// When it last gave a sign of life, or was last given up on: from then on its silence counts.
    silent_since: Time,
    /// It owed us blocks and was silent: it gets one block at a time until it delivers.
    snubbed: bool,
}

/// What a block that has come was to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Came {
    /// It is asked of the peer.
    Awaited,
    /// It was asked of the peer once, and cancelled.
    Cancelled,
    /// Nobody asked for it.
    Unasked,
}

impl Supplier {
    fn new(fast: bool, ctx: &Ctx) -> Self {
        Self {
            fast,
            chokes_us: true,
            busy_until: ctx.now,
            busy_wait: ctx.config.busy_wait,
            asked: SmallMap::default(),
            cancelled: VecDeque::new(),
            speed: BusyMeter::new(SPEED_HALF_LIFE),
            sent: 0,
            last_block: Time::default(),
            silent_since: ctx.now,
            snubbed: false,
        }
    }

    /// Bytes per second that it sends while it owes us something, once measured.
    pub(super) fn speed(&self) -> Option<f64> {
        self.speed.rate()
    }

    /// Bytes that it owes us.
    pub(super) fn owes(&self) -> u64 {
        self.asked.keys().map(|block| u64::from(block.length)).sum()
    }

    /// Returns the blocks asked of it, and when.
    pub(super) fn asked(&self) -> impl Iterator<Item = (Block, Time)> {
        self.asked.iter().map(|(block, &at)| (block, at))
    }

    /// Whether a block is asked of it.
    pub(super) fn is_asked(&self, block: Block) -> bool {
        self.asked.has(block)
    }

    /// How many more blocks may be asked of it, by its measured rate.
    pub(super) fn room(&self, config: &Config, now: Time) -> usize {
        if self.chokes_us || self.busy_until > now {
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

    /// When it counts as silent, if it owes us anything.
    fn silent_at(&self, config: &Config) -> Option<Time> {
        let oldest = self.asked.values().min()?;
        Some((*oldest).max(self.silent_since) + config.peer_silence)
    }

    /// Whether nothing keeps it from being asked at this moment but what it owes.
    fn is_idle_at(&self, now: Time) -> bool {
        self.busy_until <= now
    }
}

impl Asked {
    /// A peer is connected. `fast`: it speaks the fast extension (BEP 6).
    pub(super) fn meet(&mut self, ctx: &Ctx, id: LinkId, fast: bool) {
        self.suppliers
            .insert(id, Box::new(Supplier::new(fast, ctx)));
    }

    /// A peer is gone. Nothing may be asked of it any more.
    pub(super) fn part(&mut self, id: LinkId) {
        self.suppliers.remove(id);
    }

    pub(super) fn get(&self, id: LinkId) -> Option<&Supplier> {
        self.suppliers.get(id).map(AsRef::as_ref)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (LinkId, &Supplier)> {
        self.suppliers.iter().map(|(id, it)| (id, it.as_ref()))
    }

    /// Returns the names of the connected peers.
    pub(super) fn names(&self) -> Vec<LinkId> {
        self.suppliers.names()
    }

    /// Whether some block has ever been asked of two peers.
    pub(super) const fn is_doubled(&self) -> bool {
        self.doubled
    }

    /// How many peers a block is asked of.
    pub(super) fn count(&self, block: Block) -> usize {
        let suppliers = self.suppliers.values();
        suppliers.filter(|it| it.is_asked(block)).count()
    }

    /// Notes that a block is asked of a peer; `again` where it is asked of another one, too.
    pub(super) fn add(&mut self, ctx: &mut Ctx, id: LinkId, block: Block, again: bool) {
        let Some(supplier) = self.suppliers.get_mut(id) else {
            return;
        };
        self.doubled |= again;
        if supplier.asked.is_empty() {
            supplier.speed.start(ctx.now);
            ctx.traffic.begin(ctx.now);
        }
        supplier.asked.insert(block, ctx.now);
        let silent = ctx.now + ctx.config.peer_silence;
        ctx.timers.bring_forward(Timer::Links, silent);
    }

    /// Notes that a block has come from a peer. Returns what it was to us.
    pub(super) fn done(&mut self, ctx: &mut Ctx, id: LinkId, block: Block) -> Came {
        let Some(supplier) = self.suppliers.get_mut(id) else {
            return Came::Unasked;
        };
        let bytes = u64::from(block.length);
        let awaited = supplier.asked.remove(block).is_some();
        let cancelled = supplier.cancelled.iter().position(|&it| it == block);
        cancelled.and_then(|at| supplier.cancelled.remove(at));
        supplier.last_block = ctx.now;
        supplier.silent_since = ctx.now;
        supplier.snubbed = false;
        supplier.busy_wait = ctx.config.busy_wait;
        supplier.speed.add(ctx.now, bytes);
        supplier.sent += bytes;
        ctx.traffic.received_from_peer(ctx.now, bytes);
        if awaited && supplier.asked.is_empty() {
            supplier.speed.stop(ctx.now);
            ctx.traffic.end(ctx.now);
        }
        match (awaited, cancelled) {
            (true, _) => Came::Awaited,
            (false, Some(_)) => Came::Cancelled,
            (false, None) => Came::Unasked,
        }
    }

    /// Takes back some of what is asked of a peer. Returns the blocks.
    pub(super) fn cancel(
        &mut self,
        ctx: &mut Ctx,
        id: LinkId,
        these: &dyn Fn(&Block) -> bool,
    ) -> Vec<Block> {
        let Some(supplier) = self.suppliers.get_mut(id) else {
            return Vec::new();
        };
        let blocks = supplier.asked.keys().filter(these).collect::<Vec<_>>();
        for &block in &blocks {
            supplier.asked.remove(block);
            supplier.cancelled.push_back(block);
        }
        let surplus = supplier.cancelled.len();
        let surplus = surplus.saturating_sub(ctx.config.max_pipeline * 2);
        supplier.cancelled.drain(..surplus);
        if !blocks.is_empty() && supplier.asked.is_empty() {
            supplier.speed.stop(ctx.now);
            ctx.traffic.end(ctx.now);
        }
        blocks
    }

    /// A peer serves us from now on, or no longer. Returns whether it then forgets what it owes.
    pub(super) fn choke(&mut self, id: LinkId, chokes_us: bool) -> bool {
        let Some(supplier) = self.suppliers.get_mut(id) else {
            return false;
        };
        supplier.chokes_us = chokes_us;
        chokes_us && !supplier.fast
    }

    /// A peer is busy: it is left alone for a while, longer each time, give or take a `jitter`.
    pub(super) fn leave_alone(&mut self, ctx: &mut Ctx, id: LinkId, jitter: f64) {
        let Some(supplier) = self.suppliers.get_mut(id) else {
            return;
        };
        if supplier.busy_until <= ctx.now {
            supplier.busy_until = ctx.now + supplier.busy_wait.mul_f64(jitter);
            supplier.busy_wait = (supplier.busy_wait * 2).min(ctx.config.busy_wait * 8);
        }
        ctx.timers.bring_forward(Timer::Links, supplier.busy_until);
    }

    /// Whether a peer owes us blocks and has been silent for too long.
    pub(super) fn is_silent(&self, ctx: &Ctx, id: LinkId) -> bool {
        let silent_at = self.get(id).and_then(|it| it.silent_at(&ctx.config));
        silent_at.is_some_and(|at| at <= ctx.now)
    }

    /// Notes that a peer was silent. Returns whether it was so before, with nothing sent meanwhile.
    pub(super) fn snub(&mut self, now: Time, id: LinkId) -> bool {
        let Some(supplier) = self.suppliers.get_mut(id) else {
            return false;
        };
        supplier.silent_since = now;
        core::mem::replace(&mut supplier.snubbed, true)
    }

    /// Whether a peer is not, or no longer, to be left alone.
    pub(super) fn is_idle(&self, now: Time, id: LinkId) -> bool {
        self.get(id).is_some_and(|it| it.is_idle_at(now))
    }

    /// Returns when a peer last sent a block, and how many bytes in all.
    pub(super) fn use_of(&self, id: LinkId) -> (Time, u64) {
        let supplier = self.get(id);
        supplier.map_or((Time::default(), 0), |it| (it.last_block, it.sent))
    }

    /// When the next peer will have been silent for too long, or be asked again.
    pub(super) fn next_due(&self, ctx: &Ctx) -> Option<Time> {
        let due = self.suppliers.values().flat_map(|supplier| {
            let busy = Some(supplier.busy_until).filter(|&until| until > ctx.now);
            [supplier.silent_at(&ctx.config), busy]
        });
        due.flatten().min()
    }

    /// Returns, for each peer, whether its meter runs and how many blocks are asked of it.
    pub(super) fn books(&self) -> impl Iterator<Item = (bool, usize)> {
        let suppliers = self.suppliers.values();
        suppliers.map(|it| (it.speed.running() > 0, it.asked.len()))
    }
}
