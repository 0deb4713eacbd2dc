//! Our reader and writer beside serde_json.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::Value as Known;

use super::{Value, Writer, text};
use crate::DecodeError;

/// Whether both have read the same. A fraction, or what is beyond 64 bits, serde_json has as
/// floating point, off by one place or two.
fn are_alike(ours: Value<'_>, theirs: &Known) -> bool {
    match theirs {
        Known::Null => ours.peek() == b'n',
        Known::Bool(flag) => ours.flag() == Ok(*flag),
        Known::String(text) => ours.text().as_ref() == Ok(text),
        Known::Number(number) => match (ours.count(), number.as_u64(), number.as_f64()) {
            (Ok(count), Some(exact), _) => count == exact,
            (Ok(count), None, Some(float)) => {
                let float = float.clamp(0.0, u64::MAX as f64);
                (count as f64 - float).abs() <= 1.0 + float * 1e-15
            }
            _ => false,
        },
        Known::Array(list) => ours.items().is_ok_and(|items| {
            items.clone().count() == list.len()
                && items
                    .zip(list)
                    .all(|(ours, theirs)| are_alike(ours, theirs))
        }),
        // Of fields of the same name serde_json keeps the last.
        Known::Object(object) => ours.entries().is_ok_and(|entries| {
            let entries: BTreeMap<_, _> = entries
                .map(|(key, value)| (key.text().unwrap(), value))
                .collect();
            entries.len() == object.len()
                && entries
                    .iter()
                    .all(|(key, ours)| object.get(key).is_some_and(|it| are_alike(*ours, it)))
        }),
    }
}

fn document() -> impl Strategy<Value = Known> {
    let leaf = prop_oneof![
        Just(Known::Null),
        any::<bool>().prop_map(Known::from),
        any::<u64>().prop_map(Known::from),
        any::<i64>().prop_map(Known::from),
        any::<f64>().prop_map(Known::from),
        (-9.0..9.0_f64).prop_map(Known::from),
        any::<String>().prop_map(Known::from),
    ];
    leaf.prop_recursive(6, 60, 8, |inner| {
        let key = prop_oneof![any::<String>(), "[a-c]"];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Known::from),
            prop::collection::vec((key, inner), 0..8)
                .prop_map(|entries| entries.into_iter().collect()),
        ]
    })
}

/// Texts that are JSON, or nearly.
fn nearly() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "{", "}", "[", "]", "\"", ":", ",", " ", "\n", "\\", "u", "\\u", "\\ud83d", "\\ude00", "e",
        "E", "+", "-", ".", "0", "1", "12", "null", "true", "false", "nul", "a", "\"a\"", "\"\":",
        "é", "\u{1}", "\t", "[1,", "{\"a\":", "\\n", "\\x", "f", "d8", "\u{feff}",
    ]);
    prop::collection::vec(word, 0..12).prop_map(|words| words.concat())
}

/// Reads a text with both. `serde_json` also refuses numbers that no floating point can hold.
fn read_alike(json: &str) -> Result<(), TestCaseError> {
    let ours = Value::new(json);
    match serde_json::from_str::<Known>(json) {
        Ok(theirs) => prop_assert!(ours.is_ok_and(|ours| are_alike(ours, &theirs)), "{json}"),
        Err(error) if error.to_string().contains("out of range") => {}
        Err(error) => prop_assert!(ours.is_err(), "{json}: {error}"),
    }
    Ok(())
}

proptest! {
    #[test]
    fn documents_are_read_alike(document in document()) {
        read_alike(&document.to_string())?;
        read_alike(&format!("{document:#}\n"))?;
    }

    #[test]
    fn what_is_nearly_json_is_read_or_refused_alike(json in nearly()) {
        read_alike(&json)?;
    }

    #[test]
    fn changed_documents_are_read_or_refused_alike(
        document in document(),
        at in any::<prop::sample::Index>(),
        (cut, put) in (0..3_usize, nearly()),
    ) {
        let mut characters: Vec<char> = document.to_string().chars().collect();
        let at = at.index(characters.len());
        let end = characters.len().min(at + cut);
        characters.splice(at..end, put.chars());
        read_alike(&characters.into_iter().collect::<String>())?;
    }

    #[test]
    fn random_text_is_read_or_refused_alike(json in any::<String>()) {
        read_alike(&json)?;
    }

    #[test]
    fn what_stands_for_itself_is_found(bytes in prop::collection::vec(
        prop_oneof![6 => any::<u8>(), 1 => prop::sample::select(&b"\"\\\0\x1f\x20!#[]\x80\xff"[..])],
        0..40,
    )) {
        let plain = |byte: &&u8| **byte >= b' ' && !b"\"\\".contains(*byte);
        prop_assert_eq!(text::plain(&bytes), bytes.iter().take_while(plain).count());
    }

    #[test]
    fn texts_are_written_alike(name in any::<String>(), text in any::<String>()) {
        let json = Writer::object(|object| object.text(&name, &text));
        let theirs: Known = [(name, text)].into_iter().collect();
        prop_assert_eq!(json, theirs.to_string());
    }
}

#[test]
fn every_escape_is_read() {
    let json = r#""\"\\\/\b\f\n\r\t\u00e9\u20AC\ud83d\uDE00é""#;
    let text = "\"\\/\u{8}\u{c}\n\r\t\u{e9}\u{20ac}\u{1f600}é";
    assert_eq!(Value::new(json).unwrap().text().unwrap(), text);
}

#[test]
fn what_is_no_json_is_refused() {
    for json in [
        "",
        " ",
        "nul",
        "nulll",
        "True",
        "NaN",
        "'a'",
        "\u{feff}1",
        "1 2",
        "[1,]",
        "[,1]",
        "[1",
        "[1}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{a:1}",
        "{1:1}",
        "01",
        "-",
        "-01",
        "1.",
        ".5",
        "1e",
        "1e+",
        "+1",
        "0x1",
        "\"",
        "\"\\\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\\u+123\"",
        "\"\\ud800\"",
        "\"\\ud800a\"",
        "\"\\ud800\\n\"",
        "\"\\ud800\\ud800\"",
        "\"\\udc00\"",
        "\"\n\"",
        "\"\u{0}\"",
        "\u{0}",
        "[1]\u{0}",
        "/**/1",
        "[1 2]",
    ] {
        assert!(Value::new(json).is_err(), "{json:?}");
    }
}

#[test]
fn nesting_has_the_bound_that_it_had() {
    let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
    for depth in [1, 127, 128, 10_000] {
        let theirs = serde_json::from_str::<Known>(&nested(depth)).is_ok();
        assert_eq!(Value::new(&nested(depth)).is_ok(), theirs, "{depth}");
    }
}

#[test]
fn counts_are_brought_into_range() {
    for (json, count) in [
        ("0", 0),
        ("-0", 0),
        ("-7", 0),
        ("-1e9", 0),
        ("1.999", 1),
        ("0.00001e5", 1),
        ("12.34e1", 123),
        ("12.34e-1", 1),
        ("12e-2", 0),
        ("12E+2", 1200),
        ("18446744073709551615", u64::MAX),
        ("18446744073709551616", u64::MAX),
        ("1e99", u64::MAX),
        ("1e99999999999999999999", u64::MAX),
        ("0e99999999999999999999", 0),
        ("1e-99999999999999999999", 0),
    ] {
        assert_eq!(Value::new(json).unwrap().count(), Ok(count), "{json}");
    }
}

#[test]
fn whole_numbers_have_digits_only_and_fit() {
    let whole = |json| Value::new(json).unwrap().whole::<u32>().ok();
    assert_eq!(whole("4294967295"), Some(u32::MAX));
    for json in [
        "4294967296",
        "99999999999999999999",
        "-1",
        "-0",
        "1.0",
        "1e0",
        "\"1\"",
        "null",
    ] {
        assert_eq!(whole(json), None, "{json}");
    }
}

#[test]
fn fields_are_found_whatever_lies_between() {
    let json = r#" { "x" : [{"b":1}], "\u0061" : 1 , "b":null,"x":"}","": 2 } "#;
    let [a, b, none, empty] = Value::new(json)
        .unwrap()
        .fields(["a", "b", "c", ""])
        .unwrap();
    assert_eq!(a.unwrap().count(), Ok(1));
    assert_eq!(empty.unwrap().count(), Ok(2));
    assert!(b.is_none() && none.is_none());
}

#[test]
fn known_field_is_there_once() {
    let fields = |json| Value::new(json).unwrap().fields(["a"]).map(drop);
    let twice = |column| Err(DecodeError::Json { line: 1, column });
    assert_eq!(fields(r#"{"a":1,"\u0061":2}"#), twice(17));
    assert_eq!(fields(r#"{"a":null,"a":2}"#), twice(15));
    assert_eq!(fields(r#"{"b":1,"a":1,"b":2}"#), Ok(()));
    assert_eq!(fields("[]"), twice(1));
}

#[test]
fn error_says_where() {
    let place = |json| match Value::new(json).map(drop) {
        Err(DecodeError::Json { line, column }) => (line, column),
        other => panic!("{other:?}"),
    };
    assert_eq!(place(""), (1, 1));
    assert_eq!(place("[1,\n  é]"), (2, 3));
    assert_eq!(place("{\"a\":1}\n\n]"), (3, 1));
}
