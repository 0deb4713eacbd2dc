//! Puts a client among the simulated viewers: the same lines, origin, tracker and player as an
//! engine has.

use shoal_engine::{CloseReason, Input, LinkId};
use shoal_wire::id::TrackId;

use super::client::Client;
use super::env::Output;
use super::packet::Packet;
use crate::event::NodeId;
use crate::request::Asked;
use crate::store::Breach;
use crate::world::World;

impl World {
    /// The page has the loader from its first moment on.
    pub(crate) fn install_hybrid(&mut self, id: NodeId) {
        let (config, live) = (self.scenario.hybrid.clone(), self.video.live);
        let audio = self.video.audio.then(|| TrackId(self.video.tracks() - 1));
        let node = self.node(id);
        let seed = node.engine_seed;
        node.hybrid
            .get_or_insert_with(|| Client::new(config, live, audio, seed));
        node.attached = true;
        let timelines = node.player.iter().flat_map(|player| player.timelines());
        for (track, listed) in timelines.collect::<Vec<_>>() {
            let segments = self.video.timeline(listed);
            self.feed_hybrid(id, Input::Timeline { track, segments });
        }
    }

    /// The viewer wants P2P no more: what was under way is left to the player's own loader.
    pub(crate) fn remove_hybrid(&mut self, id: NodeId) {
        let node = self.node(id);
        let Some(client) = &mut node.hybrid else {
            return;
        };
        client.stop();
        node.attached = false;
        self.leave_links(id);
        self.leave_tracker(id);
        let node = self.node(id);
        let gets: Vec<_> = node.gets.values().copied().collect();
        let needs: Vec<_> = node.needs.iter().map(|(need, of)| (need, *of)).collect();
        node.gets.clear();
        node.needs.clear();
        for request in gets {
            self.drop_request(id, request);
        }
        for (need, segment) in needs {
            self.stock_get(id, need, segment);
        }
    }

    /// Gives the client an input and does all that it wants done.
    pub(crate) fn feed_hybrid(&mut self, id: NodeId, input: Input) {
        let now = self.now;
        self.tell_hybrid(id, |client| client.handle(now, input));
    }

    /// A message of a peer has come.
    pub(crate) fn packet(&mut self, id: NodeId, link: LinkId, packet: Packet) {
        let now = self.now;
        self.tell_hybrid(id, |client| client.hear(now, link, packet));
    }

    /// Bytes of a response have come; the length is known of a whole segment only.
    pub(crate) fn progress(&mut self, id: NodeId, asked: Asked, bytes: u32, length: u32) {
        if let Asked::Media { http, offset, .. } = asked {
            let (now, total) = (self.now, (offset == 0).then_some(length));
            self.tell_hybrid(id, |client| client.progress(now, http, bytes, total));
        }
    }

    fn tell_hybrid(&mut self, id: NodeId, tell: impl FnOnce(&mut Client)) {
        let Some(client) = &mut self.node(id).hybrid else {
            return;
        };
        tell(client);
        for output in client.outputs() {
            if let Err(breach) = self.perform_hybrid(id, output) {
                self.breach(id, &breach);
            }
        }
        self.flush_sends(id);
        let node = self.node(id);
        node.deadline = node.hybrid.as_ref().and_then(Client::deadline);
        self.arm_timer(id);
    }

    fn perform_hybrid(&mut self, id: NodeId, output: Output) -> Result<(), Breach> {
        let now = self.now;
        match output {
            Output::Deliver { need, held } => {
                let node = self.node(id);
                if node.needs.remove(&need.0).is_none() {
                    return Err(format!("delivers for {need:?}, which did not ask"));
                }
                node.counts.deliveries += 1;
                node.counts.delivered_from_origin += u64::from(held.origin);
                node.counts.delivered_from_peers += u64::from(held.peers);
                if let Some(player) = &mut node.player {
                    player.loaded(now, need.0);
                }
            }
            Output::Fail(need) => {
                let node = self.node(id);
                node.needs.remove(&need.0);
                if let Some(player) = &mut node.player {
                    player.failed(now, need.0);
                }
            }
            Output::HttpAbort(http) => {
                if let Some(request) = self.node(id).gets.remove(&http) {
                    self.drop_request(id, request);
                }
            }
            Output::HttpGet {
                id: http,
                segment,
                offset,
            } => {
                let length = self.video.length(segment) - offset;
                self.media_get(id, (http, 0), segment, offset, length)?;
            }
            Output::LinkAccept { link, sdp } => self.link_accept(id, link, &sdp)?,
            Output::LinkClose(link) => self.link_close(id, link, CloseReason::Gone)?,
            Output::LinkConnect { link, sdp } => self.link_connect(id, link, &sdp)?,
            Output::LinkOffer(link) => self.link_offer(id, link)?,
            Output::Send { link, packet } => self.packet_send(id, link, packet)?,
            Output::TrackerConnect => self.tracker_connect(id, 0)?,
            Output::TrackerSend(text) => self.tracker_send(id, text)?,
        }
        Ok(())
    }
}
