//! The adapters' memory of an engine, by which it is held to its contract.

use shoal_engine::{State, Time};
use shoal_wire::id::SegmentId;
use shoal_wire::peer::Block;

use crate::event::NodeId;

/// Facts by which the adapters hold the engine to its contract.
#[derive(Debug, Default)]
pub(crate) struct Guard {
    /// The report with the input being handled.
    pub(crate) reported: Option<Reported>,
    /// The state before the input being handled.
    pub(crate) before: Option<State>,
    /// Number of times that P2P went off.
    pub(crate) switches: u64,
    /// The second in which ticks are counted, and how many came in it.
    ticks: (u64, u32),
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Reported {
    Block { block: Block, corrupt: bool },
    Segment { segment: SegmentId, length: u32 },
}

/// Ticks in one second that no honest engine needs: browsers' timers go by milliseconds.
const TICKS_PER_SECOND: u32 = 1000;

impl Guard {
    pub(crate) fn tick(&mut self, now: Time, id: NodeId, seed: u64) {
        let second = now.0 / 1_000_000;
        if self.ticks.0 != second {
            self.ticks = (second, 0);
        }
        self.ticks.1 += 1;
        assert!(
            self.ticks.1 <= TICKS_PER_SECOND,
            "seed {seed}, {now}, viewer {}: the engine's deadlines spin",
            id.0
        );
    }
}
