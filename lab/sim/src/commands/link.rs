//! The making and ending of two viewers' connections: signalling, and who can connect to whom.

use std::collections::VecDeque;

use core::ops::Range;
use core::time::Duration;

use shoal_engine::{CloseReason, LinkFault, LinkId};

use crate::crowd::within;
use crate::event::{Event, NodeId};
use crate::link::{End, Linking};
use crate::small_map::SmallMap;
use crate::store::Breach;
use crate::world::World;

/// Time that gathering candidates takes.
const GATHERING: Range<Duration> = Duration::from_millis(30)..Duration::from_millis(250);
/// When ICE gives up.
const ICE_TIMEOUT: Duration = Duration::from_secs(15);
/// When the other end of a link notices that a peer is silent (RFC 7675: consent expires after
/// 30 s; browsers report the disconnection earlier).
const CONSENT: Range<Duration> = Duration::from_secs(6)..Duration::from_secs(15);
/// Round trips of ICE, DTLS and SCTP before a channel opens.
const HANDSHAKE_TRIPS: u32 = 4;

impl World {
    pub(crate) fn link_offer(&mut self, id: NodeId, link: LinkId) -> Result<(), Breach> {
        self.new_end(id, link, Linking::Offering, None)?;
        self.describe(id, link);
        Ok(())
    }

    pub(crate) fn link_accept(
        &mut self,
        id: NodeId,
        link: LinkId,
        sdp: &str,
    ) -> Result<(), Breach> {
        let peer = parse_sdp(sdp);
        self.new_end(id, link, Linking::Answering, peer)?;
        if peer.is_some() {
            self.describe(id, link);
            self.soon(ICE_TIMEOUT * 2, id, Event::Unreached(link));
        } else {
            let fault = LinkFault::Refused;
            self.soon(Duration::ZERO, id, Event::Broken { link, fault });
        }
        Ok(())
    }

    pub(crate) fn link_connect(
        &mut self,
        id: NodeId,
        link: LinkId,
        sdp: &str,
    ) -> Result<(), Breach> {
        let now = self.now;
        let end = self.end(id, link)?;
        if end.stage != Linking::Offering {
            return Err(format!("connects {link:?}, which is {:?}", end.stage));
        }
        end.stage = Linking::Connecting;
        let Some((other, theirs)) = parse_sdp(sdp) else {
            let fault = LinkFault::Refused;
            self.soon(Duration::ZERO, id, Event::Broken { link, fault });
            return Ok(());
        };
        end.peer = Some((other, theirs));
        self.soon(ICE_TIMEOUT, id, Event::Unreached(link));
        let met = self
            .node(id)
            .plan
            .access
            .nat
            .meets(self.node(other).plan.access.nat);
        let answering = self.node(other).links.get(&theirs);
        let waits = answering
            .is_some_and(|end| end.peer == Some((id, link)) && end.stage == Linking::Answering);
        if met && waits {
            let trip = self.one_way(id, other);
            let open = now + trip * 2 * HANDSHAKE_TRIPS;
            // The answerer's channel opens first, by the offerer's message (RFC 8832).
            self.schedule(open, other, Event::Opened(theirs));
            self.schedule(open + trip, id, Event::Opened(link));
        }
        Ok(())
    }

    pub(crate) fn link_close(
        &mut self,
        id: NodeId,
        link: LinkId,
        reason: CloseReason,
    ) -> Result<(), Breach> {
        let node = self.node(id);
        let end = node
            .links
            .remove(&link)
            .ok_or_else(|| format!("closes {link:?}, which is not there"))?;
        if reason == CloseReason::Banned {
            node.counts.links_banned += 1;
        }
        node.up.forget(link);
        if end.stage != Linking::Failed {
            self.tell_peer(id, &end, Duration::ZERO);
        }
        Ok(())
    }

    /// The page is closed: peers are told, or find out by silence.
    pub(crate) fn leave_links(&mut self, id: NodeId) {
        let silent = self.node(id).plan.silent;
        let links = core::mem::replace(&mut self.node(id).links, SmallMap::new());
        for end in links.values().filter(|end| end.stage != Linking::Failed) {
            let silence = if silent {
                within(&mut self.node(id).rng, CONSENT)
            } else {
                Duration::ZERO
            };
            self.tell_peer(id, end, silence);
        }
    }

    pub(crate) fn end(&mut self, id: NodeId, link: LinkId) -> Result<&mut End, Breach> {
        let end = self.node(id).links.get_mut(&link);
        end.ok_or_else(|| format!("uses {link:?}, which is not there"))
    }

    fn new_end(
        &mut self,
        id: NodeId,
        link: LinkId,
        stage: Linking,
        peer: Option<(NodeId, LinkId)>,
    ) -> Result<(), Breach> {
        let last = self.now;
        let end = End {
            stage,
            peer,
            buffered: 0,
            blocks: 0,
            unreported: 0,
            in_flight: 0,
            receipts: VecDeque::new(),
            full: false,
            last,
            decoder: None,
        };
        match self.node(id).links.insert(link, end) {
            None => Ok(()),
            Some(_) => Err(format!("makes {link:?} twice")),
        }
    }

    fn describe(&mut self, id: NodeId, link: LinkId) {
        let gathering = within(&mut self.node(id).rng, GATHERING);
        self.soon(gathering, id, Event::Described(link));
    }

    fn tell_peer(&mut self, id: NodeId, end: &End, later: Duration) {
        if let Some((other, theirs)) = end.peer {
            let at = end.last.max(self.now + self.one_way(id, other)) + later;
            self.schedule(
                at,
                other,
                Event::Broken {
                    link: theirs,
                    fault: LinkFault::Closed,
                },
            );
        }
    }
}

/// The session description of an end: it says whose it is, and nothing else.
pub(crate) fn sdp(id: NodeId, link: LinkId) -> String {
    format!(
        "v=0\r\no=- {} {} IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n",
        id.0, link.0
    )
}

/// Maker of an SDP.
fn parse_sdp(sdp: &str) -> Option<(NodeId, LinkId)> {
    let mut words = sdp.lines().nth(1)?.strip_prefix("o=- ")?.split(' ');
    let node = words.next()?.parse().ok()?;
    let link = words.next()?.parse().ok()?;
    Some((NodeId(node), LinkId(link)))
}
