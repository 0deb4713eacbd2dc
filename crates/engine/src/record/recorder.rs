//! Writing a recording.

use shoal_wire::varint;

use super::code::Write as _;
use super::format::{END, Ending, FORMAT, MAGIC};
use super::output::OutputHash;
use crate::config::Config;
use crate::input::Input;
use crate::output::Output;
use crate::time::Time;

/// Writes down all that happens to one engine.
#[derive(Clone, Debug)]
pub struct Recorder {
    budget: usize,
    bytes: Vec<u8>,
    ending: Ending,
    hash: OutputHash,
    last: Time,
}

impl Recorder {
    /// A recorder for an engine that has been made with the same two. `budget` is in bytes: when
    /// it is used up the recorder keeps what it has, because a replay has to begin at the start.
    #[must_use]
    pub fn new(config: &Config, seed: u64, budget: usize) -> Self {
        let mut bytes = MAGIC.to_vec();
        bytes.push(FORMAT);
        write_text(env!("CARGO_PKG_VERSION"), &mut bytes);
        bytes.extend_from_slice(&seed.to_le_bytes());
        let bounds = config.bounds();
        varint::write(bounds.len() as u64, &mut bytes);
        for (name, number) in bounds {
            write_text(name, &mut bytes);
            number.write(&mut bytes);
        }
        Self {
            budget,
            bytes,
            ending: Ending::Running,
            hash: OutputHash::default(),
            last: Time::default(),
        }
    }

    /// Takes down an input, right before the engine is given it.
    pub fn input(&mut self, now: Time, input: &Input) {
        if self.ending == Ending::Full {
            return;
        }
        let before = self.bytes.len();
        self.bytes.push(self.hash.check());
        input.write(&mut self.bytes);
        // The engine's clock never goes back either.
        let now = now.max(self.last);
        varint::write(now.0 - self.last.0, &mut self.bytes);
        if self.bytes.len() > self.budget {
            self.bytes.truncate(before);
            self.ending = Ending::Full;
            return;
        }
        self.last = now;
        self.ending = Ending::Broken;
    }

    /// Takes down an output, up to and with [`Output::Wait`].
    pub fn output(&mut self, output: &Output) {
        if self.ending == Ending::Full {
            return;
        }
        self.hash.add(output);
        if let Output::Wait(_) = output {
            self.ending = Ending::Running;
        }
    }

    /// The recording so far.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.bytes.clone();
        bytes.extend([self.hash.check(), END, self.ending as u8]);
        bytes.extend(self.hash.whole().to_le_bytes());
        bytes
    }
}

fn write_text(text: &str, out: &mut Vec<u8>) {
    varint::write(text.len() as u64, out);
    out.extend_from_slice(text.as_bytes());
}
