//! One WebSocket to a tracker. When to connect again is the engine's affair.

use js_sys::JsString;
use shoal_engine::Input;
use shoal_wire::tracker::{ClientMessage, Limits, TrackerFields, TrackerMessage};
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{MessageEvent, WebSocket};

use crate::error::Error;
use crate::host_event::Sender;
use crate::js::{JsResult as _, Listener, parsed};

/// An open or opening socket with its listeners; dropped, it closes.
#[derive(Debug)]
pub struct Tracker {
    socket: WebSocket,
    _listeners: [Listener; 4],
}

impl Tracker {
    /// Opens a socket. What it tells goes into the sender.
    pub fn connect(url: &str, sender: &Sender) -> Result<Self, Error> {
        let socket = WebSocket::new(url).or_thrown()?;
        let closed = {
            let sender = sender.clone();
            move |_| sender.push(Input::TrackerClosed)
        };
        let listeners = [
            Listener::new(&socket, "open", {
                let sender = sender.clone();
                move |_| sender.push(Input::TrackerOpened)
            })?,
            Listener::new(&socket, "message", {
                let sender = sender.clone();
                move |event| {
                    let data = event.unchecked_into::<MessageEvent>().data();
                    sender.push(Input::TrackerMessage(read(data)));
                }
            })?,
            // Whichever comes first ends the socket, and the other is not heard any more.
            Listener::new(&socket, "close", closed.clone())?,
            Listener::new(&socket, "error", closed)?,
        ];
        Ok(Self {
            socket,
            _listeners: listeners,
        })
    }

    /// Sends a message. Before the socket is open, and after it closed, it is lost.
    pub fn send(&self, message: &ClientMessage) {
        // A socket that is closing would complain in the console.
        if self.socket.ready_state() == WebSocket::OPEN {
            // Throws only while connecting.
            let _ = self.socket.send_with_str(&message.encode());
        }
    }
}

/// What is no text, or too much of it, is no message of a tracker.
fn read(data: JsValue) -> Option<TrackerMessage> {
    let text = data.dyn_into::<JsString>().ok()?;
    let limits = Limits::default();
    if text.length() as usize > limits.max_message {
        return None;
    }
    let fields: TrackerFields<'_> = parsed(&text).ok()?;
    fields.check(&limits).ok()
}

impl Drop for Tracker {
    fn drop(&mut self) {
        // Throws only for codes and reasons, of which there are none.
        let _ = self.socket.close();
    }
}
