//! The server as its clients see it: real sockets, real files.

mod admin;
mod command;
mod deploy;
mod flood;
mod harness;
mod index;
mod live;
mod operation;
mod origin;
mod privacy;
mod stun;
mod tracker;
mod transport;
mod viewers;
