//! The index maker: finds the HLS playlists of a directory, makes the index of each, and keeps it up
//! to date while a stream grows or files change.

mod built;
mod cache;
mod compose;
mod context;
mod digest;
mod hash_pool;
mod indexes;
mod known;
mod live;
mod mirrors;
mod names;
mod playlist;
mod scan;
mod source;
mod video;
mod vod;
mod watch;
pub mod write;

pub use self::{built::Settings, cache::Cache, hash_pool::HashPool};
pub(crate) use self::{
    compose::Composer,
    indexes::{Answer, VideoIndexes},
    names::is_index,
};
