//! What can go wrong at the edge of the browser, with a code that pages may rely on.

use js_sys::Reflect;
use wasm_bindgen::{JsCast, JsValue};

/// A failure that is told to the page, or that an adapter turns into an input of the engine.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An argument of an exported function is not what its type says.
    #[error("{0}")]
    Argument(String),
    /// The browser threw.
    #[error("{0}")]
    Browser(String),
    /// The options given to the constructor are not right.
    #[error("{0}")]
    Config(String),
    /// The index cannot be used.
    #[error("{0}")]
    IndexMalformed(String),
}

impl Error {
    /// The stable name of the cause.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Argument(_) => "argument",
            Self::Browser(_) => "browser",
            Self::Config(_) => "config",
            Self::IndexMalformed(_) => "index-malformed",
        }
    }

    /// What a browser's API threw.
    pub(crate) fn thrown(value: &JsValue) -> Self {
        let message = value
            .dyn_ref::<js_sys::Error>()
            .map(|error| String::from(error.message()))
            .or_else(|| Reflect::get(value, &"message".into()).ok()?.as_string())
            .or_else(|| value.as_string());
        Self::Browser(message.unwrap_or_else(|| "the browser gave no reason".into()))
    }
}

impl From<Error> for JsValue {
    fn from(error: Error) -> Self {
        let value = js_sys::Error::new(&error.to_string());
        // Setting a property of an object that was just made cannot fail.
        let _ = Reflect::set(&value, &"code".into(), &error.code().into());
        value.into()
    }
}
