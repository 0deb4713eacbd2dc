//! How often things have happened at the tracker: numbers only, nobody can be told from them.

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
};

/// Reason why a socket was closed or refused, or what came in. Each is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrackerEvent {
    /// A socket was accepted.
    Accepted,
    /// A socket was refused: its address has as many as it may.
    Crowded,
    /// A message was dropped: too much waited to be sent, to all sockets together.
    Dropped,
    /// A socket was closed: it sent far too many messages.
    Flood,
    /// A socket was refused: it comes from a page that is not allowed.
    Foreign,
    /// A socket was refused: the tracker holds as many as it may.
    Full,
    /// A socket was closed: nothing was heard for too long.
    Idle,
    /// A socket was closed: a message was malformed.
    Malformed,
    /// A message was handled.
    Message,
    /// A socket was closed: sharing is off.
    Off,
    /// A socket was closed: a message or frame was too large.
    Oversized,
    /// A socket was closed: the framing was not WebSocket's.
    Protocol,
    /// A socket was refused: there is no such swarm.
    Refused,
    /// A socket was closed: it did not take what was sent to it.
    Slow,
    /// An announce was refused: its join token was missing, wrong or had ended.
    Token,
}

/// All events, in the order of the counters.
const EVENTS: [TrackerEvent; 15] = [
    TrackerEvent::Accepted,
    TrackerEvent::Crowded,
    TrackerEvent::Dropped,
    TrackerEvent::Flood,
    TrackerEvent::Foreign,
    TrackerEvent::Full,
    TrackerEvent::Idle,
    TrackerEvent::Malformed,
    TrackerEvent::Message,
    TrackerEvent::Off,
    TrackerEvent::Oversized,
    TrackerEvent::Protocol,
    TrackerEvent::Refused,
    TrackerEvent::Slow,
    TrackerEvent::Token,
];

/// One counter for each [`TrackerEvent`].
#[derive(Debug, Default)]
pub struct Counts([AtomicU64; EVENTS.len()]);

impl Counts {
    /// Returns how often it has happened since the start.
    #[must_use]
    pub fn of(&self, event: TrackerEvent) -> u64 {
        self.0
            .get(event as usize)
            .map_or(0, |count| count.load(Ordering::Relaxed))
    }

    /// Returns all that can happen, and how often it has.
    pub fn all(&self) -> impl Iterator<Item = (TrackerEvent, u64)> + '_ {
        EVENTS.into_iter().map(|event| (event, self.of(event)))
    }

    pub(crate) fn add(&self, event: TrackerEvent) {
        if let Some(count) = self.0.get(event as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl TrackerEvent {
    /// Its name in logs and figures.
    #[must_use]
    pub fn name(self) -> String {
        format!("{self:?}").to_lowercase()
    }
}

/// `accepted 3, malformed 1`: what has not happened is left out.
impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for (event, count) in self.all().filter(|(_, count)| *count > 0) {
            write!(f, "{separator}{} {count}", event.name())?;
            separator = ", ";
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_has_a_counter_of_its_own() {
        let counts = Counts::default();
        for (times, event) in EVENTS.into_iter().enumerate() {
            (0..times).for_each(|_| counts.add(event));
        }
        for (times, event) in EVENTS.into_iter().enumerate() {
            assert_eq!(counts.of(event), times as u64, "{event:?}");
        }
        assert!(counts.to_string().starts_with("crowded 1, dropped 2"));
    }
}
