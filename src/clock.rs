//! The page's clock: the time, one alarm, and a turn of the event loop.

use gloo_timers::callback::Timeout;
use shoal_engine::{Input, Time};
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::{MessageChannel, MessagePort};

use crate::error::Error;
use crate::host_event::{HostEvent, Sender};
use crate::js::{JsResult as _, Listener};

#[wasm_bindgen]
extern "C" {
    /// Milliseconds since the page began, never going back; the same in windows and workers.
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
}

/// Longest wait that a timer takes, milliseconds: it counts in 32 bits with a sign.
const LONGEST: u64 = i32::MAX as u64;

/// One alarm, and one turn asked for.
#[derive(Debug)]
pub struct Clock {
    sender: Sender,
    alarm: Option<(Time, Timeout)>,
    turns: Option<Turns>,
}

impl Clock {
    /// A clock whose alarm is `Input::Tick` and whose turn is `HostEvent::Turn`.
    #[must_use]
    pub const fn new(sender: Sender) -> Self {
        Self {
            sender,
            alarm: None,
            turns: None,
        }
    }

    /// The present moment.
    #[must_use]
    pub fn now() -> Time {
        Time((performance_now() * 1_000.0) as u64)
    }

    /// Sets the alarm to another moment, or switches it off.
    pub fn arm(&mut self, at: Option<Time>) {
        let Some(at) = at else {
            self.alarm = None;
            return;
        };
        if self.alarm.as_ref().is_some_and(|(set, _)| *set == at) {
            return;
        }
        let micros = u64::try_from(at.since(Self::now()).as_micros()).unwrap_or(u64::MAX);
        // Rounded up: an alarm that is early would have to be set again.
        let millis = micros.div_ceil(1_000).min(LONGEST) as u32;
        let sender = self.sender.clone();
        let timeout = Timeout::new(millis, move || sender.push(Input::Tick));
        self.alarm = Some((at, timeout));
    }

    /// The alarm rang; the next `arm` sets it, even to the same moment.
    pub fn rang(&mut self) {
        self.alarm = None;
    }

    /// Asks for a turn of the event loop, soon. Hidden pages have their timers slowed down to one
    /// a second or one a minute, messages they have not.
    pub fn take_turn(&mut self) -> Result<(), Error> {
        let turns = match self.turns.take() {
            Some(turns) => turns,
            None => Turns::new(self.sender.clone())?,
        };
        let asked = turns
            .sender
            .post_message(&wasm_bindgen::JsValue::NULL)
            .or_thrown();
        self.turns = Some(turns);
        asked
    }
}

/// A message to ourselves.
#[derive(Debug)]
struct Turns {
    sender: MessagePort,
    receiver: MessagePort,
    _listener: Listener,
}

impl Turns {
    fn new(host: Sender) -> Result<Self, Error> {
        let channel = MessageChannel::new().or_thrown()?;
        let (sender, receiver) = (channel.port1(), channel.port2());
        let listener = Listener::new(&receiver, "message", move |_| host.push(HostEvent::Turn))?;
        receiver.start();
        Ok(Self {
            sender,
            receiver,
            _listener: listener,
        })
    }
}

impl Drop for Turns {
    fn drop(&mut self) {
        self.receiver.close();
    }
}
