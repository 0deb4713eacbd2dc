//! Figures for Prometheus, and whether the server is well. Numbers only: nobody can be told from them.

use std::{
    fmt,
    pin::Pin,
    sync::{
        Arc, PoisonError,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
    routing::get,
};
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric, text},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
    registry::Registry,
};

use crate::serve::routes::Site;

/// What is counted of HTTP, and whether the server is about to stop.
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

    /// Whether the server is well, in a word.
    fn health(&self, well: &'static str) -> Response {
        let answer = if self.draining.load(Ordering::Relaxed) {
            (StatusCode::SERVICE_UNAVAILABLE, "stopping\n")
        } else {
            (StatusCode::OK, well)
        };
        ([(header::CACHE_CONTROL, "no-store")], answer).into_response()
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
pub(crate) async fn count(State(site): State<Site>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    site.figures.answered(response.status());
    response.map(|body| {
        Body::new(Metered {
            body,
            figures: site.figures,
        })
    })
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

/// Answers `/healthz`: a balancer sends no more viewers once the server is about to stop.
pub(crate) async fn health(State(site): State<Site>) -> Response {
    let together = site.shared.as_ref().map(|shared| shared.together());
    // Without Redis it serves on its own limits: no reason to send viewers away.
    let word = match together {
        Some(together) if !together.connected => "ok, but Redis is away\n",
        _ => "ok\n",
    };
    site.figures.health(word)
}

/// Answers `/healthz` where there is a tracker alone.
pub(crate) async fn health_of(State(figures): State<Arc<Figures>>) -> Response {
    figures.health("ok\n")
}

/// Answers `/metrics`.
pub(crate) async fn serve(State(site): State<Site>) -> Response {
    let mut registry = Registry::with_prefix("shoal");
    registry.register_collector(Box::new(Snapshot(site)));
    let mut page = String::new();
    match text::encode(&mut page, &registry) {
        Ok(()) => ([(header::CONTENT_TYPE, CONTENT_TYPE)], page).into_response(),
        // Only a full memory stops a text from being written.
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// What `/metrics` is written in.
const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The routes of a listener for monitoring alone.
pub(crate) fn routes(site: Site) -> Router {
    Router::new()
        .route("/metrics", get(serve))
        .route("/healthz", get(health))
        .with_state(site)
}

/// Reads all figures at the moment when they are asked for.
#[derive(Debug)]
struct Snapshot(Site);

impl Collector for Snapshot {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        self.http(&mut encoder)?;
        self.tracker(&mut encoder)?;
        self.nodes(&mut encoder)?;
        self.videos(&mut encoder)
    }
}

impl Snapshot {
    fn http(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let figures = &self.0.figures;
        let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let answers: Vec<_> = CLASSES
            .into_iter()
            .zip(figures.answers.iter().skip(1).map(load))
            .collect();
        let told = "HTTP answers by the class of their status";
        counters(encoder, "http_answers", told, "class", &answers)?;
        let told = "Bytes of the bodies of HTTP answers, as they are sent";
        encoder
            .encode_descriptor("http_sent_bytes", told, None, MetricType::Counter)
            .and_then(|family| ConstCounter::new(load(&figures.bytes)).encode(family))?;
        let open = figures.connections.load(Ordering::Relaxed);
        gauge(
            encoder,
            "http_connections",
            "HTTP connections that are open",
            open,
        )?;
        let stun = &self.0.stun_counts;
        let packets = [
            ("answered", stun.answered()),
            ("dropped", stun.dropped()),
            ("limited", stun.limited()),
        ];
        let told = "STUN packets answered, dropped as malformed, or beyond the limits";
        counters(encoder, "stun_packets", told, "outcome", &packets)
    }

    fn tracker(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let tracker = &self.0.tracker;
        let events: Vec<_> = tracker
            .counts()
            .all()
            .map(|(event, count)| (event.name(), count))
            .collect();
        let told = "What has happened at the tracker";
        counters(encoder, "tracker_events", told, "event", &events)?;
        let tally = tracker.tally();
        let announces = [
            ("answered", tally.announces.saturating_sub(tally.too_often)),
            ("refused", tally.too_often),
        ];
        let told = "Announces answered, or refused for coming too often";
        counters(encoder, "tracker_announces", told, "outcome", &announces)?;
        let introductions = [
            ("made", tally.introductions),
            ("held_back", tally.held_back),
        ];
        let told = "Offers handed to another viewer, or held back by a limit";
        counters(
            encoder,
            "tracker_introductions",
            told,
            "outcome",
            &introductions,
        )?;
        let told = "Tracker connections that are open";
        gauge(encoder, "tracker_sockets", told, tracker.sockets())
    }

    fn nodes(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let Some(shared) = &self.0.shared else {
            return Ok(());
        };
        let together = shared.together();
        let told = "Whether Redis answers: if not, this node is on its own";
        gauge(
            encoder,
            "redis_connected",
            told,
            i64::from(together.connected),
        )?;
        let told = "Other nodes that share limits and switch";
        gauge(encoder, "nodes", told, together.others)?;
        let [done, failed] = shared.rounds();
        let told = "Exchanges with Redis";
        let rounds = [("done", done), ("failed", failed)];
        counters(encoder, "redis_rounds", told, "outcome", &rounds)
    }

    fn videos(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let (videos, live) = self.0.library.count();
        gauge(encoder, "videos", "Videos with an index", videos)?;
        gauge(
            encoder,
            "videos_live",
            "Videos with an index that are live",
            live,
        )?;
        let waiting = {
            let viewers = self
                .0
                .viewers
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            viewers.all()
        };
        let told = "Viewers that wait for others to share with";
        gauge(encoder, "viewers_waiting", told, waiting)
    }
}

/// Writes one counter for each value of a label.
fn counters(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    told: &str,
    label: &str,
    counts: &[(impl AsRef<str>, u64)],
) -> fmt::Result {
    let mut family = encoder.encode_descriptor(name, told, None, MetricType::Counter)?;
    for (value, count) in counts {
        let labels = [(label, value.as_ref())];
        ConstCounter::new(*count).encode(family.encode_family(&labels)?)?;
    }
    Ok(())
}

/// Writes a figure that goes up and down.
fn gauge(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    told: &str,
    value: impl TryInto<i64>,
) -> fmt::Result {
    let family = encoder.encode_descriptor(name, told, None, MetricType::Gauge)?;
    ConstGauge::new(value.try_into().unwrap_or(i64::MAX)).encode(family)
}

/// The classes of a status, by its first digit.
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];
