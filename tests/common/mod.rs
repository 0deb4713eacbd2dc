//! What the browser tests share: an sender that keeps what comes, and waiting with a reason.
#![cfg(target_arch = "wasm32")]
#![allow(dead_code, reason = "each test file uses its own part of this")]

use std::cell::RefCell;
use std::rc::Rc;

use gloo_timers::future::TimeoutFuture;
use js_sys::Uint8Array;
use shoal::internal::{HostEvent, Sender};

/// Steps of 10 ms that anything may take before a test gives up.
const PATIENCE: u32 = 2_000;

/// An sender whose arrivals wait to be looked at.
#[derive(Clone, Default)]
pub(crate) struct Arrivals(Rc<RefCell<Vec<HostEvent>>>);

impl Arrivals {
    pub(crate) fn sender(&self) -> Sender {
        let arrivals = Rc::clone(&self.0);
        Sender::new(move |event| arrivals.borrow_mut().push(event))
    }

    /// The first event that `choose` makes something of, taken out.
    pub(crate) fn take<T>(&self, choose: impl Fn(&HostEvent) -> Option<T>) -> Option<T> {
        let mut arrivals = self.0.borrow_mut();
        let position = arrivals.iter().position(|event| choose(event).is_some())?;
        choose(&arrivals.remove(position))
    }

    /// Waits for an event that `choose` makes something of, and takes it out.
    pub(crate) async fn wait<T>(&self, what: &str, choose: impl Fn(&HostEvent) -> Option<T>) -> T {
        for _ in 0..PATIENCE {
            if let Some(chosen) = self.take(&choose) {
                return chosen;
            }
            TimeoutFuture::new(10).await;
        }
        panic!("waited for {what}; there is {:?}", self.0.borrow());
    }

    pub(crate) fn len(&self) -> usize {
        self.0.borrow().len()
    }

    pub(crate) fn drain(&self) -> Vec<HostEvent> {
        self.0.borrow_mut().drain(..).collect()
    }
}

/// Waits until something is so.
pub(crate) async fn until(what: &str, so: impl Fn() -> bool) {
    for _ in 0..PATIENCE {
        if so() {
            return;
        }
        TimeoutFuture::new(10).await;
    }
    panic!("waited for {what}");
}

/// Lets the page's event loop go round.
pub(crate) async fn rest() {
    TimeoutFuture::new(50).await;
}

/// Bytes that are not the same at any two near places.
pub(crate) fn media(length: u32) -> Vec<u8> {
    (0..length)
        .map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect()
}

pub(crate) fn array(bytes: &[u8]) -> Uint8Array {
    Uint8Array::from(bytes)
}
