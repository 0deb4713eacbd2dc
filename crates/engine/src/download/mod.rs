//! What is wanted, what is held, and who brings it.
//!
//! `plan` lists what is wanted and decides when a server is asked, by `election`; `request` decides which
//! peer is asked for what. `fetch`, `pieces` and `keep` do it and take in what comes of it. What
//! they work on are parts of their own: the `timeline`, the `store` with its pieces, what is `asked` of
//! peers, the `fetches` from servers. `state` holds these together.

mod asked;
mod cancel;
mod election;
mod fetch;
mod fetches;
mod keep;
mod piece;
mod pieces;
mod plan;
mod request;
mod servers;
mod state;
mod store;
mod timeline;
mod wants;

pub(crate) use self::state::Download;
pub(crate) use self::store::Store;
