//! How a store is reached.

use std::{fmt, time::Duration};

/// Beginning of a store's address.
pub const SCHEME: &str = "s3://";

/// Access to a store. What is not given here is taken from the environment (`AWS_…`).
#[derive(Clone, PartialEq, Eq)]
pub struct StoreConfig {
    /// The store's URL, such as `https://s3.example`. Default: Amazon's, of the region.
    pub endpoint: Option<String>,
    /// The region, where the store knows any.
    pub region: Option<String>,
    /// Whether the endpoint may be `http:`. Default no: keys do not cross the network, but videos do.
    pub allow_http: bool,
    /// The name of the key, and its secret.
    pub key: Option<(String, String)>,
    /// Time between two looks at playlists of live streams. Default 1 s. Each look is one request for each
    /// playlist; longer makes the parts of an index come later.
    pub look: Duration,
    /// Time between two searches for new playlists. Default 60 s. Each time all names are listed, a thousand
    /// with each request.
    pub scan: Duration,
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self {
            endpoint: None,
            region: None,
            allow_http: false,
            key: None,
            look: Duration::from_secs(1),
            scan: Duration::from_secs(60),
        }
    }
}

impl fmt::Debug for StoreConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the secret.
        let key = self.key.as_ref().map(|(name, _)| name);
        f.debug_struct("StoreConfig")
            .field("endpoint", &self.endpoint)
            .field("region", &self.region)
            .field("allow_http", &self.allow_http)
            .field("key", &key)
            .field("look", &self.look)
            .field("scan", &self.scan)
            .finish()
    }
}
