//! Why a socket ends, and what its client is told.

use shoal_wire::{
    DecodeError,
    id::InfoHash,
    tracker::{OffBy, TrackerMessage},
};

use super::{
    counters::TrackerEvent,
    frame::{self, FrameError},
    swarm::off_reason,
};

/// Codes with which a socket is closed (RFC 6455 §7.4.1).
mod code {
    pub(super) const AWAY: u16 = 1001;
    pub(super) const PROTOCOL: u16 = 1002;
    pub(super) const NO_TEXT: u16 = 1007;
    pub(super) const POLICY: u16 = 1008;
    pub(super) const SIZE: u16 = 1009;
    pub(super) const NORMAL: u16 = 1000;
}

/// Reason why a socket is closed by the tracker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum CloseReason {
    #[error("the client closes")]
    Closed(Option<u16>),
    #[error("far too many messages")]
    Flood,
    #[error("the client has gone")]
    Gone,
    #[error("nothing was heard for too long")]
    Idle,
    #[error("malformed message: {0}")]
    Malformed(DecodeError),
    #[error("{}", off_reason(*.0))]
    Off(OffBy),
    #[error("message too large")]
    Oversized,
    #[error("protocol error")]
    Protocol,
    #[error("messages are not taken fast enough")]
    Slow,
    #[error("the server stops")]
    Stopping,
    #[error("a text that is not UTF-8")]
    Text,
}

impl CloseReason {
    /// Returns what is counted when a socket ends so.
    pub(super) fn event(self) -> Option<TrackerEvent> {
        match self {
            Self::Flood => Some(TrackerEvent::Flood),
            Self::Idle => Some(TrackerEvent::Idle),
            Self::Malformed(_) => Some(TrackerEvent::Malformed),
            Self::Off(_) => Some(TrackerEvent::Off),
            Self::Oversized => Some(TrackerEvent::Oversized),
            Self::Protocol | Self::Text => Some(TrackerEvent::Protocol),
            Self::Slow => Some(TrackerEvent::Slow),
            Self::Closed(_) | Self::Gone | Self::Stopping => None,
        }
    }

    /// The last frames.
    pub(super) fn say(self, home: Option<InfoHash>, out: &mut Vec<u8>) {
        if matches!(self, Self::Malformed(_)) {
            // With the swarm's name: WebTorrent's client drops its socket for minutes without it.
            let failure: TrackerMessage = TrackerMessage::Failure {
                reason: self.to_string(),
                info_hash: home,
                off: None,
            };
            frame::text(out, |out| {
                out.extend_from_slice(failure.encode().as_bytes())
            });
        }
        let code = match self {
            Self::Closed(code) => return frame::close(out, code.unwrap_or(code::NORMAL), ""),
            Self::Flood | Self::Idle | Self::Malformed(_) | Self::Off(_) | Self::Slow => {
                code::POLICY
            }
            Self::Oversized => code::SIZE,
            Self::Protocol => code::PROTOCOL,
            Self::Gone | Self::Stopping => code::AWAY,
            Self::Text => code::NO_TEXT,
        };
        frame::close(out, code, &self.to_string());
    }
}

impl From<FrameError> for CloseReason {
    fn from(error: FrameError) -> Self {
        match error {
            FrameError::Oversized => Self::Oversized,
            FrameError::Protocol => Self::Protocol,
            FrameError::Text => Self::Text,
        }
    }
}
