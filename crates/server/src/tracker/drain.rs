//! How sockets are let go: one after another, so that they come back elsewhere, and not all at once.

use std::{sync::Arc, time::Duration};

use fastrand::Rng;
use shoal_wire::id::InfoHash;
use tokio::time::sleep;

use super::{close_reason::CloseReason, facade::Tracker, secret::Secret, send_queue::SendQueue};

/// Time between two lots of sockets that are let go.
const DRAIN_STEP: Duration = Duration::from_millis(50);

impl Tracker {
    /// Lets nobody in any more, and says goodbye to one socket after another, in random order and evenly over
    /// this time. Each comes back by itself, here or at another node: all at once would be a crowd.
    pub async fn drain(&self, over: Duration) {
        let queues: Vec<_> = {
            let mut state = self.state();
            state.stopping = true;
            let sockets = state.sockets.values();
            sockets.map(|socket| Arc::clone(&socket.queue)).collect()
        };
        say_goodbye(queues, over).await;
    }

    /// Closes every socket and waits until they are gone.
    pub async fn close(&self) {
        {
            let mut state = self.state();
            state.stopping = true;
            for socket in state.sockets.values() {
                socket.queue.close(CloseReason::Stopping);
            }
        }
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Lets go whoever has come for a swarm, one after another: they come back where the balancer has it now.
    pub(crate) async fn let_go(&self, swarm: InfoHash, over: Duration) {
        let queues = {
            let state = self.state();
            let sockets = state.sockets.values();
            let there = sockets.filter(|socket| socket.home == Some(swarm));
            there.map(|socket| Arc::clone(&socket.queue)).collect()
        };
        say_goodbye(queues, over).await;
    }
}

/// Says goodbye to one socket after another, in random order and evenly over this time.
async fn say_goodbye(mut queues: Vec<Arc<SendQueue>>, over: Duration) {
    Rng::with_seed(Secret::random().number()).shuffle(&mut queues);
    let steps = (over.as_millis() / DRAIN_STEP.as_millis()).max(1);
    let at_once = queues
        .len()
        .div_ceil(usize::try_from(steps).unwrap_or(usize::MAX));
    for some in queues.chunks(at_once.max(1)) {
        some.iter()
            .for_each(|queue| queue.close(CloseReason::Stopping));
        sleep(DRAIN_STEP.min(over)).await;
    }
}
