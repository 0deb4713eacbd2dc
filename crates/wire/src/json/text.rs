//! Texts: between quotes, with escapes.

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

/// The text that `json` begins with.
pub(super) fn read(json: &str) -> Option<String> {
    let mut rest = json.strip_prefix('"')?;
    let mut text = String::new();
    loop {
        match next(&mut rest)? {
            Part::Run(run) => text.push_str(run),
            Part::Escape(character) => text.push(character),
            Part::End => return Some(text),
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
    let plain = |byte: &u8| !matches!(byte, b'"' | b'\\' | 0..0x20);
    let run = rest.bytes().take_while(plain).count();
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
