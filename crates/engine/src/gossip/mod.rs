//! What viewers tell each other: who wants to hear of which pieces, who has them, who fetches them.
//!
//! A peer hears of the pieces that it wants to hear about, and of nothing else.

mod neighbour;

use core::ops::Range;

use shoal_wire::id::{PeerId, PieceIndex, TrackId};
use shoal_wire::peer::shoal::{self, Extension};
use shoal_wire::peer::{ExtendedHandshake, Message, Ranges};

pub(crate) use self::neighbour::{Malformed, Neighbour};
use crate::ctx::Ctx;
use crate::input::LinkId;
use crate::small_map::SmallMap;
use crate::time::Time;
use crate::timers::Timer;

/// What is known of the connected peers' pieces, and what they have not been told yet of ours.
#[derive(Debug, Default)]
pub(crate) struct Gossip {
    neighbours: SmallMap<LinkId, Box<Neighbour>>,
    /// The pieces that we have told peers we want to hear about.
    window: Ranges,
    /// Pieces that became valid, or were forgotten, and have not been announced.
    gained: Ranges,
    lost: Ranges,
}

/// What a message of our extension means to other parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// A live track has grown to this media sequence number.
    Grew { track: TrackId, seq: u64 },
    /// The peer has more than before. `first`: it has told what it has for the first time.
    Has { first: bool },
    /// Nothing.
    Nothing,
}

impl Gossip {
    /// A peer is connected.
    pub(crate) fn meet(&mut self, ctx: &Ctx, id: LinkId, peer: PeerId) {
        self.neighbours
            .insert(id, Box::new(Neighbour::new(peer, ctx.now)));
    }

    /// A peer is gone.
    pub(crate) fn part(&mut self, id: LinkId) {
        self.neighbours.remove(id);
    }

    /// Forgets what was to be told, and what we wanted to hear. All peers are gone.
    pub(crate) fn leave(&mut self) {
        *self = Self::default();
    }

    /// Returns what is known of a connected peer.
    pub(crate) fn get(&self, id: LinkId) -> Option<&Neighbour> {
        self.neighbours.get(id).map(AsRef::as_ref)
    }

    /// Returns the connected peers.
    pub(crate) fn neighbours(&self) -> impl Iterator<Item = &Neighbour> {
        self.neighbours.values().map(AsRef::as_ref)
    }

    /// Reads which extensions a peer speaks (BEP 10), and tells one that speaks ours what we want to
    /// hear about.
    pub(crate) fn hello(
        &mut self,
        ctx: &mut Ctx,
        id: LinkId,
        payload: &[u8],
    ) -> Result<(), Malformed> {
        let hello = ExtendedHandshake::decode(payload).map_err(|_| Malformed)?;
        let Some(neighbour) = self.neighbours.get_mut(id) else {
            return Ok(());
        };
        let number = hello.m.get(shoal::NAME).filter(|&number| number != 0);
        let before = core::mem::replace(&mut neighbour.extension, number);
        if before.is_none() && number.is_some() {
            self.say(ctx, id, &Extension::Wants(self.window.clone()));
        }
        Ok(())
    }

    /// Reads a message of our extension. `have`: our valid pieces; `fetching`: those that we fetch.
    pub(crate) fn hear(
        &mut self,
        ctx: &mut Ctx,
        id: LinkId,
        payload: &[u8],
        have: &Ranges,
        fetching: impl Iterator<Item = Range<u32>>,
    ) -> Result<News, Malformed> {
        let limits = shoal::Limits::default();
        let extension = Extension::decode(payload, &limits).map_err(|_| Malformed)?;
        let Some(neighbour) = self.neighbours.get_mut(id) else {
            return Ok(News::Nothing);
        };
        match extension {
            Extension::Have(ranges) => {
                let first = !core::mem::replace(&mut neighbour.told, true);
                let wanted = ranges.intersect(&self.window);
                self.gained_by(ctx, id, &wanted)?;
                return Ok(News::Has { first });
            }
            Extension::Lost(ranges) => {
                for range in ranges.iter() {
                    neighbour.lost(range, ctx.config.max_fetching);
                }
            }
            Extension::Fetching(ranges) => {
                let until = ctx.now + ctx.config.fetching_trust;
                neighbour.claim(ranges.iter(), until, ctx.config.max_fetching);
                ctx.timers.bring_forward(Timer::Links, until);
            }
            Extension::Grew { track, seq } => return Ok(News::Grew { track, seq }),
            Extension::Wants(ranges) => self.asked_about(ctx, id, ranges, have, fetching)?,
        }
        Ok(News::Nothing)
    }

    /// A peer has more pieces.
    pub(crate) fn gained_by(
        &mut self,
        ctx: &Ctx,
        id: LinkId,
        ranges: &Ranges,
    ) -> Result<(), Malformed> {
        let Some(neighbour) = self.neighbours.get_mut(id) else {
            return Ok(());
        };
        neighbour.gained(ranges, &self.window, ctx.config.max_ranges)
    }

    /// A peer has every piece (BEP 6).
    pub(crate) fn has_all(&mut self, id: LinkId) {
        if let Some(neighbour) = self.neighbours.get_mut(id) {
            neighbour.has_all = true;
        }
    }

    /// A peer has no piece (BEP 6).
    pub(crate) fn has_none(&mut self, id: LinkId) {
        if let Some(neighbour) = self.neighbours.get_mut(id) {
            neighbour.has_none();
        }
    }

    /// A peer has not got this piece after all.
    pub(crate) fn lacks(&mut self, id: LinkId, piece: u32) {
        if let Some(neighbour) = self.neighbours.get_mut(id) {
            neighbour.has.remove(piece, piece.saturating_add(1));
        }
    }

    /// Judges a peer by the claims whose time is over. Returns whether there were any.
    pub(crate) fn judge_claims(&mut self, id: LinkId, have: &Ranges, now: Time) -> bool {
        let neighbour = self.neighbours.get_mut(id);
        neighbour.is_some_and(|it| it.judge_claims(&self.window, have, now))
    }

    /// When the time of the next claim is over.
    pub(crate) fn next_claim(&self) -> Option<Time> {
        self.neighbours().filter_map(Neighbour::next_claim).min()
    }

    /// A piece of ours has become valid: it is told a little later, several in one message.
    pub(crate) fn gain(&mut self, ctx: &mut Ctx, piece: u32) {
        self.gained.insert(piece, piece.saturating_add(1));
        self.lost.remove(piece, piece.saturating_add(1));
        if ctx.timers.at(Timer::Have).is_none() {
            let at = ctx.now + ctx.config.have_delay;
            ctx.timers.set(Timer::Have, Some(at));
        }
    }

    /// A valid piece of ours is forgotten.
    pub(crate) fn lose(&mut self, piece: u32) {
        self.lost.insert(piece, piece.saturating_add(1));
        self.gained.remove(piece, piece.saturating_add(1));
    }

    /// Tells who wants to know what was gained and lost since the last time.
    pub(crate) fn announce(&mut self, ctx: &mut Ctx) {
        if !self.lost.is_empty() {
            let lost = core::mem::take(&mut self.lost);
            self.tell_about(ctx, &lost, Extension::Lost);
        }
        if self.gained.is_empty() {
            ctx.timers.set(Timer::Have, None);
        }
        if !ctx.timers.is_due(Timer::Have, ctx.now) {
            return;
        }
        ctx.timers.set(Timer::Have, None);
        let gained = core::mem::take(&mut self.gained);
        for (id, neighbour) in self.neighbours.iter() {
            if neighbour.extension.is_none() {
                for piece in gained.iter().flatten() {
                    ctx.send(id, Message::Have(PieceIndex(piece)));
                }
            } else if let Some(news) = neighbour.lacks_of(&gained) {
                self.say(ctx, id, &Extension::Have(news));
            }
        }
    }

    /// Tells who wants to know that we fetch these pieces from the origin.
    pub(crate) fn tell_fetching(&self, ctx: &mut Ctx, pieces: Range<u32>) {
        let ranges = core::iter::once(pieces).collect::<Ranges>();
        self.tell_about(ctx, &ranges, Extension::Fetching);
    }

    /// Tells who wants to know that we do not fetch these pieces after all.
    pub(crate) fn tell_not_fetching(&self, ctx: &mut Ctx, pieces: &Ranges) {
        self.tell_about(ctx, pieces, Extension::Lost);
    }

    /// Tells all that a live track has grown to this media sequence number.
    pub(crate) fn tell_growth(&self, ctx: &mut Ctx, track: TrackId, seq: u64) {
        self.tell(ctx, &Extension::Grew { track, seq });
    }

    /// Tells all when what we want to hear about has changed, and forgets what was told of the rest.
    pub(crate) fn move_window(&mut self, ctx: &mut Ctx, window: Ranges) {
        if window == self.window {
            return;
        }
        for id in self.neighbours.names() {
            if let Some(neighbour) = self.neighbours.get_mut(id)
                && neighbour.extension.is_some()
            {
                neighbour.has = neighbour.has.intersect(&window);
            }
        }
        self.window = window;
        self.tell(ctx, &Extension::Wants(self.window.clone()));
    }

    /// A peer wants to hear about these pieces, and no longer about others. It hears of those that it
    /// did not name before; the first time that is all there is to tell, be it nothing.
    fn asked_about(
        &mut self,
        ctx: &mut Ctx,
        id: LinkId,
        ranges: Ranges,
        have: &Ranges,
        fetching: impl Iterator<Item = Range<u32>>,
    ) -> Result<(), Malformed> {
        if ranges.count() > ctx.config.max_window {
            return Err(Malformed);
        }
        let Some(neighbour) = self.neighbours.get_mut(id) else {
            return Ok(());
        };
        let before = neighbour.wants.replace(ranges.clone());
        let fresh = before
            .as_ref()
            .map_or_else(|| ranges.clone(), |before| ranges.without(before));
        let have = have.intersect(&fresh);
        let fetching = fetching.collect::<Ranges>().intersect(&fresh);
        if before.is_none() || !have.is_empty() {
            self.say(ctx, id, &Extension::Have(have));
        }
        if !fetching.is_empty() {
            self.say(ctx, id, &Extension::Fetching(fetching));
        }
        Ok(())
    }

    /// Sends each peer as much of a set as it wants to hear about.
    fn tell_about(&self, ctx: &mut Ctx, ranges: &Ranges, message: fn(Ranges) -> Extension) {
        for (id, neighbour) in self.neighbours.iter() {
            let wants = neighbour.wants.as_ref();
            let wanted = wants.map(|wants| ranges.intersect(wants));
            if let Some(wanted) = wanted.filter(|wanted| !wanted.is_empty()) {
                self.say(ctx, id, &message(wanted));
            }
        }
    }

    fn tell(&self, ctx: &mut Ctx, extension: &Extension) {
        for id in self.neighbours.keys() {
            self.say(ctx, id, extension);
        }
    }

    /// Says something to a peer that speaks our extension.
    fn say(&self, ctx: &mut Ctx, id: LinkId, extension: &Extension) {
        if let Some(theirs) = self.get(id).and_then(|neighbour| neighbour.extension) {
            let payload = extension.encode();
            ctx.send(
                id,
                Message::Extended {
                    id: theirs,
                    payload,
                },
            );
        }
    }
}
