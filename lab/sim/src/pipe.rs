//! A line of finite rate that serves its flows in turn, one packet at a time.
//!
//! This is what a home connection does to many transfers at once: each gets its fair share, none
//! starves, and the sum never passes the rate.

use std::collections::VecDeque;

use core::time::Duration;

use shoal_engine::Time;

/// One end of a viewer's access, `F` naming its flows and `P` its packets.
#[derive(Debug)]
pub(crate) struct Pipe<F, P> {
    /// Bytes per second.
    rate: u64,
    /// Flows that have packets, are served or are paused.
    flows: Vec<Flow<F, P>>,
    /// Flows with packets, not paused, in the order of service.
    turn: VecDeque<F>,
    serving: Option<(F, u32, P)>,
    /// Until when an idle line is taken by what was let past its queues.
    taken: Time,
    /// Time for which a busy line was used by what was let past: the next packet waits for it.
    owed: Duration,
    /// Room of flows that are over.
    spare: Vec<VecDeque<(u32, P)>>,
}

#[derive(Debug)]
struct Flow<F, P> {
    name: F,
    packets: VecDeque<(u32, P)>,
    paused: bool,
    in_turn: bool,
}

/// Rooms kept for flows to come.
const MAX_SPARE: usize = 4;

impl<F: Copy + Eq, P> Pipe<F, P> {
    pub(crate) fn new(rate: u64) -> Self {
        Self {
            rate: rate.max(1),
            flows: Vec::new(),
            turn: VecDeque::new(),
            serving: None,
            taken: Time(0),
            owed: Duration::ZERO,
            spare: Vec::new(),
        }
    }

    pub(crate) fn push(&mut self, flow: F, size: u32, packet: P) {
        let at = self.flow(flow);
        self.flows[at].packets.push_back((size, packet));
        self.line_up(at);
    }

    /// Begins the next packet when idle; how long it takes.
    pub(crate) fn begin(&mut self, now: Time) -> Option<Duration> {
        if self.serving.is_some() {
            return None;
        }
        let name = self.turn.pop_front()?;
        let flow = self.flows.iter_mut().find(|flow| flow.name == name)?;
        flow.in_turn = false;
        let (size, packet) = flow.packets.pop_front()?;
        self.serving = Some((name, size, packet));
        let waits = self.taken.since(now) + core::mem::take(&mut self.owed);
        Some(waits + self.time(size))
    }

    /// Ends the packet in service. Its flow may have been dropped meanwhile.
    pub(crate) fn finish(&mut self, now: Time) -> Option<(F, u32, P)> {
        let (name, size, packet) = self.serving.take()?;
        if let Some(at) = self.flows.iter().position(|flow| flow.name == name) {
            let flow = &self.flows[at];
            if flow.packets.is_empty() && !flow.paused {
                self.end(at);
            } else {
                self.line_up(at);
            }
        }
        if self.turn.is_empty() {
            self.taken = now + core::mem::take(&mut self.owed);
        }
        Some((name, size, packet))
    }

    /// Lets something small past the queues. It uses the line like everything else; how long it
    /// takes, one packet of every flow in service going before it.
    pub(crate) fn pass(&mut self, now: Time, size: u32, others: u32) -> Duration {
        let time = self.time(size);
        if self.serving.is_some() {
            self.owed += time;
            let ahead = self.turn.len() as u32 + 1;
            time + self.time(others * ahead)
        } else {
            self.taken = self.taken.max(now) + time;
            self.taken.since(now)
        }
    }

    /// Whether a flow has packets here, or is paused.
    pub(crate) fn holds(&self, flow: F) -> bool {
        self.serving
            .as_ref()
            .is_some_and(|(name, ..)| *name == flow)
            || self.flows.iter().any(|other| other.name == flow)
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.serving.is_none()
    }

    /// Bytes per second.
    pub(crate) fn rate(&self) -> u64 {
        self.rate
    }

    /// Time that so many bytes take.
    pub(crate) fn time(&self, size: u32) -> Duration {
        Duration::from_micros((u64::from(size) * 1_000_000).div_ceil(self.rate))
    }

    /// Flows that have packets.
    pub(crate) fn flows(&self) -> usize {
        self.flows.len()
    }

    /// Serves a flow no more, or again.
    pub(crate) fn pause(&mut self, flow: F, paused: bool) {
        let found = self.flows.iter().position(|other| other.name == flow);
        let at = match found {
            Some(at) => at,
            None if paused => self.flow(flow),
            None => return,
        };
        let idle = self.flows[at].packets.is_empty();
        self.flows[at].paused = paused;
        if paused && self.flows[at].in_turn {
            self.flows[at].in_turn = false;
            self.turn.retain(|&other| other != flow);
        }
        if !paused && idle {
            self.end(at);
        } else {
            self.line_up(at);
        }
    }

    /// Forgets a flow and what it has queued; a packet in service still finishes.
    pub(crate) fn forget(&mut self, flow: F) {
        if let Some(at) = self.flows.iter().position(|other| other.name == flow) {
            self.end(at);
            self.turn.retain(|&other| other != flow);
        }
    }

    /// Forgets all.
    pub(crate) fn clear(&mut self) {
        *self = Self::new(self.rate);
    }

    /// Place of a flow, which it has from now on at the latest.
    fn flow(&mut self, name: F) -> usize {
        let found = self.flows.iter().position(|flow| flow.name == name);
        found.unwrap_or_else(|| {
            self.flows.push(Flow {
                name,
                packets: self.spare.pop().unwrap_or_default(),
                paused: false,
                in_turn: false,
            });
            self.flows.len() - 1
        })
    }

    fn end(&mut self, at: usize) {
        let mut packets = self.flows.swap_remove(at).packets;
        if self.spare.len() < MAX_SPARE {
            packets.clear();
            self.spare.push(packets);
        }
    }

    fn line_up(&mut self, at: usize) {
        let flow = &mut self.flows[at];
        if !flow.in_turn && !flow.paused && !flow.packets.is_empty() {
            flow.in_turn = true;
            self.turn.push_back(flow.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn at(seconds: u64) -> Time {
        Time::from_secs(seconds)
    }

    #[test]
    fn flows_take_turns() {
        let mut pipe = Pipe::new(1000);
        for packet in 0..2 {
            pipe.push('a', 1000, packet);
        }
        pipe.push('b', 1000, 9);
        let mut served = Vec::new();
        let mut now = at(0);
        while let Some(time) = pipe.begin(now) {
            now += time;
            served.extend(pipe.finish(now).map(|(flow, _, packet)| (flow, packet)));
        }
        assert_eq!(served, [('a', 0), ('b', 9), ('a', 1)]);
        assert_eq!(now, at(3));
    }

    #[test]
    fn what_passes_an_idle_line_uses_its_time() {
        let mut pipe = Pipe::new(1000);
        assert_eq!(pipe.pass(at(0), 1000, 0), SECOND);
        assert_eq!(pipe.pass(at(0), 1000, 0), SECOND * 2, "behind the first");
        pipe.push('a', 1000, 0);
        assert_eq!(pipe.begin(at(1)), Some(SECOND * 2), "behind both");
    }

    #[test]
    fn what_passes_a_busy_line_delays_what_comes_next() {
        let mut pipe = Pipe::new(1000);
        pipe.push('a', 1000, 0);
        pipe.push('b', 1000, 1);
        assert_eq!(pipe.begin(at(0)), Some(SECOND));
        let ahead_of_it = 500 * 2;
        assert_eq!(pipe.pass(at(0), 1000, 500), SECOND + pipe.time(ahead_of_it));
        assert!(pipe.finish(at(1)).is_some());
        assert_eq!(pipe.begin(at(1)), Some(SECOND * 2));
    }

    #[test]
    fn a_paused_flow_waits_and_a_forgotten_one_is_gone() {
        let mut pipe = Pipe::new(1000);
        pipe.push('a', 1000, 0);
        pipe.pause('a', true);
        assert_eq!(pipe.begin(at(0)), None);
        pipe.pause('a', false);
        pipe.push('b', 1000, 1);
        pipe.forget('a');
        assert!(pipe.begin(at(0)).is_some());
        assert_eq!(pipe.finish(at(1)), Some(('b', 1000, 1)));
        assert!(!pipe.holds('a') && !pipe.holds('b'));
    }
}
