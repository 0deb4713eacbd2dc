//! Writing, as `JSON.stringify` does.

use super::text;

/// Writes an object field by field, in the order of the calls.
pub(crate) struct Writer(String);

impl Writer {
    /// The text of an object that has what `write` gives it.
    pub(crate) fn object(write: impl FnOnce(&mut Self)) -> String {
        Self::sized(0, write)
    }

    /// The same, when something is known of its length.
    pub(crate) fn sized(bytes: usize, write: impl FnOnce(&mut Self)) -> String {
        let mut writer = Self(String::with_capacity(bytes));
        writer.braces(write);
        writer.0
    }

    /// A field that is a text.
    pub(crate) fn text(&mut self, name: &str, text: &str) {
        self.name(name);
        self.quoted(text);
    }

    /// A field that is JSON already.
    pub(crate) fn raw(&mut self, name: &str, json: &str) {
        self.name(name);
        self.0.push_str(json);
    }

    /// A field that is a number.
    pub(crate) fn number(&mut self, name: &str, number: u64) {
        self.name(name);
        self.0.push_str(&number.to_string());
    }

    /// A field that is `true` or `false`.
    pub(crate) fn flag(&mut self, name: &str, flag: bool) {
        self.name(name);
        self.0.push_str(if flag { "true" } else { "false" });
    }

    /// A field that is an object.
    pub(crate) fn inner(&mut self, name: &str, write: impl FnOnce(&mut Self)) {
        self.name(name);
        self.braces(write);
    }

    /// A field that is a list of texts.
    pub(crate) fn texts<T: AsRef<str>>(&mut self, name: &str, texts: impl IntoIterator<Item = T>) {
        self.list(name, texts, |writer, text| writer.quoted(text.as_ref()));
    }

    /// A field that is a list of objects.
    pub(crate) fn inners<T>(
        &mut self,
        name: &str,
        items: impl IntoIterator<Item = T>,
        write: impl Fn(&mut Self, T),
    ) {
        self.list(name, items, |writer, item| {
            writer.braces(|writer| write(writer, item));
        });
    }

    fn list<T>(
        &mut self,
        name: &str,
        items: impl IntoIterator<Item = T>,
        write: impl Fn(&mut Self, T),
    ) {
        self.name(name);
        self.0.push('[');
        for item in items {
            self.comma();
            write(self, item);
        }
        self.0.push(']');
    }

    fn braces(&mut self, write: impl FnOnce(&mut Self)) {
        self.0.push('{');
        write(self);
        self.0.push('}');
    }

    fn name(&mut self, name: &str) {
        self.comma();
        self.quoted(name);
        self.0.push(':');
    }

    /// Before all but the first. What opens is the last character only where nothing has followed
    /// it: texts end with their quote.
    fn comma(&mut self) {
        if !self.0.ends_with(['{', '[']) {
            self.0.push(',');
        }
    }

    fn quoted(&mut self, text: &str) {
        self.0.push('"');
        let mut rest = text;
        while let Some((run, behind)) = rest.split_at_checked(text::plain(rest.as_bytes())) {
            self.0.push_str(run);
            let mut behind = behind.chars();
            let Some(character) = behind.next() else {
                break;
            };
            self.escape(character);
            rest = behind.as_str();
        }
        self.0.push('"');
    }

    fn escape(&mut self, character: char) {
        let short = match character {
            '\u{8}' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\u{c}' => 'f',
            '\r' => 'r',
            '\0'..' ' => {
                self.0.push_str("\\u00");
                let code = u32::from(character);
                let digits = [code >> 4, code & 15].map(|digit| char::from_digit(digit, 16));
                self.0.extend(digits.into_iter().flatten());
                return;
            }
            // A quote or a backslash.
            _ => character,
        };
        self.0.push('\\');
        self.0.push(short);
    }
}
