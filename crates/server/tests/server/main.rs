//! The server as its clients see it: real sockets, real files.

mod admin;
#[cfg(feature = "s3")]
mod bucket;
mod command;
mod flood;
mod harness;
mod index;
mod live;
mod operation;
mod origin;
mod privacy;
mod scale;
#[cfg(feature = "s3")]
mod store;
mod stun;
mod tls;
mod tracker;
mod transport;
mod viewers;
