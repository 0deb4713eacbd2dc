//! What waits to be sent to one socket, bounded in messages and in bytes.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
};

use super::close_reason::CloseReason;

/// Bounds of what may wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct QueueLimits {
    pub(super) messages: usize,
    pub(super) bytes: usize,
    /// Bytes for all sockets together.
    pub(super) all_bytes: usize,
}

/// Fate of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pushed {
    /// The message waits, or the socket has ended anyway.
    Accepted,
    /// Too much waits for all sockets together.
    Dropped,
    /// Too much waits for this socket.
    Full,
}

/// Filled by the tracker, emptied by the socket's task.
#[derive(Debug)]
pub(super) struct SendQueue(Mutex<Inside>);

struct Inside {
    /// Frames, one behind the other, as they are to be sent: all that waits goes out in one piece, a reply and
    /// its offers in one packet.
    frames: Vec<u8>,
    messages: usize,
    /// Reason why the socket is to end, once it is.
    closing: Option<CloseReason>,
    /// The socket's task, while it waits for news.
    waiting: Option<Waker>,
    /// Bytes that wait for all sockets.
    all: Arc<AtomicUsize>,
}

/// Bytes that are being sent. They count among what waits until they are dropped.
pub(super) struct Batch {
    frames: Vec<u8>,
    sent: usize,
    all: Arc<AtomicUsize>,
}

impl SendQueue {
    /// An empty one, which adds what waits in it to `all`.
    pub(super) fn new(all: Arc<AtomicUsize>) -> Self {
        Self(Mutex::new(Inside {
            frames: Vec::new(),
            messages: 0,
            closing: None,
            waiting: None,
            all,
        }))
    }

    /// Adds a frame, which `write` appends, within the limits. To be followed by [`SendQueue::wake`], unless the
    /// socket's own task does it.
    pub(super) fn push(&self, limits: QueueLimits, write: impl FnOnce(&mut Vec<u8>)) -> Pushed {
        let mut inside = self.inside();
        if inside.closing.is_some() {
            return Pushed::Accepted;
        }
        if inside.messages >= limits.messages {
            return Pushed::Full;
        }
        inside.push(limits, write)
    }

    /// Lets the socket's task look for what has been added.
    pub(super) fn wake(&self) {
        let waiting = self.inside().waiting.take();
        if let Some(task) = waiting {
            task.wake();
        }
    }

    /// Lets the socket end once its task looks. The first reason stays.
    pub(super) fn close(&self, reason: CloseReason) {
        self.inside().closing.get_or_insert(reason);
        self.wake();
    }

    /// Lets the socket end with this as its last message, in place of all that waits.
    pub(super) fn close_with(&self, reason: CloseReason, write: impl FnOnce(&mut Vec<u8>)) {
        let mut inside = self.inside();
        if inside.closing.is_none() {
            drop(inside.take());
            let any = QueueLimits {
                messages: 1,
                bytes: usize::MAX,
                all_bytes: usize::MAX,
            };
            inside.push(any, write);
            inside.closing = Some(reason);
        }
        drop(inside);
        self.wake();
    }

    /// All that waits, or the end. The task is woken once there is either.
    pub(super) fn poll(&self, context: &Context<'_>) -> Poll<Result<Batch, CloseReason>> {
        let mut inside = self.inside();
        if let Some(reason) = inside.closing {
            return Poll::Ready(Err(reason));
        }
        if inside.messages > 0 {
            return Poll::Ready(Ok(inside.take()));
        }
        inside.wait(context);
        Poll::Pending
    }

    /// The end, as soon as it comes, whatever else waits.
    pub(super) fn poll_close(&self, context: &Context<'_>) -> Poll<CloseReason> {
        let mut inside = self.inside();
        if let Some(reason) = inside.closing {
            return Poll::Ready(reason);
        }
        inside.wait(context);
        Poll::Pending
    }

    /// Takes what is still to be sent, and behind it what `write` appends.
    pub(super) fn rest(&self, write: impl FnOnce(&mut Vec<u8>)) -> Batch {
        let mut batch = self.inside().take();
        let before = batch.frames.len();
        write(&mut batch.frames);
        let written = batch.frames.len() - before;
        batch.all.fetch_add(written, Ordering::Relaxed);
        batch
    }

    /// Forgets what waits.
    pub(super) fn clear(&self) {
        drop(self.inside().take());
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inside {
    fn push(&mut self, limits: QueueLimits, write: impl FnOnce(&mut Vec<u8>)) -> Pushed {
        let before = self.frames.len();
        write(&mut self.frames);
        let length = self.frames.len() - before;
        let pushed = if self.frames.len() > limits.bytes {
            Pushed::Full
        } else if self.all.load(Ordering::Relaxed) + length > limits.all_bytes {
            Pushed::Dropped
        } else {
            self.all.fetch_add(length, Ordering::Relaxed);
            self.messages += 1;
            return Pushed::Accepted;
        };
        self.frames.truncate(before);
        pushed
    }

    /// Most sockets have nothing to send most of the time, so that nothing of it stays here.
    fn take(&mut self) -> Batch {
        self.messages = 0;
        Batch {
            frames: std::mem::take(&mut self.frames),
            sent: 0,
            all: Arc::clone(&self.all),
        }
    }

    fn wait(&mut self, context: &Context<'_>) {
        match &mut self.waiting {
            Some(task) => task.clone_from(context.waker()),
            none => *none = Some(context.waker().clone()),
        }
    }
}

impl Batch {
    /// Returns what is not sent yet.
    pub(super) fn rest(&self) -> &[u8] {
        self.frames.get(self.sent..).unwrap_or_default()
    }

    /// Notes that so many bytes more are sent.
    pub(super) fn advance(&mut self, bytes: usize) {
        self.sent += bytes;
    }
}

/// Messages hold viewers' addresses: they stay out of logs.
impl fmt::Debug for Inside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inside")
            .field("messages", &self.messages)
            .field("bytes", &self.frames.len())
            .field("closing", &self.closing)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch")
            .field("bytes", &self.frames.len())
            .field("sent", &self.sent)
            .finish_non_exhaustive()
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        drop(self.take());
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        self.all.fetch_sub(self.frames.len(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::AtomicUsize,
        task::{Wake, Waker},
    };

    use super::*;

    const LIMITS: QueueLimits = QueueLimits {
        messages: 3,
        bytes: 10,
        all_bytes: 15,
    };

    fn push(queue: &SendQueue, length: usize) -> Pushed {
        queue.push(LIMITS, |out| out.extend(vec![b'x'; length]))
    }

    fn next(queue: &SendQueue) -> Poll<Result<usize, CloseReason>> {
        let polled = queue.poll(&Context::from_waker(Waker::noop()));
        polled.map_ok(|batch| batch.rest().len())
    }

    #[test]
    fn all_that_waits_comes_out_in_one_piece_and_is_bounded() {
        let queue = SendQueue::new(Arc::default());
        assert!(next(&queue).is_pending());
        for length in 1..=3 {
            assert_eq!(push(&queue, length), Pushed::Accepted);
        }
        assert_eq!(push(&queue, 1), Pushed::Full);
        assert_eq!(next(&queue), Poll::Ready(Ok(6)));
        assert_eq!(push(&queue, 11), Pushed::Full);
        assert_eq!(push(&queue, 10), Pushed::Accepted);
        assert_eq!(push(&queue, 1), Pushed::Full);
        assert_eq!(next(&queue), Poll::Ready(Ok(10)));
    }

    #[test]
    fn what_waits_is_not_shown() {
        let queue = SendQueue::new(Arc::default());
        let write = |out: &mut Vec<u8>| out.extend(b"192.0.2.1");
        assert_eq!(queue.push(LIMITS, write), Pushed::Accepted);
        let shown = format!("{queue:?} {:?}", queue.rest(|_| {}));
        assert!(
            shown.contains("bytes: 9") && !shown.contains("192") && !shown.contains("49"),
            "{shown}"
        );
    }

    #[test]
    fn all_together_are_bounded_until_they_are_sent() {
        let all = Arc::<AtomicUsize>::default();
        let queues = [(); 3].map(|()| SendQueue::new(Arc::clone(&all)));
        let push = |n: usize| push(&queues[n], 7);
        assert_eq!([push(0), push(1)], [Pushed::Accepted; 2]);
        assert_eq!(push(2), Pushed::Dropped);
        let mut sending = queues[0].rest(|_| {});
        sending.advance(6);
        assert_eq!(sending.rest(), b"x");
        assert_eq!(push(2), Pushed::Dropped);
        drop(sending);
        assert_eq!(push(2), Pushed::Accepted);
        queues[1].close_with(CloseReason::Stopping, |out| out.push(b'x'));
        assert_eq!(all.load(Ordering::Relaxed), 8);
        assert_eq!(push(0), Pushed::Accepted);
        drop(queues);
        assert_eq!(all.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn the_end_comes_before_what_waits_and_keeps_its_last_word() {
        let queue = SendQueue::new(Arc::default());
        assert_eq!(push(&queue, 1), Pushed::Accepted);
        queue.close_with(CloseReason::Stopping, |out| out.push(b'7'));
        queue.close_with(CloseReason::Slow, |out| out.push(b'8'));
        assert_eq!(next(&queue), Poll::Ready(Err(CloseReason::Stopping)));
        assert_eq!(push(&queue, 1), Pushed::Accepted);
        let last = queue.rest(|out| out.push(b'9'));
        assert_eq!(last.rest(), b"79");
        drop(last);
        assert_eq!(queue.inside().all.load(Ordering::Relaxed), 0);
    }

    #[derive(Default)]
    struct Bell(AtomicUsize);

    impl Wake for Bell {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn who_waits_is_woken_once() {
        let bell = Arc::new(Bell::default());
        let waker = Waker::from(Arc::clone(&bell));
        let context = Context::from_waker(&waker);
        let queue = SendQueue::new(Arc::default());
        let rung = || bell.0.load(Ordering::Relaxed);
        assert!(queue.poll(&context).is_pending());
        for _ in 0..2 {
            push(&queue, 1);
            queue.wake();
            assert_eq!(rung(), 1);
        }
        assert!(queue.poll_close(&context).is_pending());
        queue.close(CloseReason::Slow);
        assert_eq!(rung(), 2);
        assert_eq!(queue.poll_close(&context), Poll::Ready(CloseReason::Slow));
    }
}
