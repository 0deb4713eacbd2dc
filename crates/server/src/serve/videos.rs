//! The list of videos that the demo page offers.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use serde::Serialize;

use crate::{index::VideoIndexes, path::FilePath};

/// Names of playlists that say nothing about the video: its folder's name does.
const COMMON_NAMES: [&str; 5] = ["index", "main", "master", "playlist", "stream"];

#[derive(Serialize)]
struct VideoEntry {
    name: String,
    src: String,
}

/// Answers `/shoal/videos.json`: what the demo page offers.
pub(super) async fn list(State(indexes): State<Arc<VideoIndexes>>) -> Response {
    let entry = |path: FilePath| VideoEntry {
        name: name(&path),
        src: path.to_url(),
    };
    let entries: Vec<_> = indexes.list().await.into_iter().map(entry).collect();
    ([(header::CACHE_CONTROL, "no-cache")], Json(entries)).into_response()
}

fn name(path: &FilePath) -> String {
    let stem = path
        .name()
        .rsplit_once('.')
        .map_or(path.name(), |(stem, _)| stem);
    let folder = path.parent();
    if COMMON_NAMES.contains(&stem) && !folder.name().is_empty() {
        folder.name().to_owned()
    } else {
        stem.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_video_is_named_by_what_says_most() {
        let named = |path| name(&FilePath::from_url(path).unwrap());
        assert_eq!(named("/film.m3u8"), "film");
        assert_eq!(named("/films/one/master.m3u8"), "one");
        assert_eq!(named("/master.m3u8"), "master");
    }
}
