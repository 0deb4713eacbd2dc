//! Where else a video's segments are.

use crate::path::{FilePath, encode};

/// The copies of a playlist's folder on servers that have a copy of the whole directory, each named by a URL
/// that ends with a slash.
pub(super) fn of(servers: &[String], playlist: &FilePath) -> Vec<String> {
    let folder = playlist.parent();
    let copy = |server: &String| match folder.as_str() {
        "" => server.clone(),
        folder => format!("{server}{}/", encode(folder)),
    };
    servers.iter().map(copy).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mirror_has_the_folder_of_the_playlist() {
        let servers = [
            "https://a.example/media/".into(),
            "http://[::1]:8080/".into(),
        ];
        let copies = |playlist| of(&servers, &FilePath::from_url(playlist).unwrap());
        assert_eq!(
            copies("/t%C3%A9l%C3%A9/50%25%20%23/p.m3u8"),
            [
                "https://a.example/media/t%C3%A9l%C3%A9/50%25%20%23/",
                "http://[::1]:8080/t%C3%A9l%C3%A9/50%25%20%23/"
            ]
        );
        assert_eq!(copies("/p.m3u8"), servers);
    }
}
