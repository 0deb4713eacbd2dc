//! One peer connection: whole SDP with its candidates, no trickle, because the tracker carries one
//! offer and one answer and nothing after them.

use gloo_timers::callback::Timeout;
use js_sys::{Array, Promise, Uint8Array};
use shoal_engine::{Input, LinkFault, LinkId};
use shoal_wire::index::IceServer;
use shoal_wire::peer::Frame;
use shoal_wire::sdp::disclosed;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{
    RtcConfiguration, RtcDataChannel, RtcDataChannelEvent, RtcIceGatheringState, RtcIceServer,
    RtcIceTransportPolicy, RtcPeerConnection, RtcPeerConnectionState, RtcSdpType,
    RtcSessionDescriptionInit,
};

use super::channel::Channel;
use super::frame::Inflow;
use crate::catalogue::is_relay;
use crate::error::Error;
use crate::host_event::{HostEvent, Sender};
use crate::js::{JsResult as _, Listener, Task, settled};

/// Longest wait for candidates, milliseconds. One unreachable STUN server would otherwise hold
/// back the candidates that are there; a later one is lost.
const GATHERING: u32 = 5_000;

/// How connections are made.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// STUN and TURN servers.
    pub ice: Vec<IceServer>,
    /// Go through TURN servers alone, so that peers do not learn our address.
    pub relay: bool,
}

/// One peer connection with its listeners; dropped, it closes.
#[derive(Debug)]
pub(crate) struct Peer {
    link: LinkId,
    sender: Sender,
    /// Before the connection: closed first.
    channel: Option<Channel>,
    inflow: Inflow,
    describing: Option<Task>,
    connecting: Option<Task>,
    _listeners: [Listener; 2],
    connection: Connection,
}

/// Closes the connection when dropped.
#[derive(Debug)]
struct Connection(RtcPeerConnection);

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Peer {
    /// A connection that we offer, with the channel that it is made for.
    pub(crate) fn offer(setup: &Setup, link: LinkId, sender: &Sender) -> Result<Self, Error> {
        let mut peer = Self::new(setup, link, sender)?;
        // 40 digits, as WebTorrent's labels have; a label means nothing.
        let channel = peer
            .connection
            .0
            .create_data_channel(&format!("{:040x}", link.0));
        peer.channel = Some(Channel::new(channel, link, sender)?);
        peer.describe(None, setup.relay);
        Ok(peer)
    }

    /// A connection that the other side offers; the channel comes with it.
    pub(crate) fn accept(
        setup: &Setup,
        sdp: String,
        link: LinkId,
        sender: &Sender,
    ) -> Result<Self, Error> {
        let mut peer = Self::new(setup, link, sender)?;
        peer.describe(Some(sdp), setup.relay);
        Ok(peer)
    }

    fn new(setup: &Setup, link: LinkId, sender: &Sender) -> Result<Self, Error> {
        let connection = Connection(
            RtcPeerConnection::new_with_configuration(&configuration(setup)).or_thrown()?,
        );
        let rtc = &connection.0;
        let listeners = [
            Listener::new(rtc, "connectionstatechange", {
                let (rtc, sender) = (rtc.clone(), sender.clone());
                move |_| {
                    let state = rtc.connection_state();
                    if matches!(
                        state,
                        RtcPeerConnectionState::Failed | RtcPeerConnectionState::Closed
                    ) {
                        sender.push(Input::LinkFailed {
                            link,
                            fault: LinkFault::Closed,
                        });
                    }
                }
            })?,
            Listener::new(rtc, "datachannel", {
                let sender = sender.clone();
                move |event| {
                    let channel = event.unchecked_into::<RtcDataChannelEvent>().channel();
                    sender.push(HostEvent::Channel { link, channel });
                }
            })?,
        ];
        Ok(Self {
            link,
            sender: sender.clone(),
            channel: None,
            inflow: Inflow::default(),
            describing: None,
            connecting: None,
            _listeners: listeners,
            connection,
        })
    }

    /// Takes the channel that the other side made. There is one a link: a second is closed.
    pub(crate) fn attach(&mut self, channel: RtcDataChannel) -> Result<(), Error> {
        if self.channel.is_some() {
            channel.close();
            return Ok(());
        }
        self.channel = Some(Channel::new(channel, self.link, &self.sender)?);
        Ok(())
    }

    /// Completes the connection with the other side's answer.
    pub(crate) fn connect(&mut self, sdp: String) {
        let (connection, sender, link) =
            (self.connection.0.clone(), self.sender.clone(), self.link);
        self.connecting = Some(Task::spawn(async move {
            if set_remote(&connection, RtcSdpType::Answer, &sdp)
                .await
                .is_err()
            {
                sender.push(Input::LinkFailed {
                    link,
                    fault: LinkFault::Refused,
                });
            }
        }));
    }

    /// Bytes that the channel holds of what was sent.
    pub(crate) fn buffered(&self) -> u32 {
        self.channel.as_ref().map_or(0, Channel::buffered)
    }

    /// Sends a frame, and behind it the bytes that it announces. Without a channel it is lost.
    pub(crate) fn send(&self, frame: &Frame, payload: Option<&Uint8Array>) -> Result<(), Error> {
        self.channel
            .as_ref()
            .map_or(Ok(()), |channel| channel.send(frame, payload))
    }

    /// Where the frames of this link are read.
    pub(crate) const fn inflow(&mut self) -> &mut Inflow {
        &mut self.inflow
    }

    /// Answers `offer`, or makes an offer, and reports our description as others may see it.
    fn describe(&mut self, offer: Option<String>, relay: bool) {
        let (connection, sender, link) =
            (self.connection.0.clone(), self.sender.clone(), self.link);
        self.describing = Some(Task::spawn(async move {
            sender.push(match description(&connection, offer).await {
                Ok(sdp) => match disclosed(&sdp, relay) {
                    Some(sdp) => Input::LinkDescribed { link, sdp },
                    None => Input::LinkFailed {
                        link,
                        fault: LinkFault::Routeless,
                    },
                },
                Err(_) => Input::LinkFailed {
                    link,
                    fault: LinkFault::Refused,
                },
            });
        }));
    }
}

/// Our whole description, candidates included.
async fn description(
    connection: &RtcPeerConnection,
    offer: Option<String>,
) -> Result<String, Error> {
    let promise = match offer {
        None => connection.create_offer(),
        Some(sdp) => {
            set_remote(connection, RtcSdpType::Offer, &sdp).await?;
            connection.create_answer()
        }
    };
    let description = settled(promise).await?;
    settled(connection.set_local_description(description.unchecked_ref())).await?;
    gathered(connection).await?;
    connection
        .local_description()
        .map(|description| description.sdp())
        .ok_or_else(|| Error::Browser("the connection lost its description".into()))
}

/// Waits until all candidates are in the local description, or for the longest time.
async fn gathered(connection: &RtcPeerConnection) -> Result<(), Error> {
    let mut ended = JsValue::UNDEFINED;
    let promise = Promise::new(&mut |resolve, _| ended = resolve.into());
    let end = ended.unchecked_into::<js_sys::Function>();
    let resolve = move || {
        // A promise's own function does not throw.
        let _ = end.call0(&JsValue::UNDEFINED);
    };
    let _listener = Listener::new(connection, "icegatheringstatechange", {
        let (connection, resolve) = (connection.clone(), resolve.clone());
        move |_| {
            if connection.ice_gathering_state() == RtcIceGatheringState::Complete {
                resolve();
            }
        }
    })?;
    if connection.ice_gathering_state() == RtcIceGatheringState::Complete {
        return Ok(());
    }
    let _bound = Timeout::new(GATHERING, resolve);
    settled(promise).await.map(drop)
}

async fn set_remote(
    connection: &RtcPeerConnection,
    kind: RtcSdpType,
    sdp: &str,
) -> Result<(), Error> {
    let description = RtcSessionDescriptionInit::new(kind);
    description.set_sdp(sdp);
    settled(connection.set_remote_description(&description))
        .await
        .map(drop)
}

fn configuration(setup: &Setup) -> RtcConfiguration {
    let servers = Array::new();
    for server in &setup.ice {
        let entry = RtcIceServer::new();
        // Who hides asks nobody but a relay.
        let urls = server.urls.iter();
        let urls = urls.filter(|url| !setup.relay || is_relay(url));
        let urls = urls.map(JsValue::from).collect::<Array>();
        if urls.length() == 0 {
            continue;
        }
        entry.set_urls(&urls);
        if let Some(username) = &server.username {
            entry.set_username(username);
        }
        if let Some(credential) = &server.credential {
            entry.set_credential(credential);
        }
        servers.push(&entry);
    }
    let configuration = RtcConfiguration::new();
    configuration.set_ice_servers(&servers);
    if setup.relay {
        configuration.set_ice_transport_policy(RtcIceTransportPolicy::Relay);
    }
    configuration
}
