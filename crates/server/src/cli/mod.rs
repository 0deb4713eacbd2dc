//! The command line.

mod parse;

use std::{
    net::SocketAddr,
    num::NonZero,
    path::{Path, PathBuf},
};

use axum::http::Uri;
use clap::{Args, Parser, Subcommand, ValueEnum};
use ipnet::IpNet;
use shoal_server::{
    admin::client::Endpoint,
    checked::{mirror_url, network, stun_url, turn_url},
    config::{self, ConfigError, File},
    ice::{self, Turn, TurnAccess},
    serve::{ServeConfig, TlsConfig},
    stun::StunAt,
};
use shoal_wire::{id::InfoHash, index::P2p};

use self::parse::{Stun, address, http_url, language, stun, swarm, tracker};

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
    /// Tell who may share on a running server, or change it: for the site, or for one video
    P2p(P2pCommand),
    /// Write the page that tells viewers what sharing reveals, for any web server to serve; `shoal
    /// serve` has it at /privacy
    Privacy(Privacy),
    /// Serve a directory: the video's files, their indexes, the tracker, the player and its demo page
    Serve(Serve),
    /// Run a tracker alone, for videos that lie elsewhere
    Track(Track),
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
    /// A STUN server, by which browsers learn their address, such as stun:example.org:3478. Whoever runs
    /// it learns who watches
    #[arg(long = "stun", value_name = "URL", value_parser = stun_url)]
    pub(crate) stun: Vec<String>,
    #[command(flatten)]
    pub(crate) turn: Relays,
    #[command(flatten)]
    pub(crate) mirrors: Mirrors,
    /// Threads that hash at a time [default: one for each core]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<NonZero<usize>>,
    /// A folder in which digests are kept, so that no file is read again that has not changed
    /// [default: .shoal in the directory]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) cache: Option<PathBuf>,
    /// Read every file, and keep no digests
    #[arg(long, conflicts_with = "cache")]
    pub(crate) no_cache: bool,
    /// Remove indexes whose playlists are gone
    #[arg(long)]
    pub(crate) prune: bool,
    /// Say only what went wrong
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

/// Servers with copies.
#[derive(Debug, Args)]
pub(crate) struct Mirrors {
    /// Another web server with a copy of the whole directory, by the URL of its top: players that share may
    /// load segments from there; may be given up to 7 times
    #[arg(long = "mirror", value_name = "URL", value_parser = mirror_url)]
    mirrors: Vec<String>,
}

impl Mirrors {
    /// As many as an index may name.
    pub(crate) fn urls(self) -> Result<Vec<String>, ConfigError> {
        config::mirrors(self.mirrors)
    }
}

/// TURN servers.
#[derive(Debug, Args)]
pub(crate) struct Relays {
    /// A TURN server, for viewers who hide their address from each other, such as
    /// turn:example.org:3478; may be given up to 8 times. Without a host (turn::3478) it is this one
    #[arg(long = "turn", value_name = "URL", value_parser = turn_url)]
    urls: Vec<String>,
    /// The name that the TURN server wants, for everybody the same
    #[arg(long = "turn-user", value_name = "NAME", requires_all = ["urls", "password_file"])]
    user: Option<String>,
    /// A file with the password that goes with the name
    #[arg(long = "turn-password-file", value_name = "FILE", requires = "user")]
    password_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The directory to serve, or a bucket as s3://bucket/prefix; nothing outside it is
    pub(crate) dir: Option<PathBuf>,
    /// A configuration file (TOML); the other options override what it says
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Say whether the configuration is in order, and serve nothing
    #[arg(long)]
    pub(crate) check: bool,
    /// Where to listen [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR", value_parser = address)]
    pub(crate) listen: Option<SocketAddr>,
    /// The certificate with those above it (PEM), to serve HTTPS
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The certificate's private key (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) site: Site,
    /// The address or network (CIDR) of a reverse proxy, which tells the viewers' addresses in
    /// X-Forwarded-For; may be given several times. Limits by address need it behind a proxy
    #[arg(long = "trusted-proxy", value_name = "NET", value_parser = network)]
    pub(crate) trusted_proxies: Vec<IpNet>,
    #[command(flatten)]
    pub(crate) mirrors: Mirrors,
    #[command(flatten)]
    pub(crate) turn: Relays,
    /// A file with the secret that the TURN server shares (coturn: static-auth-secret): each viewer gets
    /// credentials that end after 12 hours
    #[arg(long, value_name = "FILE", requires = "urls", conflicts_with = "user")]
    pub(crate) turn_secret_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Privacy {
    /// The language to write it in, such as en or fr
    #[arg(long, value_name = "LANG", default_value = "en", value_parser = language)]
    pub(crate) lang: String,
    /// A tracker that is not `shoal serve`'s; may be given several times
    #[arg(long = "tracker", value_name = "URL", value_parser = tracker)]
    pub(crate) trackers: Vec<String>,
    #[command(flatten)]
    pub(crate) site: Site,
    /// A TURN server that the indexes name; may be given several times
    #[arg(long = "turn", value_name = "URL", value_parser = turn_url)]
    pub(crate) turn: Vec<String>,
    #[command(flatten)]
    pub(crate) mirrors: Mirrors,
    /// The configuration of the server that the page is about (TOML); the other options override what it
    /// says
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct P2pCommand {
    /// What holds from now on; nothing, to see what holds. Viewers who share stop within a second
    #[arg(value_enum)]
    pub(crate) word: Option<SwitchTo>,
    /// The playlist of the video that is meant, as in its URL; without it, the site
    #[arg(long, value_name = "PATH", requires = "word")]
    pub(crate) video: Option<String>,
    #[command(flatten)]
    pub(crate) server: ServerArgs,
}

/// Where the running server is reached.
#[derive(Debug, Args)]
pub(crate) struct ServerArgs {
    /// The server's admin socket
    #[arg(
        long,
        value_name = "FILE",
        required_unless_present = "url",
        conflicts_with = "url"
    )]
    socket: Option<PathBuf>,
    /// The server's address, such as http://127.0.0.1:8080
    #[arg(long, value_name = "URL", requires = "token_file", value_parser = http_url)]
    url: Option<Uri>,
    /// A file with the admin token that goes with the address
    #[arg(long, value_name = "FILE", requires = "url")]
    token_file: Option<PathBuf>,
}

impl ServerArgs {
    /// The server that is meant.
    pub(crate) fn endpoint(self) -> Result<Endpoint, ConfigError> {
        match (self.socket, self.url, self.token_file) {
            (None, Some(url), Some(file)) => Ok(Endpoint::Http {
                url,
                token: config::secret(&file)?,
            }),
            (socket, _, _) => Ok(Endpoint::Socket(socket.unwrap_or_default())),
        }
    }
}

/// What the operator can switch to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SwitchTo {
    /// Without asking; the notice is shown, with the switch in it
    On,
    /// Each viewer is asked first
    Ask,
    /// Never; the tracker refuses everybody
    Off,
    /// What the configuration says
    Configured,
}

impl SwitchTo {
    /// As the server takes it.
    pub(crate) fn p2p(self) -> Option<P2p> {
        match self {
            Self::On => Some(P2p::On),
            Self::Ask => Some(P2p::Ask),
            Self::Off => Some(P2p::Off),
            Self::Configured => None,
        }
    }
}

/// What the operator decides about sharing.
#[derive(Debug, Args)]
pub(crate) struct Site {
    /// The name of the site or of whoever runs it, for the page on privacy
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Where viewers can ask: a mail address or a web page, for the page on privacy
    #[arg(long, value_name = "TEXT")]
    pub(crate) contact: Option<String>,
    /// Whether viewers share [default: ask]
    #[arg(long, value_enum)]
    pub(crate) p2p: Option<Sharing>,
    /// Viewers that there must be before any of them shares [default: 0]
    #[arg(long, value_name = "N")]
    pub(crate) min_viewers: Option<u32>,
    /// Where to answer STUN on UDP, by which browsers learn their address: an address and port, or off,
    /// or the URL of another's, who then learns who watches. Without it: where HTTP is, unless that is a
    /// loopback address
    #[arg(long, value_name = "ADDR|off|URL", value_parser = stun)]
    pub(crate) stun: Option<Stun>,
}

impl Site {
    /// Puts what is given in the place of what the configuration says.
    pub(crate) fn apply(self, config: &mut ServeConfig) {
        let Self {
            name,
            contact,
            p2p,
            min_viewers,
            stun,
        } = self;
        let operator = &mut config.operator;
        operator.name = name.or(operator.name.take());
        operator.contact = contact.or(operator.contact.take());
        config.p2p = p2p.map_or(config.p2p, P2p::from);
        config.min_viewers = min_viewers.unwrap_or(config.min_viewers);
        match stun {
            Some(Stun::Here(at)) => config.stun = at,
            Some(Stun::There(url)) => {
                config.stun = StunAt::Off;
                config.ice = vec![ice::stun(url)];
            }
            None => {}
        }
    }
}

impl Serve {
    /// Returns the settings of the server: the file's, and over them the options'.
    pub(crate) fn into_config(self) -> Result<ServeConfig, ConfigError> {
        let file = self.config.as_deref().map(File::read).transpose()?;
        let mut config = file.unwrap_or_default().into_config()?;
        config.dir = self.dir.unwrap_or(config.dir);
        if config.dir.as_os_str().is_empty() {
            return Err(ConfigError::Dir);
        }
        config.listen = self.listen.unwrap_or(config.listen);
        let tls = self.tls_cert.zip(self.tls_key);
        config.tls = tls
            .map(|(cert, key)| TlsConfig { cert, key })
            .or(config.tls);
        self.site.apply(&mut config);
        if !self.trusted_proxies.is_empty() {
            config.trusted_proxies = self.trusted_proxies;
        }
        let mirrors = self.mirrors.urls()?;
        if !mirrors.is_empty() {
            config.mirrors = mirrors;
        }
        let turn = self.turn.turn(self.turn_secret_file.as_deref())?;
        config.turn = turn.or(config.turn);
        Ok(config)
    }
}

#[derive(Debug, Args)]
pub(crate) struct Track {
    /// Where to listen
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8090", value_parser = address)]
    pub(crate) listen: SocketAddr,
    /// Let any swarm meet here, whoever runs its site
    #[arg(long, required_unless_present = "allow")]
    pub(crate) open: bool,
    /// A swarm that may meet here, as the 40 digits in its index; may be given several times
    #[arg(long, value_name = "SWARM", value_parser = swarm)]
    pub(crate) allow: Vec<InfoHash>,
    /// A site whose pages may use the tracker, such as https://video.example; may be given several times.
    /// Without it all may
    #[arg(long = "origin", value_name = "ORIGIN")]
    pub(crate) origins: Vec<String>,
    /// The address or network (CIDR) of a reverse proxy, which tells the viewers' addresses in
    /// X-Forwarded-For; may be given several times. Limits by address need it behind a proxy
    #[arg(long = "trusted-proxy", value_name = "NET", value_parser = network)]
    pub(crate) trusted_proxies: Vec<IpNet>,
    /// Seconds for which /healthz says after SIGTERM that the tracker goes, before it lets go of anybody: as
    /// long as a balancer takes to notice
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub(crate) drain_notice: u32,
    /// Seconds over which it then lets go of its viewers, one by one
    #[arg(long, value_name = "S", default_value_t = 10)]
    pub(crate) drain_over: u32,
}

impl Relays {
    /// The relays and how they are used, if any are given.
    pub(crate) fn turn(self, secret_file: Option<&Path>) -> Result<Option<Turn>, ConfigError> {
        if self.urls.is_empty() {
            return Ok(None);
        }
        let access = match (self.user, self.password_file, secret_file) {
            (_, _, Some(file)) => TurnAccess::Secret(config::secret(file)?.into_bytes()),
            (Some(user), Some(file), None) => TurnAccess::Password {
                user,
                password: config::secret(&file)?,
            },
            _ => return Err(ConfigError::TurnAccess),
        };
        let urls = self.urls;
        Ok(Some(Turn { urls, access }))
    }
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

    #[test]
    fn an_option_overrides_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("shoal.toml");
        let text = "dir = \"films\"\n[site]\np2p = \"on\"\nmin_viewers = 7\nname = \"A\"";
        std::fs::write(&file, text).unwrap();
        let config = |more: &[&str]| {
            let all = ["shoal", "serve", "--config", file.to_str().unwrap()];
            let cli = Cli::try_parse_from(all.iter().chain(more)).unwrap();
            let Command::Serve(serve) = cli.command else {
                panic!("another command")
            };
            serve.into_config().unwrap()
        };
        let as_written = config(&[]);
        assert_eq!(as_written.dir, Path::new("films"));
        assert_eq!((as_written.p2p, as_written.min_viewers), (P2p::On, 7));
        let overridden = config(&["talks", "--p2p", "off", "--contact", "B"]);
        assert_eq!(overridden.dir, Path::new("talks"));
        assert_eq!((overridden.p2p, overridden.min_viewers), (P2p::Off, 7));
        assert_eq!(overridden.operator.name.as_deref(), Some("A"));
        assert_eq!(overridden.operator.contact.as_deref(), Some("B"));
    }

    #[test]
    fn a_tracker_alone_is_open_or_names_its_swarms() {
        let parse = |arguments: &[&str]| {
            let all = ["shoal", "track"].iter().chain(arguments);
            Cli::try_parse_from(all).is_ok()
        };
        assert!(parse(&["--open"]));
        assert!(parse(&["--allow", &"0a".repeat(20)]));
        assert!(!parse(&[]));
        assert!(!parse(&["--allow", "film"]));
    }

    #[test]
    fn a_relay_wants_a_secret_from_a_file() {
        let parse = |arguments: &[&str]| {
            let all = ["shoal", "serve", ".", "--turn", "turn::3478"];
            let cli = Cli::try_parse_from(all.iter().chain(arguments)).ok()?;
            let Command::Serve(serve) = cli.command else {
                return None;
            };
            serve.into_config().ok()?.turn
        };
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("secret");
        std::fs::write(&file, "north\n").unwrap();
        let file = file.to_str().unwrap();
        let access = |arguments: &[&str]| parse(arguments).map(|turn| turn.access);
        assert!(access(&[]).is_none());
        assert!(access(&["--turn-user", "u"]).is_none());
        assert!(access(&["--turn-secret-file", "/nowhere"]).is_none());
        let secret = TurnAccess::Secret(b"north".to_vec());
        assert!(access(&["--turn-secret-file", file]) == Some(secret));
        let password = TurnAccess::Password {
            user: "u".into(),
            password: "north".into(),
        };
        let given = ["--turn-user", "u", "--turn-password-file", file];
        assert!(access(&given) == Some(password));
        std::fs::write(file, " \n").unwrap();
        assert!(access(&["--turn-secret-file", file]).is_none());
    }
}
