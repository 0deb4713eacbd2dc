//! One WebSocket to a tracker: text in, text out. When to connect again is the engine's affair.

use js_sys::JsString;
use shoal_engine::Input;
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
                    // What is no text, or too much of it, is no message of a tracker: let the
                    // engine find that out from a text that is none either.
                    let text = data.dyn_into::<JsString>().ok();
                    let text = text.filter(|text| text.length() <= LONGEST);
                    let text = text.map(String::from).unwrap_or_default();
                    sender.push(Input::TrackerMessage(text));
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

    /// Sends a text message. Before the socket is open, and after it closed, it is lost.
    pub fn send(&self, text: &str) {
        // A socket that is closing would complain in the console.
        if self.socket.ready_state() == WebSocket::OPEN {
            // Throws only while connecting.
            let _ = self.socket.send_with_str(text);
        }
    }
}

impl Drop for Tracker {
    fn drop(&mut self) {
        // Throws only for codes and reasons, of which there are none.
        let _ = self.socket.close();
    }
}
