//! The body of a response, chunk by chunk, cut where pieces end.

use js_sys::Uint8Array;
use shoal_engine::HttpFault;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::{ReadableStreamDefaultReader, Response};

use crate::error::Error;
use crate::js::{JsResult as _, settled};

#[wasm_bindgen]
extern "C" {
    /// What a reader's `read` comes to.
    type Chunk;
    #[wasm_bindgen(method, getter)]
    fn done(this: &Chunk) -> bool;
    #[wasm_bindgen(method, getter)]
    fn value(this: &Chunk) -> Option<Uint8Array>;
}

/// The body of a response.
pub(super) struct Body(ReadableStreamDefaultReader);

impl Body {
    pub(super) fn new(response: &Response) -> Result<Self, Error> {
        let stream = response
            .body()
            .ok_or_else(|| Error::Browser("the response has no body".into()))?;
        ReadableStreamDefaultReader::new(&stream)
            .or_thrown()
            .map(Self)
    }

    /// The next bytes; nothing at the end.
    pub(super) async fn chunk(&self) -> Result<Option<Uint8Array>, Error> {
        let chunk: Chunk = settled(self.0.read()).await?.unchecked_into();
        Ok(if chunk.done() { None } else { chunk.value() })
    }
}

/// What to make of bytes beyond those wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Surplus {
    /// The body is not what was asked for.
    Fault,
    /// The body is the whole, of which a range was asked for.
    Ignore,
}

/// Cuts chunks where pieces end. It holds back less than a piece.
pub(super) struct Cutter {
    piece_length: u32,
    /// Start of the run that is held back, from the segment's start.
    offset: u32,
    /// End of what is wanted, from the segment's start.
    end: u32,
    /// Bytes still to be passed over.
    skip: u64,
    surplus: Surplus,
    held: Option<(Uint8Array, u32)>,
}

impl Cutter {
    pub(super) const fn new(
        offset: u32,
        length: u32,
        piece_length: u32,
        skip: u64,
        surplus: Surplus,
    ) -> Self {
        let end = offset.saturating_add(length);
        Self {
            piece_length,
            offset,
            end,
            skip,
            surplus,
            held: None,
        }
    }

    /// The next run up to a piece's end with its offset, or nothing when `rest` is used up.
    pub(super) fn cut(
        &mut self,
        rest: &mut Uint8Array,
    ) -> Result<Option<(u32, Uint8Array)>, HttpFault> {
        let skipped = self.skip.min(u64::from(rest.length())) as u32;
        take(rest, skipped);
        self.skip -= u64::from(skipped);
        if rest.length() == 0 {
            return Ok(None);
        }
        if self.offset == self.end {
            return match self.surplus {
                Surplus::Fault => Err(HttpFault::Length),
                Surplus::Ignore => Ok(None),
            };
        }
        let piece_end = (self.offset / self.piece_length + 1).saturating_mul(self.piece_length);
        let run = piece_end.min(self.end) - self.offset;
        let (held, filled) = match self.held.take() {
            // No need to hold what is whole already: the chunk is ours.
            None if rest.length() >= run => return Ok(Some(self.advance(take(rest, run)))),
            None => (Uint8Array::new_with_length(run), 0),
            Some(held) => held,
        };
        let part = take(rest, run - filled);
        held.set(&part, filled);
        let filled = filled + part.length();
        if filled < run {
            self.held = Some((held, filled));
            return Ok(None);
        }
        Ok(Some(self.advance(held)))
    }

    /// Whether nothing more needs to be read.
    pub(super) fn is_content(&self) -> bool {
        self.offset == self.end && self.surplus == Surplus::Ignore
    }

    /// Whether all that was wanted has come.
    pub(super) fn finish(self) -> Result<(), HttpFault> {
        if self.offset == self.end {
            Ok(())
        } else {
            Err(HttpFault::Length)
        }
    }

    fn advance(&mut self, run: Uint8Array) -> (u32, Uint8Array) {
        let start = self.offset;
        self.offset += run.length();
        (start, run)
    }
}

/// Cuts up to `length` bytes off the front.
fn take(rest: &mut Uint8Array, length: u32) -> Uint8Array {
    let whole = rest.length();
    let cut = length.min(whole);
    let front = rest.subarray(0, cut);
    *rest = rest.subarray(cut, whole);
    front
}
