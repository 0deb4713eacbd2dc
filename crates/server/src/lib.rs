//! The operator's half of Shoal: the video's HTTP server, the tracker that introduces its viewers, and
//! the index maker, in one binary.
//!
//! Without the feature `net` only [`tracker::swarm`] is left: the tracker's state, which the simulator
//! can run on a virtual clock.
#![warn(missing_docs)]

#[cfg(feature = "net")]
pub mod admin;
#[cfg(feature = "net")]
pub mod checked;
#[cfg(feature = "net")]
mod client;
#[cfg(feature = "net")]
mod compress;
#[cfg(feature = "net")]
pub mod config;
#[cfg(feature = "net")]
pub mod ice;
#[cfg(feature = "net")]
pub mod index;
#[cfg(feature = "net")]
pub mod log;
#[cfg(feature = "net")]
mod metrics;
#[cfg(feature = "net")]
mod origin;
#[cfg(feature = "net")]
pub mod path;
#[cfg(feature = "net")]
mod policy;
#[cfg(feature = "net")]
pub mod privacy;
#[cfg(feature = "net")]
mod reply;
#[cfg(feature = "net")]
pub mod root;
#[cfg(feature = "net")]
pub mod serve;
#[cfg(feature = "net")]
pub mod shared;
#[cfg(feature = "net")]
mod site;
#[cfg(feature = "net")]
pub mod stun;
pub mod tracker;
#[cfg(feature = "net")]
mod viewers;
#[cfg(feature = "net")]
mod web;
