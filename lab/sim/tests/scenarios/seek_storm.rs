//! Everyone seeks all the time.

use core::time::Duration;

use shoal_sim::{minutes, secs};

use crate::floors;
use crate::setup::{crowd, vod};

#[test]
fn seeking_viewers_wait_no_longer_and_still_share() {
    let comparison = vod(minutes(3))
        .watched_by(
            crowd(10)
                .seeking_every(secs(4)..secs(15))
                .leaving_after(minutes(2)..secs(121)),
        )
        .compare();
    floors::holds(
        "seeking_viewers_wait_no_longer_and_still_share",
        &comparison,
    );
    let patience = Duration::from_millis(500);
    assert!(comparison.worst_wait() <= patience, "{comparison}");
    let wasted = comparison.shared.wasted_bytes() as f64 / comparison.alone.origin_bytes as f64;
    assert!(wasted <= 0.1, "{comparison}");
}
