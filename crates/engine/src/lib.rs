//! Every decision of Shoal, as a deterministic state machine without I/O.
//!
//! One [`Engine`] is one viewer of one video. Its host (the browser's adapters, or the simulator)
//! does what it says and tells it what happened. The contract:
//!
//! 1. **Two doors.** [`Engine::handle_input`] and [`Engine::poll_output`]. Commands from the page
//!    are inputs too.
//! 2. **Drain.** After every input, poll until [`Output::Wait`]. The next input may come before
//!    the moment it names; at that moment comes [`Input::Tick`].
//! 3. **Time is an argument**, monotonic, microseconds since an arbitrary origin. **Chance is a
//!    seed** given at birth. Same inputs, same outputs, always.
//! 4. **No bytes of media.** Payloads are `(piece, range)`; the host holds the bytes.
//! 5. **Everything that is held, sent or waited for is bounded**, and every bound is in [`Config`]
//!    with its unit, default and trade-off.
//! 6. **Every command that has an outcome names what it is about** (a link, a request, a need, a
//!    piece, a part of the index), and the outcome names it again.
//! 7. **Nothing a peer, a tracker or an origin sends can panic it.** A panic is our bug.
//!
//! Inside, each part owns its fields and holds no back pointer: `consent` (who decides), `tracker`,
//! `peers` (links), `gossip` (who has what), `download`, `upload`. They share one `Ctx`, with the timers;
//! what news of one means to the others is said in `engine` alone.
#![warn(missing_docs)]
#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod audit;
mod bounds;
mod config;
mod consent;
mod ctx;
mod download;
mod engine;
mod event;
mod gossip;
mod input;
mod meter;
mod output;
mod peers;
mod record;
mod rng;
mod small_map;
mod time;
mod timers;
mod tracker;
mod traffic;
mod upload;

pub use config::{Config, ConfigError};
pub use consent::{Reason, Rule, State, Wish};
pub use engine::Engine;
pub use event::{Event, Stats};
pub use input::{
    ActiveTrack, HttpFault, HttpId, IndexInfo, Input, LOW_MARK, LinkFault, LinkId, NeedId, Pace,
    Playhead, TimelineSegment, TrackInfo, Verdict,
};
pub use output::{CloseReason, Declined, Delivery, Output};
pub use record::{Ending, Entry, OutputHash, RecordError, Recorder, Recording};
pub use time::Time;
