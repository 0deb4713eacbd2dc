//! Why a server cannot start, and what to do.

use std::{io, net::SocketAddr, path::PathBuf};

/// Reason why a server cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The folder for digests cannot be made.
    #[error("cannot keep digests in {} ({cause}): give a folder that can be written, as index.cache", folder.display())]
    Cache {
        /// As it was given.
        folder: PathBuf,
        /// The system's reason.
        cause: io::Error,
    },
    /// The directory cannot be read.
    #[error("{} cannot be served ({cause}): give a folder that holds the video's files", dir.display())]
    Dir {
        /// As it was given.
        dir: PathBuf,
        /// The system's reason.
        cause: io::Error,
    },
    /// The address is taken, not this machine's, or not allowed.
    #[error("cannot listen on {listen} ({cause}): choose another address or port with --listen")]
    Listen {
        /// As it was given.
        listen: SocketAddr,
        /// The system's reason.
        cause: io::Error,
    },
    /// The program was built without stores.
    #[cfg(not(feature = "s3"))]
    #[error("this shoal cannot read from a store: build it with the feature `s3`")]
    NoStore,
    /// The store does not answer as it should.
    #[cfg(feature = "s3")]
    #[error(
        "{url} cannot be served ({cause}): check the bucket, origin.endpoint, and the key (AWS_ACCESS_KEY_ID or origin.access_key)"
    )]
    Store {
        /// As it was given.
        url: String,
        /// The store's reason.
        cause: io::Error,
    },
    /// The socket for the operator cannot be made.
    #[error("cannot make the socket {} ({cause}): does its folder exist, and does no other server use it?", path.display())]
    Socket {
        /// Place at which it was to be.
        path: PathBuf,
        /// The system's reason.
        cause: io::Error,
    },
    /// The address for STUN is taken, not this machine's, or not allowed.
    #[error(
        "cannot answer STUN on UDP {at} ({cause}): choose another address or port with --stun, or --stun off"
    )]
    Stun {
        /// Place at which it was to be.
        at: SocketAddr,
        /// The system's reason.
        cause: io::Error,
    },
    /// The certificate or its key cannot be read, or do not belong together.
    #[error(
        "TLS cannot be set up ({cause}): give the certificate chain and its private key, both in PEM"
    )]
    Tls {
        /// The reason, with the file's name.
        cause: io::Error,
    },
}
