//! One socket's bytes: read into a buffer that all sockets of a thread share, and written from what waits in its
//! queue. What a quiet socket keeps is almost nothing.

use std::{
    cell::RefCell,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{
    close_reason::CloseReason,
    frame::{Reader, Received},
    send_queue::{Batch, SendQueue},
};

/// Bytes that are read in one go.
const SCRATCH: usize = 64 * 1024;

/// Reads of one socket before others have their turn.
const READS: usize = 4;

thread_local! {
    /// Buffer that bytes are read to. It is borrowed only while a task is polled.
    static INPUT: RefCell<Vec<u8>> = RefCell::new(vec![0; SCRATCH]);
}

/// A connection and what is incomplete on it, in both directions.
#[derive(Debug)]
pub(super) struct Socket<S> {
    stream: S,
    reader: Reader,
    sending: Option<Batch>,
    /// Whether something is still to be flushed.
    written: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Socket<S> {
    pub(super) fn new(stream: S, max_message: usize) -> Self {
        Self {
            stream,
            reader: Reader::new(max_message),
            sending: None,
            written: false,
        }
    }

    /// Reads all that has come, and hands it on; what waits because of one message is sent before the next is
    /// heard. Ready only when it is over.
    pub(super) fn poll_read(
        &mut self,
        context: &mut Context<'_>,
        queue: Option<&SendQueue>,
        mut hear: impl FnMut(Received<'_>) -> Result<(), CloseReason>,
    ) -> Poll<CloseReason> {
        INPUT.with_borrow_mut(|input| {
            for _ in 0..READS {
                let mut input = ReadBuf::new(input);
                let read = Pin::new(&mut self.stream).poll_read(context, &mut input);
                if ready!(read).is_err() || input.filled().is_empty() {
                    return Poll::Ready(CloseReason::Gone);
                }
                let mut input = input.filled_mut();
                loop {
                    let heard = match self.reader.read(&mut input) {
                        Ok(None) => break,
                        Ok(Some(received)) => hear(received),
                        Err(error) => Err(error.into()),
                    };
                    if let Err(reason) = heard {
                        return Poll::Ready(reason);
                    }
                    if !input.is_empty()
                        && let Some(queue) = queue
                        && let Poll::Ready(reason) = self.poll_send(context, queue)
                    {
                        return Poll::Ready(reason);
                    }
                }
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
    }

    /// Sends all that waits. Ready only when it is over: nothing delays an end, also not a client that takes
    /// nothing.
    pub(super) fn poll_send(
        &mut self,
        context: &mut Context<'_>,
        queue: &SendQueue,
    ) -> Poll<CloseReason> {
        loop {
            match self.poll_flush(context) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(reason)) => return Poll::Ready(reason),
                Poll::Pending => return queue.poll_close(context),
            }
            match ready!(queue.poll(context)) {
                Ok(batch) => self.sending = Some(batch),
                Err(reason) => return Poll::Ready(reason),
            }
        }
    }

    /// Whether something waits for the client to take it.
    pub(super) fn is_stuck(&self) -> bool {
        self.sending.is_some() || self.written
    }

    /// Sends what has been begun, and then this.
    pub(super) fn poll_finish(
        &mut self,
        context: &mut Context<'_>,
        last: &mut Option<Batch>,
    ) -> Poll<Result<(), CloseReason>> {
        ready!(self.poll_flush(context))?;
        self.sending = last.take();
        self.poll_flush(context)
    }

    fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<Result<(), CloseReason>> {
        let mut stream = Pin::new(&mut self.stream);
        while let Some(sending) = &mut self.sending {
            if sending.rest().is_empty() {
                self.sending = None;
                break;
            }
            match ready!(stream.as_mut().poll_write(context, sending.rest())) {
                Ok(bytes) if bytes > 0 => sending.advance(bytes),
                _ => return Poll::Ready(Err(CloseReason::Gone)),
            }
            self.written = true;
        }
        if self.written {
            ready!(stream.poll_flush(context)).map_err(|_| CloseReason::Gone)?;
            self.written = false;
        }
        Poll::Ready(Ok(()))
    }
}
