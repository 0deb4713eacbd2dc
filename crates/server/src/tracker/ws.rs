//! The tracker's sockets: one task for each, bounded in every direction.
//!
//! A malformed message costs its sender the connection, with a reason; nothing a client sends does
//! more than that.

use std::{net::IpAddr, pin::pin, sync::Arc, time::Duration};

use axum::{
    body::Bytes,
    extract::{
        FromRequestParts,
        ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade, close_code},
    },
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
};
use futures_util::SinkExt;
use shoal_wire::{
    DecodeError,
    id::InfoHash,
    tracker::{ClientMessage, OffBy, TrackerMessage},
};
use tokio::time::{Instant, sleep_until, timeout};

use super::{
    counters::Event,
    hub::{NoPlace, Seat, SocketConfig, Tracker},
    swarm::off_reason,
};
use crate::origin::reply::text;

/// How long a close is waited for, and any message to a socket that is to be closed.
const FAREWELL: Duration = Duration::from_secs(1);

/// Bytes that are gathered before they are written, beyond the largest message.
const WRITE_BUFFER: usize = 4096;

/// Why a socket is closed by the tracker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum End {
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
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade,
        Err(rejection) => return rejection.into_response(),
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
    let config = tracker.config;
    let tasks = tracker.tasks.clone();
    upgrade
        .read_buffer_size(config.read_buffer)
        .write_buffer_size(WRITE_BUFFER)
        .max_write_buffer_size(config.limits.max_message + WRITE_BUFFER)
        .max_message_size(config.limits.max_message)
        .max_frame_size(config.limits.max_message)
        .on_upgrade(move |socket| tasks.track_future(run(socket, seat)))
}

/// A socket's life.
async fn run(mut socket: WebSocket, seat: Seat) {
    let tracker = Arc::clone(&seat.tracker);
    tracker.counts.add(Event::Accepted);
    let end = talk(&mut socket, &seat).await;
    let home = seat.home;
    let rest = if matches!(end, End::Off(_)) {
        seat.mailbox.rest()
    } else {
        Vec::new()
    };
    // Its peers leave at once, whatever the farewell takes.
    drop(seat);
    tracing::debug!(reason = %end, "socket closed");
    if let Some(event) = end.event() {
        tracker.counts.add(event);
    }
    let _gone = timeout(FAREWELL, farewell(&mut socket, end, home, rest)).await;
}

async fn talk(socket: &mut WebSocket, seat: &Seat) -> End {
    let config = &seat.tracker.config;
    let mut heard = Instant::now();
    let mut next_ping = heard + config.ping;
    let mut join_by = Some(heard + config.join_within);
    let first = next_ping
        .min(heard + config.idle)
        .min(heard + config.join_within);
    // One for the socket's whole life: to set one for each message costs more than to wake too early.
    let mut alarm = pin!(sleep_until(first));
    loop {
        tokio::select! {
            biased;
            message = seat.mailbox.next() => {
                let sent = match message {
                    Ok(message) => send(socket, seat, Message::Text(message)).await,
                    Err(end) => Err(end),
                };
                if let Err(end) = sent {
                    return end;
                }
            }
            received = socket.recv() => {
                heard = Instant::now();
                match read(received, config) {
                    Ok(Some(message)) => {
                        if matches!(message, ClientMessage::Announce(_)) {
                            join_by = None;
                        }
                        seat.handle(message);
                    }
                    Ok(None) => {}
                    Err(end) => return end,
                }
            }
            () = alarm.as_mut() => {
                let now = Instant::now();
                let silent = heard + config.idle;
                if silent <= now || join_by.is_some_and(|by| by <= now) {
                    return End::Idle;
                }
                if next_ping <= now {
                    next_ping = now + config.ping;
                    if let Err(end) = send(socket, seat, Message::Ping(Bytes::new())).await {
                        return end;
                    }
                }
                alarm.as_mut().reset(next_ping.min(silent).min(join_by.unwrap_or(silent)));
            }
        }
    }
}

/// Sends, but not for ever: a client that takes nothing is slow when its queue is full or when it is
/// idle, and nothing delays an end.
async fn send(socket: &mut WebSocket, seat: &Seat, message: Message) -> Result<(), End> {
    let sending = async {
        socket.feed(message).await?;
        // Whatever else waits goes with it: a reply and its offers in one packet.
        while let Some(message) = seat.mailbox.waiting() {
            socket.feed(Message::Text(message)).await?;
        }
        socket.flush().await
    };
    tokio::select! {
        biased;
        end = seat.mailbox.ended() => Err(end),
        sent = timeout(seat.tracker.config.idle, sending) => match sent {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => Err(End::Slow),
        },
    }
}

fn read(
    received: Option<Result<Message, axum::Error>>,
    config: &SocketConfig,
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
async fn farewell(socket: &mut WebSocket, end: End, home: Option<InfoHash>, rest: Vec<Utf8Bytes>) {
    let Some(code) = end.close_code() else {
        return;
    };
    for message in rest {
        let _unheard = socket.feed(Message::Text(message)).await;
    }
    if matches!(end, End::Malformed(_)) {
        // With the swarm's name: WebTorrent's client drops its socket for minutes without it.
        let reason = end.to_string();
        let failure = TrackerMessage::Failure {
            reason,
            info_hash: home,
            off: None,
        };
        let _unheard = socket.feed(Message::Text(failure.encode().into())).await;
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
            Self::Flood => Some(Event::Flood),
            Self::Idle => Some(Event::Idle),
            Self::Malformed(_) => Some(Event::Malformed),
            Self::Off(_) => Some(Event::Off),
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
            Self::Flood | Self::Idle | Self::Malformed(_) | Self::Off(_) | Self::Slow => {
                Some(close_code::POLICY)
            }
            Self::Oversized => Some(close_code::SIZE),
            Self::Protocol => Some(close_code::PROTOCOL),
            Self::Stopping => Some(close_code::AWAY),
        }
    }
}
