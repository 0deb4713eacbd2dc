//! Every connection to a peer, by link: the half of the client that must run on the window.
//!
//! `RTCPeerConnection` exists on the window only. This is the only file that may call `window()`,
//! so that the rest can move to a worker.

use js_sys::{Reflect, Uint8Array};
use shoal_engine::{Input, LinkFault, LinkId};
use shoal_wire::peer::Frame;
use web_sys::RtcDataChannel;

use crate::error::Error;
use crate::host_event::Sender;
use crate::rtc::{Inflow, Peer, Setup};
use crate::small_map::SmallMap;

/// The peer connections of one client. Dropped, they close.
#[derive(Debug)]
pub struct PeerConnections {
    sender: Sender,
    setup: Setup,
    /// Nothing in place of a connection that could not be made, until its end is heard.
    peers: SmallMap<LinkId, Option<Peer>>,
}

impl PeerConnections {
    /// No connections yet. What they tell goes into the sender.
    #[must_use]
    pub const fn new(sender: Sender, setup: Setup) -> Self {
        Self {
            sender,
            setup,
            peers: SmallMap::new(),
        }
    }

    /// How later connections are made.
    pub const fn setup(&mut self) -> &mut Setup {
        &mut self.setup
    }

    /// Whether a link is here.
    #[must_use]
    pub fn holds(&self, link: LinkId) -> bool {
        self.peers.holds(link)
    }

    /// Makes a connection and an offer of it.
    pub fn offer(&mut self, link: LinkId) {
        let peer = capable().and_then(|()| Peer::offer(&self.setup, link, &self.sender));
        self.hold(link, peer);
    }

    /// Makes a connection that answers an offer.
    pub fn accept(&mut self, link: LinkId, sdp: String) {
        let peer = capable().and_then(|()| Peer::accept(&self.setup, sdp, link, &self.sender));
        self.hold(link, peer);
    }

    /// Completes a connection with the other side's answer.
    pub fn connect(&mut self, link: LinkId, sdp: String) {
        if let Some(peer) = self.peer(link) {
            peer.connect(sdp);
        }
    }

    /// Takes the channel that the other side of a link made.
    pub fn attach(&mut self, link: LinkId, channel: RtcDataChannel) {
        let Some(peer) = self.peer(link) else {
            channel.close();
            return;
        };
        if peer.attach(channel).is_err() {
            self.fail(link, LinkFault::Refused);
        }
    }

    /// Sends a frame, and behind it the bytes that it announces.
    pub fn send(&mut self, link: LinkId, frame: &Frame, payload: Option<&Uint8Array>) {
        if self
            .peer(link)
            .is_some_and(|peer| peer.send(frame, payload).is_err())
        {
            self.fail(link, LinkFault::Closed);
        }
    }

    /// Bytes that the browser holds of what was sent.
    pub fn buffered(&mut self, link: LinkId) -> u32 {
        self.peer(link).map_or(0, |peer| peer.buffered())
    }

    /// Where the frames of a link are read.
    pub fn inflow(&mut self, link: LinkId) -> Option<&mut Inflow> {
        self.peer(link).map(Peer::inflow)
    }

    /// Closes a link. Nothing more is heard of it.
    pub fn close(&mut self, link: LinkId) {
        self.peers.remove(&link);
    }

    fn hold(&mut self, link: LinkId, peer: Result<Peer, Error>) {
        let made = peer.is_ok();
        self.peers.put(link, peer.ok());
        if !made {
            self.fail(link, LinkFault::Refused);
        }
    }

    fn peer(&mut self, link: LinkId) -> Option<&mut Peer> {
        self.peers.entry(link)?.as_mut()
    }

    /// The sender hears of the end; the link stays until it is closed.
    fn fail(&self, link: LinkId, fault: LinkFault) {
        self.sender.push(Input::LinkFailed { link, fault });
    }
}

/// Whether connections can be made here at all.
#[expect(clippy::disallowed_methods, reason = "this is the one file that may")]
fn capable() -> Result<(), Error> {
    let known = web_sys::window()
        .is_some_and(|window| Reflect::has(&window, &"RTCPeerConnection".into()).unwrap_or(false));
    known
        .then_some(())
        .ok_or_else(|| Error::Browser("there is no RTCPeerConnection here".into()))
}
