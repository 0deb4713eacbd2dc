//! The tracker's sockets: one task for each, bounded in every direction.
//!
//! A malformed message costs its sender the connection, with a reason; nothing a client sends does
//! more than that.

use std::{sync::Arc, time::Duration};

use axum::{
    body::Bytes,
    extract::{
        FromRequestParts, Path, State,
        ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code},
    },
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
};
use shoal_wire::{
    DecodeError,
    id::InfoHash,
    index::P2p,
    tracker::{ClientMessage, TrackerMessage},
};
use tokio::time::{Instant, sleep_until, timeout};

use super::{
    counters::Event,
    hub::{Seat, Tracker},
};
use crate::{
    origin::{not_found, reply::text},
    routes::Site,
};

/// How long a close is waited for, and any message to a socket that is to be closed.
const FAREWELL: Duration = Duration::from_secs(1);

/// Bytes that may wait to be written, beyond the queue: the largest message and its frame.
const WRITE_SLACK: usize = 1024;

/// Why a socket is closed by the tracker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum End {
    #[error("nothing was heard for too long")]
    Idle,
    #[error("malformed message: {0}")]
    Malformed(DecodeError),
    #[error("message too large")]
    Oversized,
    #[error("protocol error")]
    Protocol,
    #[error("messages are not taken fast enough")]
    Slow,
    #[error("the server stops")]
    Stopping,
    #[error("the client has gone")]
    Gone,
}

/// Answers `/tracker/<swarm>`.
pub(crate) async fn upgrade(
    State(site): State<Site>,
    Path(swarm): Path<String>,
    mut parts: Parts,
) -> Response {
    let tracker = Arc::clone(&site.tracker);
    if site.policies.site() == P2p::Off {
        tracker.counts.add(Event::Refused);
        return text(StatusCode::FORBIDDEN, "P2P is off on this site\n");
    }
    let Some(swarm) = InfoHash::from_hex(&swarm)
        .ok()
        .filter(|swarm| tracker.has(*swarm))
    else {
        tracker.counts.add(Event::Refused);
        return not_found();
    };
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade,
        Err(rejection) => return rejection.into_response(),
    };
    if tracker.is_full() {
        tracker.counts.add(Event::Full);
        return text(
            StatusCode::SERVICE_UNAVAILABLE,
            "this tracker is full; try again later\n",
        );
    }
    let config = tracker.config;
    let tasks = tracker.tasks.clone();
    upgrade
        .read_buffer_size(config.read_buffer)
        .write_buffer_size(0)
        .max_write_buffer_size(config.limits.max_message + WRITE_SLACK)
        .max_message_size(config.limits.max_message)
        .max_frame_size(config.limits.max_message)
        .on_upgrade(move |socket| tasks.track_future(run(tracker, socket, swarm)))
}

/// A socket's life.
async fn run(tracker: Arc<Tracker>, mut socket: WebSocket, swarm: InfoHash) {
    let Some(mut seat) = tracker.sit() else {
        tracker.counts.add(Event::Full);
        return;
    };
    tracker.counts.add(Event::Accepted);
    let end = talk(&tracker, &mut socket, &mut seat).await;
    // Its peers leave at once, whatever the farewell takes.
    drop(seat);
    tracing::debug!(%swarm, reason = %end, "socket closed");
    if let Some(event) = end.event() {
        tracker.counts.add(event);
    }
    let _gone = timeout(FAREWELL, farewell(&mut socket, end, swarm)).await;
}

async fn talk(tracker: &Tracker, socket: &mut WebSocket, seat: &mut Seat<'_>) -> End {
    let config = &tracker.config;
    let mut heard = Instant::now();
    let mut next_ping = heard + config.ping;
    let slow = seat.slow.clone();
    loop {
        tokio::select! {
            biased;
            () = tracker.stop.cancelled() => return End::Stopping,
            () = slow.cancelled() => return End::Slow,
            message = seat.inbox.recv() => {
                let Some(message) = message else { return End::Gone };
                if let Err(end) = send(tracker, socket, seat, Message::Text(message)).await {
                    return end;
                }
            }
            received = socket.recv() => {
                heard = Instant::now();
                match read(received, config) {
                    Ok(Some(message)) => seat.handle(message),
                    Ok(None) => {}
                    Err(end) => return end,
                }
            }
            () = sleep_until(next_ping.min(heard + config.idle)) => {
                if heard.elapsed() >= config.idle {
                    return End::Idle;
                }
                next_ping = Instant::now() + config.ping;
                if let Err(end) = send(tracker, socket, seat, Message::Ping(Bytes::new())).await {
                    return end;
                }
            }
        }
    }
}

/// Sends, but not for ever: a client that takes nothing is slow when its queue is full or when it is
/// idle, and nothing delays a stop.
async fn send(
    tracker: &Tracker,
    socket: &mut WebSocket,
    seat: &Seat<'_>,
    message: Message,
) -> Result<(), End> {
    tokio::select! {
        biased;
        () = tracker.stop.cancelled() => Err(End::Stopping),
        () = seat.slow.cancelled() => Err(End::Slow),
        sent = timeout(tracker.config.idle, socket.send(message)) => match sent {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => Err(End::Slow),
        },
    }
}

fn read(
    received: Option<Result<Message, axum::Error>>,
    config: &super::SocketConfig,
) -> Result<Option<ClientMessage>, End> {
    let decode = |text: &str| {
        ClientMessage::decode(text, &config.limits)
            .map(Some)
            .map_err(|error| match error {
                DecodeError::Oversized { .. } => End::Oversized,
                error => End::Malformed(error),
            })
    };
    match received {
        Some(Ok(Message::Text(text))) => decode(&text),
        // Trackers in use take both kinds of frames.
        Some(Ok(Message::Binary(bytes))) => match str::from_utf8(&bytes) {
            Ok(text) => decode(text),
            Err(_) => Err(End::Malformed(DecodeError::Text)),
        },
        Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(None),
        Some(Ok(Message::Close(_))) | None => Err(End::Gone),
        Some(Err(error)) => Err(broken(error)),
    }
}

/// Names what is wrong with a connection.
fn broken(error: axum::Error) -> End {
    use tungstenite::{Error, error::ProtocolError};
    match error.into_inner().downcast::<Error>().map(|error| *error) {
        Ok(Error::Capacity(_)) => End::Oversized,
        Ok(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => End::Gone,
        Ok(Error::Protocol(_) | Error::Utf8(_)) => End::Protocol,
        Ok(_) | Err(_) => End::Gone,
    }
}

/// Says why and closes.
async fn farewell(socket: &mut WebSocket, end: End, swarm: InfoHash) {
    let Some(code) = end.close_code() else {
        return;
    };
    if matches!(end, End::Malformed(_)) {
        // With the swarm's name: WebTorrent's client drops its socket for minutes without it.
        let reason = end.to_string();
        let failure = TrackerMessage::Failure {
            reason,
            info_hash: Some(swarm),
        };
        let _unheard = socket.send(Message::Text(failure.encode().into())).await;
    }
    let frame = CloseFrame {
        code,
        reason: end.reason().into(),
    };
    if socket.send(Message::Close(Some(frame))).await.is_ok() {
        // Until the client has closed too: an early end of the connection would lose what was sent.
        while let Some(Ok(_)) = socket.recv().await {}
    }
}

impl End {
    fn event(self) -> Option<Event> {
        match self {
            Self::Idle => Some(Event::Idle),
            Self::Malformed(_) => Some(Event::Malformed),
            Self::Oversized => Some(Event::Oversized),
            Self::Protocol => Some(Event::Protocol),
            Self::Slow => Some(Event::Slow),
            Self::Gone | Self::Stopping => None,
        }
    }

    /// The sentence, short enough for a close frame (RFC 6455 §5.5: 125 bytes with the code).
    fn reason(self) -> String {
        self.to_string()
            .chars()
            .filter(char::is_ascii)
            .take(120)
            .collect()
    }

    fn close_code(self) -> Option<u16> {
        match self {
            Self::Gone => None,
            Self::Idle | Self::Malformed(_) | Self::Slow => Some(close_code::POLICY),
            Self::Oversized => Some(close_code::SIZE),
            Self::Protocol => Some(close_code::PROTOCOL),
            Self::Stopping => Some(close_code::AWAY),
        }
    }
}
