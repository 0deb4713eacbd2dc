//! Two hubs in one page.
#![cfg(target_arch = "wasm32")]

mod common;

use common::{HostEvents, array, media, rest};
use js_sys::Uint8Array;
use shoal::internal::{HostEvent, PeerConnections, Setup};
use shoal_engine::{Input, LinkFault, LinkId};
use shoal_wire::id::{InfoHash, PeerId, PieceIndex};
use shoal_wire::peer::{Block, Frame, Handshake, Message};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{RtcDataChannel, RtcDataChannelState, RtcPeerConnection};

wasm_bindgen_test_configure!(run_in_browser);

/// One side of a connection, which does at once what the queue would.
struct Side {
    events: HostEvents,
    peers: PeerConnections,
    link: LinkId,
}

impl Side {
    fn new(link: u64) -> Self {
        let events = HostEvents::default();
        let peers = PeerConnections::new(events.sender(), Setup::default());
        Self {
            events,
            peers,
            link: LinkId(link),
        }
    }

    async fn described(&self) -> String {
        let link = self.link;
        self.events
            .wait("a description", |event| match event {
                HostEvent::Input(Input::LinkDescribed { link: l, sdp }) if *l == link => {
                    Some(sdp.clone())
                }
                _ => None,
            })
            .await
    }

    async fn open(&self) {
        let link = self.link;
        self.events
            .wait("an open channel", |event| {
                matches!(event, HostEvent::Input(Input::LinkOpen(l)) if *l == link).then_some(())
            })
            .await;
    }

    async fn fault(&self) -> LinkFault {
        self.events
            .wait("the end of the link", |event| match event {
                HostEvent::Input(Input::LinkFailed { fault, .. }) => Some(*fault),
                _ => None,
            })
            .await
    }

    /// The next whole frame, with its block.
    async fn frame(&mut self) -> (Frame, Vec<u8>) {
        loop {
            let data: Uint8Array = self
                .events
                .wait("a message", |event| match event {
                    HostEvent::ChannelData { data, .. } => Some(data.clone()),
                    _ => None,
                })
                .await;
            let bytes = data.to_vec();
            let inflow = self.peers.inflow(self.link).expect("the link is there");
            if let Some(found) = inflow.read(&mut bytes.as_slice()).expect("a peer message") {
                return found;
            }
        }
    }

    fn send(&mut self, frame: &Frame, payload: Option<&[u8]>) {
        let payload = payload.map(array);
        self.peers.send(self.link, frame, payload.as_ref());
    }
}

/// An offering side and an answering one, with open channels; the answerer's.
async fn connected() -> (Side, Side, RtcDataChannel) {
    let (mut a, mut b) = (Side::new(1), Side::new(2));
    a.peers.offer(a.link);
    b.peers.accept(b.link, a.described().await);
    a.peers.connect(a.link, b.described().await);
    let channel = b
        .events
        .wait("the offerer's channel", |event| match event {
            HostEvent::Channel { channel, .. } => Some(channel.clone()),
            _ => None,
        })
        .await;
    b.peers.attach(b.link, channel.clone());
    a.open().await;
    b.open().await;
    (a, b, channel)
}

fn handshake(name: u8) -> Frame {
    Frame::Handshake(Handshake {
        info_hash: InfoHash([1; 20]),
        peer_id: PeerId([name; 20]),
        fast: true,
        extended: true,
    })
}

fn piece(length: u32) -> Frame {
    Frame::Message(Message::Piece(Block {
        piece: PieceIndex(9),
        begin: 16_384,
        length,
    }))
}

#[wasm_bindgen_test]
async fn description_holds_all_candidates() {
    let mut side = Side::new(1);
    side.peers.offer(side.link);
    let sdp = side.described().await;
    assert!(sdp.contains("m=application"), "{sdp}");
    assert!(sdp.contains("a=candidate:"), "{sdp}");
}

#[wasm_bindgen_test]
async fn frames_cross_both_ways_with_their_blocks() {
    let (mut a, mut b, _) = connected().await;
    a.send(&handshake(1), None);
    b.send(&handshake(2), None);
    assert_eq!(b.frame().await, (handshake(1), Vec::new()));
    assert_eq!(a.frame().await, (handshake(2), Vec::new()));

    let bytes = media(16_384);
    b.send(&piece(16_384), Some(&bytes));
    b.send(&Frame::Message(Message::Unchoke), None);
    assert_eq!(a.frame().await, (piece(16_384), bytes));
    assert_eq!(
        a.frame().await,
        (Frame::Message(Message::Unchoke), Vec::new())
    );
}

#[wasm_bindgen_test]
async fn block_larger_than_a_message_is_put_together_again() {
    let (mut a, mut b, _) = connected().await;
    a.send(&handshake(1), None);
    assert_eq!(b.frame().await.0, handshake(1));
    let bytes = media(131_072);
    a.send(&piece(131_072), Some(&bytes));
    assert_eq!(b.frame().await, (piece(131_072), bytes));
}

#[wasm_bindgen_test]
async fn sender_hears_that_its_bytes_have_left() {
    let (mut a, _b, _) = connected().await;
    for _ in 0..20 {
        a.send(&piece(16_384), Some(&media(16_384)));
    }
    let drained = |event: &HostEvent| match event {
        HostEvent::Input(Input::LinkDrained { buffered, .. }) => Some(*buffered),
        _ => None,
    };
    assert!(a.events.wait("a drained buffer", drained).await <= 65_536);
    rest().await;
    // One that sends little at a time hears of it too.
    a.events.drain();
    for _ in 0..8 {
        a.send(&piece(16_384), Some(&media(16_384)));
        rest().await;
    }
    a.events.wait("a buffer that was never full", drained).await;
}

#[wasm_bindgen_test]
async fn other_side_sees_the_close() {
    let (mut a, b, _) = connected().await;
    a.peers.close(a.link);
    assert_eq!(b.fault().await, LinkFault::Closed);
    rest().await;
    assert!(a.events.drain().is_empty());
}

#[wasm_bindgen_test]
async fn second_channel_is_closed() {
    let (mut a, _b, _) = connected().await;
    let stray = RtcPeerConnection::new().expect("a connection");
    let channel = stray.create_data_channel("stray");
    a.peers.attach(a.link, channel.clone());
    assert_ne!(channel.ready_state(), RtcDataChannelState::Connecting);
    stray.close();
}

#[wasm_bindgen_test]
async fn sdp_that_is_none_is_refused() {
    let mut side = Side::new(1);
    side.peers.accept(side.link, "v=1 nonsense".into());
    assert_eq!(side.fault().await, LinkFault::Refused);
}

#[wasm_bindgen_test]
async fn channel_message_that_is_no_bytes_ends_the_link() {
    let (a, _b, channel) = connected().await;
    channel.send_with_str("hello").expect("an open channel");
    assert_eq!(a.fault().await, LinkFault::Malformed);
}

#[wasm_bindgen_test]
async fn dropped_hub_is_silent() {
    let Side {
        events,
        mut peers,
        link,
    } = Side::new(1);
    peers.offer(link);
    drop(peers);
    rest().await;
    assert!(events.drain().is_empty());
}
