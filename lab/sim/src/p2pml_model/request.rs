//! Loads of segments, from whichever source, and what they have got so far.

use std::collections::BTreeMap;

use core::time::Duration;

use shoal_engine::{HttpId, LinkId, Time};
use shoal_wire::id::SegmentId;

/// Source of a load's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Http(HttpId),
    Peer(LinkId),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Aborted,
    Done,
    Failed,
    Loading,
}

/// Bytes by where they came from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) origin: u32,
    pub(crate) peers: u32,
}

/// A load of one segment. Its bytes outlive its attempts.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) status: Status,
    /// Of the last attempt.
    pub(super) source: Source,
    pub(super) held: Held,
    /// Bytes of the segment, when a source has told.
    pub(super) total: Option<u32>,
    /// When the source has been silent for too long, and how long that is.
    silent: Time,
    patience: Duration,
    /// Failures of HTTP, and when anything last failed.
    http_failures: u32,
    failed: Option<Time>,
    /// A pass has seen its present status.
    pub(super) seen: bool,
}

/// The loads of one loader, at most one a segment.
#[derive(Debug, Default)]
pub(super) struct Requests {
    all: BTreeMap<SegmentId, Request>,
}

impl Held {
    pub(super) fn all(self) -> u32 {
        self.origin + self.peers
    }
}

impl Request {
    fn new(source: Source) -> Self {
        Self {
            status: Status::Aborted,
            source,
            held: Held::default(),
            total: None,
            silent: Time(0),
            patience: Duration::ZERO,
            http_failures: 0,
            failed: None,
            seen: false,
        }
    }

    pub(super) fn by_http(&self) -> bool {
        matches!(self.source, Source::Http(_))
    }

    pub(super) fn loading(&self) -> bool {
        self.status == Status::Loading
    }

    pub(super) fn http_failures(&self) -> u32 {
        self.http_failures
    }

    /// Whether all bytes are here, and only the source's word is missing that they are all.
    pub(super) fn complete(&self) -> bool {
        self.total == Some(self.held.all())
    }

    pub(super) fn set(&mut self, status: Status) {
        self.status = status;
        self.seen = false;
    }

    /// The source has said something.
    pub(super) fn heard(&mut self, now: Time) {
        self.silent = now + self.patience;
    }

    pub(super) fn add(&mut self, now: Time, bytes: u32) {
        match self.source {
            Source::Http(_) => self.held.origin += bytes,
            Source::Peer(_) => self.held.peers += bytes,
        }
        self.heard(now);
    }

    pub(super) fn fail(&mut self, now: Time) {
        self.set(Status::Failed);
        self.http_failures += u32::from(self.by_http());
        self.failed = Some(now);
    }

    /// Failures do not count any more.
    pub(super) fn forgive(&mut self) {
        self.http_failures = 0;
        self.failed = None;
    }

    pub(super) fn failed_before(&self, moment: Time) -> bool {
        self.failed.is_some_and(|failed| failed < moment)
    }
}

impl Requests {
    pub(super) fn get(&self, segment: SegmentId) -> Option<&Request> {
        self.all.get(&segment)
    }

    pub(super) fn get_mut(&mut self, segment: SegmentId) -> Option<&mut Request> {
        self.all.get_mut(&segment)
    }

    pub(super) fn remove(&mut self, segment: SegmentId) -> Option<Request> {
        self.all.remove(&segment)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (SegmentId, &Request)> {
        self.all
            .iter()
            .map(|(&segment, request)| (segment, request))
    }

    pub(super) fn segments(&self) -> Vec<SegmentId> {
        self.all.keys().copied().collect()
    }

    /// The load that a source is working on.
    pub(super) fn of(&mut self, source: Source) -> Option<(SegmentId, &mut Request)> {
        let works = |request: &Request| request.loading() && request.source == source;
        let found = self.all.iter_mut().find(|(_, request)| works(request));
        found.map(|(&segment, request)| (segment, request))
    }

    /// Begins an attempt.
    pub(super) fn start(
        &mut self,
        segment: SegmentId,
        source: Source,
        now: Time,
        patience: Duration,
    ) -> &mut Request {
        let request = self
            .all
            .entry(segment)
            .or_insert_with(|| Request::new(source));
        request.set(Status::Loading);
        request.source = source;
        request.patience = patience;
        request.heard(now);
        request
    }

    pub(super) fn http_count(&self) -> usize {
        let busy = |request: &&Request| request.loading() && request.by_http();
        self.all.values().filter(busy).count()
    }

    pub(super) fn p2p_count(&self) -> usize {
        let busy = |request: &&Request| request.loading() && !request.by_http();
        self.all.values().filter(busy).count()
    }

    /// When the next source has been silent for too long.
    pub(super) fn deadline(&self) -> Option<Time> {
        let loading = self.all.values().filter(|request| request.loading());
        loading.map(|request| request.silent).min()
    }

    /// Loads whose source has been silent for too long.
    pub(super) fn silent(&self, now: Time) -> Vec<SegmentId> {
        let silent = |request: &Request| request.loading() && request.silent <= now;
        let all = self.all.iter().filter(|(_, request)| silent(request));
        all.map(|(&segment, _)| segment).collect()
    }
}
