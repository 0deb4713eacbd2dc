//! Reading what is long in one pass: for the tracker, which reads every viewer's session descriptions and
//! passes them on.

use super::{
    text,
    value::{MAX_DEPTH, Value, closing},
};

/// A place in a text that moves over it once and checks what it passes. `None` is a mistake or not of the
/// shape expected: what it is, the [`Value`] of the whole text tells.
#[derive(Clone, Copy)]
pub(crate) struct Scan<'a> {
    place: Value<'a>,
    /// How many lists and objects may lie in what comes.
    depth: usize,
}

impl<'a> Scan<'a> {
    /// Reads a text that is an object, field by field.
    pub(crate) fn whole(
        json: &'a str,
        field: impl FnMut(&str, &mut Self) -> Option<()>,
    ) -> Option<()> {
        let mut scan = Self {
            place: Value { json, at: 0 },
            depth: MAX_DEPTH,
        };
        scan.place.pass_blanks();
        scan.object(field)?;
        scan.place.pass_blanks();
        (scan.place.at == json.len()).then_some(())
    }

    /// Reads an object. For each name, `field` has to move behind the value.
    pub(crate) fn object(
        &mut self,
        mut field: impl FnMut(&str, &mut Self) -> Option<()>,
    ) -> Option<()> {
        self.inside(b'{', |scan| {
            let name = scan.place.seen().ok()?;
            scan.place.pass_name()?;
            field(&name, scan)
        })
    }

    /// Reads a list. `item` has to move behind each.
    pub(crate) fn list(&mut self, item: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.inside(b'[', item)
    }

    /// Moves behind a value, which may be anything.
    pub(crate) fn pass(&mut self) -> Option<Value<'a>> {
        let at = self.place.at;
        self.place.pass(self.depth)?;
        let json = self.place.json.get(..self.place.at)?;
        Some(Value { json, at })
    }

    /// Moves behind a text. It as it stands there, quotes included, and bytes of what it stands for.
    pub(crate) fn text(&mut self) -> Option<(&'a str, usize)> {
        let rest = self.place.rest();
        let (length, bytes) = text::lengths(rest)?;
        self.place.at += length;
        Some((rest.get(..length)?, bytes))
    }

    /// What `read` makes of a value; where it fails, the value is passed over.
    pub(crate) fn attempt<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<(Value<'a>, Option<T>)> {
        let start = *self;
        if let Some(found) = read(self) {
            return Some((start.place, Some(found)));
        }
        *self = start;
        Some((self.pass()?, None))
    }

    fn inside(&mut self, open: u8, mut item: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.depth = self.depth.checked_sub(1)?;
        if !self.place.eat(open) {
            return None;
        }
        let mut first = true;
        while self.place.pass_to_item(closing(open), first)? {
            item(self)?;
            first = false;
        }
        self.depth += 1;
        Some(())
    }
}
