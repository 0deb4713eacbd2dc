//! The steps of a link's making, and its breaking.

use shoal_engine::{Input, LinkFault, LinkId};

use crate::commands::sdp;
use crate::event::NodeId;
use crate::link::Linking;
use crate::world::World;

impl World {
    pub(crate) fn described(&mut self, id: NodeId, link: LinkId) {
        if self.node(id).links.contains_key(&link) {
            let sdp = sdp(id, link);
            self.feed(id, Input::LinkDescribed { link, sdp });
        }
    }

    pub(crate) fn opened(&mut self, id: NodeId, link: LinkId) {
        if let Some(end) = self.node(id).links.get_mut(&link)
            && matches!(end.stage, Linking::Answering | Linking::Connecting)
        {
            end.stage = Linking::Open;
            self.node(id).counts.links_opened += 1;
            self.feed(id, Input::LinkOpen(link));
        }
    }

    pub(crate) fn unreached(&mut self, id: NodeId, link: LinkId) {
        let end = self.node(id).links.get(&link);
        if end.is_some_and(|end| matches!(end.stage, Linking::Answering | Linking::Connecting)) {
            self.broken(id, link, LinkFault::Closed);
        }
    }

    pub(crate) fn broken(&mut self, id: NodeId, link: LinkId, fault: LinkFault) {
        let node = self.node(id);
        if let Some(end) = node.links.get_mut(&link)
            && end.stage != Linking::Failed
        {
            end.stage = Linking::Failed;
            node.up.forget(link);
            self.feed(id, Input::LinkFailed { link, fault });
        }
    }
}
