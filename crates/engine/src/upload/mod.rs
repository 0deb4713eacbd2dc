//! Blocks to peers: who is served, in what order, and how much.
//!
//! Everyone who wants something may ask. What would have to wait too long is refused at once, so
//! that the peer asks somebody else while there is time; the wait is known from our own measured
//! rate. Of those who wait, those at the front of the video come first, and those who never serve us last.
//!
//! Invariant: `waiting` is the length of all queues, and our own rate is measured exactly while it is not
//! nought.

mod customer;

use core::time::Duration;

use shoal_wire::peer::{Block, Message};

use self::customer::Customer;
use crate::audit::Account;
use crate::config::Config;
use crate::ctx::Ctx;
use crate::download::Store;
use crate::gossip::{Gossip, Neighbour};
use crate::input::LinkId;
use crate::meter::{Bucket, BusyMeter};
use crate::small_map::SmallMap;
use crate::time::Time;
use crate::timers::Timer;

/// Busy time after which our own old rate counts half.
const SPEED_HALF_LIFE: Duration = Duration::from_secs(4);

/// What we send to peers.
#[derive(Debug)]
pub(crate) struct Upload {
    customers: SmallMap<LinkId, Box<Customer>>,
    bucket: Bucket,
    /// The page is in the background or the battery is low.
    low_power: bool,
    /// Our rate while requests wait.
    speed: BusyMeter,
    /// Blocks that wait, of all peers.
    waiting: usize,
    /// The peer served last.
    last: LinkId,
    /// Who may ask us has to be thought over.
    stale: bool,
}

impl Upload {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            customers: SmallMap::default(),
            bucket: Bucket::new(config.upload_rate, config.upload_burst),
            low_power: false,
            speed: BusyMeter::new(SPEED_HALF_LIFE),
            waiting: 0,
            last: LinkId(0),
            stale: false,
        }
    }

    /// A peer is connected. `fast`: it speaks the fast extension (BEP 6).
    pub(crate) fn meet(&mut self, id: LinkId, fast: bool) {
        self.customers.insert(id, Box::new(Customer::new(fast)));
    }

    /// A peer is gone.
    pub(crate) fn part(&mut self, now: Time, id: LinkId) {
        self.drop_queue(now, id);
        self.customers.remove(id);
    }

    /// The page is in the background or the battery is low, or no longer.
    pub(crate) fn low_power(&mut self, ctx: &Ctx, low: bool) {
        self.low_power = low;
        self.limit(ctx);
    }

    /// The bounds of what we send have changed.
    pub(crate) fn limit(&mut self, ctx: &Ctx) {
        let low = Some(ctx.config.frugal_upload).filter(|_| self.low_power);
        let bounds = [Some(ctx.config.upload_rate), low].into_iter().flatten();
        let rate = bounds.filter(|&rate| rate > 0).min().unwrap_or(0);
        self.bucket.change(ctx.now, rate, ctx.config.upload_burst);
        // A total that was spent may not be any more.
        self.stale = true;
    }

    /// A peer wants something of us, or no longer.
    pub(crate) fn interested(&mut self, id: LinkId, interested: bool) {
        if let Some(customer) = self.customers.get_mut(id) {
            customer.interested = interested;
            self.stale = true;
        }
    }

    /// A peer serves us, or no longer.
    pub(crate) fn serves_us(&mut self, id: LinkId, serves_us: bool) {
        if let Some(customer) = self.customers.get_mut(id) {
            customer.serves_us = serves_us;
        }
    }

    /// A peer asks for a block.
    pub(crate) fn asked(&mut self, ctx: &mut Ctx, store: &Store, id: LinkId, block: Block) {
        let admitted = store.holds(block) && self.admits(&ctx.config, id);
        let Some(customer) = self.customers.get_mut(id) else {
            return;
        };
        if admitted {
            if !customer.queue.contains(&block) {
                customer.queue.push_back(block);
                self.enqueued(ctx.now);
            }
        } else if customer.fast {
            ctx.send(id, Message::Reject(block));
        }
    }

    /// A peer no longer wants a block.
    pub(crate) fn cancelled(&mut self, ctx: &mut Ctx, id: LinkId, block: Block) {
        let Some(customer) = self.customers.get_mut(id) else {
            return;
        };
        let Some(at) = customer.queue.iter().position(|&queued| queued == block) else {
            return;
        };
        customer.queue.remove(at);
        if customer.fast {
            ctx.send(id, Message::Reject(block));
        }
        self.dequeued(ctx.now, 1);
    }

    /// A peer's channel has drained.
    pub(crate) fn drained(&mut self, now: Time, id: LinkId, buffered: u32) {
        if let Some(customer) = self.customers.get_mut(id) {
            let sent = customer.drained(now, buffered);
            self.speed.add(now, sent);
        }
    }

    /// Lets those who want something ask, until the total is spent.
    pub(crate) fn run_slots(&mut self, ctx: &mut Ctx) {
        let spent = passes_total(ctx, ctx.config.block_length);
        let closed = spent || ctx.config.upload_slots == 0;
        if !core::mem::take(&mut self.stale) && !closed {
            return;
        }
        for id in self.customers.names() {
            if let Some(customer) = self.customers.get(id) {
                let choked = closed || !customer.interested;
                if choked != customer.choked {
                    self.choke(ctx, id, choked);
                }
            }
        }
    }

    /// Sends what is asked, a block to each peer in turn, as far as channels and caps allow.
    pub(crate) fn serve(&mut self, ctx: &mut Ctx, store: &mut Store, gossip: &Gossip) {
        ctx.timers.set(Timer::Upload, None);
        while self.waiting > 0 {
            let Some((id, block)) = self.next_served(ctx, gossip) else {
                return;
            };
            if passes_total(ctx, block.length) {
                return;
            }
            if let Err(later) = self.bucket.take(ctx.now, block.length) {
                return ctx.timers.set(Timer::Upload, Some(later));
            }
            self.last = id;
            self.send_block(ctx, store, id, block);
        }
    }

    /// Returns when a peer was last sent a block, and how many bytes in all.
    pub(crate) fn use_of(&self, id: LinkId) -> (Time, u64) {
        let customer = self.customers.get(id);
        customer.map_or((Time::default(), 0), |it| (it.last_given, it.given))
    }

    /// Returns what is counted in two places.
    pub(crate) fn books(&self, accounts: &mut Vec<Account>) {
        let queues = self.customers.values().map(|it| it.queue.len()).sum();
        let measured = usize::from(self.waiting > 0);
        accounts.extend([
            Account::new("requests that wait", self.waiting, queues),
            Account::new("uploads", self.speed.running() as usize, measured),
        ]);
    }

    fn choke(&mut self, ctx: &mut Ctx, id: LinkId, choked: bool) {
        let dropped = self.drop_queue(ctx.now, id);
        let Some(customer) = self.customers.get_mut(id) else {
            return;
        };
        customer.choked = choked;
        ctx.send(
            id,
            if choked {
                Message::Choke
            } else {
                Message::Unchoke
            },
        );
        if customer.fast {
            for block in dropped {
                ctx.send(id, Message::Reject(block));
            }
        }
    }

    /// Forgets what a peer has asked for.
    fn drop_queue(&mut self, now: Time, id: LinkId) -> Vec<Block> {
        let Some(customer) = self.customers.get_mut(id) else {
            return Vec::new();
        };
        let dropped = customer.queue.drain(..).collect::<Vec<_>>();
        self.dequeued(now, dropped.len());
        dropped
    }

    /// Whether one more request of this peer may wait: it gets its share of what we can send in
    /// time.
    fn admits(&self, config: &Config, id: LinkId) -> bool {
        let Some(customer) = self.customers.get(id) else {
            return false;
        };
        let queued = customer.queue.len();
        if customer.choked || queued >= config.max_upload_queue {
            return false;
        }
        if !customer.fast {
            // It cannot be told that we are busy.
            return true;
        }
        let others = self.customers.iter();
        let others = others.filter(|(other, it)| *other != id && !it.queue.is_empty());
        let others = others.count();
        if others > 0 && customer.is_free_rider(config) {
            return false;
        }
        let capacity = self.capacity(config);
        let share = (capacity / (others + 1)).max(1);
        queued < share && self.waiting < capacity && others < config.upload_slots
    }

    /// Blocks that may wait in all, for none to wait longer than we let it.
    fn capacity(&self, config: &Config) -> usize {
        let speed = self.speed.rate().unwrap_or(config.assumed_upload as f64);
        let bytes = speed * config.upload_patience.as_secs_f64();
        let bytes = bytes.min(self.bucket.within(config.upload_patience));
        ((bytes / f64::from(config.block_length)) as usize).max(config.min_upload_queue)
    }

    /// Who is served next: of those who serve us too, the one furthest ahead in the video, who has the
    /// fewest others to ask; of equals each in turn.
    fn next_served(&self, ctx: &Ctx, gossip: &Gossip) -> Option<(LinkId, Block)> {
        let mut best: Option<((bool, u32), LinkId, Block)> = None;
        for (id, customer) in self.customers.round(self.last) {
            let Some(&block) = customer.queue.front() else {
                continue;
            };
            let front = gossip.get(id).map_or(u32::MAX, Neighbour::front);
            let rank = (!customer.is_free_rider(&ctx.config), front);
            let better = best.is_none_or(|(best, ..)| rank > best);
            if better && customer.takes(block.length, &ctx.config, ctx.now) {
                best = Some((rank, id, block));
            }
        }
        best.map(|(_, id, block)| (id, block))
    }

    fn send_block(&mut self, ctx: &mut Ctx, store: &mut Store, id: LinkId, block: Block) {
        self.dequeued(ctx.now, 1);
        let Some(customer) = self.customers.get_mut(id) else {
            return;
        };
        customer.queue.pop_front();
        if !store.serve(ctx.now, block) {
            // Forgotten since it was asked.
            return ctx.send(id, Message::Reject(block));
        }
        customer.hand(ctx.now, block.length);
        ctx.traffic.sent_to_peer(ctx.now, u64::from(block.length));
        ctx.send(id, Message::Piece(block));
    }

    fn enqueued(&mut self, now: Time) {
        if self.waiting == 0 {
            self.speed.start(now);
        }
        self.waiting += 1;
    }

    fn dequeued(&mut self, now: Time, count: usize) {
        let before = self.waiting;
        self.waiting = before.saturating_sub(count);
        if before > 0 && self.waiting == 0 {
            self.speed.stop(now);
        }
    }
}

/// Whether so many bytes more would pass the total that may be sent.
fn passes_total(ctx: &Ctx, bytes: u32) -> bool {
    let next = ctx.traffic.stats.uploaded_bytes + u64::from(bytes);
    ctx.config.upload_total > 0 && next > ctx.config.upload_total
}
