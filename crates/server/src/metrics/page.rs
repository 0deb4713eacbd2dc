//! Figures for Prometheus. Numbers only: nobody can be told from them.

use std::{fmt, sync::PoisonError};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric, text},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
    registry::Registry,
};

use super::health;
use crate::site::Site;

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

/// Media type of `/metrics`.
const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The routes of a listener for monitoring alone.
pub(crate) fn routes(site: Site) -> Router {
    Router::new()
        .route("/metrics", get(serve))
        .route("/healthz", get(health::serve))
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
        let answers: Vec<_> = CLASSES.into_iter().zip(figures.answers()).collect();
        let told = "HTTP answers by the class of their status";
        counters(encoder, "http_answers", told, "class", &answers)?;
        let told = "Bytes of the bodies of HTTP answers, as they are sent";
        encoder
            .encode_descriptor("http_sent_bytes", told, None, MetricType::Counter)
            .and_then(|family| ConstCounter::new(figures.sent_bytes()).encode(family))?;
        let told = "HTTP connections that are open";
        gauge(encoder, "http_connections", told, figures.connections())?;
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
        let (videos, live) = self.0.indexes.count();
        gauge(encoder, "videos", "Videos with an index", videos)?;
        let told = "Videos with an index that are live";
        gauge(encoder, "videos_live", told, live)?;
        let viewers = self.0.viewers.lock();
        let waiting = viewers.unwrap_or_else(PoisonError::into_inner).all();
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
