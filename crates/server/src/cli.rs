//! The command line.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};
use shoal_server::stun::StunAt;
use shoal_wire::index::P2p;

/// Serves HLS video that its viewers share with each other.
#[derive(Debug, Parser)]
#[command(version, about)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write the index files of a directory, for any web server to serve
    Index(Index),
    /// Serve a directory: the video's files, their indexes, the tracker, the player and its demo page
    Serve(Serve),
}

#[derive(Debug, Args)]
pub(crate) struct Index {
    /// The directory with the playlists; each `x.m3u8` gets a folder `x.m3u8.shoal` beside it
    pub(crate) dir: PathBuf,
    /// A tracker that the viewers meet at, such as wss://example.org; may be given up to 8 times.
    /// Without a path it gets one for each video: /tracker/<swarm>
    #[arg(long = "tracker", value_name = "URL", value_parser = tracker)]
    pub(crate) trackers: Vec<String>,
    /// Whether viewers share
    #[arg(long, value_enum, default_value_t)]
    pub(crate) p2p: Sharing,
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The directory to serve; nothing outside it is
    pub(crate) dir: PathBuf,
    /// Where to listen
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080", value_parser = address)]
    pub(crate) listen: SocketAddr,
    /// Whether viewers share
    #[arg(long, value_enum, default_value_t)]
    pub(crate) p2p: Sharing,
    /// Where to answer STUN on UDP, by which browsers learn their address: an address and port, or off.
    /// Without it: where HTTP is, unless that is a loopback address
    #[arg(long, value_name = "ADDR|off", value_parser = stun)]
    pub(crate) stun: Option<StunAt>,
}

/// What the operator says about sharing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Sharing {
    /// Without asking; the notice is shown, with the switch in it
    On,
    /// Each viewer is asked first
    #[default]
    Ask,
    /// Never; the tracker refuses everybody
    Off,
}

impl From<Sharing> for P2p {
    fn from(sharing: Sharing) -> Self {
        match sharing {
            Sharing::Ask => Self::Ask,
            Sharing::Off => Self::Off,
            Sharing::On => Self::On,
        }
    }
}

fn address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse()
        .map_err(|_| "give an address and a port, such as 127.0.0.1:8080 or [::]:8080")
}

fn stun(text: &str) -> Result<StunAt, &'static str> {
    match text {
        "off" => Ok(StunAt::Off),
        text => address(text).map(StunAt::Address),
    }
}

fn tracker(text: &str) -> Result<String, &'static str> {
    let absolute = text.starts_with("ws://") || text.starts_with("wss://");
    absolute
        .then(|| text.to_owned())
        .ok_or("a tracker's address begins with ws:// or wss://")
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_bad_address_or_tracker_is_refused() {
        assert!(Cli::try_parse_from(["shoal", "serve", ".", "--listen", "nowhere"]).is_err());
        assert!(Cli::try_parse_from(["shoal", "index", ".", "--tracker", "http://x"]).is_err());
        assert!(Cli::try_parse_from(["shoal", "serve", ".", "--p2p", "maybe"]).is_err());
        assert!(Cli::try_parse_from(["shoal", "serve", ".", "--listen", "[::1]:0"]).is_ok());
    }
}
