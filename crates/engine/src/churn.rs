//! Whom to keep: the least useful peer makes way for others.

use crate::engine::Engine;
use crate::input::LinkId;
use crate::link::Link;
use crate::output::CloseReason;

impl Engine {
    /// From time to time the least useful peer goes, while there are more than we would look for: the
    /// room is for others who may be more use.
    pub(crate) fn run_churn(&mut self) {
        let now = self.now;
        if self.churn_at.is_some_and(|at| at > now) {
            return;
        }
        self.churn_at = Some(now + self.config.churn);
        if self.ready_links() as usize > self.config.target_links
            && let Some(id) = self.least_useful()
        {
            self.close_link(id, CloseReason::Superfluous);
        }
    }

    /// Sees to it that there is room for one more link, at the cost of one of no use.
    pub(crate) fn make_way(&mut self) -> bool {
        let met = self.links.values().filter(|link| link.peer.is_some());
        if met.count() < self.config.max_links {
            return true;
        }
        let grace = self.config.churn_grace;
        let Some(id) = self.least_useful() else {
            return false;
        };
        let useless = self
            .links
            .get(id)
            .is_some_and(|link| link.last_used + grace <= self.now);
        if useless {
            self.close_link(id, CloseReason::Superfluous);
        }
        useless
    }

    /// Of the peers that are no longer new, the one that has exchanged least with us of late.
    fn least_useful(&self) -> Option<LinkId> {
        let (now, grace) = (self.now, self.config.churn_grace);
        let judged = self
            .links
            .iter()
            .filter(|(_, link)| link.is_ready() && link.since + grace <= now);
        let used = |link: &Link| {
            let idle = now.since(link.last_used).as_secs();
            (u64::MAX - idle, link.taken + link.given)
        };
        judged
            .min_by_key(|&(id, link)| (used(link), id))
            .map(|(id, _)| id)
    }
}
