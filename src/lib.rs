//! Shoal in the browser: everything that touches it, nothing that decides.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic)
)]
#![cfg_attr(
    not(feature = "_internal"),
    expect(
        unreachable_pub,
        reason = "the adapters are open to the tests of this package alone"
    )
)]

mod catalogue;
mod client;
mod clock;
mod config;
mod early_segments;
mod error;
mod events;
mod host_event;
mod http;
mod js;
mod panic;
mod peer_connections;
mod pump;
mod rtc;
mod small_map;
mod store;
mod trace;
mod tracker;
mod types;
mod verify;
mod viewer;

use js_sys::Function;
use wasm_bindgen::prelude::wasm_bindgen;

pub use client::Client;

/// In a quarter of the room that Rust's own takes: viewers load it.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

/// The adapters, for `tests/`.
#[cfg(feature = "_internal")]
#[doc(hidden)]
pub mod internal {
    pub use crate::catalogue::{Address, Catalogue};
    pub use crate::clock::Clock;
    pub use crate::early_segments::EarlySegments;
    pub use crate::error::Error;
    pub use crate::host_event::{HostEvent, Sender};
    pub use crate::http::{Get, Http};
    pub use crate::js::{Listener, Task};
    pub use crate::peer_connections::PeerConnections;
    pub use crate::rtc::{Inflow, Setup};
    pub use crate::store::Store;
    pub use crate::tracker::Tracker;
    pub use crate::verify::{Job, Verifier};
}

/// Says who is told, once, when a bug of ours ends the engine.
#[wasm_bindgen(js_name = setPanicHandler)]
pub fn set_panic_handler(
    #[wasm_bindgen(unchecked_param_type = "(message: string) => void")] handler: Function,
) {
    panic::set_handler(handler);
}

#[wasm_bindgen(start)]
fn start() {
    panic::install();
}
