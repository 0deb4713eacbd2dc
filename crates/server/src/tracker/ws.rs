//! The tracker's sockets: one task for each, bounded in every direction.
//!
//! A malformed message costs its sender the connection, with a reason; nothing a client sends does
//! more than that.

use std::{
    future::poll_fn,
    net::IpAddr,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{
    http::{StatusCode, request::Parts},
    response::Response,
};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use shoal_wire::{
    DecodeError,
    id::InfoHash,
    tracker::{ClientMessage, OffBy, TrackerMessage},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    task::unconstrained,
    time::{Instant, sleep_until, timeout},
};

use super::{
    counters::Event,
    facade::{NoPlace, Seat, SocketConfig, Tracker},
    frame::{self, Received},
    handshake::Opening,
    send_queue::Batch,
    socket::Socket,
    swarm::off_reason,
};
use crate::reply::text;

/// How long a close is waited for, and any message to a socket that is to be closed.
const FAREWELL: Duration = Duration::from_secs(1);

/// Codes with which a socket is closed (RFC 6455 §7.4.1).
mod code {
    pub(super) const AWAY: u16 = 1001;
    pub(super) const PROTOCOL: u16 = 1002;
    pub(super) const NO_TEXT: u16 = 1007;
    pub(super) const POLICY: u16 = 1008;
    pub(super) const SIZE: u16 = 1009;
    pub(super) const NORMAL: u16 = 1000;
}

/// Why a socket is closed by the tracker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum End {
    #[error("the client closes")]
    Closed(Option<u16>),
    #[error("far too many messages")]
    Flood,
    #[error("the client has gone")]
    Gone,
    #[error("nothing was heard for too long")]
    Idle,
    #[error("malformed message: {0}")]
    Malformed(DecodeError),
    #[error("{}", off_reason(*.0))]
    Off(OffBy),
    #[error("message too large")]
    Oversized,
    #[error("protocol error")]
    Protocol,
    #[error("messages are not taken fast enough")]
    Slow,
    #[error("the server stops")]
    Stopping,
    #[error("a text that is not UTF-8")]
    Text,
}

/// Lets a client in, to talk of any swarm. `home` is the one that its path names.
///
/// Where sharing is off it is let in to be told so: a page cannot read the status of a refusal.
pub(crate) async fn upgrade(
    tracker: Arc<Tracker>,
    home: Option<InfoHash>,
    address: IpAddr,
    mut parts: Parts,
) -> Response {
    if !tracker.access.allows_page(&parts.headers) {
        tracker.counts.add(Event::Foreign);
        return text(
            StatusCode::FORBIDDEN,
            "this page may not use this tracker\n",
        );
    }
    let opening = match Opening::of(&mut parts) {
        Ok(opening) => opening,
        Err(refusal) => return *refusal,
    };
    let seat = match tracker.sit(address, home) {
        Ok(seat) => seat,
        Err(NoPlace::Crowded) => {
            tracker.counts.add(Event::Crowded);
            return text(
                StatusCode::TOO_MANY_REQUESTS,
                "too many connections from one address\n",
            );
        }
        Err(NoPlace::Full) => {
            tracker.counts.add(Event::Full);
            return text(
                StatusCode::SERVICE_UNAVAILABLE,
                "this tracker is full; try again later\n",
            );
        }
    };
    let (response, upgrade) = opening.accept();
    tracker.tasks.spawn(run(upgrade, seat));
    response
}

/// A socket's life.
async fn run(upgrade: OnUpgrade, seat: Seat) {
    let Ok(stream) = upgrade.await else {
        return;
    };
    let max_message = seat.tracker.config.limits.max_message;
    let mut socket = Socket::new(TokioIo::new(stream), max_message);
    let tracker = Arc::clone(&seat.tracker);
    tracker.counts.add(Event::Accepted);
    // Fair by itself: a socket reads only so much before others have their turn.
    let end = unconstrained(talk(&mut socket, &seat)).await;
    let (home, mailbox) = (seat.home, Arc::clone(&seat.mailbox));
    // Its peers leave at once, whatever the farewell takes.
    drop(seat);
    tracing::debug!(reason = %end, "socket closed");
    if let Some(event) = end.event() {
        tracker.counts.add(event);
    }
    if !matches!(end, End::Off(_)) {
        mailbox.clear();
    }
    if end != End::Gone {
        let last = mailbox.rest(|out| end.say(home, out));
        // Seldom, so that no socket has to hold the place for it while it lives.
        let _gone = Box::pin(timeout(FAREWELL, farewell(socket, end, last))).await;
    }
}

/// Reads and writes until the end.
async fn talk(socket: &mut Socket<impl AsyncRead + AsyncWrite + Unpin>, seat: &Seat) -> End {
    let mut clock = Clock::new(&seat.tracker.config, Instant::now());
    // One for the socket's whole life: to set one for each message costs more than to wake too early.
    let mut alarm = pin!(sleep_until(clock.next()));
    poll_fn(|context| {
        if let Poll::Ready(end) = poll_heard(socket, seat, &mut clock, context) {
            return Poll::Ready(end);
        }
        while alarm.as_mut().poll(context).is_ready() {
            match clock.ring(Instant::now(), socket.is_stuck()) {
                Ok(true) => seat.ping(),
                Ok(false) => {}
                Err(end) => return Poll::Ready(end),
            }
            alarm.as_mut().reset(clock.next());
        }
        let end = ready!(socket.poll_send(context, &seat.mailbox));
        Poll::Ready(end)
    })
    .await
}

fn poll_heard(
    socket: &mut Socket<impl AsyncRead + AsyncWrite + Unpin>,
    seat: &Seat,
    clock: &mut Clock,
    context: &mut Context<'_>,
) -> Poll<End> {
    let limits = &seat.tracker.config.limits;
    let mut now = None;
    socket.poll_read(context, Some(&seat.mailbox), |received| {
        clock.heard = *now.get_or_insert_with(Instant::now);
        let text = match &received {
            Received::Text(text) => text,
            // Trackers in use take both kinds of frames.
            Received::Binary(bytes) => {
                str::from_utf8(bytes).map_err(|_| End::Malformed(DecodeError::Text))?
            }
            Received::Ping(payload) => return seat.pong(payload),
            Received::Pong => return seat.count(),
            Received::Close(code) => return Err(End::Closed(*code)),
        };
        let message = ClientMessage::scan(text, limits).map_err(|error| match error {
            DecodeError::Oversized { .. } => End::Oversized,
            error => End::Malformed(error),
        })?;
        if matches!(message, ClientMessage::Announce(_)) {
            clock.join_by = None;
        }
        seat.handle(message);
        Ok(())
    })
}

/// What is due when.
#[derive(Debug)]
struct Clock {
    ping: Duration,
    idle: Duration,
    heard: Instant,
    next_ping: Instant,
    join_by: Option<Instant>,
    /// Since when the client has taken nothing, as far as it was noticed.
    stuck: Option<Instant>,
}

impl Clock {
    fn new(config: &SocketConfig, now: Instant) -> Self {
        Self {
            ping: config.ping,
            idle: config.idle,
            heard: now,
            next_ping: now + config.ping,
            join_by: Some(now + config.join_within),
            stuck: None,
        }
    }

    /// When to look next.
    fn next(&self) -> Instant {
        let silent = self.heard + self.idle;
        let join_by = self.join_by.unwrap_or(silent);
        let taken = self.stuck.map_or(silent, |since| since + self.idle);
        self.next_ping.min(silent).min(join_by).min(taken)
    }

    /// Whether it is time to ping, or why it is over.
    fn ring(&mut self, now: Instant, is_stuck: bool) -> Result<bool, End> {
        let since = self.stuck.filter(|_| is_stuck);
        self.stuck = is_stuck.then(|| since.unwrap_or(now));
        if since.is_some_and(|since| since + self.idle <= now) {
            return Err(End::Slow);
        }
        if self.heard + self.idle <= now || self.join_by.is_some_and(|by| by <= now) {
            return Err(End::Idle);
        }
        let pings = self.next_ping <= now;
        if pings {
            self.next_ping = now + self.ping;
        }
        Ok(pings)
    }
}

/// Says why, and waits until the client has closed too: an early end of the connection would lose what was
/// sent.
async fn farewell(mut socket: Socket<impl AsyncRead + AsyncWrite + Unpin>, end: End, last: Batch) {
    let mut last = Some(last);
    let sent = poll_fn(|context| socket.poll_finish(context, &mut last)).await;
    if sent.is_err() || matches!(end, End::Closed(_)) {
        return;
    }
    poll_fn(|context| {
        socket.poll_read(context, None, |received| match received {
            Received::Close(code) => Err(End::Closed(code)),
            _ => Ok(()),
        })
    })
    .await;
}

impl End {
    fn event(self) -> Option<Event> {
        match self {
            Self::Flood => Some(Event::Flood),
            Self::Idle => Some(Event::Idle),
            Self::Malformed(_) => Some(Event::Malformed),
            Self::Off(_) => Some(Event::Off),
            Self::Oversized => Some(Event::Oversized),
            Self::Protocol | Self::Text => Some(Event::Protocol),
            Self::Slow => Some(Event::Slow),
            Self::Closed(_) | Self::Gone | Self::Stopping => None,
        }
    }

    /// The last frames.
    fn say(self, home: Option<InfoHash>, out: &mut Vec<u8>) {
        if matches!(self, Self::Malformed(_)) {
            // With the swarm's name: WebTorrent's client drops its socket for minutes without it.
            let failure: TrackerMessage = TrackerMessage::Failure {
                reason: self.to_string(),
                info_hash: home,
                off: None,
            };
            frame::text(out, |out| {
                out.extend_from_slice(failure.encode().as_bytes())
            });
        }
        let code = match self {
            Self::Closed(code) => return frame::close(out, code.unwrap_or(code::NORMAL), ""),
            Self::Flood | Self::Idle | Self::Malformed(_) | Self::Off(_) | Self::Slow => {
                code::POLICY
            }
            Self::Oversized => code::SIZE,
            Self::Protocol => code::PROTOCOL,
            Self::Gone | Self::Stopping => code::AWAY,
            Self::Text => code::NO_TEXT,
        };
        frame::close(out, code, &self.to_string());
    }
}
