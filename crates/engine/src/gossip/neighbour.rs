//! What one connected peer has told.

use core::ops::Range;

use shoal_wire::id::PeerId;
use shoal_wire::peer::Ranges;

use crate::time::Time;

/// The peer broke the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

/// What one connected peer has told.
#[derive(Debug)]
pub(crate) struct Neighbour {
    peer: PeerId,
    /// When it connected.
    since: Time,
    /// Its number for our extension (BEP 10), if it speaks it.
    pub(super) extension: Option<u8>,
    /// The pieces that it says it has, of those that we want to hear about.
    pub(super) has: Ranges,
    /// It says that it has everything (BEP 6).
    pub(super) has_all: bool,
    /// The pieces that it wants to hear about, once it has told.
    pub(super) wants: Option<Ranges>,
    /// It has told what it has, by our extension.
    pub(super) told: bool,
    /// Pieces that it says it fetches from the origin, and until when we believe it.
    claims: Vec<(Range<u32>, Time)>,
    /// It has not kept its last claim: nobody waits for it until it keeps one.
    doubted: bool,
}

impl Neighbour {
    pub(super) const fn new(peer: PeerId, now: Time) -> Self {
        Self {
            peer,
            since: now,
            extension: None,
            has: Ranges::new(),
            has_all: false,
            wants: None,
            told: false,
            claims: Vec::new(),
            doubted: false,
        }
    }

    /// Returns its name.
    pub(crate) const fn peer(&self) -> PeerId {
        self.peer
    }

    /// Returns when it connected, unless it has told what it has.
    pub(crate) fn untold_since(&self) -> Option<Time> {
        (!self.told).then_some(self.since)
    }

    /// Whether it speaks our extension.
    pub(crate) const fn speaks_ours(&self) -> bool {
        self.extension.is_some()
    }

    /// Whether it has a piece.
    pub(crate) fn has(&self, piece: u32) -> bool {
        self.has_all || self.has.contains(piece)
    }

    /// Whether it has every piece (BEP 6).
    pub(crate) const fn has_everything(&self) -> bool {
        self.has_all
    }

    /// Returns the pieces that it has named, those of everything left aside.
    pub(crate) const fn named(&self) -> &Ranges {
        &self.has
    }

    /// Whether it has some of these pieces, or is fetching them from the origin.
    pub(crate) fn brings(&self, span: &Range<u32>, now: Time) -> bool {
        let meets = |range: Range<u32>| range.start < span.end && span.start < range.end;
        self.has_all || self.has.meets(span) || self.claimed(now).any(meets)
    }

    /// Returns the pieces that it says it is fetching, as far as we believe it.
    pub(crate) fn claimed(&self, now: Time) -> impl Iterator<Item = Range<u32>> + '_ {
        let claims = self.claims.iter().filter(|_| !self.doubted);
        claims
            .filter(move |(_, until)| *until > now)
            .map(|(range, _)| range.clone())
    }

    /// Whether it wants some of these pieces and has not all of them.
    pub(crate) fn lacks(&self, span: &Range<u32>) -> bool {
        let wants = self.wants.as_ref().is_some_and(|wants| wants.meets(span));
        wants && !self.has_all && !self.has.covers(span)
    }

    /// Returns where it is in the video: the first piece that it wants.
    pub(crate) fn front(&self) -> u32 {
        let first = self.wants.as_ref().and_then(|wants| wants.iter().next());
        first.map_or(u32::MAX, |range| range.start)
    }

    /// Returns those of these pieces that it wants and lacks, if there are any.
    pub(super) fn lacks_of(&self, pieces: &Ranges) -> Option<Ranges> {
        let wanted = pieces.intersect(self.wants.as_ref()?).without(&self.has);
        (!wanted.is_empty() && !self.has_all).then_some(wanted)
    }

    /// It has more pieces.
    pub(super) fn gained(
        &mut self,
        ranges: &Ranges,
        window: &Ranges,
        most: usize,
    ) -> Result<(), Malformed> {
        for range in ranges.iter() {
            self.has.insert(range.start, range.end);
        }
        if self.has.len() > most {
            // Who does not speak our extension tells of everything. What we would not ask for now is
            // forgotten, and no blame is laid.
            self.has = self.has.intersect(window);
        }
        if self.has.len() > most {
            return Err(Malformed);
        }
        Ok(())
    }

    /// It has no piece (BEP 6).
    pub(super) fn has_none(&mut self) {
        self.has = Ranges::new();
        self.has_all = false;
    }

    /// It has these pieces no longer, or does not fetch them. At most so many claims are kept.
    pub(super) fn lost(&mut self, range: Range<u32>, most: usize) {
        self.has.remove(range.start, range.end);
        self.retract(&range, most);
    }

    /// It says that it fetches these pieces. At most so many claims are kept.
    pub(super) fn claim(
        &mut self,
        pieces: impl Iterator<Item = Range<u32>>,
        until: Time,
        most: usize,
    ) {
        let room = most.saturating_sub(self.claims.len());
        self.claims
            .extend(pieces.take(room).map(|range| (range, until)));
    }

    /// When the time of its next claim is over.
    pub(super) fn next_claim(&self) -> Option<Time> {
        self.claims.iter().map(|&(_, until)| until).min()
    }

    /// Looks back on its claims once their time is over: whether all of what we still want, and have
    /// not got another way, has come to be had by it. Returns whether anything was looked at.
    pub(super) fn judge_claims(&mut self, window: &Ranges, have: &Ranges, now: Time) -> bool {
        let before = self.claims.len();
        for (range, until) in core::mem::take(&mut self.claims) {
            if until > now {
                self.claims.push((range, until));
                continue;
            }
            let claimed = core::iter::once(range).collect::<Ranges>();
            let open = claimed.intersect(window).without(have);
            if !open.is_empty() {
                self.doubted = !open.without(&self.has).is_empty();
            }
        }
        self.claims.len() < before
    }

    /// It takes back that it fetches these pieces.
    fn retract(&mut self, range: &Range<u32>, most: usize) {
        let claims = core::mem::take(&mut self.claims).into_iter();
        let rest = claims.flat_map(|(claim, until)| {
            let before = claim.start..claim.end.min(range.start);
            let behind = claim.start.max(range.end)..claim.end;
            [(before, until), (behind, until)]
        });
        let rest = rest.filter(|(rest, _)| !rest.is_empty());
        self.claims = rest.take(most).collect();
    }
}
