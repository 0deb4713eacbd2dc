//! The tracker: introduces the viewers of a video to each other (WebTorrent's protocol: JSON over
//! WebSocket).

#[cfg(feature = "net")]
mod access;
#[cfg(feature = "net")]
mod address;
#[cfg(feature = "net")]
pub mod alone;
#[cfg(feature = "net")]
mod counters;
pub mod frame;
#[cfg(feature = "net")]
mod handshake;
#[cfg(feature = "net")]
mod hub;
pub mod limits;
#[cfg(feature = "net")]
mod mailbox;
#[cfg(feature = "net")]
mod routes;
#[cfg(feature = "net")]
mod secret;
#[cfg(feature = "net")]
mod socket;
pub mod swarm;
#[cfg(feature = "net")]
mod token;
#[cfg(feature = "net")]
mod ws;

#[cfg(feature = "net")]
pub use self::{
    access::Access,
    address::Prefixes,
    counters::{Counts, Event},
    hub::{SocketConfig, Tracker},
    secret::Secret,
    token::{TokenError, Tokens},
};
#[cfg(feature = "net")]
pub(crate) use self::{address::Addresses, routes::upgrade};
