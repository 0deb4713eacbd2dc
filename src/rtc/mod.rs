//! Connections to peers.

mod channel;
mod frame;
mod peer;

pub use frame::Inflow;
pub(crate) use peer::Peer;
pub use peer::Setup;
