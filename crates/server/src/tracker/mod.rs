//! The tracker: introduces the viewers of a video to each other (WebTorrent's protocol: JSON over
//! WebSocket).

#[cfg(feature = "net")]
mod access;
#[cfg(feature = "net")]
mod address;
#[cfg(feature = "net")]
mod close_reason;
#[cfg(feature = "net")]
mod config;
#[cfg(feature = "net")]
mod counters;
#[cfg(feature = "net")]
mod drain;
#[cfg(feature = "net")]
mod facade;
pub mod frame;
#[cfg(feature = "net")]
mod handshake;
#[cfg(feature = "net")]
mod homes;
mod ids;
pub mod limits;
#[cfg(feature = "net")]
mod nodes;
#[cfg(feature = "net")]
mod secret;
#[cfg(feature = "net")]
mod send_queue;
#[cfg(feature = "net")]
mod session;
#[cfg(feature = "net")]
mod socket;
pub mod swarm;
#[cfg(feature = "net")]
mod token;
#[cfg(feature = "net")]
pub(crate) mod ws;

#[cfg(feature = "net")]
pub(crate) use self::address::Addresses;
#[cfg(feature = "net")]
pub use self::{
    access::Access,
    address::Prefixes,
    config::SocketConfig,
    counters::{Counts, TrackerEvent},
    facade::Tracker,
    secret::Secret,
    token::{TokenError, Tokens},
};
