//! From what a person or a program writes to the number that is dialled: normalised once, at the edge.

use std::ops::RangeInclusive;

use thiserror::Error;
use unicode_normalization::UnicodeNormalization;

use super::Number;

/// The longest number that is dialled, `*` and `#` included.
pub const MAX_DIGITS: usize = 32;

/// A blank in front stands for a plus that a query decoder ate, but only where at least this many digits follow.
const DIGITS_AFTER_EATEN_PLUS: usize = 7;

/// Why a text is no number that can be dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NotDialable {
    /// Nothing to dial is left.
    #[error("no number was given")]
    Empty,
    /// More than [`MAX_DIGITS`] digits.
    #[error("the number has more than 32 digits")]
    TooLong,
    /// A letter: vanity numbers and names are not dialled.
    #[error("the number has a letter in it: {0:?}; write it in digits")]
    Letter(char),
    /// `;ext=`, `;postd=`, `;phone-context=` …
    #[error("the number carries a parameter (`;…`): dial the number alone")]
    Parameter,
    /// A comma, `p` or `w`: digits that would be sent after the answer.
    #[error("the number has a pause in it: digits after the answer are not dialled")]
    Pause,
    /// A plus that does not lead.
    #[error("a plus may only lead the number")]
    Plus,
    /// Any other character that is no part of a number.
    #[error("{0:?} is no part of a number")]
    Character(char),
}

impl Number {
    /// Reads a number to dial from text that is already percent-decoded.
    ///
    /// Kept are digits, `*`, `#` and a leading plus. Dropped are a `tel:`, `callto:` or `sip:` in front (of a SIP URI
    /// only the user part counts), blanks, `( ) - . /`, a `(0)` after a plus, and invisible characters; full-width
    /// characters become plain ones. A blank in front is a plus where at least seven digits follow and the first of
    /// them is no zero, with which no country code begins (ITU-T E.164 6.1).
    ///
    /// # Errors
    /// [`NotDialable`] says in plain words why the text cannot be dialled as it stands.
    pub fn dialable(raw: &str) -> Result<Self, NotDialable> {
        let visible: String = raw.nfkc().filter(|&c| !is_invisible(c)).collect();
        let subscriber = subscriber(&visible);
        let mut compact: String = subscriber.chars().filter(|&c| !c.is_whitespace()).collect();
        if subscriber.starts_with(' ') && follows_a_plus(&compact) {
            compact.insert(0, '+');
        }
        let international = compact.trim_start_matches('(').starts_with('+');
        if international {
            compact = compact.replacen("(0)", "", 1);
        }
        let number: String = compact.chars().filter(|&c| !is_separator(c)).collect();
        check(&number)?;
        Ok(Self::new(number))
    }
}

/// The part that may be dialled: without its scheme, and of a SIP URI the user (RFC 3261 19.1.1).
fn subscriber(text: &str) -> &str {
    for scheme in ["tel:", "callto:"] {
        if let Some(rest) = strip_scheme(text, scheme) {
            return rest;
        }
    }
    for scheme in ["sip:", "sips:"] {
        if let Some(rest) = strip_scheme(text, scheme) {
            return rest.split_once('@').map_or(rest, |(user, _host)| user);
        }
    }
    text
}

/// Schemes are compared without regard to case (RFC 3986 3.1).
pub(crate) fn strip_scheme<'a>(text: &'a str, scheme: &str) -> Option<&'a str> {
    let text = text.trim_start();
    let (head, rest) = text.split_at_checked(scheme.len())?;
    head.eq_ignore_ascii_case(scheme).then_some(rest)
}

/// What stands behind the leading blank looks like an international number without its plus.
fn follows_a_plus(rest: &str) -> bool {
    let bare: Vec<char> = rest.replacen("(0)", "", 1).chars().filter(|&c| !is_separator(c)).collect();
    bare.len() >= DIGITS_AFTER_EATEN_PLUS && bare.iter().all(char::is_ascii_digit) && bare.first() != Some(&'0')
}

/// Every character that is left must be dialled, so every one is looked at.
fn check(number: &str) -> Result<(), NotDialable> {
    let digits = number.strip_prefix('+').unwrap_or(number);
    let mut after_digit = false;
    for c in digits.chars() {
        match c {
            '0'..='9' | '*' | '#' => after_digit = true,
            '+' => return Err(NotDialable::Plus),
            ';' => return Err(NotDialable::Parameter),
            ',' => return Err(NotDialable::Pause),
            'p' | 'P' | 'w' | 'W' if after_digit => return Err(NotDialable::Pause),
            c if c.is_alphabetic() => return Err(NotDialable::Letter(c)),
            c => return Err(NotDialable::Character(c)),
        }
    }
    match digits.len() {
        0 => Err(NotDialable::Empty),
        1..=MAX_DIGITS => Ok(()),
        _ => Err(NotDialable::TooLong),
    }
}

/// What people put between digits; U+2010 to U+2015 and U+2212 are the hyphens and dashes of text processors.
fn is_separator(c: char) -> bool {
    matches!(c, '(' | ')' | '-' | '.' | '/' | '\u{2010}'..='\u{2015}' | '\u{2212}') || c.is_whitespace()
}

/// Characters that show nothing: Unicode's general category Cf and the variation selectors.
pub(crate) fn is_invisible(c: char) -> bool {
    const INVISIBLE: [RangeInclusive<char>; 22] = [
        '\u{ad}'..='\u{ad}',
        '\u{600}'..='\u{605}',
        '\u{61c}'..='\u{61c}',
        '\u{6dd}'..='\u{6dd}',
        '\u{70f}'..='\u{70f}',
        '\u{890}'..='\u{891}',
        '\u{8e2}'..='\u{8e2}',
        '\u{180e}'..='\u{180e}',
        '\u{200b}'..='\u{200f}',
        '\u{202a}'..='\u{202e}',
        '\u{2060}'..='\u{2064}',
        '\u{2066}'..='\u{206f}',
        '\u{fe00}'..='\u{fe0f}',
        '\u{feff}'..='\u{feff}',
        '\u{fff9}'..='\u{fffb}',
        '\u{110bd}'..='\u{110bd}',
        '\u{110cd}'..='\u{110cd}',
        '\u{13430}'..='\u{1343f}',
        '\u{1bca0}'..='\u{1bca3}',
        '\u{1d173}'..='\u{1d17a}',
        '\u{e0001}'..='\u{e0001}',
        '\u{e0020}'..='\u{e007f}',
    ];
    INVISIBLE.iter().any(|range| range.contains(&c))
}
