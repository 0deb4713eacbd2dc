//! Numbers, without floating point: only counts are read.

/// A number's parts.
struct Number<'a> {
    negative: bool,
    whole: &'a [u8],
    fraction: &'a [u8],
    exponent: i32,
    /// Bytes behind it.
    rest: &'a [u8],
}

/// Bytes of the number that `json` begins with.
pub(super) fn length(json: &str) -> Option<usize> {
    let number = read(json)?;
    Some(json.len() - number.rest.len())
}

/// The number that `json` begins with, brought into range and without its fraction.
pub(super) fn count(json: &str) -> Option<u64> {
    let number = read(json)?;
    if number.negative {
        return Some(0);
    }
    // So many digits stand before the point once the exponent has moved it.
    let places = (number.whole.len() as i64).saturating_add(i64::from(number.exponent));
    let mut digits = number.whole.iter().chain(number.fraction);
    let mut count = 0_u64;
    for _ in 0..places {
        let digit = digits.next();
        if digit.is_none() && matches!(count, 0 | u64::MAX) {
            break;
        }
        let digit = digit.map_or(0, |digit| u64::from(digit - b'0'));
        count = count.saturating_mul(10).saturating_add(digit);
    }
    Some(count)
}

/// The number that `json` begins with, when it has digits only and fits.
pub(super) fn whole(json: &str) -> Option<u64> {
    let number = read(json)?;
    if number.negative || number.whole.len() + number.rest.len() != json.len() {
        return None;
    }
    number.whole.iter().try_fold(0_u64, |value, digit| {
        value.checked_mul(10)?.checked_add(u64::from(digit - b'0'))
    })
}

fn read(json: &str) -> Option<Number<'_>> {
    let mut rest = json.as_bytes();
    let negative = eat(&mut rest, b'-');
    let whole = digits(&mut rest)?;
    // A number other than 0 does not begin with 0.
    if whole.len() > 1 && whole.starts_with(b"0") {
        return None;
    }
    let fraction = if eat(&mut rest, b'.') {
        digits(&mut rest)?
    } else {
        &[]
    };
    let mut exponent = 0_i32;
    if eat(&mut rest, b'e') || eat(&mut rest, b'E') {
        let down = !eat(&mut rest, b'+') && eat(&mut rest, b'-');
        for digit in digits(&mut rest)? {
            let digit = i32::from(digit - b'0');
            exponent = exponent.saturating_mul(10).saturating_add(digit);
        }
        if down {
            exponent = -exponent;
        }
    }
    Some(Number {
        negative,
        whole,
        fraction,
        exponent,
        rest,
    })
}

/// One digit or more.
fn digits<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, behind) = rest.split_at_checked(count).filter(|_| count > 0)?;
    *rest = behind;
    Some(digits)
}

fn eat(rest: &mut &[u8], byte: u8) -> bool {
    match rest.split_first() {
        Some((first, behind)) if *first == byte => {
            *rest = behind;
            true
        }
        _ => false,
    }
}
