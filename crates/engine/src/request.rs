//! Blocks from peers: whom to ask for what next, and what comes of it.

use shoal_wire::id::PieceIndex;
use shoal_wire::peer::{Block, Message};

use crate::chance::lot;
use crate::engine::Engine;
use crate::input::LinkId;
use crate::output::Output;
use crate::piece::{Source, Taken};
use crate::plan::Want;
use crate::table::sort_by;

/// Blocks that one peer is given before the next gets its share.
const SHARE: usize = 4;

impl Engine {
    /// Gives the links that have room something to do, the quickest first, a few blocks each in
    /// turn.
    pub(crate) fn request(&mut self) {
        let now = self.now;
        let mut hungry = core::mem::take(&mut self.hungry)
            .into_iter()
            .filter_map(|id| {
                let link = self.links.get(id)?;
                (link.room(&self.config, now) > 0).then(|| (id, link.down.rate(now)))
            })
            .collect::<Vec<_>>();
        sort_by(&mut hungry, |a, b| {
            b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)).is_lt()
        });
        hungry.dedup_by_key(|(id, _)| *id);
        while !hungry.is_empty() {
            hungry.retain(|&(id, rate)| self.request_some(id, rate));
        }
    }

    /// Asks one peer for its share. Says whether it could take more.
    fn request_some(&mut self, id: LinkId, rate: f64) -> bool {
        let Some(link) = self.links.get(id) else {
            return false;
        };
        let room = link.room(&self.config, self.now);
        let share = room.min(SHARE);
        for _ in 0..share {
            let Some(block) = self.next_block(id, rate) else {
                return false;
            };
            self.ask(id, block);
        }
        room > share
    }

    /// The most urgent block that a peer has and nobody has been asked for.
    fn next_block(&self, id: LinkId, rate: f64) -> Option<Block> {
        let link = self.links.get(id)?;
        let owed = (link.asked.len() + 1) as f64 * f64::from(self.config.block_length);
        for want in &self.plan.wants {
            let slack = want.deadline.since(self.now).as_secs_f64();
            if rate > 1.0 && owed / rate > slack / 2.0 {
                // It would come late, or nearly: leave it to somebody quicker.
                continue;
            }
            let Some(segment) = self.store.get(want.segment) else {
                continue;
            };
            let span = segment.span();
            let count = span.len() as u32;
            let turn = self.first_piece(want, count);
            for n in 0..count {
                let piece = span.start + (n + turn) % count;
                let Some(state) = segment.piece(piece) else {
                    continue;
                };
                if state.is_settled() || !link.has(piece) || self.is_covered(want.segment, piece) {
                    continue;
                }
                if let Some(number) = state.open_block(segment.blocks(piece)) {
                    return Some(segment.block(piece, number));
                }
            }
        }
        None
    }

    /// Viewers in no hurry begin a segment in different places, so that they have something to
    /// give each other; in a hurry it comes in order.
    fn first_piece(&self, want: &Want, count: u32) -> u32 {
        let calm = want.danger.since(self.now) > self.config.margin;
        if calm {
            (lot(self.me, want.segment) * f64::from(count)) as u32
        } else {
            0
        }
    }

    fn ask(&mut self, id: LinkId, block: Block) {
        let Some(name) = self.store.at(block.piece) else {
            return;
        };
        let Some(segment) = self.store.get_mut(name) else {
            return;
        };
        let Some(number) = segment.number(block) else {
            return;
        };
        if let Some(piece) = segment.piece_mut(block.piece.0) {
            piece.ask(number);
        }
        if let Some(link) = self.links.get_mut(id) {
            if link.asked.is_empty() {
                self.busy.start(self.now);
            }
            link.asked.insert(block, self.now);
            self.send(id, Message::Request(block));
        }
    }

    /// A block has come from a peer. What was taken back while it was on its way is of use all the
    /// same, if nobody else has brought it.
    pub(crate) fn block_came(&mut self, id: LinkId, block: Block) {
        let now = self.now;
        let bytes = u64::from(block.length);
        let Some(link) = self.links.get_mut(id) else {
            return;
        };
        let awaited = link.asked.remove(block).is_some();
        let recalled = link.recalled.iter().position(|&recalled| recalled == block);
        recalled.and_then(|at| link.recalled.remove(at));
        link.last_block = now;
        link.snubbed = false;
        link.down.add(now, bytes);
        self.stats.peer_bytes += bytes;
        self.peer_rate.add(now, bytes);
        self.busy.add(now, bytes);
        if awaited && link.asked.is_empty() {
            self.busy.stop(now);
        }
        self.hungry.push(id);
        let used = (awaited || recalled.is_some()) && self.take_block(id, block);
        if !used {
            self.stats.wasted_bytes += bytes;
        } else if !awaited {
            for other in self.ready_ids() {
                self.take_back(other, true, |asked| *asked == block);
            }
        }
    }

    /// Puts a block in its place. Says whether it was of use.
    fn take_block(&mut self, id: LinkId, block: Block) -> bool {
        let Some(name) = self.store.at(block.piece) else {
            return false;
        };
        let Some(segment) = self.store.get_mut(name) else {
            return false;
        };
        let Some(number) = segment.number(block) else {
            return false;
        };
        let blocks = segment.blocks(block.piece.0);
        let Some(piece) = segment.piece_mut(block.piece.0) else {
            return false;
        };
        match piece.take(number, blocks, Source::Peer(id), block.length) {
            Taken::Surplus => false,
            Taken::Kept => {
                self.out.push_back(Output::Keep(block));
                true
            }
            Taken::Completed => {
                self.out.push_back(Output::Keep(block));
                self.check(name, block.piece.0);
                true
            }
        }
    }

    /// A piece has come another way: its blocks need not be sent.
    pub(crate) fn recall(&mut self, piece: u32) {
        for id in self.ready_ids() {
            self.take_back(id, true, |block| block.piece == PieceIndex(piece));
        }
    }
}
