//! What the page is told: events, gathered while the engine is drained and handed over in one call,
//! and statistics.

use js_sys::{Function, Uint8Array};
use serde::Serialize;
use shoal_engine::{Declined, Delivery, Event, NeedId, Reason, State, Stats};
use tsify::Tsify;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    /// What event listeners that throw come to.
    #[wasm_bindgen(catch, js_name = reportError)]
    fn report_error(error: &JsValue) -> Result<(), JsValue>;
}

/// What a client reports.
#[derive(Debug, Serialize, Tsify)]
#[serde(
    tag = "type",
    rename_all = "lowercase",
    rename_all_fields = "camelCase"
)]
pub(crate) enum ClientEvent {
    /// The player has to get a segment by itself.
    Decline {
        /// As `need` was given it.
        id: u64,
        /// Why.
        reason: DeclineReason,
    },
    /// A segment that the player wants.
    Deliver {
        /// As `need` was given it.
        id: u64,
        /// The player's own copy.
        #[serde(with = "serde_wasm_bindgen::preserve")]
        #[tsify(type = "Uint8Array<ArrayBuffer>")]
        data: Uint8Array,
        /// Bytes of it from peers.
        from_peers: u32,
        /// Bytes of it from the origin and its mirrors.
        from_origin: u32,
        /// Bytes per second that the viewer can expect; 0 when not known yet.
        rate: f64,
    },
    /// Connected peers, after a change.
    Peers {
        /// How many.
        peers: u32,
    },
    /// Something that cost a peer, the tracker or the origin, not the viewer.
    Problem {
        /// Stable, and names no one.
        code: &'static str,
    },
    /// Whether sharing is on, after a change.
    State(Sharing),
}

/// Why the player has to get a segment by itself.
#[derive(Debug, Serialize, Tsify)]
#[serde(rename_all = "lowercase")]
pub(crate) enum DeclineReason {
    /// P2P is off.
    Off,
    /// The origin failed.
    Origin,
    /// The index does not describe the segment (yet).
    Unindexed,
}

/// Whether sharing is on, and if not, why.
#[derive(Clone, Copy, Debug, Serialize, Tsify)]
pub(crate) struct Sharing {
    /// Whether it is.
    state: P2PState,
    /// Why it is not.
    #[tsify(type = "P2PReason | undefined")]
    reason: Option<P2PReason>,
}

/// Whether sharing is on.
#[derive(Clone, Copy, Debug, Serialize, Tsify)]
#[serde(rename_all = "lowercase")]
pub(crate) enum P2PState {
    /// The viewer has not answered yet.
    Asking,
    /// No.
    Off,
    /// Yes.
    On,
    /// It would be, but cannot be at present.
    Waiting,
}

/// Why sharing is not on: the engine's [`Reason`] by its name.
#[derive(Clone, Copy, Debug, Serialize, Tsify)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum P2PReason {
    EngineFailed,
    FewViewers,
    Metered,
    NoIndex,
    NoRelay,
    NoWebrtc,
    Page,
    Site,
    Starting,
    Tracker,
    Video,
    WebrtcBlocked,
    You,
}

/// What has been done so far.
#[derive(Debug, Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ClientStats {
    /// Media bytes that the origin and its mirrors sent to the engine.
    origin_bytes: u64,
    /// Media bytes that peers sent.
    peer_bytes: u64,
    /// Media bytes sent to peers.
    uploaded_bytes: u64,
    /// Media bytes of the first two that came to nothing.
    wasted_bytes: u64,
    /// Media bytes of the first two that have been neither played nor passed on so far.
    ahead_bytes: u64,
    /// Media bytes kept for playing and sharing.
    stored_bytes: u64,
    /// Peers connected at present.
    peers: u32,
    /// Viewers in the swarm as the tracker last counted them, this one included.
    swarm: u32,
    /// Bytes per second from the origin over the last seconds.
    origin_rate: f64,
    /// Bytes per second from peers over the last seconds.
    peer_rate: f64,
    /// Bytes per second to peers over the last seconds.
    upload_rate: f64,
    /// Pieces whose digest was not the index's.
    rotten_pieces: u32,
    /// HTTP requests for media made.
    origin_requests: u32,
    /// Inputs handled: it grows as long as the engine is alive.
    inputs: u64,
    /// Whether sharing is on.
    state: P2PState,
    /// Why it is not.
    #[tsify(type = "P2PReason | undefined")]
    reason: Option<P2PReason>,
}

/// The events that wait to be handed over.
#[derive(Debug, Default)]
pub(crate) struct Outbox(Vec<ClientEvent>);

impl Outbox {
    pub(crate) fn decline(&mut self, NeedId(id): NeedId, reason: Declined) {
        let reason = match reason {
            Declined::Off => DeclineReason::Off,
            Declined::Origin => DeclineReason::Origin,
            Declined::Unindexed => DeclineReason::Unindexed,
        };
        self.0.push(ClientEvent::Decline { id, reason });
    }

    pub(crate) fn deliver(&mut self, NeedId(id): NeedId, data: Uint8Array, delivery: Delivery) {
        let Delivery {
            from_peers,
            from_origin,
            rate,
        } = delivery;
        self.0.push(ClientEvent::Deliver {
            id,
            data,
            from_peers,
            from_origin,
            rate,
        });
    }

    pub(crate) fn event(&mut self, event: Event) {
        self.0.push(match event {
            Event::Peers(peers) => ClientEvent::Peers { peers },
            Event::Problem(code) => ClientEvent::Problem { code },
            Event::State(state) => ClientEvent::State(state.into()),
        });
    }

    /// Hands over what waits, if anything does, in one call.
    pub(crate) fn emit(self, to: &Function) {
        if self.0.is_empty() {
            return;
        }
        if let Err(error) = to.call1(&JsValue::UNDEFINED, &written(&self.0)) {
            // Where there is no `reportError` the page's own mistake stays unseen; ours to bear
            // it is not.
            let _ = report_error(&error);
        }
    }
}

/// Returns the statistics and the state, as the page sees them.
pub(crate) fn snapshot(stats: &Stats, state: State) -> JsValue {
    // One that is missing from the list does not compile.
    let Stats {
        origin_bytes,
        peer_bytes,
        uploaded_bytes,
        wasted_bytes,
        ahead_bytes,
        stored_bytes,
        peers,
        swarm,
        origin_rate,
        peer_rate,
        upload_rate,
        rotten_pieces,
        origin_requests,
        inputs,
    } = *stats;
    let Sharing { state, reason } = state.into();
    written(&ClientStats {
        origin_bytes,
        peer_bytes,
        uploaded_bytes,
        wasted_bytes,
        ahead_bytes,
        stored_bytes,
        peers,
        swarm,
        origin_rate,
        peer_rate,
        upload_rate,
        rotten_pieces,
        origin_requests,
        inputs,
        state,
        reason,
    })
}

fn written(value: &impl Serialize) -> JsValue {
    // Fails only for numbers that JavaScript can't tell from the next: no count comes to 2^53.
    serde_wasm_bindgen::to_value(value).unwrap_or_default()
}

impl From<State> for Sharing {
    fn from(state: State) -> Self {
        let (state, reason) = match state {
            State::Asking => (P2PState::Asking, None),
            State::Off(reason) => (P2PState::Off, Some(reason)),
            State::On => (P2PState::On, None),
            State::Waiting(reason) => (P2PState::Waiting, Some(reason)),
        };
        let reason = reason.map(P2PReason::from);
        Self { state, reason }
    }
}

impl From<Reason> for P2PReason {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::EngineFailed => Self::EngineFailed,
            Reason::FewViewers => Self::FewViewers,
            Reason::Metered => Self::Metered,
            Reason::NoIndex => Self::NoIndex,
            Reason::NoRelay => Self::NoRelay,
            Reason::NoWebrtc => Self::NoWebrtc,
            Reason::Page => Self::Page,
            Reason::Site => Self::Site,
            Reason::Starting => Self::Starting,
            Reason::Tracker => Self::Tracker,
            Reason::Video => Self::Video,
            Reason::WebrtcBlocked => Self::WebrtcBlocked,
            Reason::You => Self::You,
        }
    }
}
