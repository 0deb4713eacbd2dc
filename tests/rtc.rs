//! Two hubs in one page.
#![cfg(target_arch = "wasm32")]

mod common;

use common::{Arrivals, array, media, rest};
use js_sys::Uint8Array;
use shoal::internal::{HostEvent, PeerConnections, Setup};
use shoal_engine::{Input, LinkFault, LinkId};
use shoal_wire::id::{InfoHash, PeerId, PieceIndex};
use shoal_wire::peer::{Block, Frame, Handshake, Message};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{RtcDataChannel, RtcDataChannelState, RtcPeerConnection};

wasm_bindgen_test_configure!(run_in_browser);

/// One side of a connection, which does at once what a pump would.
struct Side {
    arrivals: Arrivals,
    connections: PeerConnections,
    link: LinkId,
}

impl Side {
    fn new(link: u64) -> Self {
        let arrivals = Arrivals::default();
        let connections = PeerConnections::new(arrivals.sender(), Setup::default());
        Self {
            arrivals,
            connections,
            link: LinkId(link),
        }
    }

    async fn described(&self) -> String {
        let link = self.link;
        self.arrivals
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
        self.arrivals
            .wait("an open channel", |event| {
                matches!(event, HostEvent::Input(Input::LinkOpen(l)) if *l == link).then_some(())
            })
            .await;
    }

    async fn fault(&self) -> LinkFault {
        self.arrivals
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
                .arrivals
                .wait("a message", |event| match event {
                    HostEvent::ChannelData { data, .. } => Some(data.clone()),
                    _ => None,
                })
                .await;
            let bytes = data.to_vec();
            let inflow = self
                .connections
                .inflow(self.link)
                .expect("the link is there");
            if let Some(found) = inflow.read(&mut bytes.as_slice()).expect("a peer message") {
                return found;
            }
        }
    }

    fn send(&mut self, frame: &Frame, payload: Option<&[u8]>) {
        let payload = payload.map(array);
        self.connections.send(self.link, frame, payload.as_ref());
    }
}

/// An offering side and an answering one, with open channels; the answerer's.
async fn connected() -> (Side, Side, RtcDataChannel) {
    let (mut a, mut b) = (Side::new(1), Side::new(2));
    a.connections.offer(a.link);
    b.connections.accept(b.link, a.described().await);
    a.connections.connect(a.link, b.described().await);
    let channel = b
        .arrivals
        .wait("the offerer's channel", |event| match event {
            HostEvent::Channel { channel, .. } => Some(channel.clone()),
            _ => None,
        })
        .await;
    b.connections.attach(b.link, channel.clone());
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
    side.connections.offer(side.link);
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
    assert!(a.arrivals.wait("a drained buffer", drained).await <= 65_536);
    rest().await;
    // One that sends little at a time hears of it too.
    a.arrivals.drain();
    for _ in 0..8 {
        a.send(&piece(16_384), Some(&media(16_384)));
        rest().await;
    }
    a.arrivals
        .wait("a buffer that was never full", drained)
        .await;
}

#[wasm_bindgen_test]
async fn other_side_sees_the_close() {
    let (mut a, b, _) = connected().await;
    a.connections.close(a.link);
    assert_eq!(b.fault().await, LinkFault::Closed);
    rest().await;
    assert!(a.arrivals.drain().is_empty());
}

#[wasm_bindgen_test]
async fn second_channel_is_closed() {
    let (mut a, _b, _) = connected().await;
    let stray = RtcPeerConnection::new().expect("a connection");
    let channel = stray.create_data_channel("stray");
    a.connections.attach(a.link, channel.clone());
    assert_ne!(channel.ready_state(), RtcDataChannelState::Connecting);
    stray.close();
}

#[wasm_bindgen_test]
async fn sdp_that_is_none_is_refused() {
    let mut side = Side::new(1);
    side.connections.accept(side.link, "v=1 nonsense".into());
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
        arrivals,
        mut connections,
        link,
    } = Side::new(1);
    connections.offer(link);
    drop(connections);
    rest().await;
    assert!(arrivals.drain().is_empty());
}
