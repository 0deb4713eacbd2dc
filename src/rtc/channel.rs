//! One data channel.

use core::cell::Cell;
use std::rc::Rc;

use js_sys::{ArrayBuffer, Uint8Array};
use shoal_engine::{Input, LOW_MARK, LinkFault, LinkId};
use shoal_wire::peer::Frame;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{MessageEvent, RtcDataChannel, RtcDataChannelState, RtcDataChannelType};

use super::frame::{LARGEST_READ, messages};
use crate::error::Error;
use crate::host_event::{HostEvent, Sender};
use crate::js::{JsResult as _, Listener};

/// One data channel with its listeners; dropped, it closes.
#[derive(Debug)]
pub(super) struct Channel {
    channel: RtcDataChannel,
    link: LinkId,
    sender: Sender,
    /// Bytes sent since the engine last heard of the send buffer.
    unreported: Rc<Cell<u32>>,
    _listeners: [Listener; 5],
}

impl Channel {
    /// Takes over a channel, in the task that made it: no message may have come yet.
    pub(super) fn new(
        channel: RtcDataChannel,
        link: LinkId,
        sender: &Sender,
    ) -> Result<Self, Error> {
        channel.set_binary_type(RtcDataChannelType::Arraybuffer);
        channel.set_buffered_amount_low_threshold(LOW_MARK);

        let opened = Rc::new(Cell::new(false));
        let open = {
            let (sender, opened) = (sender.clone(), Rc::clone(&opened));
            move || {
                if !opened.replace(true) {
                    sender.push(Input::LinkOpen(link));
                }
            }
        };
        let fail = {
            let sender = sender.clone();
            move |_| {
                sender.push(Input::LinkFailed {
                    link,
                    fault: LinkFault::Closed,
                });
            }
        };
        let unreported = Rc::new(Cell::new(0));
        let listeners = [
            Listener::new(&channel, "open", {
                let open = open.clone();
                move |_| open()
            })?,
            Listener::new(&channel, "message", {
                let sender = sender.clone();
                move |event| sender.push(read(link, event))
            })?,
            Listener::new(&channel, "bufferedamountlow", {
                let (sender, unreported) = (sender.clone(), Rc::clone(&unreported));
                let channel = channel.clone();
                move |_| {
                    unreported.set(0);
                    let buffered = channel.buffered_amount();
                    sender.push(Input::LinkDrained { link, buffered });
                }
            })?,
            Listener::new(&channel, "close", fail.clone())?,
            Listener::new(&channel, "error", fail)?,
        ];
        // A channel that the other side made may be open from the start, or become so.
        if channel.ready_state() == RtcDataChannelState::Open {
            open();
        }
        Ok(Self {
            channel,
            link,
            sender: sender.clone(),
            unreported,
            _listeners: listeners,
        })
    }

    /// Bytes in the send buffer.
    pub(super) fn buffered(&self) -> u32 {
        self.channel.buffered_amount()
    }

    /// Sends a frame, and behind it the bytes that it announces.
    pub(super) fn send(&self, frame: &Frame, payload: Option<&Uint8Array>) -> Result<(), Error> {
        for message in messages(frame, payload) {
            self.channel
                .send_with_array_buffer_view(&message)
                .or_thrown()?;
            self.unreported
                .set(self.unreported.get().saturating_add(message.length()));
        }
        // The event comes only when the buffer falls past the mark. A sender that never fills it
        // that far would never hear that its bytes have left.
        let buffered = self.channel.buffered_amount();
        if self.unreported.get() >= LOW_MARK && buffered <= LOW_MARK {
            self.unreported.set(0);
            self.sender.push(Input::LinkDrained {
                link: self.link,
                buffered,
            });
        }
        Ok(())
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        self.channel.close();
    }
}

/// What came in: bytes, within bounds, or the end of the link.
fn read(link: LinkId, event: JsValue) -> HostEvent {
    let data = event.unchecked_into::<MessageEvent>().data();
    match data.dyn_into::<ArrayBuffer>() {
        Ok(buffer) if buffer.byte_length() <= LARGEST_READ => HostEvent::ChannelData {
            link,
            data: Uint8Array::new(&buffer),
        },
        _ => Input::LinkFailed {
            link,
            fault: LinkFault::Malformed,
        }
        .into(),
    }
}
