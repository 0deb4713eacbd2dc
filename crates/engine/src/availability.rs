//! What viewers tell each other: who wants to hear of which pieces, who has them, who fetches them.
//!
//! A peer hears of the pieces that it wants to hear about, and of nothing else.

use shoal_wire::id::{PieceIndex, SegmentId};
use shoal_wire::peer::shoal::Extension;
use shoal_wire::peer::{Message, Ranges};

use crate::engine::Engine;
use crate::input::{LinkFault, LinkId};
use crate::origin::Fetch;
use crate::output::Output;
use crate::time::Time;
use crate::timeline::Length;

impl Engine {
    pub(crate) fn link_extension(&mut self, id: LinkId, extension: Extension) {
        let (now, trust) = (self.now, self.config.fetching_trust);
        let Some(link) = self.links.get_mut(id) else {
            return;
        };
        match extension {
            Extension::Have(ranges) => {
                self.plan.stale |= !link.told;
                link.told = true;
                let wanted = ranges.intersect(&self.window);
                self.gained_by(id, &wanted);
            }
            Extension::Lost(ranges) => {
                for range in ranges.iter() {
                    link.has.remove(range.start, range.end);
                    link.unsay(&range, self.config.max_fetching);
                }
            }
            Extension::Fetching(ranges) => {
                let room = self.config.max_fetching.saturating_sub(link.fetching.len());
                link.fetching
                    .extend(ranges.iter().take(room).map(|range| (range, now + trust)));
                self.due_by(now + trust);
            }
            Extension::Grew { track, seq } => {
                let timeline = self.timeline.as_mut().filter(|t| t.grows(track, seq));
                if let Some(timeline) = timeline {
                    let segment = SegmentId { track, seq };
                    if let Length::Ask(part) = timeline.length(segment, now) {
                        self.out.push_back(Output::FetchPart { track, part });
                    }
                }
            }
            Extension::Wants(ranges) => self.asked_about(id, ranges),
        }
    }

    pub(crate) fn gained_by(&mut self, id: LinkId, ranges: &Ranges) {
        let most = self.config.max_ranges;
        let Some(link) = self.links.get_mut(id) else {
            return;
        };
        for range in ranges.iter() {
            link.has.insert(range.start, range.end);
        }
        if link.has.len() > most {
            // Who does not speak our extension tells of everything. What we would not ask for now is
            // forgotten, and no blame is laid.
            link.has = link.has.intersect(&self.window);
        }
        if link.has.len() > most {
            return self.link_failed(id, LinkFault::Malformed);
        }
        self.hungry.push(id);
    }

    /// A peer wants to hear about these pieces, and no longer about others. It hears of those that it
    /// did not name before; the first time that is all there is to tell, be it nothing.
    fn asked_about(&mut self, id: LinkId, ranges: Ranges) {
        if ranges.count() > self.config.max_window {
            return self.link_failed(id, LinkFault::Malformed);
        }
        let Some(link) = self.links.get_mut(id) else {
            return;
        };
        let before = link.wants.replace(ranges.clone());
        let fresh = before
            .as_ref()
            .map_or_else(|| ranges.clone(), |before| ranges.without(before));
        let have = self.store.have.intersect(&fresh);
        let fetching = self.fetches.values().map(Fetch::rest);
        let fetching = fetching.collect::<Ranges>().intersect(&fresh);
        if before.is_none() || !have.is_empty() {
            self.send_extension(id, &Extension::Have(have));
        }
        if !fetching.is_empty() {
            self.send_extension(id, &Extension::Fetching(fetching));
        }
    }

    /// Tells who wants to know that we fetch these pieces from the origin.
    pub(crate) fn tell_fetching(&mut self, pieces: core::ops::Range<u32>) {
        let ranges = core::iter::once(pieces).collect::<Ranges>();
        self.tell_about(&ranges, Extension::Fetching);
    }

    /// Tells who wants to know what was gained and lost since the last time: gains a little later,
    /// several in one message.
    pub(crate) fn announce_pieces(&mut self) {
        if !self.lost.is_empty() {
            let lost = core::mem::take(&mut self.lost);
            self.tell_about(&lost, Extension::Lost);
        }
        if self.gained.is_empty() || self.have_at() > Some(self.now) {
            return;
        }
        self.gained_since = None;
        let gained = core::mem::take(&mut self.gained);
        for id in self.ready_ids() {
            let Some(link) = self.links.get(id) else {
                continue;
            };
            if link.shoal.is_some() {
                let wants = link.wants.as_ref();
                let news = wants.map(|wants| gained.intersect(wants).without(&link.has));
                if let Some(news) = news.filter(|news| !news.is_empty() && !link.has_all) {
                    self.send_extension(id, &Extension::Have(news));
                }
            } else {
                for piece in gained.iter().flatten() {
                    self.send(id, Message::Have(PieceIndex(piece)));
                }
            }
        }
    }

    /// When the pieces gained are to be told.
    pub(crate) fn have_at(&self) -> Option<Time> {
        Some(self.gained_since? + self.config.have_delay)
    }

    /// Sends each peer as much of a set as it wants to hear about.
    pub(crate) fn tell_about(&mut self, ranges: &Ranges, say: fn(Ranges) -> Extension) {
        for id in self.ready_ids() {
            let wants = self.links.get(id).and_then(|link| link.wants.as_ref());
            let wanted = wants.map(|wants| ranges.intersect(wants));
            if let Some(wanted) = wanted.filter(|wanted| !wanted.is_empty()) {
                self.send_extension(id, &say(wanted));
            }
        }
    }

    /// Tells all peers that speak our extension.
    pub(crate) fn tell(&mut self, extension: &Extension) {
        for id in self.ready_ids() {
            self.send_extension(id, extension);
        }
    }

    /// Tells all peers when what we want to hear about has changed, and forgets what was told of the
    /// rest.
    pub(crate) fn move_window(&mut self, window: Ranges) {
        if window == self.window {
            return;
        }
        for id in self.ready_ids() {
            if let Some(link) = self.links.get_mut(id)
                && link.shoal.is_some()
            {
                link.has = link.has.intersect(&window);
            }
        }
        self.window = window;
        self.tell(&Extension::Wants(self.window.clone()));
    }

    pub(crate) fn send_extension(&mut self, id: LinkId, extension: &Extension) {
        if let Some(theirs) = self.links.get(id).and_then(|link| link.shoal) {
            self.send(
                id,
                Message::Extended {
                    id: theirs,
                    payload: extension.encode(),
                },
            );
        }
    }
}
