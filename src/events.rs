//! What the page is told: gathered while the engine is drained, handed over in one call.

use js_sys::{Array, Function, Reflect, Uint8Array};
use serde::Serialize;
use shoal_engine::{Declined, Delivery, Event, NeedId, Reason, State, Stats};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    /// What event listeners that throw come to.
    #[wasm_bindgen(catch, js_name = reportError)]
    fn report_error(error: &JsValue) -> Result<(), JsValue>;
}

/// One event, as the page sees it.
#[derive(Serialize)]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
enum ClientEvent {
    Decline {
        id: u64,
        reason: &'static str,
    },
    Deliver {
        id: u64,
        #[serde(with = "serde_wasm_bindgen::preserve")]
        data: Uint8Array,
        from_peers: u32,
        from_origin: u32,
        rate: f64,
    },
    Peers {
        peers: u32,
    },
    Problem {
        code: &'static str,
    },
    State {
        state: &'static str,
        reason: Option<Reason>,
    },
}

/// The events that wait to be handed over.
#[derive(Debug, Default)]
pub(crate) struct Outbox(Vec<JsValue>);

impl Outbox {
    pub(crate) fn decline(&mut self, NeedId(id): NeedId, reason: Declined) {
        let reason = match reason {
            Declined::Off => "off",
            Declined::Origin => "origin",
            Declined::Unindexed => "unindexed",
        };
        self.push(&ClientEvent::Decline { id, reason });
    }

    pub(crate) fn deliver(&mut self, NeedId(id): NeedId, data: Uint8Array, delivery: Delivery) {
        let Delivery {
            from_peers,
            from_origin,
            rate,
        } = delivery;
        self.push(&ClientEvent::Deliver {
            id,
            data,
            from_peers,
            from_origin,
            rate,
        });
    }

    pub(crate) fn event(&mut self, event: Event) {
        self.push(&match event {
            Event::Peers(peers) => ClientEvent::Peers { peers },
            Event::Problem(code) => ClientEvent::Problem { code },
            Event::State(state) => {
                let (state, reason) = words(state);
                ClientEvent::State { state, reason }
            }
        });
    }

    /// Hands over what waits, if anything does, in one call.
    pub(crate) fn emit(self, to: &Function) {
        if self.0.is_empty() {
            return;
        }
        let events = self.0.iter().collect::<Array>();
        if let Err(error) = to.call1(&JsValue::UNDEFINED, &events) {
            // Where there is no `reportError` the page's own mistake stays unseen; ours to bear
            // it is not.
            let _ = report_error(&error);
        }
    }

    fn push(&mut self, event: &ClientEvent) {
        // Plain records of numbers and words: what could fail is a number beyond 2^53.
        if let Ok(value) = serde_wasm_bindgen::to_value(event) {
            self.0.push(value);
        }
    }
}

/// The figures and the state, as the page sees them.
pub(crate) fn snapshot(stats: &Stats, state: State) -> Result<JsValue, JsValue> {
    let (state, reason) = words(state);
    let snapshot = serde_wasm_bindgen::to_value(stats)?;
    Reflect::set(&snapshot, &"state".into(), &state.into())?;
    Reflect::set(
        &snapshot,
        &"reason".into(),
        &serde_wasm_bindgen::to_value(&reason)?,
    )?;
    Ok(snapshot)
}

const fn words(state: State) -> (&'static str, Option<Reason>) {
    match state {
        State::Asking => ("asking", None),
        State::Off(reason) => ("off", Some(reason)),
        State::On => ("on", None),
        State::Waiting(reason) => ("waiting", Some(reason)),
    }
}
