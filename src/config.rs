//! The options that the page gives, made into the engine's: nothing unknown passes.

use core::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use shoal_engine::Config;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::error::Error;
use crate::js::typed;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** The engine's bounds by their names in camelCase, durations in seconds; and whether it is recorded. */
export interface ClientOptions {
  trace?: boolean | undefined;
  [bound: string]: number | boolean | undefined;
}
"#;

/// What the constructor is given.
#[derive(Debug, Default)]
pub(crate) struct Options {
    /// The engine's bounds.
    pub(crate) engine: Config,
    /// Record what happens to the engine.
    pub(crate) trace: bool,
}

/// Not the engine's: the flight recorder.
const TRACE: &str = "trace";

/// Letters by which a name that is not known may differ from the one that was meant.
const TYPING_ERRORS: usize = 3;

impl Options {
    /// Reads options. What is left out is as `Config::default()` has it.
    pub(crate) fn read(value: JsValue) -> Result<Self, Error> {
        let wrong = |reason: String| Error::Config(format!("The options are not right: {reason}."));
        let options: Self = typed(value).map_err(wrong)?;
        let checked = options.engine.check();
        checked.map_err(|error| wrong(error.to_string()))?;
        Ok(options)
    }
}

impl<'de> Deserialize<'de> for Options {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Named;

        impl<'de> Visitor<'de> for Named {
            type Value = Options;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut given: A) -> Result<Options, A::Error> {
                let mut options = Options::default();
                while let Some(name) = given.next_key::<String>()? {
                    if name == TRACE {
                        options.trace = given.next_value::<Option<_>>()?.unwrap_or_default();
                        continue;
                    }
                    let Some(number) = given.next_value()? else {
                        continue;
                    };
                    match options.engine.set(&name, number) {
                        Some(true) => {}
                        Some(false) => {
                            return Err(A::Error::custom(format!(
                                "`{name}` cannot have that value"
                            )));
                        }
                        None => return Err(A::Error::custom(unknown(&name, &options.engine))),
                    }
                }
                Ok(options)
            }
        }

        deserializer.deserialize_map(Named)
    }
}

/// Says that there is no such option, and which one may have been meant.
fn unknown(name: &str, engine: &Config) -> String {
    let bounds = engine.bounds();
    let known = bounds.iter().map(|(known, _)| *known).chain([TRACE]);
    let nearest = known
        .map(|known| (distance(name, known), known))
        .min()
        .filter(|(distance, _)| *distance <= TYPING_ERRORS.min(name.len() / 2));
    match nearest {
        Some((_, known)) => format!("there is no option `{name}`, perhaps `{known}` is meant"),
        None => format!("there is no option `{name}`"),
    }
}

/// Bytes to put in, to leave out or to change that make one name of another (Levenshtein's distance).
fn distance(from: &str, to: &str) -> usize {
    // What it takes to make the first so many bytes of `to`, but for none of them.
    let mut row: Vec<usize> = (1..=to.len()).collect();
    for (line, from_byte) in from.bytes().enumerate() {
        let mut diagonal = line;
        let mut left = line + 1;
        for (above, to_byte) in row.iter_mut().zip(to.bytes()) {
            let changed = diagonal + usize::from(from_byte != to_byte);
            diagonal = *above;
            left = changed.min(left + 1).min(*above + 1);
            *above = left;
        }
    }
    row.last().copied().unwrap_or(from.len())
}
