//! A second arm to compare with: the hybrid loader of p2p-media-loader 2.3, by its rules.
//!
//! The same viewers watch the same video over the same network, and the pages run this loader
//! instead of the engine. What is modelled: a swarm for each rendition and each audio track;
//! windows of media time before the playhead in which HTTP or P2P may load; whole segments, each
//! from one peer at a time; HTTP prefetch by lot; the full list of segments to every peer at each
//! change; uploads that are never refused.
//!
//! What is not modelled flatters it. Its bugs are left out: no emptied or mixed-up segments, no
//! silence for a segment that has left the playlist, no lists that cannot be read, no miscounted
//! length of a resumed segment, no media taken for a command. Nobody sends corrupt bytes, since it would
//! not notice. It is there from the first segment on, with no script to load before. Its estimate
//! of bandwidth is left out too: the simulated player does not choose its rendition by it.
//!
//! All but `host` is sans-IO, like the engine: `Client` is told what happens and when, and leaves
//! what it wants done in its outputs.

mod client;
mod env;
mod host;
mod ids;
mod loader;
mod packet;
mod pass;
mod peer;
mod playlist;
mod rate;
mod request;
mod settings;
mod store;
mod swarm;
mod talk;

#[cfg(test)]
mod tests;

pub(crate) use client::Client;
pub(crate) use packet::Packet;
pub(crate) use swarm::info_hash;

pub use settings::HybridConfig;
