//! What will happen, in the order of (time, number).
//!
//! Most events come within milliseconds, and there are hundreds of millions of them. So the near
//! future is a ring of short slots that are only put in order when their time comes, and nothing
//! but the far future is kept in order all along.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use shoal_engine::Time;

use crate::event::{Event, NodeId};

/// An event, when it happens and to whom.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) at: Time,
    /// Of two events at one moment the one that was scheduled first happens first.
    number: u64,
    pub(crate) node: NodeId,
    pub(crate) event: Event,
}

/// All events to come.
#[derive(Debug)]
pub(crate) struct EventQueue {
    /// Events of the slot that time has come to, and any that were scheduled for before it.
    present: BinaryHeap<Reverse<Entry>>,
    /// The slot that time has come to.
    slot: u64,
    /// The slots behind it, in no order: slot `n` at `n % SLOTS`.
    near: Vec<Vec<Entry>>,
    near_len: usize,
    far: BinaryHeap<Reverse<Entry>>,
    number: u64,
    /// Room of slots that are over.
    spare: Vec<Vec<Entry>>,
}

/// A slot is 2^7 µs.
const SLOT_BITS: u32 = 7;
/// Slots of the near future: four seconds.
const SLOTS: u64 = 1 << 15;

impl EventQueue {
    pub(crate) fn new() -> Self {
        Self {
            present: BinaryHeap::new(),
            slot: 0,
            near: (0..SLOTS).map(|_| Vec::new()).collect(),
            near_len: 0,
            far: BinaryHeap::new(),
            number: 0,
            spare: Vec::new(),
        }
    }

    pub(crate) fn push(&mut self, at: Time, node: NodeId, event: Event) {
        let entry = Entry {
            at,
            number: self.number,
            node,
            event,
        };
        self.number += 1;
        let slot = at.0 >> SLOT_BITS;
        if slot <= self.slot {
            self.present.push(Reverse(entry));
        } else if slot < self.slot + SLOTS {
            let near = &mut self.near[(slot % SLOTS) as usize];
            if near.capacity() == 0
                && let Some(spare) = self.spare.pop()
            {
                *near = spare;
            }
            near.push(entry);
            self.near_len += 1;
        } else {
            self.far.push(Reverse(entry));
        }
    }

    /// The next event.
    pub(crate) fn pop(&mut self) -> Option<Entry> {
        while self.present.is_empty() {
            self.turn()?;
        }
        self.present.pop().map(|Reverse(entry)| entry)
    }

    /// Goes on to the next slot; `None` when nothing will ever happen.
    fn turn(&mut self) -> Option<()> {
        let far = self.far.peek().map(|Reverse(entry)| slot_of(entry));
        if self.near_len == 0 {
            self.slot = far?;
        } else {
            self.slot += 1;
            let mut near = core::mem::take(&mut self.near[(self.slot % SLOTS) as usize]);
            self.near_len -= near.len();
            self.present.extend(near.drain(..).map(Reverse));
            if near.capacity() > 0 {
                self.spare.push(near);
            }
        }
        if far.is_some_and(|far| far <= self.slot) {
            while let Some(Reverse(entry)) = self.far.peek()
                && slot_of(entry) <= self.slot
            {
                self.present.extend(self.far.pop());
            }
        }
        Some(())
    }
}

fn slot_of(entry: &Entry) -> u64 {
    entry.at.0 >> SLOT_BITS
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::*;
    use crate::rng::{Purpose, stream};

    #[test]
    fn events_come_in_the_order_of_time_and_then_of_scheduling() {
        let mut rng = stream(1, 0, Purpose::Plan);
        let mut queue = EventQueue::new();
        let mut seen = Vec::new();
        let mut now = 0;
        for round in 0..20_000 {
            // From the present moment to far beyond the ring.
            let spans = [0, 100, 10_000, 1_000_000, 20_000_000];
            let span = spans[rng.random_range(0..spans.len())];
            let at = now + rng.random_range(0..=span);
            queue.push(Time(at), NodeId(round), Event::Wake);
            if rng.random_bool(0.4)
                && let Some(entry) = queue.pop()
            {
                now = entry.at.0;
                seen.push((entry.at, entry.number));
            }
        }
        seen.extend(std::iter::from_fn(|| queue.pop()).map(|entry| (entry.at, entry.number)));
        assert_eq!(seen.len(), 20_000);
        assert!(seen.is_sorted_by(|one, next| one < next));
    }
}
