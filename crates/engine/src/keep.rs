//! What is held: making room, checking pieces, giving segments to the player.

use shoal_wire::id::{PieceIndex, SegmentId, TrackId};
use shoal_wire::peer::shoal::Extension;

use crate::engine::Engine;
use crate::input::{LinkId, NeedId, Pace, Verdict};
use crate::output::{Declined, Delivery, Output};
use crate::piece::{Piece, Source};
use crate::store::Segment;
use crate::timeline::Length;

impl Engine {
    /// A part of the index has come: live viewers tell each other that the video has grown.
    pub(crate) fn part_came(&mut self, track: TrackId, first: u64, count: usize) {
        self.plan.stale = true;
        let live = self
            .timeline
            .as_ref()
            .is_some_and(|timeline| timeline.info.live);
        if live && count > 0 {
            let seq = first.saturating_add(count as u64 - 1);
            self.tell(&Extension::Grew { track, seq });
        }
    }

    /// Makes room for a segment, at the cost of what was used longest ago. What the player does
    /// not wait for never displaces what it will play.
    pub(crate) fn reserve(&mut self, id: SegmentId, length: u32, needed: bool) -> bool {
        let Some(timeline) = &self.timeline else {
            return false;
        };
        let first = timeline.space.pieces(id, length);
        if first.is_empty() {
            return false;
        }
        let first = first.start;
        let piece = timeline.info.piece_length;
        let bytes = u64::from(length);
        while self.store.bytes + bytes > self.config.store_bytes {
            let wanted =
                |id: SegmentId| self.plan.wants(id) || self.needs.values().any(|&n| n == id);
            let asked = |id: SegmentId| self.needs.values().any(|&need| need == id);
            let victim = self
                .store
                .oldest(|id| !wanted(id))
                .or_else(|| needed.then(|| self.store.oldest(|id| !asked(id))).flatten());
            match victim {
                Some(victim) => self.evict(victim),
                None => return false,
            }
        }
        // A live playlist that has gone round the piece space: the old holder of the numbers goes.
        let old = self.store.at(PieceIndex(first));
        if let Some(old) = old {
            self.evict(old);
        }
        let block = self.config.block_length;
        self.store
            .insert(id, Segment::new(first, length, piece, block, self.now));
        self.out.push_back(Output::Reserve {
            segment: id,
            length,
        });
        true
    }

    /// Forgets a segment.
    pub(crate) fn evict(&mut self, id: SegmentId) {
        self.abort_fetches(|_, fetch| fetch.segment == id);
        let Some(span) = self.store.get(id).map(Segment::span) else {
            return;
        };
        for piece in span {
            self.recall(piece);
            if self.store.have.contains(piece) {
                self.lost.insert(piece, piece.saturating_add(1));
                self.gained.remove(piece, piece.saturating_add(1));
            }
        }
        if let Some(segment) = self.store.remove(id) {
            self.stats.wasted_bytes += segment.idle_bytes();
        }
        self.out.push_back(Output::Evict(id));
    }

    /// All bytes of a piece are there: have them checked.
    pub(crate) fn check(&mut self, id: SegmentId, piece: u32) {
        if let Some(segment) = self.store.get(id) {
            let (offset, length) = segment.place(piece);
            let piece = PieceIndex(piece);
            self.out.push_back(Output::Verify {
                piece,
                segment: id,
                offset,
                length,
            });
        }
    }

    /// A piece has been checked.
    pub(crate) fn verified(&mut self, piece: PieceIndex, verdict: Verdict) {
        let Some(id) = self.store.at(piece) else {
            return;
        };
        let Some(segment) = self.store.get_mut(id) else {
            return;
        };
        let Some(state) = segment.piece_mut(piece.0) else {
            return;
        };
        if !matches!(state, Piece::Checking(_)) {
            return;
        }
        match verdict {
            Verdict::Valid => {
                for (source, bytes) in state.accept() {
                    match source {
                        Source::Peer(_) => segment.from_peers += bytes,
                        Source::Http(_) => segment.from_origin += bytes,
                        Source::Player => {}
                    }
                }
                segment.used = self.now;
                self.store.settle(id, piece.0);
                self.gained.insert(piece.0, piece.0.saturating_add(1));
                self.gained_since.get_or_insert(self.now);
                self.lost.remove(piece.0, piece.0.saturating_add(1));
                if self.store.get(id).is_some_and(Segment::is_complete) {
                    self.origin.forgive(id);
                    self.deliver(id);
                }
            }
            Verdict::Invalid | Verdict::Unknown => {
                let sources = state.refuse();
                self.refused(id, &sources, verdict);
            }
        }
    }

    /// Finds out who sent rotten bytes, and sees to it that they come from elsewhere.
    fn refused(&mut self, id: SegmentId, sources: &[(Source, u32)], verdict: Verdict) {
        self.stats.wasted_bytes += sources
            .iter()
            .filter(|(source, _)| *source != Source::Player)
            .map(|&(_, bytes)| u64::from(bytes))
            .sum::<u64>();
        self.plan.stale = true;
        let peers = sources.iter().filter_map(|&(source, _)| match source {
            Source::Peer(link) => Some(link),
            Source::Http(_) | Source::Player => None,
        });
        let peers = peers.collect::<Vec<LinkId>>();
        if verdict == Verdict::Unknown {
            return self.decline_all(id, Declined::Unindexed);
        }
        self.stats.rotten_pieces += 1;
        if peers.is_empty() {
            if let Some(&(Source::Http(server), _)) = sources.first() {
                self.server_lied(server, id);
            }
            return;
        }
        self.problem("peer-rotten-piece");
        // One sender alone is surely guilty; of several any one may be.
        let strikes = if peers.len() == 1 {
            self.config.max_strikes
        } else {
            1
        };
        for link in peers {
            self.strike(link, strikes);
        }
    }

    /// Gives a complete segment to whoever of the player waits for it.
    pub(crate) fn deliver(&mut self, id: SegmentId) {
        let waiting = self.needs.iter().filter(|&(_, &need)| need == id);
        let waiting = waiting.map(|(need, _)| need).collect::<Vec<NeedId>>();
        if waiting.is_empty() {
            return;
        }
        let rate = self
            .busy
            .rate()
            .unwrap_or(0.0)
            .max(self.origin.rate(self.now).unwrap_or(0.0));
        let Some(segment) = self.store.get_mut(id) else {
            return;
        };
        segment.played = true;
        segment.used = self.now;
        let delivery = Delivery {
            from_peers: segment.from_peers,
            from_origin: segment.from_origin,
            rate,
        };
        for need in waiting {
            self.needs.remove(need);
            self.out.push_back(Output::Deliver {
                id: need,
                segment: id,
                delivery,
            });
        }
        self.plan.stale = true;
    }

    /// The player got a segment past us: it is kept to be shared, if nothing of it is held and it is
    /// what the index says.
    pub(crate) fn offered(&mut self, id: SegmentId, length: u32, pace: Pace) {
        self.origin.observe(length, pace);
        if self.joined.is_none() || self.store.get(id).is_some_and(Segment::is_begun) {
            return;
        }
        let now = self.now;
        let known = self
            .timeline
            .as_mut()
            .map(|timeline| timeline.length(id, now));
        match known {
            Some(Length::Known(known)) if known == length => {}
            Some(Length::Ask(part)) => {
                self.out.push_back(Output::FetchPart {
                    track: id.track,
                    part,
                });
                return;
            }
            _ => return,
        }
        if self.store.get(id).is_none() && !self.reserve(id, length, false) {
            return;
        }
        self.out.push_back(Output::KeepOffered(id));
        let Some(segment) = self.store.get_mut(id) else {
            return;
        };
        segment.played = true;
        let mut complete = Vec::new();
        for number in segment.span() {
            let (blocks, (_, bytes)) = (segment.blocks(number), segment.place(number));
            if let Some(piece) = segment.piece_mut(number)
                && piece.take_all(blocks, Source::Player, bytes) == crate::piece::Taken::Completed
            {
                complete.push(number);
            }
        }
        for piece in complete {
            self.recall(piece);
            self.check(id, piece);
        }
    }
}
