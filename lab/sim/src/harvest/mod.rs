//! Somebody who collects the viewers of a video, against a tracker and its crowd.
//!
//! No engines and no video: viewers that announce, offer and answer as ours do, on the server's own
//! swarms. The harvester knows no shame: it has many sockets and ids, offers as much as it may, twice a
//! second from each of its addresses, reconnects, and may answer whatever it is offered.

mod case;
mod message;
mod world;

pub use case::{Harvest, Harvested, Rules};
use world::World;

impl Harvest {
    /// Lives through it.
    #[must_use]
    pub fn run(&self) -> Harvested {
        World::new(*self).run()
    }
}
