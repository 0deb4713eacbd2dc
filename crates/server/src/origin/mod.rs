//! The HTTP server of the video: files of one directory, GET and HEAD, with ranges, conditional
//! requests and caching headers. What is not a file there may still be an index made on the fly.

mod conditional;
mod file;
pub(crate) mod media_type;
#[cfg(feature = "s3")]
mod object;
mod range;
pub(crate) mod resource;

use std::{
    borrow::Cow,
    io,
    time::{Duration, SystemTime},
};

use axum::{
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    response::Response,
};

pub(crate) use conditional::Validators;
use resource::{Changed, Content, Resource};

use crate::{
    index::{self, Answer},
    path::FilePath,
    policy,
    reply::{redirect, text},
    root::{Root, Stamp, is_away},
    site::Site,
};

/// The longest time for which a file may be taken from a cache without asking.
const MAX_AGE: Duration = Duration::from_secs(3600);

/// The same for a playlist that grows, and one that has not changed for a while.
const MIN_PLAYLIST_AGE: Duration = Duration::from_secs(1);
const MAX_PLAYLIST_AGE: Duration = Duration::from_secs(10);

/// How often a question is asked whose subject changes meanwhile.
const ATTEMPTS: usize = 3;

/// The file that stands for its folder.
const FOLDER_PAGE: &str = "index.html";

/// Answers for a path of the served files; `None` if nothing is there.
pub(crate) async fn serve(
    site: &Site,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
) -> Option<Response> {
    if method != Method::GET && method != Method::HEAD {
        let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n");
        response
            .headers_mut()
            .insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        return Some(response);
    }
    let path = FilePath::from_url(uri.path())?;
    let slash = uri.path().ends_with('/');
    // What changes between two steps is asked about once more.
    for _ in 0..ATTEMPTS {
        return Some(match find(site, path.clone(), slash).await {
            Found::Resource(resource) => match resource.reply(method, headers).await {
                Ok(response) => response,
                Err(Changed) => continue,
            },
            Found::Away(error) => resource::away(&error),
            Found::Elsewhere(place) => redirect(StatusCode::FOUND, &place),
            Found::Later => later("the index of this video is still being made\n"),
            Found::Nothing => return None,
        });
    }
    Some(later("this file is being replaced\n"))
}

fn later(sentence: &'static str) -> Response {
    let mut response = text(StatusCode::SERVICE_UNAVAILABLE, sentence);
    let after = HeaderValue::from_static("5");
    response.headers_mut().insert(header::RETRY_AFTER, after);
    response
}

enum Found {
    Away(io::Error),
    Elsewhere(String),
    Later,
    Nothing,
    Resource(Box<Resource>),
}

async fn find(site: &Site, path: FilePath, slash: bool) -> Found {
    if path.name() == policy::FILE {
        return Found::Nothing;
    }
    if !slash && index::is_index(&path) {
        match virtual_file(site, &path).await {
            // It may be that of a playlist that is not here.
            Found::Nothing => {}
            found => return found,
        }
    }
    let found = match &site.root {
        Root::Directory(directory) => {
            let (directory, path) = (directory.clone(), path.clone());
            let look = move || file::look(&directory, &path, slash);
            match tokio::task::spawn_blocking(look).await {
                Ok(found) => found,
                Err(_stopping) => return Found::Nothing,
            }
        }
        #[cfg(feature = "s3")]
        Root::Store(store) => object::look(store, &path, slash).await,
    };
    match found {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => virtual_file(site, &path).await,
        // A part of an index may be in memory.
        Err(error) if is_away(&error) => match virtual_file(site, &path).await {
            Found::Nothing => Found::Away(error),
            found => found,
        },
        Err(error) => {
            // Refused by the file system: a link that leads outside, or rights that are missing.
            tracing::debug!(%path, %error, "not served");
            Found::Nothing
        }
    }
}

/// A file of an index that is made on the fly.
async fn virtual_file(site: &Site, path: &FilePath) -> Found {
    match site.library.answer(path).await {
        Some(Answer::Later) => Found::Later,
        Some(Answer::Ready {
            bytes,
            etag,
            media_type,
            cache_control,
        }) => Found::Resource(Box::new(Resource {
            content: Content::Bytes(bytes),
            media_type,
            cache_control: Cow::Borrowed(cache_control),
            validators: Validators {
                etag,
                modified: None,
            },
        })),
        None => Found::Nothing,
    }
}

/// Pages and indexes are asked about each time: the operator's switch is in them. A playlist may be kept
/// for a moment, so that a cache in between asks once for all its viewers: a second while it grows, some
/// seconds when it rests. The rest may be kept as long as it has not changed so far, an hour at most: that
/// is long for a video on demand, and short for the segment files of a live stream, whose names a new
/// stream takes again. What has rested for an hour is not asked about when a page is loaded anew, either.
fn cache_control(path: &FilePath, stamp: Stamp) -> Cow<'static, str> {
    let name = path.name().to_ascii_lowercase();
    if [".html", ".json"]
        .iter()
        .any(|extension| name.ends_with(extension))
    {
        return Cow::Borrowed("no-cache");
    }
    let age = SystemTime::now()
        .duration_since(stamp.modified)
        .unwrap_or_default();
    if name.ends_with(".m3u8") {
        let resting = (age / 10).clamp(MIN_PLAYLIST_AGE, MAX_PLAYLIST_AGE);
        return Cow::Owned(format!("max-age={}", resting.as_secs()));
    }
    if age < MAX_AGE {
        Cow::Owned(format!("max-age={}", age.as_secs()))
    } else {
        Cow::Owned(format!("max-age={}, immutable", MAX_AGE.as_secs()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cached(name: &str, age: u64) -> String {
        let modified = SystemTime::now() - Duration::from_secs(age);
        let stamp = Stamp {
            modified,
            len: 1,
            tag: 0,
        };
        cache_control(&FilePath::from_url(name).unwrap(), stamp).into_owned()
    }

    #[test]
    fn what_has_rested_may_be_kept_longer() {
        assert_eq!(cached("/s1.ts", 0), "max-age=0");
        assert_eq!(cached("/s1.ts", 600), "max-age=600");
        assert_eq!(cached("/s1.ts", 86_400), "max-age=3600, immutable");
        assert_eq!(cached("/p.m3u8", 0), "max-age=1");
        assert_eq!(cached("/p.M3U8", 86_400), "max-age=10");
        assert_eq!(cached("/p.m3u8.shoal/index.json", 86_400), "no-cache");
        assert_eq!(cached("/index.html", 86_400), "no-cache");
    }
}
