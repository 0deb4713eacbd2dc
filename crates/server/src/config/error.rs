//! Why a configuration cannot be used, and what to do.

use std::{io, path::PathBuf};

use shoal_wire::index::MAX_MIRRORS;

/// Reason why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// Neither the command nor the file names a directory.
    #[error(
        "no directory is given: name it behind `shoal serve`, or as `dir` in the configuration"
    )]
    Dir,
    /// The longest interval is shorter than the usual one.
    #[error("tracker.max_interval is less than tracker.interval: give as much or more")]
    Interval,
    /// The file is not TOML, or says something that it may not say.
    #[error("{}: {}", path.display(), cause.to_string().trim_end())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Line, and what is wrong there.
        cause: Box<toml::de::Error>,
    },
    /// More mirrors than an index may name.
    #[error("origin.mirrors names {0} servers: name {MAX_MIRRORS} at most")]
    Mirrors(usize),
    /// A file that the configuration names, or itself, cannot be read.
    #[error("{} cannot be read ({cause})", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        cause: io::Error,
    },
    /// Of the store's key only the name or only the secret is given.
    #[error("a store's key has two parts: give origin.access_key and origin.secret_key_file")]
    StoreKey,
    /// The password of Redis does not fit its address.
    #[error("redis.password_file: {0}")]
    RedisPassword(&'static str),
    /// Of the certificate and its key only one is given.
    #[error("TLS needs both: tls.cert and tls.key")]
    Tls,
    /// TURN servers are named without a secret or a password.
    #[error(
        "a TURN server wants to know who may use it: give turn.secret_file, or turn.user and \
         turn.password_file"
    )]
    TurnAccess,
    /// The token for the operator is so short that somebody could find it by trying.
    #[error("the token in {} is too short: take 16 characters or more, as from `openssl rand -hex 24`", path.display())]
    ShortToken {
        /// The file.
        path: PathBuf,
    },
    /// A file that is to hold a secret is empty.
    #[error("{} is empty: write the secret into it", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
}
