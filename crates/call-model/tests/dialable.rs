//! What is written, and the number that is dialled: `dialable.tsv`.
#![allow(clippy::unwrap_used)] // a test fails by panicking

use call_model::{MAX_DIGITS, NotDialable, Number};
use proptest::prelude::*;

#[test]
fn every_row_of_the_table() {
    let rows: Vec<&str> = include_str!("dialable.tsv").lines().filter(|row| !row.starts_with("# ")).collect();
    assert!(rows.len() >= 60);
    for row in rows {
        let (written, expected) = row.split_once('\t').unwrap();
        let written = unescape(written);
        let dialled = match Number::dialable(&written) {
            Ok(number) => number.reveal().to_owned(),
            Err(why) => name(why).to_owned(),
        };
        assert_eq!(dialled, expected, "for {written:?}");
    }
}

#[test]
fn reasons_are_plain_words() {
    let reason = |raw: &str| Number::dialable(raw).unwrap_err().to_string();
    assert_eq!(reason(""), "no number was given");
    assert_eq!(reason("0800-FLOWERS"), "the number has a letter in it: 'F'; write it in digits");
    assert_eq!(reason("1;ext=2"), "the number carries a parameter (`;…`): dial the number alone");
}

proptest! {
    /// What is dialled is nothing but digits, `*`, `#` and a leading plus, and reading it again changes nothing.
    #[test]
    fn nothing_else_is_ever_dialled(raw in "(tel:|sip:|)[ +0-9*#().,;/\u{202a}\u{ff10}a-z@-]{0,40}") {
        if let Ok(number) = Number::dialable(&raw) {
            let digits = number.reveal().strip_prefix('+').unwrap_or(number.reveal());
            prop_assert!((1..=MAX_DIGITS).contains(&digits.len()));
            prop_assert!(digits.bytes().all(|b| b.is_ascii_digit() || b == b'*' || b == b'#'));
            prop_assert_eq!(Number::dialable(number.reveal()), Ok(number.clone()));
        }
    }

    #[test]
    fn no_text_at_all_makes_it_panic(raw in any::<String>()) {
        let _ = Number::dialable(&raw);
    }
}

fn name(why: NotDialable) -> &'static str {
    match why {
        NotDialable::Empty => "Empty",
        NotDialable::TooLong => "TooLong",
        NotDialable::Letter(_) => "Letter",
        NotDialable::Parameter => "Parameter",
        NotDialable::Pause => "Pause",
        NotDialable::Plus => "Plus",
        NotDialable::Character(_) => "Character",
    }
}

fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let escape =
            [("\\t", '\t'), ("\\r", '\r'), ("\\n", '\n')].into_iter().find(|(escape, _)| rest.starts_with(escape));
        if let Some((escape, meant)) = escape {
            out.push(meant);
            rest = &rest[escape.len()..];
        } else if let Some(code) = rest.strip_prefix("\\u{") {
            let (hex, behind) = code.split_once('}').unwrap();
            out.push(char::from_u32(u32::from_str_radix(hex, 16).unwrap()).unwrap());
            rest = behind;
        } else {
            out.push(if c == '␠' { ' ' } else { c });
            rest = &rest[c.len_utf8()..];
        }
    }
    out
}
