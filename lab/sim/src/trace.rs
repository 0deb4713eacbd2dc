//! A hash of everything that happened, so that nondeterminism is a failing test.

use core::time::Duration;

use shoal_engine::Time;

use crate::event::{Event, NodeId};
use crate::report::{Report, ViewerReport};

/// Hash of what happened, in order, word by word: cheap, and the same on every machine.
#[derive(Clone, Debug)]
pub(crate) struct Trace(u64);

impl Trace {
    pub(crate) const fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    pub(crate) const fn hash(&self) -> u64 {
        self.0
    }

    fn number(&mut self, number: u64) {
        // A multiplication carries upwards only; the rotation brings the high bits down again.
        self.0 = (self.0 ^ number)
            .wrapping_mul(0x9E37_79B9_7F4A_7C15)
            .rotate_left(29);
    }

    /// A message in JSON: its length and the sum of its bytes, since the order of an object's keys
    /// tells nothing.
    fn json(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.number(text.bytes().map(u64::from).sum());
    }

    /// One event: when, to whom, what, and its figures.
    pub(crate) fn event(&mut self, at: Time, node: NodeId, event: &Event) {
        let (kind, figure) = match event {
            Event::Arrive => (0, 0),
            Event::EngineReady => (1, 0),
            Event::Leave => (2, 0),
            Event::Renewed => (30, 0),
            Event::Step(nth) => (3, *nth as u64),
            Event::Wake => (4, 0),
            Event::Tick => (5, 0),
            Event::Hush(switch) => (6, *switch),
            Event::Held { number, .. } => (29, *number),
            Event::Playlist(track) => (7, u64::from(track.0)),
            Event::Digest(piece) => (8, u64::from(piece.0)),
            Event::UpFree => (9, 0),
            Event::DownFree => (10, 0),
            Event::Chunk { request, size } => (11, request.0 << 32 | u64::from(*size)),
            Event::Wire(wire) => (29, wire.figure()),
            Event::Receipt(link) => (12, link.0),
            Event::Described(link) => (13, link.0),
            Event::Opened(link) => (14, link.0),
            Event::Broken { link, .. } => (15, link.0),
            Event::Serve(request) => (16, request.0),
            Event::Send(request) => (17, request.0),
            Event::HttpLost { request, .. } => (18, request.0),
            Event::TrackerReached(socket) => (19, socket.0),
            Event::TrackerHears(text) | Event::SocketText(text) => {
                self.json(&text.text);
                (20, text.socket.0)
            }
            Event::TrackerLeft(socket) => (21, socket.0),
            Event::SocketOpen(socket) => (22, socket.0),
            Event::SocketGone(socket) => (23, socket.0),
            Event::Unreached(link) => (26, link.0),
            Event::GetIndex => (27, 0),
            Event::Drained(link) => (28, link.0),
            Event::OriginOutage => (24, 0),
            Event::TrackerOutage => (25, 0),
        };
        self.number(at.0 ^ (u64::from(node.0) << 40));
        self.number(figure ^ (kind << 56));
    }
    /// Takes in the figures of a whole run, in a fixed order, so that a name may change.
    pub(crate) fn outcome(&mut self, report: &Report) {
        let figures = [
            report.origin_bytes,
            report.index_bytes,
            report.origin_requests,
            report.segments,
            report.unique_bytes,
            report.tracker_messages,
        ];
        let lists = report.mirror_bytes.iter().chain(&report.origin_load);
        for &figure in figures.iter().chain(lists) {
            self.number(figure);
        }
        for viewer in &report.viewers {
            self.viewer(viewer);
        }
    }

    fn viewer(&mut self, viewer: &ViewerReport) {
        let micros = |time: Duration| time.as_micros() as u64;
        let stats = &viewer.stats;
        for figure in [
            viewer.refused.into(),
            viewer.sendable,
            viewer.startup.map_or(u64::MAX, micros),
            viewer.stalls.into(),
            micros(viewer.stalled),
            micros(viewer.sought),
            micros(viewer.played),
            micros(viewer.skipped),
            viewer.delivered_from_peers,
            viewer.delivered_from_origin,
            viewer.stock_bytes,
            viewer.deliveries.into(),
            viewer.declines.into(),
            viewer.messages,
            viewer.message_bytes,
            viewer.links.into(),
            viewer.banned.into(),
            viewer.sockets.into(),
            viewer.problems.into(),
            stats.origin_bytes,
            stats.peer_bytes,
            stats.uploaded_bytes,
            stats.wasted_bytes,
            stats.ahead_bytes,
            stats.stored_bytes,
            stats.peers.into(),
            stats.swarm.into(),
            stats.origin_rate.to_bits(),
            stats.peer_rate.to_bits(),
            stats.upload_rate.to_bits(),
            stats.rotten_pieces.into(),
            stats.origin_requests.into(),
        ] {
            self.number(figure);
        }
    }
}
