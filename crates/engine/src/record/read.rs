//! Reading a recording.

use super::code::{Read as _, take, take_byte};
use super::error::RecordError;
use super::format::{END, Ending, FORMAT, MAGIC};
use crate::config::Config;
use crate::input::Input;
use crate::time::Time;

/// What a recording holds next.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// Nothing more.
    End {
        /// How it ends.
        ending: Ending,
        /// [`OutputHash::whole`](super::OutputHash::whole) of all outputs.
        hash: u64,
    },
    /// An input.
    Input {
        /// [`OutputHash::check`](super::OutputHash::check) of all outputs before it.
        check: u8,
        /// What happened.
        input: Input,
        /// When.
        now: Time,
    },
}

/// A recording, read entry by entry.
#[derive(Clone, Debug)]
pub struct Recording<'a> {
    /// The engine's configuration. Bounds that the recording does not name, because they have come
    /// since, are as by default.
    pub config: Config,
    /// The engine's seed.
    pub seed: u64,
    /// The version of the engine that was recorded.
    pub version: &'a str,
    now: Time,
    rest: &'a [u8],
}

impl<'a> Recording<'a> {
    /// Reads the head.
    ///
    /// # Errors
    /// When the bytes are no recording of this format, or its configuration cannot be.
    pub fn open(bytes: &'a [u8]) -> Result<Self, RecordError> {
        let mut rest = bytes
            .strip_prefix(&MAGIC)
            .ok_or(RecordError::NotRecording)?;
        let format = take_byte(&mut rest)?;
        if format != FORMAT {
            return Err(RecordError::Format(format));
        }
        let version = take_text(&mut rest)?;
        let seed = u64::from_le_bytes(take(&mut rest)?);
        let mut config = Config::default();
        for _ in 0..u32::read(&mut rest)? {
            let (name, number) = (take_text(&mut rest)?, f64::read(&mut rest)?);
            if config.set(name, number) != Some(true) {
                return Err(RecordError::Setting(name.to_owned()));
            }
        }
        config.check()?;
        Ok(Self {
            config,
            seed,
            version,
            now: Time::default(),
            rest,
        })
    }

    /// Reads the next entry.
    ///
    /// # Errors
    /// When there is none, or it is malformed. There is nothing to read behind it then.
    pub fn next_entry(&mut self) -> Result<Entry, RecordError> {
        let entry = self.entry();
        if entry.is_err() {
            self.rest = &[];
        }
        entry
    }

    fn entry(&mut self) -> Result<Entry, RecordError> {
        let rest = &mut self.rest;
        let check = take_byte(rest)?;
        if rest.first() == Some(&END) {
            let [_, ending] = take(rest)?;
            let ending = [Ending::Broken, Ending::Full, Ending::Running]
                .into_iter()
                .find(|&it| it as u8 == ending);
            let ending = ending.ok_or(RecordError::Number)?;
            let hash = u64::from_le_bytes(take(rest)?);
            return match rest {
                [] => Ok(Entry::End { ending, hash }),
                _ => Err(RecordError::Trailing),
            };
        }
        let input = Input::read(rest)?;
        let passed = u64::read(rest)?;
        let now = self.now.0.checked_add(passed).ok_or(RecordError::Number)?;
        self.now = Time(now);
        Ok(Entry::Input {
            check,
            input,
            now: self.now,
        })
    }
}

fn take_text<'a>(input: &mut &'a [u8]) -> Result<&'a str, RecordError> {
    let length = usize::read(input)?;
    let (text, rest) = input
        .split_at_checked(length)
        .ok_or(RecordError::Truncated)?;
    *input = rest;
    core::str::from_utf8(text).map_err(|_| RecordError::NotRecording)
}
