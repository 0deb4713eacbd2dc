//! What waits to be sent to one socket, bounded in messages and in bytes.

use std::{
    collections::VecDeque,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::extract::ws::Utf8Bytes;
use tokio::sync::Notify;

use super::ws::End;

/// How much may wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    pub(super) messages: usize,
    pub(super) bytes: usize,
    /// Bytes for all sockets together.
    pub(super) all_bytes: usize,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Posted {
    /// It waits, or the socket has ended anyway.
    Accepted,
    /// All sockets together have too much that waits.
    Dropped,
    /// This socket has.
    Full,
}

/// Filled by the tracker, emptied by the socket's task.
#[derive(Debug)]
pub(super) struct Mailbox {
    inside: Mutex<Inside>,
    changed: Notify,
}

struct Inside {
    queue: VecDeque<Utf8Bytes>,
    bytes: usize,
    end: Option<End>,
    /// Bytes that wait for all sockets.
    all: Arc<AtomicUsize>,
}

impl Mailbox {
    /// An empty one, which adds what waits in it to `all`.
    pub(super) fn new(all: Arc<AtomicUsize>) -> Self {
        Self {
            inside: Mutex::new(Inside {
                queue: VecDeque::new(),
                bytes: 0,
                end: None,
                all,
            }),
            changed: Notify::new(),
        }
    }

    /// Adds a message, if there is room.
    pub(super) fn push(&self, message: Utf8Bytes, room: Room) -> Posted {
        let mut inside = self.inside();
        let length = message.len();
        if inside.end.is_some() {
            return Posted::Accepted;
        }
        if inside.queue.len() >= room.messages || inside.bytes + length > room.bytes {
            return Posted::Full;
        }
        if inside.all.load(Ordering::Relaxed) + length > room.all_bytes {
            return Posted::Dropped;
        }
        inside.push(message);
        drop(inside);
        self.changed.notify_one();
        Posted::Accepted
    }

    /// Lets the socket end once its task looks. The first reason stays.
    pub(super) fn end(&self, end: End) {
        self.inside().end.get_or_insert(end);
        self.changed.notify_one();
    }

    /// Lets the socket end with this as its last message, in place of all that waits.
    pub(super) fn end_with(&self, end: End, last: Utf8Bytes) {
        let mut inside = self.inside();
        if inside.end.is_none() {
            inside.clear();
            inside.push(last);
            inside.end = Some(end);
        }
        drop(inside);
        self.changed.notify_one();
    }

    /// The next message, or the end.
    pub(super) async fn next(&self) -> Result<Utf8Bytes, End> {
        loop {
            {
                let mut inside = self.inside();
                if let Some(end) = inside.end {
                    return Err(end);
                }
                if let Some(message) = inside.pop() {
                    return Ok(message);
                }
            }
            self.changed.notified().await;
        }
    }

    /// The next message, if there is one already.
    pub(super) fn waiting(&self) -> Option<Utf8Bytes> {
        self.inside().pop()
    }

    /// The end, as soon as it comes.
    pub(super) async fn ended(&self) -> End {
        loop {
            if let Some(end) = self.inside().end {
                return end;
            }
            // This may swallow the news of a message; `next` looks before it waits.
            self.changed.notified().await;
        }
    }

    /// What is still to be sent.
    pub(super) fn rest(&self) -> Vec<Utf8Bytes> {
        self.inside().clear()
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inside {
    fn push(&mut self, message: Utf8Bytes) {
        self.bytes += message.len();
        self.all.fetch_add(message.len(), Ordering::Relaxed);
        self.queue.push_back(message);
    }

    fn pop(&mut self) -> Option<Utf8Bytes> {
        let message = self.queue.pop_front()?;
        self.bytes -= message.len();
        self.all.fetch_sub(message.len(), Ordering::Relaxed);
        if self.queue.is_empty() {
            // Most sockets have nothing to send most of the time.
            self.queue = VecDeque::new();
        }
        Some(message)
    }

    fn clear(&mut self) -> Vec<Utf8Bytes> {
        self.all.fetch_sub(self.bytes, Ordering::Relaxed);
        self.bytes = 0;
        std::mem::take(&mut self.queue).into()
    }
}

/// Messages hold viewers' addresses: they stay out of logs.
impl fmt::Debug for Inside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inside")
            .field("messages", &self.queue.len())
            .field("bytes", &self.bytes)
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(length: usize) -> Utf8Bytes {
        "x".repeat(length).into()
    }

    const ROOM: Room = Room {
        messages: 3,
        bytes: 10,
        all_bytes: 15,
    };

    #[tokio::test]
    async fn messages_come_out_in_order_and_are_bounded() {
        let mailbox = Mailbox::new(Arc::default());
        let push = |length| mailbox.push(message(length), ROOM);
        for length in 1..=3 {
            assert_eq!(push(length), Posted::Accepted);
        }
        assert_eq!(push(1), Posted::Full);
        assert_eq!(mailbox.next().await.unwrap().len(), 1);
        assert_eq!(push(6), Posted::Full);
        assert_eq!(push(5), Posted::Accepted);
        for length in [2, 3, 5] {
            assert_eq!(mailbox.next().await.unwrap().len(), length);
        }
    }

    #[tokio::test]
    async fn what_waits_is_not_shown() {
        let mailbox = Mailbox::new(Arc::default());
        assert_eq!(mailbox.push("192.0.2.1".into(), ROOM), Posted::Accepted);
        let shown = format!("{mailbox:?}");
        assert!(
            shown.contains("bytes: 9") && !shown.contains("192"),
            "{shown}"
        );
    }

    #[tokio::test]
    async fn all_together_are_bounded() {
        let all = Arc::default();
        let mailboxes = [(); 3].map(|()| Mailbox::new(Arc::clone(&all)));
        let push = |n: usize| mailboxes[n].push(message(7), ROOM);
        assert_eq!([push(0), push(1)], [Posted::Accepted; 2]);
        assert_eq!(push(2), Posted::Dropped);
        mailboxes[0].next().await.unwrap();
        assert_eq!(push(2), Posted::Accepted);
        mailboxes[1].end_with(End::Stopping, message(1));
        assert_eq!(all.load(Ordering::Relaxed), 8);
        assert_eq!(push(0), Posted::Accepted);
        drop(mailboxes);
        assert_eq!(all.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn the_end_comes_before_what_waits_and_keeps_its_last_word() {
        let mailbox = Mailbox::new(Arc::default());
        assert_eq!(mailbox.push(message(1), ROOM), Posted::Accepted);
        mailbox.end_with(End::Stopping, message(7));
        mailbox.end_with(End::Slow, message(8));
        assert_eq!(mailbox.next().await, Err(End::Stopping));
        assert_eq!(mailbox.ended().await, End::Stopping);
        assert_eq!(mailbox.push(message(1), ROOM), Posted::Accepted);
        assert_eq!(mailbox.rest(), [message(7)]);
    }

    #[tokio::test]
    async fn who_waits_is_woken() {
        let mailbox = Arc::new(Mailbox::new(Arc::default()));
        let waiting = tokio::spawn({
            let mailbox = Arc::clone(&mailbox);
            async move { (mailbox.next().await, mailbox.ended().await) }
        });
        tokio::task::yield_now().await;
        assert_eq!(mailbox.push(message(1), ROOM), Posted::Accepted);
        tokio::task::yield_now().await;
        mailbox.end(End::Slow);
        assert_eq!(waiting.await.unwrap(), (Ok(message(1)), End::Slow));
    }
}
