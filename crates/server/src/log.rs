//! What stays out of every log.

use tracing_subscriber::EnvFilter;

/// Libraries that write what came over the network: stun-types has a warning for each malformed packet, with which
/// anybody could fill the log.
const SILENT: [&str; 1] = ["stun_types=off"];

/// A filter as it is asked for, except for libraries that tell what nobody should read.
#[must_use]
pub fn filter(asked: EnvFilter) -> EnvFilter {
    SILENT
        .iter()
        .filter_map(|directive| directive.parse().ok())
        .fold(asked, EnvFilter::add_directive)
}
