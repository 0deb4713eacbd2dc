//! Media bytes that come and go: sums and rates. The one place that counts them.

use core::time::Duration;

use crate::event::Stats;
use crate::meter::{BusyMeter, Meter};
use crate::time::Time;

/// Sums since the engine began, and rates of the last seconds.
#[derive(Debug)]
pub(crate) struct Traffic {
    pub(crate) stats: Stats,
    from_peers: Meter,
    from_servers: Meter,
    to_peers: Meter,
    /// Peers and servers together, while anything is on its way to us.
    line: BusyMeter,
}

impl Default for Traffic {
    fn default() -> Self {
        Self {
            stats: Stats::default(),
            from_peers: Meter::default(),
            from_servers: Meter::default(),
            to_peers: Meter::default(),
            line: BusyMeter::new(LINE_HALF_LIFE),
        }
    }
}

impl Traffic {
    /// A transfer to us begins: a request to a server, or the first block asked of a peer.
    pub(crate) fn begin(&mut self, now: Time) {
        self.line.start(now);
    }

    /// A transfer to us has ended.
    pub(crate) fn end(&mut self, now: Time) {
        self.line.stop(now);
    }

    /// A peer has sent bytes.
    pub(crate) fn received_from_peer(&mut self, now: Time, bytes: u64) {
        self.stats.peer_bytes += bytes;
        self.from_peers.add(now, bytes);
        self.line.add(now, bytes);
    }

    /// The origin or a mirror has sent bytes.
    pub(crate) fn received_from_server(&mut self, now: Time, bytes: u64) {
        self.stats.origin_bytes += bytes;
        self.from_servers.add(now, bytes);
        self.line.add(now, bytes);
    }

    /// A peer is sent bytes.
    pub(crate) fn sent_to_peer(&mut self, now: Time, bytes: u64) {
        self.stats.uploaded_bytes += bytes;
        self.to_peers.add(now, bytes);
    }

    /// Bytes that came were of no use.
    pub(crate) const fn waste(&mut self, bytes: u64) {
        self.stats.wasted_bytes += bytes;
    }

    /// Bytes per second that peers and servers bring together while anything is on its way.
    pub(crate) fn line_rate(&self) -> Option<f64> {
        self.line.rate()
    }

    /// Transfers to us that count as running.
    pub(crate) const fn running(&self) -> usize {
        self.line.running() as usize
    }

    /// The sums, with the rates as they are now.
    pub(crate) fn snapshot(&self, now: Time) -> Stats {
        Stats {
            origin_rate: self.from_servers.rate(now),
            peer_rate: self.from_peers.rate(now),
            upload_rate: self.to_peers.rate(now),
            ..self.stats
        }
    }
}

/// Busy time after which an old rate of the line counts half.
const LINE_HALF_LIFE: Duration = Duration::from_secs(4);
