//! Reading: the text is checked as a whole, and nothing is built of it. A [`Value`] is a place in
//! it, to be read as what is expected there.

use std::borrow::Cow;

use super::{number, text};
use crate::DecodeError;

/// How many lists and objects may lie in each other.
pub(super) const MAX_DEPTH: usize = 127;

/// A place in a text. Every one that is handed out is where a value begins, in a text that is JSON
/// (RFC 8259) without lone surrogates.
#[derive(Clone, Copy)]
pub(crate) struct Value<'a> {
    pub(super) json: &'a str,
    pub(super) at: usize,
}

impl<'a> Value<'a> {
    /// The value that a text is. It has been measured: its length bounds all that is read of it.
    pub(crate) fn new(json: &'a str) -> Result<Self, DecodeError> {
        let mut place = Self { json, at: 0 };
        place.pass_blanks();
        let value = place;
        let passed = place.pass(MAX_DEPTH);
        place.pass_blanks();
        match passed {
            Some(()) if place.at == json.len() => Ok(value),
            _ => Err(place.error()),
        }
    }

    /// The values of these fields of an object, in one go. `null` is as good as nothing, fields of
    /// other names are passed over, and a field that is there twice is an error.
    pub(crate) fn fields<const N: usize>(
        self,
        names: [&str; N],
    ) -> Result<[Option<Self>; N], DecodeError> {
        let mut fields = [None; N];
        self.find(&names, &mut fields)?;
        Ok(fields)
    }

    fn find(self, names: &[&str], fields: &mut [Option<Self>]) -> Result<(), DecodeError> {
        for (key, value) in self.entries()? {
            let key = key.seen()?;
            let field = names.iter().zip(fields.iter_mut());
            let mut field = field.filter(|(name, _)| **name == key);
            if let Some((_, field)) = field.next()
                && field.replace(value).is_some()
            {
                return Err(value.error());
            }
        }
        for field in fields {
            *field = field.filter(|value| value.peek() != b'n');
        }
        Ok(())
    }

    /// Keys and values of an object.
    pub(crate) fn entries(self) -> Result<impl Iterator<Item = (Self, Self)> + Clone, DecodeError> {
        let entries = self.inside(b'{')?;
        Ok(entries.filter_map(|key| {
            let mut value = key;
            value.pass_name()?;
            Some((key, value))
        }))
    }

    /// The items of a list.
    pub(crate) fn items(self) -> Result<Items<'a>, DecodeError> {
        self.inside(b'[')
    }

    /// Whether it is a list.
    pub(crate) fn is_list(self) -> bool {
        self.peek() == b'['
    }

    /// Whether it is `null`, which is as good as nothing.
    pub(crate) fn is_null(self) -> bool {
        self.peek() == b'n'
    }

    /// A text.
    pub(crate) fn text(self) -> Result<String, DecodeError> {
        self.seen().map(Cow::into_owned)
    }

    /// A text, not copied where it has no escapes.
    pub(crate) fn seen(self) -> Result<Cow<'a, str>, DecodeError> {
        text::read(self.rest()).ok_or_else(|| self.error())
    }

    /// A count as JavaScript clients write it: whole or not, and brought into range.
    pub(crate) fn count(self) -> Result<u64, DecodeError> {
        number::count(self.rest()).ok_or_else(|| self.error())
    }

    /// A whole number within its range, written without fraction and exponent.
    pub(crate) fn whole<T: TryFrom<u64>>(self) -> Result<T, DecodeError> {
        let number = number::whole(self.rest());
        let number = number.and_then(|number| T::try_from(number).ok());
        number.ok_or_else(|| self.error())
    }

    /// `true` or `false`.
    pub(crate) fn flag(self) -> Result<bool, DecodeError> {
        match self.peek() {
            b'f' => Ok(false),
            b't' => Ok(true),
            _ => Err(self.error()),
        }
    }

    /// What is here is not what it should be.
    pub(crate) fn error(self) -> DecodeError {
        let before = self.json.bytes().take(self.at);
        let line = before.clone().filter(|byte| *byte == b'\n').count() + 1;
        let column = before.rev().take_while(|byte| *byte != b'\n').count() + 1;
        DecodeError::Json { line, column }
    }

    fn inside(self, open: u8) -> Result<Items<'a>, DecodeError> {
        let mut place = self;
        if !place.eat(open) {
            return Err(self.error());
        }
        Ok(Items {
            place,
            close: closing(open),
            first: true,
        })
    }

    /// Moves behind a value, or `None` where it is none.
    pub(super) fn pass(&mut self, depth: usize) -> Option<()> {
        match self.peek() {
            open @ (b'{' | b'[') => {
                let depth = depth.checked_sub(1)?;
                self.at += 1;
                let mut first = true;
                while self.pass_to_item(closing(open), first)? {
                    if open == b'{' {
                        self.pass_name()?;
                    }
                    self.pass(depth)?;
                    first = false;
                }
                Some(())
            }
            b'"' => self.pass_by(text::length),
            b'-' | b'0'..=b'9' => self.pass_by(number::length),
            _ => self.pass_by(|rest| {
                let words = ["false", "null", "true"];
                let word = words.iter().find(|word| rest.starts_with(**word))?;
                Some(word.len())
            }),
        }
    }

    /// Moves to an item of a list, or a name in an object; `false` when there is none, and then
    /// behind the end.
    pub(super) fn pass_to_item(&mut self, close: u8, first: bool) -> Option<bool> {
        self.pass_blanks();
        if self.eat(close) {
            return Some(false);
        }
        if !first {
            self.eat(b',').then_some(())?;
            self.pass_blanks();
        }
        Some(true)
    }

    /// Moves from a name to its value.
    pub(super) fn pass_name(&mut self) -> Option<()> {
        self.pass_by(text::length)?;
        self.pass_blanks();
        self.eat(b':').then_some(())?;
        self.pass_blanks();
        Some(())
    }

    fn pass_by(&mut self, length: impl Fn(&str) -> Option<usize>) -> Option<()> {
        self.at += length(self.rest())?;
        Some(())
    }

    pub(super) fn pass_blanks(&mut self) {
        while matches!(self.peek(), b' ' | b'\t' | b'\n' | b'\r') {
            self.at += 1;
        }
    }

    pub(super) fn eat(&mut self, byte: u8) -> bool {
        let here = self.peek() == byte;
        self.at += usize::from(here);
        here
    }

    /// The byte here. At the end it is 0, which is nowhere in JSON.
    pub(super) fn peek(self) -> u8 {
        self.json.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    pub(super) fn rest(self) -> &'a str {
        self.json.get(self.at..).unwrap_or_default()
    }
}

/// The items of a list, or the names in an object.
#[derive(Clone)]
pub(crate) struct Items<'a> {
    place: Value<'a>,
    close: u8,
    first: bool,
}

impl<'a> Iterator for Items<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let more = self.place.pass_to_item(self.close, self.first)?;
        self.first = false;
        let at = more.then_some(self.place.at)?;
        if self.close == b'}' {
            self.place.pass_name()?;
        }
        self.place.pass(MAX_DEPTH)?;
        // It ends where the next begins: who reads it knows how long it is.
        let json = self.place.json.get(..self.place.at)?;
        Some(Value { json, at })
    }
}

pub(super) const fn closing(open: u8) -> u8 {
    if open == b'{' { b'}' } else { b']' }
}
