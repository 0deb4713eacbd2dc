//! The flight recorder, for pages that ask for it.
//!
//! It lies beside the viewer and not in it: what led to a failure is asked for while the viewer is
//! in the middle of it.

use core::cell::RefCell;
use std::rc::Rc;

use shoal_engine::{Input, Output, Recorder, Time};

use crate::config::Options;

/// Bytes of a recording at most: some hours of a busy viewer.
const BUDGET: usize = 8 << 20;

/// A handle on the recorder, if there is one.
#[derive(Clone, Debug)]
pub(crate) struct Trace(Option<Rc<RefCell<Recorder>>>);

impl Trace {
    /// A recorder for the engine of these options and this seed, if the options ask for it.
    pub(crate) fn new(options: &Options, seed: u64) -> Self {
        let recorder = || RefCell::new(Recorder::new(&options.engine, seed, BUDGET));
        Self(options.trace.then(|| Rc::new(recorder())))
    }

    /// Right before the engine is given an input.
    pub(crate) fn input(&self, now: Time, input: &Input) {
        if let Some(recorder) = &self.0 {
            recorder.borrow_mut().input(now, input);
        }
    }

    /// For each output, the last one included.
    pub(crate) fn output(&self, output: &Output) {
        if let Some(recorder) = &self.0 {
            recorder.borrow_mut().output(output);
        }
    }

    /// The recording so far. Nothing, too, when the recorder itself is what failed.
    pub(crate) fn bytes(&self) -> Option<Vec<u8>> {
        Some(self.0.as_ref()?.try_borrow().ok()?.bytes())
    }
}
