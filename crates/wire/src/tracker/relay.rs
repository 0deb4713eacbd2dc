//! What a tracker passes on: a session description stays the JSON that it came in, and is read once. Most of
//! what goes through a tracker is session descriptions.

use super::client::{FIELDS, Fields, Offers};
use super::{ClientMessage, Description, HARD_CAP, Limits, Offer, Text, TrackerMessage};
use crate::DecodeError;
use crate::id::OfferId;
use crate::json::{Scan, Value};

/// A session description as it stands in a message: a JSON text with quotes and escapes, checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sdp<'a>(&'a str);

impl<'a> Sdp<'a> {
    /// The JSON that it is.
    pub fn json(self) -> &'a str {
        self.0
    }
}

impl Description for Sdp<'_> {
    fn text(&self) -> Text<'_> {
        Text::Json(self.0)
    }
}

impl<'a> ClientMessage<Sdp<'a>> {
    /// Reads what [`ClientMessage::decode`] reads, and refuses what it refuses, in one pass.
    pub fn scan(json: &'a str, limits: &Limits) -> Result<Self, DecodeError> {
        limits.check_message(json)?;
        // A mistake costs its sender the connection: that it is read again, to be named, costs nobody else.
        scan(json, limits).ok_or_else(|| {
            let mistake = DecodeError::Json { line: 1, column: 1 };
            ClientMessage::decode(json, limits).err().unwrap_or(mistake)
        })
    }
}

fn scan<'a>(json: &'a str, limits: &Limits) -> Option<ClientMessage<Sdp<'a>>> {
    let mut fields: Fields<'a> = [None; FIELDS.len()];
    // What cannot be read is no mistake where it does not count.
    let mut offers = None;
    let mut answer = None;
    Scan::whole(json, |name, scan| {
        let value = match name {
            "offers" if offers.is_none() => {
                let (value, read) = scan.attempt(|scan| read_offers(scan, limits))?;
                offers = Some(read);
                value
            }
            "answer" if answer.is_none() => {
                let (value, read) = scan.attempt(|scan| read_sdp(scan, "answer", limits))?;
                answer = Some(read);
                value
            }
            _ => scan.pass()?,
        };
        match FIELDS.iter().position(|known| *known == name) {
            Some(field) => keep(fields.get_mut(field)?, value),
            None => Some(()),
        }
    })?;
    for field in &mut fields {
        *field = field.filter(|value| !value.is_null());
    }
    let [_, has_answer, _, _, _, has_offers, ..] = fields;
    let unread = DecodeError::Missing("sdp");
    ClientMessage::of(
        fields,
        || match has_offers {
            Some(_) => offers.flatten().map(Some).ok_or(unread),
            None => Ok(None),
        },
        has_answer.map(|_| || answer.flatten().flatten().ok_or(unread)),
        limits,
    )
    .ok()
}

fn read_offers<'a>(scan: &mut Scan<'a>, limits: &Limits) -> Option<Offers<Sdp<'a>>> {
    let limit = limits.max_offers.min(HARD_CAP);
    let mut offered = 0;
    let mut read = Vec::with_capacity(limit.min(5));
    scan.list(|scan| {
        let (mut offer, mut offer_id) = (None, None);
        scan.object(|name, scan| match name {
            "offer" => {
                let found = scan.attempt(|scan| read_sdp(scan, "offer", limits))?;
                keep(&mut offer, found)
            }
            "offer_id" => keep(&mut offer_id, scan.pass()?),
            _ => scan.pass().map(drop),
        })?;
        if offered >= limit {
            return None;
        }
        offered += 1;
        let offer = offer.filter(|(value, _)| !value.is_null());
        let offer_id = offer_id.filter(|id: &Value<'_>| !id.is_null());
        if let Some(((_, sdp), offer_id)) = offer.zip(offer_id)
            && let Some(sdp) = sdp?
        {
            let offer_id = OfferId::from_binary(&offer_id.seen().ok()?).ok()?;
            read.push(Offer { offer_id, sdp });
        }
        Some(())
    })?;
    Some((u32::try_from(offered).ok()?, read))
}

/// The SDP of an `RTCSessionDescription`, if it has one.
fn read_sdp<'a>(scan: &mut Scan<'a>, kind: &str, limits: &Limits) -> Option<Option<Sdp<'a>>> {
    let (mut given, mut sdp) = (None, None);
    scan.object(|name, scan| match name {
        "type" => keep(&mut given, scan.pass()?),
        "sdp" => {
            let found = scan.attempt(|scan| scan.text())?;
            keep(&mut sdp, found)
        }
        _ => scan.pass().map(drop),
    })?;
    let Some((_, text)) = sdp.filter(|(value, _)| !value.is_null()) else {
        return Some(None);
    };
    if let Some(given) = given.filter(|given: &Value<'_>| !given.is_null())
        && given.seen().ok()? != kind
    {
        return None;
    }
    let (json, bytes) = text?;
    (bytes <= limits.max_sdp).then_some(Some(Sdp(json)))
}

/// A field that is there twice is a mistake.
fn keep<T>(field: &mut Option<T>, value: T) -> Option<()> {
    field.replace(value).is_none().then_some(())
}

impl TrackerMessage<Sdp<'_>> {
    /// Appends the message's JSON.
    pub fn append(&self, out: &mut Vec<u8>) {
        let (info_hash, peer_id, offer_id, kind, sdp) = match self {
            Self::Answer {
                info_hash,
                peer_id,
                offer_id,
                sdp,
            } => (info_hash, peer_id, offer_id, "answer", sdp),
            Self::Offer {
                info_hash,
                peer_id,
                offer_id,
                sdp,
            } => (info_hash, peer_id, offer_id, "offer", sdp),
            _ => return out.extend_from_slice(self.encode().as_bytes()),
        };
        out.reserve(RELAYED + sdp.0.len());
        out.extend_from_slice(b"{\"action\":\"announce\",\"info_hash\":\"");
        put_id(out, info_hash.0);
        out.extend_from_slice(b"\",\"peer_id\":\"");
        put_id(out, peer_id.0);
        out.extend_from_slice(b"\",\"offer_id\":\"");
        put_id(out, offer_id.0);
        out.extend_from_slice(b"\",\"");
        out.extend_from_slice(kind.as_bytes());
        out.extend_from_slice(b"\":{\"type\":\"");
        out.extend_from_slice(kind.as_bytes());
        out.extend_from_slice(b"\",\"sdp\":");
        out.extend_from_slice(sdp.0.as_bytes());
        out.extend_from_slice(b"}}");
    }
}

/// Bytes of a message that passes an SDP on, without the SDP: names, and three ids of at most 120 each.
const RELAYED: usize = 512;

/// The inside of a binary string, escaped as `JSON.stringify` does.
fn put_id(out: &mut Vec<u8>, id: [u8; 20]) {
    for byte in id {
        match byte {
            b'"' | b'\\' => out.extend([b'\\', byte]),
            b'\x08' => out.extend(b"\\b"),
            b'\t' => out.extend(b"\\t"),
            b'\n' => out.extend(b"\\n"),
            b'\x0c' => out.extend(b"\\f"),
            b'\r' => out.extend(b"\\r"),
            0..b' ' => {
                let digit = |nibble: u8| b"0123456789abcdef".get(usize::from(nibble)).copied();
                out.extend(b"\\u00");
                out.extend(digit(byte >> 4));
                out.extend(digit(byte & 15));
            }
            b' '..0x80 => out.push(byte),
            // Two bytes of UTF-8.
            0x80.. => out.extend([0xc0 | byte >> 6, 0x80 | byte & 0x3f]),
        }
    }
}
