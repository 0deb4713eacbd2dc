//! Blocks from peers: whom to ask for what next, and what comes of it.

use shoal_wire::id::PieceIndex;
use shoal_wire::peer::{Block, Message};

use crate::chance::lot;
use crate::engine::Engine;
use crate::input::LinkId;
use crate::link::Link;
use crate::output::Output;
use crate::piece::{Source, Taken};
use crate::plan::Want;
use crate::table::sort_by;

/// Blocks that one peer is given before the next gets its share.
const SHARE: usize = 4;

impl Engine {
    /// Gives the links that have room something to do, a few blocks each in turn.
    ///
    /// Who is least far ahead of us in the video comes first: the fewest others can be served by it,
    /// so that the uplinks of those at the front are left to whoever has nobody else. Of equals the
    /// quickest comes first.
    pub(crate) fn request(&mut self) {
        if self.hungry.is_empty() {
            return;
        }
        let now = self.now;
        let mut hungry = core::mem::take(&mut self.hungry)
            .into_iter()
            .filter_map(|id| {
                let link = self.links.get(id)?;
                (link.room(&self.config, now) > 0)
                    .then(|| (id, link.speed().unwrap_or(0.0), link.front()))
            })
            .collect::<Vec<_>>();
        sort_by(&mut hungry, |a, b| {
            let quicker = b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
            a.2.cmp(&b.2).then(quicker).is_lt()
        });
        hungry.dedup_by_key(|(id, ..)| *id);
        while !hungry.is_empty() {
            hungry.retain(|&(id, speed, _)| self.request_some(id, speed));
        }
    }

    /// Asks one peer for its share. Says whether it could take more.
    fn request_some(&mut self, id: LinkId, speed: f64) -> bool {
        let Some(link) = self.links.get(id) else {
            return false;
        };
        let room = link.room(&self.config, self.now);
        let share = room.min(SHARE);
        for _ in 0..share {
            let Some(block) = self.next_block(id, speed) else {
                return false;
            };
            self.ask(id, block);
        }
        room > share
    }

    /// The most urgent block that a peer has and nobody has been asked for; among segments in no
    /// hurry, the one that the fewest have.
    fn next_block(&self, id: LinkId, speed: f64) -> Option<Block> {
        let link = self.links.get(id)?;
        let owed = (link.owes() + u64::from(self.config.block_length)) as f64;
        let mut rarest: Option<(u16, Block)> = None;
        for want in &self.plan.wants {
            let slack = want.deadline.since(self.now).as_secs_f64();
            if speed > 1.0 && owed / speed > slack / 2.0 {
                // It would come late, or nearly: leave it to somebody quicker.
                continue;
            }
            let Some(segment) = self.store.get(want.segment) else {
                continue;
            };
            let calm = want.danger.since(self.now) > self.config.calm;
            if let (Some((_, block)), false) = (&rarest, calm) {
                return Some(*block);
            }
            let span = segment.span();
            let count = span.len() as u32;
            let turn = self.first_piece(want, count);
            for n in 0..count {
                let piece = span.start + (n + turn) % count;
                let Some(state) = segment.piece(piece) else {
                    continue;
                };
                if state.is_settled() || !link.has(piece) {
                    continue;
                }
                let Some(number) = state.open_block(segment.blocks(piece)) else {
                    continue;
                };
                if self.is_covered(want.segment, piece) {
                    continue;
                }
                let block = segment.block(piece, number);
                if !calm {
                    return Some(block);
                }
                let copies = segment.copies(piece);
                if rarest.is_none_or(|(fewest, _)| copies < fewest) {
                    rarest = Some((copies, block));
                }
            }
        }
        rarest
            .map(|(_, block)| block)
            .or_else(|| self.spare_block(id))
    }

    /// The endgame: while the origin does not answer, what is about to be missing is asked of a
    /// second peer as well.
    fn spare_block(&self, id: LinkId) -> Option<Block> {
        if self.origin.up_at() <= self.now {
            return None;
        }
        let link = self.links.get(id)?;
        let urgent = |want: &&Want| want.needed && want.danger <= self.now;
        for want in self.plan.wants.iter().filter(urgent) {
            let segment = self.store.get(want.segment)?;
            for piece in segment.span().filter(|&piece| link.has(piece)) {
                for number in 0..segment.blocks(piece) {
                    let block = segment.block(piece, number);
                    let missing = segment
                        .piece(piece)
                        .is_some_and(|piece| piece.lacks(number));
                    let asked = |link: &&Link| link.asked.has(block);
                    let askers = self.links.values().filter(asked).count();
                    if missing && askers == 1 && !link.asked.has(block) {
                        return Some(block);
                    }
                }
            }
        }
        None
    }

    /// Viewers in no hurry begin a segment in different places, so that they have something to
    /// give each other; in a hurry it comes in order.
    fn first_piece(&self, want: &Want, count: u32) -> u32 {
        let calm = want.danger > self.now;
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
            self.doubled |= piece.is_asked(number);
            piece.ask(number);
        }
        if let Some(link) = self.links.get_mut(id) {
            if link.asked.is_empty() {
                link.down.start(self.now);
                self.busy.start(self.now);
            }
            link.asked.insert(block, self.now);
            let due = self.now + self.config.peer_silence;
            self.due_by(due);
            self.send(id, Message::Request(block));
        }
    }

    /// Moves blocks of a segment that will soon be in danger away from peers that would bring them
    /// too late, if somebody quicker has them.
    pub(crate) fn rescue(&mut self, want: &Want) {
        let Some(segment) = self.store.get(want.segment) else {
            return;
        };
        let (span, now) = (segment.span(), self.now);
        let slack = want.danger.since(now).as_secs_f64();
        for id in self.ready_ids() {
            let Some(link) = self.links.get(id) else {
                continue;
            };
            let (speed, mut owed) = (link.speed().unwrap_or(0.0), 0_u64);
            let mut late = Vec::new();
            for (block, &since) in link.asked.iter() {
                owed += u64::from(block.length);
                let waited = now.since(since).as_secs_f64();
                let left = owed as f64 / speed.max(1.0) - waited;
                let overdue = speed > 1.0 && left.max(waited / 4.0) > slack;
                if overdue && span.contains(&block.piece.0) && self.is_quicker(id, speed, block) {
                    late.push(block);
                }
            }
            if !late.is_empty() {
                self.take_back(id, true, |block| late.contains(block));
            }
        }
    }

    /// Somebody else has this block and sends at least twice as fast.
    fn is_quicker(&self, than: LinkId, speed: f64, block: Block) -> bool {
        self.links.iter().any(|(id, link)| {
            id != than
                && link.has(block.piece.0)
                && link.room(&self.config, self.now) > 0
                && link.speed().unwrap_or(0.0) > speed * 2.0
        })
    }

    /// A block has come from a peer. What was taken back while it was on its way is of use all the
    /// same, if nobody else has brought it.
    pub(crate) fn block_came(&mut self, id: LinkId, block: Block) {
        let now = self.now;
        let bytes = u64::from(block.length);
        let base = self.config.busy_wait;
        let Some(link) = self.links.get_mut(id) else {
            return;
        };
        let awaited = link.asked.remove(block).is_some();
        let recalled = link.recalled.iter().position(|&recalled| recalled == block);
        recalled.and_then(|at| link.recalled.remove(at));
        link.last_block = now;
        link.last_used = now;
        link.snubbed = false;
        link.busy_wait = base;
        link.down.add(now, bytes);
        link.taken += bytes;
        self.stats.peer_bytes += bytes;
        self.peer_rate.add(now, bytes);
        self.busy.add(now, bytes);
        if awaited && link.asked.is_empty() {
            link.down.stop(now);
            self.busy.stop(now);
        }
        self.hungry.push(id);
        let used = (awaited || recalled.is_some()) && self.take_block(id, block);
        if !used {
            self.stats.wasted_bytes += bytes;
        } else if !awaited || self.doubled {
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
