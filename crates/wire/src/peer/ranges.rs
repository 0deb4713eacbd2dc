//! Sets of piece numbers, as they are: few long runs in a sparse space.

use core::ops::Range;

/// A set of piece numbers as half-open ranges. Invariant: ascending, none empty, none touching the
/// next, so that a set has one form. `u32::MAX` cannot be a member.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Ranges(Vec<Range<u32>>);

impl Ranges {
    /// The empty set.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds the numbers from `start` up to but not including `end`.
    pub fn insert(&mut self, start: u32, end: u32) {
        if start >= end {
            return;
        }
        // Those that overlap or touch become one with the new range.
        let from = self.0.partition_point(|range| range.end < start);
        let to = self.0.partition_point(|range| range.start <= end);
        let start = self
            .0
            .get(from)
            .map_or(start, |first| first.start.min(start));
        let last = to.checked_sub(1).and_then(|last| self.0.get(last));
        let end = last.map_or(end, |last| last.end.max(end));
        self.0.splice(from..to, core::iter::once(start..end));
    }

    /// Takes away the numbers from `start` up to but not including `end`.
    pub fn remove(&mut self, start: u32, end: u32) {
        if start >= end {
            return;
        }
        let from = self.0.partition_point(|range| range.end <= start);
        let to = self.0.partition_point(|range| range.start < end);
        if from >= to {
            return;
        }
        let before = self
            .0
            .get(from)
            .map_or(start..start, |first| first.start..start);
        let last = to.checked_sub(1).and_then(|last| self.0.get(last));
        let after = last.map_or(end..end, |last| end..last.end);
        let kept = [before, after]
            .into_iter()
            .filter(|range| !range.is_empty());
        self.0.splice(from..to, kept);
    }

    /// Whether `number` is a member.
    pub fn contains(&self, number: u32) -> bool {
        let at = self.0.partition_point(|range| range.end <= number);
        self.0.get(at).is_some_and(|range| range.start <= number)
    }

    /// Whether any number of `range` is a member.
    pub fn meets(&self, range: &Range<u32>) -> bool {
        let at = self.0.partition_point(|held| held.end <= range.start);
        self.0.get(at).is_some_and(|held| held.start < range.end)
    }

    /// Whether every number of `range` is a member.
    pub fn covers(&self, range: &Range<u32>) -> bool {
        let at = self.0.partition_point(|held| held.end <= range.start);
        let first = self.0.get(at);
        range.is_empty()
            || first.is_some_and(|held| held.start <= range.start && range.end <= held.end)
    }

    /// The parts of the ranges that lie within `range`, in ascending order.
    pub fn within(&self, range: Range<u32>) -> impl Iterator<Item = Range<u32>> + '_ {
        let at = self.0.partition_point(|held| held.end <= range.start);
        let rest = self.0.iter().skip(at);
        rest.take_while(move |held| held.start < range.end)
            .map(move |held| held.start.max(range.start)..held.end.min(range.end))
    }

    /// The ranges in ascending order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Range<u32>> + '_ {
        self.0.iter().cloned()
    }

    /// How many ranges there are. For how many numbers, see [`Ranges::count`].
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no member.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many numbers are members.
    pub fn count(&self) -> u64 {
        self.0
            .iter()
            .map(|range| u64::from(range.end - range.start))
            .sum()
    }

    /// The numbers that are in either set.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let (mut ours, mut theirs) = (self.iter().peekable(), other.iter().peekable());
        let mut merged = Vec::with_capacity(self.len().saturating_add(other.len()));
        loop {
            let first = match (ours.peek(), theirs.peek()) {
                (Some(a), Some(b)) if a.start > b.start => theirs.next(),
                (None, _) => theirs.next(),
                _ => ours.next(),
            };
            let Some(range) = first else {
                return Self(merged);
            };
            match merged.last_mut() {
                Some(Range { end, .. }) if *end >= range.start => *end = range.end.max(*end),
                _ => merged.push(range),
            }
        }
    }

    /// The numbers that are in both sets.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        let mut common = Vec::new();
        let (mut ours, mut theirs) = (self.iter().peekable(), other.iter().peekable());
        while let (Some(a), Some(b)) = (ours.peek(), theirs.peek()) {
            let both = a.start.max(b.start)..a.end.min(b.end);
            if a.end <= b.end {
                ours.next();
            } else {
                theirs.next();
            }
            if !both.is_empty() {
                common.push(both);
            }
        }
        Self(common)
    }

    /// The numbers that are in this set and not in the other.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        let mut rest = self.clone();
        for range in &other.0 {
            rest.remove(range.start, range.end);
        }
        rest
    }

    /// The set cut into sets of at most `most` ranges each (at least one).
    pub fn chunks(&self, most: usize) -> impl Iterator<Item = Self> + '_ {
        self.0
            .chunks(most.max(1))
            .map(|ranges| Self(ranges.to_vec()))
    }

    /// Adds a range behind all others; false when it is empty or not apart from the last.
    pub(super) fn push(&mut self, range: Range<u32>) -> bool {
        let apart = self.0.last().is_none_or(|last| last.end < range.start);
        let fits = apart && !range.is_empty();
        if fits {
            self.0.push(range);
        }
        fits
    }
}

impl FromIterator<Range<u32>> for Ranges {
    fn from_iter<I: IntoIterator<Item = Range<u32>>>(ranges: I) -> Self {
        let mut set = Self::new();
        for range in ranges {
            set.insert(range.start, range.end);
        }
        set
    }
}
