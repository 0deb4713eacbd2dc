//! WebSocket's framing (RFC 6455), the server's half: no socket, no clock.
//!
//! What has come in whole is read where it lies, in the buffer of whoever has received it; only what is still
//! incomplete is kept, and no more memory is taken for it than bytes have come.

use std::borrow::Cow;

/// Bytes of the longest head of a frame: two, a length of eight and a mask.
const MAX_HEAD: usize = 14;

/// Bytes of the largest payload of a control frame (§5.5).
const MAX_CONTROL: usize = 125;

/// Reads the frames of one client.
#[derive(Debug)]
pub struct Reader {
    /// Bytes of the largest message.
    max_message: usize,
    /// The beginning of a frame.
    begun: Vec<u8>,
    /// The first fragments of a message.
    fragments: Vec<u8>,
    /// Whether these are fragments of a text, if there are any.
    is_text: Option<bool>,
}

/// Message or control frame of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received<'a> {
    /// A message that is no text.
    Binary(Cow<'a, [u8]>),
    /// The client closes, with this code if it gives one.
    Close(Option<u16>),
    /// To be answered with the same bytes.
    Ping(Cow<'a, [u8]>),
    /// An answer to a ping, or a sign of life.
    Pong,
    /// A message.
    Text(Cow<'a, str>),
}

/// Reason why nothing more can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameError {
    /// A message is larger than it may be.
    Oversized,
    /// The bytes are not what the protocol allows.
    Protocol,
    /// A text is not UTF-8.
    Text,
}

/// A frame's head.
#[derive(Clone, Copy, Debug)]
struct Head {
    is_final: bool,
    code: Code,
    mask: [u8; 4],
    /// Bytes of the head.
    length: usize,
    /// Bytes of what follows.
    payload: usize,
}

/// A frame's head and its payload, unmasked.
type Frame<'a> = (Head, Cow<'a, [u8]>);

/// A frame's kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Code {
    Continuation = 0,
    Text = 1,
    Binary = 2,
    Close = 8,
    Ping = 9,
    Pong = 10,
}

impl Reader {
    /// Nothing has been read yet. A message of more than `max_message` bytes is an error as soon as its length
    /// is known.
    #[must_use]
    pub fn new(max_message: usize) -> Self {
        Self {
            max_message,
            begun: Vec::new(),
            fragments: Vec::new(),
            is_text: None,
        }
    }

    /// The next that is complete, or `None` when all of `input` has been taken. What has been read is cut off its
    /// front.
    ///
    /// # Errors
    /// When the client does not keep to the protocol. After that nothing it sends has a meaning.
    pub fn read<'a>(
        &mut self,
        input: &mut &'a mut [u8],
    ) -> Result<Option<Received<'a>>, FrameError> {
        while let Some((head, payload)) = self.frame(input)? {
            if let Some(received) = self.take(head, payload)? {
                return Ok(Some(received));
            }
        }
        Ok(None)
    }

    /// Bytes that are kept because something is incomplete.
    #[must_use]
    pub fn kept(&self) -> usize {
        self.begun.capacity() + self.fragments.capacity()
    }

    /// The next frame, unmasked.
    fn frame<'a>(&mut self, input: &mut &'a mut [u8]) -> Result<Option<Frame<'a>>, FrameError> {
        if !self.begun.is_empty() {
            return self.finish(input);
        }
        let whole = match Head::read(input)? {
            Some(head) => {
                self.check(head)?;
                (head.end() <= input.len()).then_some(head)
            }
            None => None,
        };
        let Some(head) = whole else {
            self.begun.extend_from_slice(take(input, usize::MAX));
            return Ok(None);
        };
        let frame = take(input, head.end());
        let (_, payload) = frame.split_at_mut(head.length);
        unmask(payload, head.mask);
        Ok(Some((head, Cow::Borrowed(payload))))
    }

    /// Completes a frame that has begun.
    fn finish<'a>(&mut self, input: &mut &mut [u8]) -> Result<Option<Frame<'a>>, FrameError> {
        let head = loop {
            if let Some(head) = Head::read(&self.begun)? {
                break head;
            }
            let [next] = take(input, 1) else {
                return Ok(None);
            };
            self.begun.push(*next);
        };
        self.check(head)?;
        let missing = head.end() - self.begun.len();
        self.begun.extend_from_slice(take(input, missing));
        if self.begun.len() < head.end() {
            return Ok(None);
        }
        let mut frame = std::mem::take(&mut self.begun);
        frame.drain(..head.length);
        unmask(&mut frame, head.mask);
        Ok(Some((head, Cow::Owned(frame))))
    }

    /// Refuses what is known to be wrong before the payload has come.
    fn check(&self, head: Head) -> Result<(), FrameError> {
        let fits = match head.code {
            Code::Continuation => self.is_text.is_some(),
            Code::Text | Code::Binary => self.is_text.is_none(),
            Code::Close | Code::Ping | Code::Pong => {
                return (head.is_final && head.payload <= MAX_CONTROL)
                    .then_some(())
                    .ok_or(FrameError::Protocol);
            }
        };
        if !fits {
            return Err(FrameError::Protocol);
        }
        if head.payload > self.max_message - self.fragments.len().min(self.max_message) {
            return Err(FrameError::Oversized);
        }
        Ok(())
    }

    /// Returns what a frame completes.
    fn take<'a>(
        &mut self,
        head: Head,
        payload: Cow<'a, [u8]>,
    ) -> Result<Option<Received<'a>>, FrameError> {
        let is_text = match head.code {
            Code::Close => return closing(&payload).map(|code| Some(Received::Close(code))),
            Code::Ping => return Ok(Some(Received::Ping(payload))),
            Code::Pong => return Ok(Some(Received::Pong)),
            Code::Continuation => self.is_text.unwrap_or_default(),
            Code::Text => true,
            Code::Binary => false,
        };
        if !head.is_final {
            self.is_text = Some(is_text);
            if self.fragments.is_empty() {
                self.fragments = payload.into_owned();
            } else {
                self.fragments.extend_from_slice(&payload);
            }
            return Ok(None);
        }
        let message = if head.code == Code::Continuation {
            self.is_text = None;
            let mut message = std::mem::take(&mut self.fragments);
            message.extend_from_slice(&payload);
            Cow::Owned(message)
        } else {
            payload
        };
        if !is_text {
            return Ok(Some(Received::Binary(message)));
        }
        let text = match message {
            Cow::Borrowed(bytes) => str::from_utf8(bytes).map(Cow::Borrowed).ok(),
            Cow::Owned(bytes) => String::from_utf8(bytes).map(Cow::Owned).ok(),
        };
        text.map(|text| Some(Received::Text(text)))
            .ok_or(FrameError::Text)
    }
}

impl Head {
    /// The head that these bytes begin with, if it is complete. What cannot become one is an error already.
    fn read(bytes: &[u8]) -> Result<Option<Self>, FrameError> {
        let Some(([first, second], rest)) = bytes.split_first_chunk::<2>() else {
            return Ok(None);
        };
        // No extension is agreed upon that would give the reserved bits a meaning; every client masks.
        if first & 0x70 != 0 || second & 0x80 == 0 {
            return Err(FrameError::Protocol);
        }
        let code = Code::read(first & 0x0f).ok_or(FrameError::Protocol)?;
        let (payload, rest) = match second & 0x7f {
            126 => match rest.split_first_chunk::<2>() {
                Some((length, rest)) => (u64::from(u16::from_be_bytes(*length)), rest),
                None => return Ok(None),
            },
            127 => match rest.split_first_chunk::<8>() {
                Some((length, rest)) => (u64::from_be_bytes(*length), rest),
                None => return Ok(None),
            },
            length => (u64::from(length), rest),
        };
        let Some((mask, rest)) = rest.split_first_chunk::<4>() else {
            return Ok(None);
        };
        Ok(Some(Self {
            is_final: first & 0x80 != 0,
            code,
            mask: *mask,
            length: bytes.len() - rest.len(),
            payload: usize::try_from(payload).unwrap_or(usize::MAX - MAX_HEAD),
        }))
    }

    /// Bytes of the frame.
    fn end(self) -> usize {
        self.length.saturating_add(self.payload)
    }
}

impl Code {
    fn read(code: u8) -> Option<Self> {
        Some(match code {
            0 => Self::Continuation,
            1 => Self::Text,
            2 => Self::Binary,
            8 => Self::Close,
            9 => Self::Ping,
            10 => Self::Pong,
            _ => return None,
        })
    }
}

/// Appends a text in one frame. `write` appends the text itself.
pub fn text(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    // Most texts need a length of two bytes: the others are moved.
    out.extend([0; 4]);
    let begin = out.len();
    write(out);
    let length = out.len() - begin;
    let (head, used) = head(Code::Text, length);
    match out.get_mut(start..begin) {
        Some(place) if place.len() == used => place.copy_from_slice(&head[..used]),
        _ => drop(out.splice(start..begin, head.into_iter().take(used))),
    }
}

/// Appends a ping without a payload.
pub fn ping(out: &mut Vec<u8>) {
    control(out, Code::Ping, &[]);
}

/// Appends the answer to a ping.
pub fn pong(out: &mut Vec<u8>, payload: &[u8]) {
    control(out, Code::Pong, payload);
}

/// Appends a close frame. Of the reason so much is left as fits.
pub fn close(out: &mut Vec<u8>, code: u16, reason: &str) {
    let fits = |end: &usize| reason.is_char_boundary(*end);
    let end = (0..=reason.len().min(MAX_CONTROL - 2)).rev().find(fits);
    let reason = reason.get(..end.unwrap_or(0)).unwrap_or_default();
    let payload = [&code.to_be_bytes(), reason.as_bytes()].concat();
    control(out, Code::Close, &payload);
}

fn control(out: &mut Vec<u8>, code: Code, payload: &[u8]) {
    let payload = payload.get(..MAX_CONTROL).unwrap_or(payload);
    let (head, used) = head(code, payload.len());
    out.extend(head.into_iter().take(used));
    out.extend_from_slice(payload);
}

/// The head of a whole frame of the server's, and how many bytes of it count. Lengths take the fewest bytes.
fn head(code: Code, payload: usize) -> ([u8; 10], usize) {
    let length = (payload as u64).to_be_bytes();
    let mut head = [0; 10];
    head[0] = 0x80 | code as u8;
    let used = match payload {
        0..126 => {
            head[1] = length[7];
            2
        }
        126..=0xffff => {
            head[1] = 126;
            head[2..4].copy_from_slice(&length[6..]);
            4
        }
        _ => {
            head[1] = 127;
            head[2..].copy_from_slice(&length);
            10
        }
    };
    (head, used)
}

/// Cuts so many bytes off the front, or all.
fn take<'a>(input: &mut &'a mut [u8], bytes: usize) -> &'a mut [u8] {
    let whole = std::mem::take(input);
    let (front, rest) = whole.split_at_mut(bytes.min(whole.len()));
    *input = rest;
    front
}

/// The code of a close frame (§7.4), if there is one.
fn closing(payload: &[u8]) -> Result<Option<u16>, FrameError> {
    let Some((code, reason)) = payload.split_first_chunk::<2>() else {
        return payload
            .is_empty()
            .then_some(None)
            .ok_or(FrameError::Protocol);
    };
    let code = u16::from_be_bytes(*code);
    if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
        return Err(FrameError::Protocol);
    }
    str::from_utf8(reason).map_err(|_| FrameError::Text)?;
    Ok(Some(code))
}

/// Eight bytes at a time; the mask begins anew every four.
fn unmask(payload: &mut [u8], mask: [u8; 4]) {
    let half = u64::from(u32::from_ne_bytes(mask));
    let word = half << 32 | half;
    let (words, rest) = payload.as_chunks_mut::<8>();
    for bytes in words {
        *bytes = (u64::from_ne_bytes(*bytes) ^ word).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(mask.into_iter().cycle()) {
        *byte ^= mask;
    }
}

#[cfg(test)]
mod tests;
