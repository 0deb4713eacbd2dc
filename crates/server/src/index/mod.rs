//! The index maker: finds the HLS playlists of a directory, makes the index of each, and keeps it up
//! to date while a stream grows or files change.

mod built;
mod cache;
mod compose;
mod digest;
mod hash_pool;
mod indexes;
mod live;
mod mirrors;
mod playlist;
mod scan;
mod source;
mod video;
mod vod;
pub mod write;

pub use self::{built::Settings, cache::Cache, hash_pool::Crew};
pub(crate) use self::{
    compose::Composer,
    indexes::{Answer, Library, is_index},
};
