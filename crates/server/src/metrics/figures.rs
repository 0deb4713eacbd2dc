//! What is counted of HTTP, and whether the server is about to stop.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
};

use axum::{
    body::Body,
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::Response,
};
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};

/// Counts of HTTP, and whether the server is about to stop.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    /// Answers by the first digit of their status.
    answers: [AtomicU64; 6],
    bytes: AtomicU64,
    connections: AtomicI64,
    draining: AtomicBool,
}

/// A connection that is counted as long as it lives.
#[derive(Debug)]
pub(crate) struct Counted(Arc<Figures>);

impl Figures {
    pub(crate) fn connection(self: &Arc<Self>) -> Counted {
        self.connections.fetch_add(1, Ordering::Relaxed);
        Counted(Arc::clone(self))
    }

    /// From now on the server says that it is about to stop.
    pub(crate) fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Returns how many answers had a status of each class, `1xx` first.
    pub(super) fn answers(&self) -> impl Iterator<Item = u64> {
        self.answers
            .iter()
            .skip(1)
            .map(|count| count.load(Ordering::Relaxed))
    }

    /// Returns the bytes of all bodies that were sent.
    pub(super) fn sent_bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Returns how many connections are open.
    pub(super) fn connections(&self) -> i64 {
        self.connections.load(Ordering::Relaxed)
    }

    fn answered(&self, status: StatusCode) {
        if let Some(count) = self.answers.get(usize::from(status.as_u16() / 100)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn sent(&self, bytes: usize) {
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Counts an answer, and its bytes as they are sent.
pub(crate) async fn count(
    State(figures): State<Arc<Figures>>,
    request: Request,
    next: Next,
) -> Response {
    let response = next.run(request).await;
    figures.answered(response.status());
    response.map(|body| Body::new(Metered { body, figures }))
}

/// A body whose bytes are counted.
struct Metered {
    body: Body,
    figures: Arc<Figures>,
}

impl hyper::body::Body for Metered {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if let Some(Ok(frame)) = &frame
            && let Some(bytes) = frame.data_ref()
        {
            self.figures.sent(bytes.len());
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
