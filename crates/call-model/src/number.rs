//! Telephone numbers and the parties behind them.

use std::fmt;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

mod dialable;
mod pattern;

pub(crate) use dialable::strip_scheme;
pub use dialable::{MAX_DIGITS, NotDialable};
pub use pattern::NumberPattern;

/// A telephone number, or `user@host` where that is all a device gives; empty if withheld or unknown.
///
/// It has no `Display`, and its `Debug` shows only the last digits, so that a number reaches no log by accident:
/// whoever needs it in clear says so with [`Number::reveal`].
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Number(CompactString);

impl Number {
    /// Takes a number that is already in its normal form.
    #[must_use]
    pub fn new(normal: impl Into<CompactString>) -> Self {
        Self(normal.into())
    }

    /// The number in clear.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Withheld or unknown.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.chars().count();
        let tail: String = self.0.chars().skip(count.saturating_sub(2)).collect();
        match count {
            0 => f.write_str("(none)"),
            1..=4 => f.write_str("…"),
            _ => write!(f, "…{tail}"),
        }
    }
}

/// One side of a call. Its `Debug` shows no more than that of [`Number`]: a name or a device often is the number.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// The number, normalised.
    pub number: Number,
    /// The display name as delivered; empty if none.
    pub name: CompactString,
    /// The device identifier raw, as delivered.
    pub device: CompactString,
}

impl fmt::Debug for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Party({:?})", self.number)
    }
}
