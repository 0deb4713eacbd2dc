//! A link of finite rate that serves its flows in turn, one packet at a time.
//!
//! This is what a home connection does to many transfers at once: each gets its fair share, none
//! starves, and the sum never passes the rate.

use std::collections::{BTreeMap, VecDeque};

use core::time::Duration;

/// One end of a viewer's access, `F` naming its flows and `P` its packets.
#[derive(Debug)]
pub(crate) struct Pipe<F, P> {
    /// Bytes per second.
    rate: u64,
    queues: BTreeMap<F, Queue<P>>,
    /// Flows with packets, not paused, in the order of service.
    turn: VecDeque<F>,
    serving: Option<(F, u32, P)>,
}

#[derive(Debug)]
struct Queue<P> {
    packets: VecDeque<(u32, P)>,
    paused: bool,
    in_turn: bool,
}

impl<F: Copy + Ord, P> Pipe<F, P> {
    pub(crate) fn new(rate: u64) -> Self {
        Self {
            rate: rate.max(1),
            queues: BTreeMap::new(),
            turn: VecDeque::new(),
            serving: None,
        }
    }

    pub(crate) fn push(&mut self, flow: F, size: u32, packet: P) {
        let queue = self.queues.entry(flow).or_insert_with(Queue::new);
        queue.packets.push_back((size, packet));
        self.line_up(flow);
    }

    /// Begins the next packet when idle; how long it takes.
    pub(crate) fn begin(&mut self) -> Option<Duration> {
        if self.serving.is_some() {
            return None;
        }
        let flow = self.turn.pop_front()?;
        let queue = self.queues.get_mut(&flow)?;
        queue.in_turn = false;
        let (size, packet) = queue.packets.pop_front()?;
        self.serving = Some((flow, size, packet));
        Some(Duration::from_micros(
            (u64::from(size) * 1_000_000).div_ceil(self.rate),
        ))
    }

    /// Ends the packet in service. Its flow may have been dropped meanwhile.
    pub(crate) fn finish(&mut self) -> Option<(F, u32, P)> {
        let (flow, size, packet) = self.serving.take()?;
        let idle = |queue: &Queue<P>| queue.packets.is_empty() && !queue.paused;
        if self.queues.get(&flow).is_some_and(idle) {
            self.queues.remove(&flow);
        }
        self.line_up(flow);
        Some((flow, size, packet))
    }

    /// Bytes per second.
    pub(crate) fn rate(&self) -> u64 {
        self.rate
    }

    /// Flows that have packets.
    pub(crate) fn flows(&self) -> usize {
        self.queues.len()
    }

    /// Serves a flow no more, or again.
    pub(crate) fn pause(&mut self, flow: F, paused: bool) {
        let queue = self.queues.entry(flow).or_insert_with(Queue::new);
        queue.paused = paused;
        if paused && queue.in_turn {
            queue.in_turn = false;
            self.turn.retain(|&other| other != flow);
        }
        self.line_up(flow);
    }

    /// Forgets a flow and what it has queued; a packet in service still finishes.
    pub(crate) fn forget(&mut self, flow: F) {
        self.queues.remove(&flow);
        self.turn.retain(|&other| other != flow);
    }

    fn line_up(&mut self, flow: F) {
        if let Some(queue) = self.queues.get_mut(&flow)
            && !queue.in_turn
            && !queue.paused
            && !queue.packets.is_empty()
        {
            queue.in_turn = true;
            self.turn.push_back(flow);
        }
    }
}

impl<P> Queue<P> {
    fn new() -> Self {
        Self {
            packets: VecDeque::new(),
            paused: false,
            in_turn: false,
        }
    }
}
