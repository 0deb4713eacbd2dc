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
use shoal_wire::{DecodeError, id::InfoHash, tracker::ClientMessage};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    task::unconstrained,
    time::{Instant, sleep_until, timeout},
};

use super::{
    close_reason::CloseReason,
    config::SocketConfig,
    counters::TrackerEvent,
    facade::Tracker,
    frame::Received,
    handshake::Opening,
    send_queue::Batch,
    session::{Rejected, Session},
    socket::Socket,
};
use crate::reply::text;

/// Time for which a close is waited for, and any message to a socket that is to be closed.
const FAREWELL: Duration = Duration::from_secs(1);

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
        tracker.counts.add(TrackerEvent::Foreign);
        return text(
            StatusCode::FORBIDDEN,
            "this page may not use this tracker\n",
        );
    }
    let opening = match Opening::of(&mut parts) {
        Ok(opening) => opening,
        Err(refusal) => return *refusal,
    };
    let session = match tracker.register(address, home) {
        Ok(session) => session,
        Err(Rejected::Crowded) => {
            tracker.counts.add(TrackerEvent::Crowded);
            return text(
                StatusCode::TOO_MANY_REQUESTS,
                "too many connections from one address\n",
            );
        }
        Err(Rejected::Full) => {
            tracker.counts.add(TrackerEvent::Full);
            return text(
                StatusCode::SERVICE_UNAVAILABLE,
                "this tracker is full; try again later\n",
            );
        }
    };
    let (response, upgrade) = opening.accept();
    tracker.tasks.spawn(run(upgrade, session));
    response
}

/// A socket's life.
async fn run(upgrade: OnUpgrade, session: Session) {
    let Ok(stream) = upgrade.await else {
        return;
    };
    let max_message = session.tracker.config.limits.max_message;
    let mut socket = Socket::new(TokioIo::new(stream), max_message);
    let tracker = Arc::clone(&session.tracker);
    tracker.counts.add(TrackerEvent::Accepted);
    // Fair by itself: a socket reads only so much before others have their turn.
    let reason = unconstrained(talk(&mut socket, &session)).await;
    let (home, queue) = (session.home, Arc::clone(&session.queue));
    // Its peers leave at once, whatever the farewell takes.
    drop(session);
    tracing::debug!(reason = %reason, "socket closed");
    if let Some(event) = reason.event() {
        tracker.counts.add(event);
    }
    if !matches!(reason, CloseReason::Off(_)) {
        queue.clear();
    }
    if reason != CloseReason::Gone {
        let last = queue.rest(|out| reason.say(home, out));
        // Seldom, so that no socket has to hold the place for it while it lives.
        let _gone = Box::pin(timeout(FAREWELL, farewell(socket, reason, last))).await;
    }
}

/// Reads and writes until the end.
async fn talk(
    socket: &mut Socket<impl AsyncRead + AsyncWrite + Unpin>,
    session: &Session,
) -> CloseReason {
    let mut clock = Clock::new(&session.tracker.config, Instant::now());
    // One for the socket's whole life: to set one for each message costs more than to wake too early.
    let mut alarm = pin!(sleep_until(clock.next()));
    poll_fn(|context| {
        if let Poll::Ready(reason) = poll_heard(socket, session, &mut clock, context) {
            return Poll::Ready(reason);
        }
        while alarm.as_mut().poll(context).is_ready() {
            match clock.ring(Instant::now(), socket.is_stuck()) {
                Ok(true) => session.ping(),
                Ok(false) => {}
                Err(reason) => return Poll::Ready(reason),
            }
            alarm.as_mut().reset(clock.next());
        }
        let reason = ready!(socket.poll_send(context, &session.queue));
        Poll::Ready(reason)
    })
    .await
}

fn poll_heard(
    socket: &mut Socket<impl AsyncRead + AsyncWrite + Unpin>,
    session: &Session,
    clock: &mut Clock,
    context: &mut Context<'_>,
) -> Poll<CloseReason> {
    let limits = &session.tracker.config.limits;
    let mut now = None;
    socket.poll_read(context, Some(&session.queue), |received| {
        clock.heard = *now.get_or_insert_with(Instant::now);
        let text = match &received {
            Received::Text(text) => text,
            // Trackers in use take both kinds of frames.
            Received::Binary(bytes) => {
                str::from_utf8(bytes).map_err(|_| CloseReason::Malformed(DecodeError::Text))?
            }
            Received::Ping(payload) => return session.pong(payload),
            Received::Pong => return session.count(),
            Received::Close(code) => return Err(CloseReason::Closed(*code)),
        };
        let message = ClientMessage::scan(text, limits).map_err(|error| match error {
            DecodeError::Oversized { .. } => CloseReason::Oversized,
            error => CloseReason::Malformed(error),
        })?;
        if matches!(message, ClientMessage::Announce(_)) {
            clock.join_by = None;
        }
        session.handle(message);
        Ok(())
    })
}

/// Times at which something is due.
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

    /// Returns when to look next.
    fn next(&self) -> Instant {
        let silent = self.heard + self.idle;
        let join_by = self.join_by.unwrap_or(silent);
        let taken = self.stuck.map_or(silent, |since| since + self.idle);
        self.next_ping.min(silent).min(join_by).min(taken)
    }

    /// Whether it is time to ping, or why it is over.
    fn ring(&mut self, now: Instant, is_stuck: bool) -> Result<bool, CloseReason> {
        let since = self.stuck.filter(|_| is_stuck);
        self.stuck = is_stuck.then(|| since.unwrap_or(now));
        if since.is_some_and(|since| since + self.idle <= now) {
            return Err(CloseReason::Slow);
        }
        if self.heard + self.idle <= now || self.join_by.is_some_and(|by| by <= now) {
            return Err(CloseReason::Idle);
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
async fn farewell(
    mut socket: Socket<impl AsyncRead + AsyncWrite + Unpin>,
    reason: CloseReason,
    last: Batch,
) {
    let mut last = Some(last);
    let sent = poll_fn(|context| socket.poll_finish(context, &mut last)).await;
    if sent.is_err() || matches!(reason, CloseReason::Closed(_)) {
        return;
    }
    poll_fn(|context| {
        socket.poll_read(context, None, |received| match received {
            Received::Close(code) => Err(CloseReason::Closed(code)),
            _ => Ok(()),
        })
    })
    .await;
}
