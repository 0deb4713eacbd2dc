#![doc = include_str!("../README.md")]
#![warn(missing_docs)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )
)]

mod bencode;
pub mod error;
pub mod id;
pub mod index;
mod json;
pub mod peer;
pub mod sdp;
pub mod tracker;
pub mod varint;

pub use error::DecodeError;
