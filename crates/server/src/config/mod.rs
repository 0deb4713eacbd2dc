//! The configuration file, in TOML: every bound of the server, each with its default.
//!
//! `deploy/shoal.example.toml` documents them; a test holds it to the defaults that are in the code.

mod common;
mod error;
mod redis;
mod sections;
mod tracker;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

pub use self::{
    common::{mirrors, secret},
    error::ConfigError,
};
use self::{
    redis::RedisSection,
    sections::{
        AdminSection, DrainSection, HttpSection, IndexSection, MetricsSection, OriginSection,
        SiteSection, StunSection, TlsSection, TurnSection,
    },
    tracker::TrackerSection,
};
use crate::{checked::Checked, serve::ServeConfig};

/// Bytes of a configuration file.
const MAX_FILE: u64 = 1024 * 1024;

/// A configuration file. What it does not say is as in [`File::default`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct File {
    /// The directory to serve, if the command does not name it.
    #[serde(skip_serializing_if = "Option::is_none")]
    dir: Option<PathBuf>,
    listen: Checked<std::net::SocketAddr>,
    site: SiteSection,
    origin: OriginSection,
    index: IndexSection,
    http: HttpSection,
    tls: TlsSection,
    stun: StunSection,
    turn: TurnSection,
    tracker: TrackerSection,
    admin: AdminSection,
    metrics: MetricsSection,
    drain: DrainSection,
    redis: RedisSection,
}

impl Default for File {
    fn default() -> Self {
        let defaults = ServeConfig::default();
        Self {
            dir: None,
            listen: Checked(defaults.listen),
            site: SiteSection::of(&defaults),
            origin: OriginSection::of(&defaults),
            index: IndexSection::of(&defaults),
            http: HttpSection::of(&defaults),
            tls: TlsSection::default(),
            stun: StunSection::of(&defaults),
            turn: TurnSection::default(),
            tracker: TrackerSection::of(&defaults),
            admin: AdminSection::default(),
            metrics: MetricsSection::default(),
            drain: DrainSection::of(&defaults),
            redis: RedisSection::default(),
        }
    }
}

impl File {
    /// Reads a configuration file.
    ///
    /// # Errors
    /// When it cannot be read, or says what is not understood: the error names the line.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let at = |cause| ConfigError::Read {
            path: path.into(),
            cause,
        };
        if fs::metadata(path).map_err(at)?.len() > MAX_FILE {
            return Err(at(io::ErrorKind::FileTooLarge.into()));
        }
        let text = fs::read_to_string(path).map_err(at)?;
        toml::from_str(&text).map_err(|cause| ConfigError::Malformed {
            path: path.into(),
            cause: Box::new(cause),
        })
    }

    /// Returns the settings of the server.
    ///
    /// # Errors
    /// When a file that it names cannot be read, or settings do not go together.
    pub fn into_config(self) -> Result<ServeConfig, ConfigError> {
        let mut config = ServeConfig {
            dir: self.dir.unwrap_or_default(),
            listen: self.listen.0,
            ..ServeConfig::default()
        };
        self.site.apply(&mut config);
        self.origin.apply(&mut config)?;
        self.index.apply(&mut config);
        self.http.apply(&mut config);
        config.tls = self.tls.read()?;
        self.stun.apply(&mut config);
        config.turn = self.turn.read()?;
        self.tracker.apply(&mut config)?;
        config.admin = self.admin.read()?;
        self.metrics.apply(&mut config);
        self.drain.apply(&mut config);
        config.redis = self.redis.read()?;
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use toml::Table;

    use super::*;

    /// Shown to operators, so tested as what it is: a file.
    const EXAMPLE: &str = include_str!("../../../../deploy/shoal.example.toml");

    fn error(text: &str) -> String {
        toml::from_str::<File>(text).unwrap_err().to_string()
    }

    #[test]
    fn the_example_states_every_default_as_it_is() {
        let example: Table = EXAMPLE.parse().unwrap();
        let defaults = Table::try_from(File::default()).unwrap();
        assert_eq!(example, defaults);
        assert_eq!(toml::from_str::<File>(EXAMPLE).unwrap(), File::default());
    }

    #[test]
    fn what_the_example_leaves_out_can_be_switched_on_as_it_stands() {
        let uncommented: String = EXAMPLE
            .lines()
            .map(|line| match line.strip_prefix("#: ") {
                Some(setting) => format!("{setting}\n"),
                None => format!("{line}\n"),
            })
            .collect();
        let all = toml::from_str::<File>(&uncommented).unwrap();
        assert_ne!(all, File::default());
        let written = Table::try_from(all).unwrap();
        assert_eq!(written, uncommented.parse().unwrap());
    }

    #[test]
    fn the_defaults_of_a_file_are_those_of_the_server() {
        let config = File::default().into_config().unwrap();
        assert_eq!(
            format!("{config:?}"),
            format!("{:?}", ServeConfig::default())
        );
    }

    #[test]
    fn an_error_names_the_line_and_what_to_write() {
        for (text, line, told) in [
            (
                "\nlisten = \"8080\"",
                "line 2",
                "give an address and a port",
            ),
            ("[site]\np2p = \"maybe\"", "line 2", "write on, ask or off"),
            ("[site]\n\nminviewers = 3", "line 3", "expected one of"),
            (
                "[tracker]\ninterval = 0",
                "line 2",
                "give a whole number from",
            ),
            ("[tracker]\ninterval = \"2m\"", "line 2", "expected"),
            ("[stun]\nhost = \"a.example:1\"", "line 2", "name alone"),
            (
                "[stun]\nothers = [\"example.org\"]",
                "line 2",
                "begins with stun:",
            ),
            (
                "[http]\ntrusted_proxies = [\"here\"]",
                "line 2",
                "such as 10.0.0.0/8",
            ),
            (
                "[tracker]\norigins = [\"x.example\"]",
                "line 2",
                "without a path",
            ),
            (
                "[origin]\nmirrors = [\"cdn.example\"]",
                "line 2",
                "begins with http",
            ),
            ("[tracker.messages]\nburst = 0", "line 2", "from 1 to"),
            (
                "[redis]\nurl = \"127.0.0.1:6379\"",
                "line 2",
                "such as redis://127.0.0.1:6379",
            ),
            ("[redis]\nprefix = \"a b\"", "line 2", "such as shoal:"),
            ("[redis]\ninterval_ms = 900", "line 2", "from 20 to 500"),
            ("[site", "line 1", "table"),
        ] {
            let error = error(text);
            assert!(error.contains(line), "{error}");
            assert!(error.contains(told), "{error}");
        }
    }

    #[test]
    fn an_index_has_room_for_seven_mirrors() {
        let read = |count: usize| {
            let mirrors = vec!["\"https://m.example/videos\""; count].join(", ");
            let text = format!("[origin]\nmirrors = [{mirrors}]");
            toml::from_str::<File>(&text).unwrap().into_config()
        };
        assert_eq!(
            read(7).unwrap().mirrors,
            vec!["https://m.example/videos/"; 7]
        );
        assert!(matches!(read(8), Err(ConfigError::Mirrors(8))));
    }

    #[test]
    fn a_relay_wants_a_secret() {
        let read = |text: &str| toml::from_str::<File>(text).unwrap().into_config();
        let urls = "[turn]\nurls = [\"turn::3478\"]\n";
        assert!(matches!(read(urls), Err(ConfigError::TurnAccess)));
        let absent = format!("{urls}secret_file = \"/nowhere\"");
        assert!(matches!(read(&absent), Err(ConfigError::Read { .. })));
    }
}
