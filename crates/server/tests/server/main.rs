//! The server as its clients see it: real sockets, real files.

mod admin;
#[cfg(feature = "s3")]
mod bucket;
mod command;
mod deploy;
mod flood;
mod harness;
mod index;
mod live;
mod operation;
mod origin;
mod privacy;
#[path = "../nodes/programs.rs"]
#[allow(dead_code, reason = "the tests of several nodes use more of it")]
mod programs;
mod scale;
#[cfg(feature = "s3")]
mod store;
mod stun;
mod tracker;
mod transport;
mod viewers;
