//! Blocks to peers: who is served, in what order, and how much.
//!
//! Everyone who wants something may ask. What would have to wait too long is refused at once, so
//! that the peer asks somebody else while there is time; the wait is known from our own measured
//! rate. Of those who wait, those at the front of the video come first, and those who never serve us last.

use core::time::Duration;

use shoal_wire::peer::{Block, Message};

use crate::config::Config;
use crate::engine::Engine;
use crate::input::LinkId;
use crate::meter::{Bucket, BusyMeter, Meter};
use crate::piece::Piece;
use crate::time::Time;

/// What we send to peers.
#[derive(Debug)]
pub(crate) struct Upload {
    bucket: Bucket,
    /// The page is in the background or the battery is low.
    pub(crate) frugal: bool,
    meter: Meter,
    /// Our rate while requests wait.
    speed: BusyMeter,
    /// Blocks that wait, of all peers.
    waiting: usize,
    /// The peer served last.
    last: LinkId,
    /// When the cap lets something through again.
    pub(crate) next: Option<Time>,
}

impl Upload {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            bucket: Bucket::new(config.upload_rate, config.upload_burst),
            frugal: false,
            meter: Meter::default(),
            speed: BusyMeter::new(SPEED_HALF_LIFE),
            waiting: 0,
            last: LinkId(0),
            next: None,
        }
    }

    /// Blocks that wait, of all peers.
    pub(crate) const fn waiting(&self) -> usize {
        self.waiting
    }

    /// Running meters: one while requests wait.
    pub(crate) const fn running(&self) -> u32 {
        self.speed.running()
    }

    pub(crate) fn rate(&self, now: Time) -> f64 {
        self.meter.rate(now)
    }

    /// Blocks that may wait in all, for none to wait longer than we let it.
    fn capacity(&self, config: &Config) -> usize {
        let speed = self.speed.rate().unwrap_or(config.assumed_upload as f64);
        let bytes = speed * config.upload_patience.as_secs_f64();
        let bytes = bytes.min(self.bucket.within(config.upload_patience));
        ((bytes / f64::from(config.block_length)) as usize).max(MIN_CAPACITY)
    }

    fn enqueue(&mut self, now: Time) {
        if self.waiting == 0 {
            self.speed.start(now);
        }
        self.waiting += 1;
    }

    fn dequeue(&mut self, count: usize, now: Time) {
        let before = self.waiting;
        self.waiting = before.saturating_sub(count);
        if before > 0 && self.waiting == 0 {
            self.speed.stop(now);
        }
    }
}

impl Engine {
    /// The bounds of what we send have changed.
    pub(crate) fn limit_upload(&mut self) {
        let Config {
            upload_rate,
            frugal_upload,
            upload_burst,
            ..
        } = self.config;
        let frugal = Some(frugal_upload).filter(|_| self.upload.frugal);
        let bounds = [Some(upload_rate), frugal].into_iter().flatten();
        let rate = bounds.filter(|&rate| rate > 0).min().unwrap_or(0);
        self.upload.bucket.change(self.now, rate, upload_burst);
        // A total that was spent may not be any more.
        self.slots_stale = true;
    }

    /// So many bytes more would pass the total that may be sent.
    fn passes_total(&self, bytes: u32) -> bool {
        let next = self.stats.uploaded_bytes + u64::from(bytes);
        self.config.upload_total > 0 && next > self.config.upload_total
    }

    /// Lets those who want something ask, until the total is spent.
    pub(crate) fn run_slots(&mut self) {
        let closed = self.passes_total(self.config.block_length) || self.config.upload_slots == 0;
        if !core::mem::take(&mut self.slots_stale) && !closed {
            return;
        }
        for id in self.ready_ids() {
            if let Some(link) = self.links.get(id) {
                let choked = closed || !link.interested;
                if choked != link.choked {
                    self.choke(id, choked);
                }
            }
        }
    }

    fn choke(&mut self, id: LinkId, choked: bool) {
        let dropped = self.drop_queue(id);
        let Some(link) = self.links.get_mut(id) else {
            return;
        };
        link.choked = choked;
        let fast = link.fast;
        self.send(
            id,
            if choked {
                Message::Choke
            } else {
                Message::Unchoke
            },
        );
        if fast {
            for block in dropped {
                self.send(id, Message::Reject(block));
            }
        }
    }

    /// Forgets what a peer has asked for.
    pub(crate) fn drop_queue(&mut self, id: LinkId) -> Vec<Block> {
        let Some(link) = self.links.get_mut(id) else {
            return Vec::new();
        };
        let dropped = link.queue.drain(..).collect::<Vec<_>>();
        self.upload.dequeue(dropped.len(), self.now);
        dropped
    }

    /// A peer no longer wants a block.
    pub(crate) fn cancelled_by(&mut self, id: LinkId, block: Block) {
        let Some(link) = self.links.get_mut(id) else {
            return;
        };
        let Some(at) = link.queue.iter().position(|&queued| queued == block) else {
            return;
        };
        link.queue.remove(at);
        let fast = link.fast;
        self.upload.dequeue(1, self.now);
        if fast {
            self.send(id, Message::Reject(block));
        }
    }

    /// A peer asks for a block.
    pub(crate) fn asked_of_us(&mut self, id: LinkId, block: Block) {
        let admitted = self.holds(block) && self.admits(id);
        let Some(link) = self.links.get_mut(id) else {
            return;
        };
        if admitted {
            if !link.queue.contains(&block) {
                link.queue.push_back(block);
                self.upload.enqueue(self.now);
            }
        } else if link.fast {
            self.send(id, Message::Reject(block));
        }
    }

    fn holds(&self, block: Block) -> bool {
        let held = self.store.at(block.piece);
        held.and_then(|name| self.store.get(name))
            .is_some_and(|segment| {
                let (_, length) = segment.place(block.piece.0);
                let end = block.begin.checked_add(block.length);
                segment.piece(block.piece.0).is_some_and(Piece::is_valid)
                    && block.length > 0
                    && end.is_some_and(|end| end <= length)
            })
    }

    /// Whether one more request of this peer may wait: it gets its share of what we can send in
    /// time.
    fn admits(&self, id: LinkId) -> bool {
        let Some(link) = self.links.get(id) else {
            return false;
        };
        let queued = link.queue.len();
        if link.choked || queued >= self.config.max_upload_queue {
            return false;
        }
        if !link.fast {
            // It cannot be told that we are busy.
            return true;
        }
        let others = self.links.iter();
        let others = others.filter(|(other, link)| *other != id && !link.queue.is_empty());
        let others = others.count();
        if others > 0 && link.is_free_rider(&self.config) {
            return false;
        }
        let capacity = self.upload.capacity(&self.config);
        let share = (capacity / (others + 1)).max(1);
        queued < share && self.upload.waiting < capacity && others < self.config.upload_slots
    }

    pub(crate) fn link_drained(&mut self, id: LinkId, buffered: u32) {
        if let Some(link) = self.links.get_mut(id) {
            let sent = u64::from(link.handed);
            link.up.add(self.now, sent);
            link.buffered = buffered;
            link.handed = 0;
            if self.upload.waiting > 0 {
                self.upload.speed.add(self.now, sent);
            }
        }
    }

    /// Sends what is asked, a block to each peer in turn, as far as channels and caps allow.
    pub(crate) fn serve(&mut self) {
        self.upload.next = None;
        while self.upload.waiting > 0 {
            let Some((id, block)) = self.next_served() else {
                return;
            };
            if self.passes_total(block.length) {
                return;
            }
            if let Err(later) = self.upload.bucket.take(self.now, block.length) {
                self.upload.next = Some(later);
                return;
            }
            self.upload.last = id;
            self.send_block(id, block);
        }
    }

    /// Who is served next: of those who serve us too, the one furthest ahead in the video, who has the
    /// fewest others to ask; of equals each in turn.
    fn next_served(&self) -> Option<(LinkId, Block)> {
        let mut best: Option<((bool, u32), LinkId, Block)> = None;
        for (id, link) in self.links.round(self.upload.last) {
            let Some(&block) = link.queue.front() else {
                continue;
            };
            let rank = (!link.is_free_rider(&self.config), link.front());
            let better = best.is_none_or(|(best, ..)| rank > best);
            if better && link.takes(block.length, &self.config, self.now) {
                best = Some((rank, id, block));
            }
        }
        best.map(|(_, id, block)| (id, block))
    }

    fn send_block(&mut self, id: LinkId, block: Block) {
        let bytes = u64::from(block.length);
        let now = self.now;
        self.upload.dequeue(1, now);
        if let Some(link) = self.links.get_mut(id) {
            link.queue.pop_front();
        }
        let name = self.store.at(block.piece);
        let Some(segment) = name.and_then(|name| self.store.get_mut(name)) else {
            // Forgotten since it was asked.
            return self.send(id, Message::Reject(block));
        };
        segment.used = now;
        segment.served += bytes;
        if let Some(link) = self.links.get_mut(id) {
            link.handed = link.handed.saturating_add(block.length);
            link.given += bytes;
            link.last_used = now;
        }
        self.stats.uploaded_bytes += bytes;
        self.upload.meter.add(now, bytes);
        self.send(id, Message::Piece(block));
    }
}

/// Busy time after which our own old rate counts half.
const SPEED_HALF_LIFE: Duration = Duration::from_secs(4);

/// Blocks that may wait on the slowest line.
const MIN_CAPACITY: usize = 4;
