//! What the page is told: gathered while the engine is drained, handed over in one call.

use js_sys::{Array, Function, Object, Reflect, Uint8Array};
use shoal_engine::{Declined, Delivery, Event, NeedId, State, Stats};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    /// What event listeners that throw come to.
    #[wasm_bindgen(catch, js_name = reportError)]
    fn report_error(error: &JsValue) -> Result<(), JsValue>;
}

/// The events that wait to be handed over.
#[derive(Debug, Default)]
pub(crate) struct Outbox(Vec<JsValue>);

impl Outbox {
    pub(crate) fn decline(&mut self, id: NeedId, reason: Declined) {
        let reason = match reason {
            Declined::Off => "off",
            Declined::Origin => "origin",
            Declined::Unindexed => "unindexed",
        };
        self.push("decline", &[("id", number(id)), ("reason", reason.into())]);
    }

    pub(crate) fn deliver(&mut self, id: NeedId, data: Uint8Array, delivery: Delivery) {
        let Delivery {
            from_peers,
            from_origin,
            rate,
        } = delivery;
        let fields = [
            ("id", number(id)),
            ("data", data.into()),
            ("fromPeers", from_peers.into()),
            ("fromOrigin", from_origin.into()),
            ("rate", rate.into()),
        ];
        self.push("deliver", &fields);
    }

    pub(crate) fn event(&mut self, event: Event) {
        match event {
            Event::Peers(peers) => self.push("peers", &[("peers", peers.into())]),
            Event::Problem(code) => self.push("problem", &[("code", code.into())]),
            Event::State(state) => self.push("state", &words(state)),
        }
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

    fn push(&mut self, kind: &str, fields: &[(&str, JsValue)]) {
        let event = Object::new();
        fill(&event, &[("type", kind.into())]);
        fill(&event, fields);
        self.0.push(event.into());
    }
}

/// The figures and the state, as the page sees them.
pub(crate) fn snapshot(stats: &Stats, state: State) -> Object {
    let snapshot = Object::new();
    for (name, figure) in stats.figures() {
        fill(&snapshot, &[(name, figure.into())]);
    }
    fill(&snapshot, &words(state));
    snapshot
}

fn fill(object: &Object, fields: &[(&str, JsValue)]) {
    for (name, value) in fields {
        // Setting a property of an object that was just made cannot fail.
        let _ = Reflect::set(object, &(*name).into(), value);
    }
}

/// The player gives numbers that JavaScript can hold.
fn number(NeedId(id): NeedId) -> JsValue {
    (id as f64).into()
}

fn words(state: State) -> [(&'static str, JsValue); 2] {
    let (state, reason) = match state {
        State::Asking => ("asking", None),
        State::Off(reason) => ("off", Some(reason)),
        State::On => ("on", None),
        State::Waiting(reason) => ("waiting", Some(reason)),
    };
    let reason = reason.map(|reason| reason.name().into());
    [
        ("state", state.into()),
        ("reason", reason.unwrap_or_default()),
    ]
}
