//! Commands of an engine, a page or a hybrid loader to its adapters. Nothing here gives an engine an
//! input: it may be asked in the middle of a drain. What comes of it is in `arrivals`.

mod http;
mod link;
mod packet;
mod tracker;

pub(crate) use link::sdp;
