//! Viewers that keep announcing through a proxy, and come back when they lose their tracker.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use shoal_wire::{
    id::InfoHash,
    tracker::{OffBy, TrackerMessage},
};
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep, timeout_at},
};

use crate::viewer::{Name, Viewer};

/// Time between two announces.
const INTERVAL: Duration = Duration::from_secs(1);

/// One viewer, as the test sees it.
pub(crate) struct Fan {
    pub(crate) swarm: InfoHash,
    seen: Arc<Seen>,
    task: JoinHandle<()>,
}

/// What happened to a viewer.
#[derive(Debug, Default)]
struct Seen {
    connections: AtomicUsize,
    announces: AtomicUsize,
    failures: AtomicUsize,
    /// Whether somebody has answered an offer that went over the present connection.
    met: AtomicBool,
    off: AtomicBool,
}

impl Fan {
    pub(crate) fn join(front: u16, swarm: InfoHash, name: Name) -> Self {
        let seen = Arc::<Seen>::default();
        let task = tokio::spawn(watch(front, swarm, name, Arc::clone(&seen)));
        Self { swarm, seen, task }
    }

    /// How often it has connected.
    pub(crate) fn connections(&self) -> usize {
        self.seen.connections.load(Relaxed)
    }

    /// Announces that were answered.
    pub(crate) fn announces(&self) -> usize {
        self.seen.announces.load(Relaxed)
    }

    /// Whether it has met somebody over its present connection.
    pub(crate) fn has_met(&self) -> bool {
        self.seen.met.load(Relaxed)
    }

    /// Whether it was told that sharing is off.
    pub(crate) fn is_off(&self) -> bool {
        self.seen.off.load(Relaxed)
    }

    /// Announces that were refused for any other reason.
    pub(crate) fn failures(&self) -> usize {
        self.seen.failures.load(Relaxed)
    }
}

impl Drop for Fan {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn watch(front: u16, swarm: InfoHash, name: Name, seen: Arc<Seen>) {
    let mut rng = fastrand::Rng::with_seed(name.into());
    while !seen.off.load(Relaxed) {
        if let Ok(viewer) = Viewer::open(front, swarm, name).await {
            seen.connections.fetch_add(1, Relaxed);
            stay(viewer, &seen).await;
            seen.met.store(false, Relaxed);
        }
        // As players do: not all at once.
        sleep(Duration::from_millis(rng.u64(300..900))).await;
    }
}

/// Announces until the connection ends.
async fn stay(mut viewer: Viewer, seen: &Seen) {
    loop {
        let offers = u8::from(!seen.met.load(Relaxed));
        if viewer
            .try_send(viewer.announcement(offers, None))
            .await
            .is_none()
        {
            return;
        }
        let next = Instant::now() + INTERVAL;
        while let Ok(heard) = timeout_at(next, viewer.next()).await {
            match heard {
                None => return,
                Some(TrackerMessage::Announced { .. }) => {
                    seen.announces.fetch_add(1, Relaxed);
                }
                Some(TrackerMessage::Offer {
                    peer_id, offer_id, ..
                }) => {
                    if viewer.answer(peer_id, offer_id).await.is_none() {
                        return;
                    }
                }
                Some(TrackerMessage::Answer { .. }) => seen.met.store(true, Relaxed),
                Some(TrackerMessage::Failure {
                    off: Some(OffBy::Site),
                    ..
                }) => seen.off.store(true, Relaxed),
                Some(_) => {
                    seen.failures.fetch_add(1, Relaxed);
                }
            }
        }
    }
}
