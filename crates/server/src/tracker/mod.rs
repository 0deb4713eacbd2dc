//! The tracker: introduces the viewers of a video to each other (WebTorrent's protocol: JSON over
//! WebSocket).

#[cfg(feature = "net")]
mod counters;
#[cfg(feature = "net")]
mod hub;
pub mod swarm;
#[cfg(feature = "net")]
mod ws;

#[cfg(feature = "net")]
pub use self::{
    counters::{Counts, Event},
    hub::{SocketConfig, Tracker},
};
#[cfg(feature = "net")]
pub(crate) use ws::upgrade;
