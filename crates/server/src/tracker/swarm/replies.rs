//! Messages that the tracker makes itself.

use shoal_wire::{
    id::InfoHash,
    tracker::{OffBy, Scrape, TrackerMessage},
};

pub(super) fn announced<S>(
    counts: Scrape,
    info_hash: InfoHash,
    interval: u32,
) -> TrackerMessage<S> {
    TrackerMessage::Announced {
        info_hash,
        interval,
        complete: counts.complete,
        incomplete: counts.incomplete,
        min_interval: None,
    }
}

pub(super) fn unknown<S>(info_hash: InfoHash) -> TrackerMessage<S> {
    failure("this tracker does not serve this video", info_hash)
}

/// Says that sharing is switched off.
pub(in crate::tracker) fn off<S>(info_hash: InfoHash, by: OffBy) -> TrackerMessage<S> {
    TrackerMessage::Failure {
        reason: off_reason(by).into(),
        info_hash: Some(info_hash),
        off: Some(by),
    }
}

/// Says who has switched sharing off, as a sentence.
pub(in crate::tracker) const fn off_reason(by: OffBy) -> &'static str {
    match by {
        OffBy::Site => "sharing is off on this site",
        OffBy::Video => "sharing is off for this video",
    }
}

/// A refusal, with the swarm's name: WebTorrent's client drops its socket for minutes without it.
pub(in crate::tracker) fn failure<S>(reason: &str, info_hash: InfoHash) -> TrackerMessage<S> {
    TrackerMessage::Failure {
        reason: reason.into(),
        info_hash: Some(info_hash),
        off: None,
    }
}
