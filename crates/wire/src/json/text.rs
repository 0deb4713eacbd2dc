//! Texts: between quotes, with escapes.

use std::borrow::Cow;

/// Bytes of the text that `json` begins with, quotes included.
pub(super) fn length(json: &str) -> Option<usize> {
    let mut rest = json.strip_prefix('"')?;
    loop {
        match next(&mut rest)? {
            Part::Run(_) | Part::Escape(_) => {}
            Part::End => return Some(json.len() - rest.len()),
        }
    }
}

/// The same, and bytes of the text that it stands for.
pub(super) fn lengths(json: &str) -> Option<(usize, usize)> {
    let mut rest = json.strip_prefix('"')?;
    let mut bytes = 0;
    loop {
        match next(&mut rest)? {
            Part::Run(run) => bytes += run.len(),
            Part::Escape(character) => bytes += character.len_utf8(),
            Part::End => return Some((json.len() - rest.len(), bytes)),
        }
    }
}

/// The text that `json` begins with: where it has no escapes, as it is there.
pub(super) fn read(json: &str) -> Option<Cow<'_, str>> {
    let mut rest = json.strip_prefix('"')?;
    let (plain, behind) = rest.split_at_checked(plain(rest.as_bytes()))?;
    if behind.starts_with('"') {
        return Some(Cow::Borrowed(plain));
    }
    // Most texts of some length are SDPs, which are hardly shorter than their JSON.
    let mut text = String::with_capacity(json.len());
    loop {
        match next(&mut rest)? {
            Part::Run(run) => text.push_str(run),
            Part::Escape(character) => text.push(character),
            Part::End => return Some(Cow::Owned(text)),
        }
    }
}

enum Part<'a> {
    /// The closing quote.
    End,
    Escape(char),
    /// Characters as they are, at least one.
    Run(&'a str),
}

/// The next part of a text, cut off the front. `None` where it is not JSON's.
fn next<'a>(rest: &mut &'a str) -> Option<Part<'a>> {
    let run = plain(rest.as_bytes());
    if run > 0 {
        let (run, behind) = rest.split_at_checked(run)?;
        *rest = behind;
        return Some(Part::Run(run));
    }
    match take(rest)? {
        b'"' => Some(Part::End),
        b'\\' => escape(rest).map(Part::Escape),
        _ => None,
    }
}

/// So many bytes at the front are what they stand for, in texts as in JSON. Eight are looked at in one
/// go: most of what a tracker reads is session descriptions, several times over.
pub(super) fn plain(bytes: &[u8]) -> usize {
    let (words, rest) = bytes.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let marks = marks(u64::from_le_bytes(*word));
        if marks != 0 {
            return at * 8 + marks.trailing_zeros() as usize / 8;
        }
    }
    let is_plain = |byte: &&u8| !matches!(byte, b'"' | b'\\' | 0..0x20);
    words.len() * 8 + rest.iter().take_while(is_plain).count()
}

/// The highest bit of a byte that is a quote, a backslash or a control character. The lowest of them is
/// right; those above it may be set by its borrow.
fn marks(word: u64) -> u64 {
    let each = |byte: u8| u64::from_le_bytes([byte; 8]);
    let below = |word: u64, limit: u8| word.wrapping_sub(each(limit)) & !word;
    let controls = below(word, 0x20);
    let quotes = below(word ^ each(b'"'), 1);
    let backslashes = below(word ^ each(b'\\'), 1);
    (controls | quotes | backslashes) & each(0x80)
}

fn escape(rest: &mut &str) -> Option<char> {
    Some(match take(rest)? {
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return code_point(rest),
        mark @ (b'"' | b'\\' | b'/') => char::from(mark),
        _ => return None,
    })
}

/// Four digits, or twice four: beyond U+FFFF a character has two surrogates. One alone is no
/// character.
fn code_point(rest: &mut &str) -> Option<char> {
    let unit = unit(rest)?;
    let Some(high) = unit.checked_sub(0xd800).filter(|high| *high < 0x400) else {
        return char::from_u32(unit);
    };
    *rest = rest.strip_prefix("\\u")?;
    let low = self::unit(rest)?.checked_sub(0xdc00);
    let low = low.filter(|low| *low < 0x400)?;
    char::from_u32(0x1_0000 + (high << 10) + low)
}

fn unit(rest: &mut &str) -> Option<u32> {
    let mut unit = 0;
    for _ in 0..4 {
        unit = unit << 4 | char::from(take(rest)?).to_digit(16)?;
    }
    Some(unit)
}

/// The next character, which must be ASCII.
fn take(rest: &mut &str) -> Option<u8> {
    let byte = *rest.as_bytes().first()?;
    *rest = rest.get(1..)?;
    Some(byte)
}
