//! Media types by a file's extension: the few that a video site serves.

/// The `Content-Type` of a file.
pub(crate) fn of(name: &str) -> &'static str {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    match extension.to_ascii_lowercase().as_str() {
        "aac" => "audio/aac",
        "avif" => "image/avif",
        "css" => "text/css; charset=utf-8",
        "gif" => "image/gif",
        "htm" | "html" => "text/html; charset=utf-8",
        "ico" => "image/x-icon",
        "jpeg" | "jpg" => "image/jpeg",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" | "map" => "application/json",
        "m3u8" => "application/vnd.apple.mpegurl",
        "m4a" => "audio/mp4",
        "cmfa" | "cmfv" | "m4s" | "m4v" | "mp4" => "video/mp4",
        "mp3" => "audio/mpeg",
        "mpd" => "application/dash+xml",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "torrent" => "application/x-bittorrent",
        "ts" => "video/mp2t",
        "txt" => "text/plain; charset=utf-8",
        "vtt" => "text/vtt; charset=utf-8",
        "wasm" => "application/wasm",
        "webm" => "video/webm",
        "webp" => "image/webp",
        _ => "application/octet-stream",
    }
}
