//! Blocks to peers: who is served, in what order, and how much.

use shoal_wire::peer::{Block, Message};

use crate::config::Config;
use crate::engine::Engine;
use crate::input::LinkId;
use crate::meter::{Bucket, Meter};
use crate::table::sort_by;
use crate::time::Time;

/// What we send to peers.
#[derive(Debug)]
pub(crate) struct Upload {
    bucket: Bucket,
    meter: Meter,
    /// The peer served last.
    last: LinkId,
    /// When a slot passes on.
    turn: Time,
    /// When there is something to do again.
    pub(crate) next: Option<Time>,
}

impl Upload {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            bucket: Bucket::new(config.upload_rate),
            meter: Meter::default(),
            last: LinkId(0),
            turn: Time::default(),
            next: None,
        }
    }

    pub(crate) fn rate(&self, now: Time) -> f64 {
        self.meter.rate(now)
    }
}

impl Engine {
    /// The total that may be sent has been sent.
    fn is_spent(&self) -> bool {
        self.config.upload_total > 0 && self.stats.uploaded_bytes >= self.config.upload_total
    }

    /// Opens slots for those who want something, and passes them on in turn.
    pub(crate) fn run_slots(&mut self) {
        let slots = if self.is_spent() {
            0
        } else {
            self.config.upload_slots
        };
        let ready = self.ready_ids();
        let mut served = Vec::new();
        let mut waiting = Vec::new();
        for &id in &ready {
            match self.links.get(id) {
                Some(link) if !link.choked => served.push((link.choked_since, id)),
                Some(link) if link.interested => waiting.push((link.choked_since, id)),
                _ => {}
            }
        }
        sort_by(&mut served, |a, b| a < b);
        sort_by(&mut waiting, |a, b| a < b);
        self.upload.next = None;
        let full = served.len() >= slots && !waiting.is_empty() && slots > 0;
        let over = served.len().saturating_sub(slots);
        let turn = usize::from(full && over == 0 && self.upload.turn <= self.now);
        for &(_, id) in served.iter().take(over + turn) {
            self.choke(id, true);
        }
        let free = slots.saturating_sub(served.len() - (over + turn).min(served.len()));
        for &(_, id) in waiting.iter().take(free) {
            self.choke(id, false);
        }
        if turn > 0 || (!full && slots > 0) {
            self.upload.turn = self.now + self.config.slot_turn;
        }
        if full {
            self.upload.next = Some(self.upload.turn);
        }
    }

    fn choke(&mut self, id: LinkId, choked: bool) {
        let Some(link) = self.links.get_mut(id) else {
            return;
        };
        link.choked = choked;
        link.choked_since = self.now;
        let dropped = if choked {
            core::mem::take(&mut link.queue)
        } else {
            Default::default()
        };
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

    /// A peer asks for a block.
    pub(crate) fn asked_of_us(&mut self, id: LinkId, block: Block) {
        let held = self
            .store
            .at(block.piece)
            .and_then(|name| self.store.get(name));
        let good = held.is_some_and(|segment| {
            let (_, length) = segment.place(block.piece.0);
            segment
                .piece(block.piece.0)
                .is_some_and(crate::piece::Piece::is_valid)
                && block.length > 0
                && block
                    .begin
                    .checked_add(block.length)
                    .is_some_and(|end| end <= length)
        });
        let Some(link) = self.links.get_mut(id) else {
            return;
        };
        if good && !link.choked && link.queue.len() < self.config.max_upload_queue {
            if !link.queue.contains(&block) {
                link.queue.push_back(block);
            }
        } else if link.fast {
            self.send(id, Message::Reject(block));
        }
    }

    pub(crate) fn link_drained(&mut self, id: LinkId, buffered: u32) {
        if let Some(link) = self.links.get_mut(id) {
            link.up.add(self.now, u64::from(link.handed));
            link.buffered = buffered;
            link.handed = 0;
        }
    }

    /// Sends what is asked, a block to each peer in turn, as far as channels and caps allow.
    pub(crate) fn serve(&mut self) {
        loop {
            let ready = |(id, link): (LinkId, &crate::link::Link)| {
                let block = link.queue.front()?;
                link.takes(block.length, &self.config, self.now)
                    .then_some((id, *block))
            };
            let Some((id, block)) = self.links.round(self.upload.last).find_map(ready) else {
                return;
            };
            if self.is_spent() {
                return;
            }
            if let Err(later) = self.upload.bucket.take(self.now, block.length) {
                self.upload.next = Some(self.upload.next.map_or(later, |next| next.min(later)));
                return;
            }
            self.upload.last = id;
            self.send_block(id, block);
        }
    }

    fn send_block(&mut self, id: LinkId, block: Block) {
        let bytes = u64::from(block.length);
        let now = self.now;
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
        }
        self.stats.uploaded_bytes += bytes;
        self.upload.meter.add(now, bytes);
        self.send(id, Message::Piece(block));
    }
}
