//! Many Shoal engines on one virtual clock.
//!
//! Real engines, with adapters that only count, share a simulated video over a simulated network.
//! One run is one thread and draws every random number from one seed, so that the same scenario and seed
//! give the same run to the last event. Every scenario can be run a second time without P2P, with
//! the same viewers: what the viewers suffer is compared one by one. A third run puts a model of
//! p2p-media-loader in the engine's place.

mod access;
mod arrivals;
mod clock;
mod commands;
mod contract;
mod counts;
mod crowd;
mod event;
mod event_queue;
mod guard;
mod harvest;
mod link;
mod node;
mod origin;
mod p2pml_model;
mod page;
mod pipe;
mod player;
mod replay;
mod report;
mod request;
mod rng;
mod run;
mod scenario;
mod small_map;
mod store;
mod table;
mod trace;
mod tracker;
mod video;
mod wire;
mod world;

pub use access::{Access, Nat};
pub use crowd::Crowd;
pub use harvest::{Harvest, Harvested, Rules};
pub use p2pml_model::HybridConfig;
pub use replay::{Replay, Step, replay};
pub use report::{Comparison, Report, ViewerReport};
pub use scenario::{Arm, Mirror, Scenario, minutes, secs};
