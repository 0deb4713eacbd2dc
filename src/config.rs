//! The options that the page gives, made into the engine's: nothing unknown passes.

use js_sys::{Object, Reflect};
use shoal_engine::Config;
use wasm_bindgen::{JsCast as _, JsValue};

use crate::error::Error;

/// What the constructor is given.
#[derive(Debug)]
pub(crate) struct Options {
    /// The engine's bounds.
    pub(crate) engine: Config,
    /// Record what happens to the engine.
    pub(crate) trace: bool,
}

/// Not the engine's: the flight recorder.
const TRACE: &str = "trace";

impl Options {
    /// Reads options. What is left out is as `Config::default()` has it.
    pub(crate) fn read(value: &JsValue) -> Result<Self, Error> {
        let wrong = |reason: &str| Error::Config(format!("The options are not right: {reason}."));
        let Some(given) = value.dyn_ref::<Object>() else {
            return Err(wrong("they must be an object"));
        };
        let mut options = Self {
            engine: Config::default(),
            trace: false,
        };
        for key in Object::keys(given) {
            let name = key.as_string().unwrap_or_default();
            let value = Reflect::get(given, &key).unwrap_or_default();
            if value.is_undefined() {
                continue;
            }
            if name == TRACE {
                options.trace = value
                    .as_bool()
                    .ok_or_else(|| wrong("`trace` is true or false"))?;
                continue;
            }
            let number = value.as_f64().unwrap_or(f64::NAN);
            match options.engine.set(&name, number) {
                Some(true) => {}
                Some(false) => return Err(wrong(&format!("`{name}` cannot have that value"))),
                None => return Err(wrong(&format!("there is no option `{name}`"))),
            }
        }
        let checked = options.engine.check();
        checked.map_err(|error| wrong(&error.to_string()))?;
        Ok(options)
    }
}
