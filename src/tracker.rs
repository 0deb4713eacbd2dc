//! One WebSocket to a tracker. When to connect again is the engine's affair.

use js_sys::JsString;
use shoal_engine::Input;
use shoal_wire::tracker::{ClientMessage, Limits, TrackerMessage};
use wasm_bindgen::JsCast as _;
use web_sys::{MessageEvent, WebSocket};

use crate::error::Error;
use crate::host_event::Sender;
use crate::js::{JsResult as _, Listener};

/// Longest message that is read, UTF-16 code units. The wire allows 64 KiB.
const LONGEST: u32 = 64 * 1024;

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
                    // What is no text, or too much of it, is no message of a tracker.
                    let text = data.dyn_into::<JsString>().ok();
                    let text = text.filter(|text| text.length() <= LONGEST);
                    let message = text.and_then(|text| {
                        TrackerMessage::decode(&String::from(text), &Limits::default()).ok()
                    });
                    sender.push(Input::TrackerMessage(message));
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

impl Drop for Tracker {
    fn drop(&mut self) {
        // Throws only for codes and reasons, of which there are none.
        let _ = self.socket.close();
    }
}
