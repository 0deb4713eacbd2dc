//! The options that the page gives, made into the engine's: nothing unknown passes.

use js_sys::{Object, Reflect};
use serde::Deserialize;
use shoal_engine::Config;
use wasm_bindgen::{JsCast as _, JsValue};

use crate::error::Error;

/// What the constructor is given.
#[derive(Debug)]
pub(crate) struct Options {
    /// The engine's bounds.
    pub(crate) engine: Config,
    /// Connect through TURN servers alone.
    pub(crate) relay: bool,
}

/// The one option that is not the engine's: as in `RTCConfiguration`.
const TRANSPORT: &str = "iceTransportPolicy";

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Transport {
    All,
    Relay,
}

impl Options {
    /// Reads options. What is left out is as `Config::default()` has it.
    pub(crate) fn read(value: &JsValue) -> Result<Self, Error> {
        let wrong = |reason: String| Error::Config(format!("The options are not right: {reason}."));
        let Some(given) = value.dyn_ref::<Object>() else {
            return Err(wrong("they must be an object".into()));
        };
        let known = serde_wasm_bindgen::to_value(&Config::default())
            .map_err(|error| wrong(error.to_string()))?;
        for key in Object::keys(given) {
            if key != TRANSPORT && !Reflect::has(&known, &key).unwrap_or(false) {
                let name = key.as_string().unwrap_or_default();
                return Err(wrong(format!("there is no option `{name}`")));
            }
        }
        let engine: Config = serde_wasm_bindgen::from_value(value.clone())
            .map_err(|error| wrong(error.to_string()))?;
        engine.check().map_err(|error| wrong(error.to_string()))?;
        let transport = Reflect::get(value, &TRANSPORT.into()).unwrap_or_default();
        let transport: Option<Transport> = serde_wasm_bindgen::from_value(transport)
            .map_err(|error| wrong(format!("{TRANSPORT}: {error}")))?;
        Ok(Self {
            engine,
            relay: matches!(transport, Some(Transport::Relay)),
        })
    }
}
