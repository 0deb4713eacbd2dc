//! The HTTP server of the video: files of one directory, GET and HEAD, with ranges, conditional
//! requests and caching headers. What is not a file there may still be an index made on the fly.

mod cache_control;
mod conditional;
mod file;
mod found;
pub(crate) mod media_type;
#[cfg(feature = "s3")]
mod object;
mod range;
pub(crate) mod resource;

use std::{borrow::Cow, io};

use axum::{
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    response::Response,
};

pub(crate) use conditional::Validators;
use found::Found;
use resource::{Changed, Content, Resource};

use crate::{
    index::{self, Answer},
    path::FilePath,
    policy,
    reply::{redirect, text},
    root::{Root, is_away},
    site::Site,
};

/// Attempts at a question whose subject changes meanwhile.
const ATTEMPTS: usize = 3;

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
    match site.indexes.answer(path).await {
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
