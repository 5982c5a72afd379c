//! Object identifiers (X.690 8.19).

use std::fmt;

use crate::ber::Phase;

/// An object identifier.
#[derive(Clone, PartialEq, Eq)]
pub struct Oid(Box<[u8]>);

impl Oid {
    /// Reads the form with dots, `1.3.12.0.285`; `None` if it has not that form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let arcs: Vec<u32> = text.split('.').map(|arc| arc.parse().ok()).collect::<Option<_>>()?;
        let (&[first, second], rest) = arcs.split_first_chunk()?;
        if first > 2 || (first < 2 && second > 39) {
            return None;
        }
        let mut octets = Vec::new();
        push(&mut octets, (first * 40).checked_add(second)?);
        rest.iter().for_each(|arc| push(&mut octets, *arc));
        Some(Self(octets.into()))
    }

    /// The application context of a phase: its standard, 1.3.12.0.180, .218 or .285.
    #[must_use]
    pub fn context(phase: Phase) -> Self {
        Self(match phase {
            Phase::One => Box::new([0x2B, 0x0C, 0, 0x81, 0x34]),
            Phase::Two => Box::new([0x2B, 0x0C, 0, 0x81, 0x5A]),
            Phase::Three => Box::new([0x2B, 0x0C, 0, 0x82, 0x1D]),
        })
    }

    /// The phase whose standard this is, or is a part of.
    #[must_use]
    pub fn phase(&self) -> Option<Phase> {
        Phase::ALL.iter().find(|phase| self.0.starts_with(&Self::context(**phase).0)).copied()
    }

    pub(super) fn of(octets: &[u8]) -> Self {
        Self(octets.into())
    }

    pub(super) fn octets(&self) -> &[u8] {
        &self.0
    }
}

fn push(octets: &mut Vec<u8>, arc: u32) {
    let digits = (32 - arc.leading_zeros()).div_ceil(7).max(1);
    octets.extend((0..digits).rev().map(|digit| {
        let more = if digit == 0 { 0 } else { 0x80 };
        (arc >> (7 * digit)) as u8 & 0x7F | more
    }));
}

/// With dots.
impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut arc = 0_u64;
        let mut is_first = true;
        for octet in &self.0 {
            arc = arc << 7 | u64::from(octet & 0x7F);
            if octet & 0x80 == 0 {
                match (is_first, (arc / 40).min(2)) {
                    (true, root) => write!(f, "{root}.{}", arc - root * 40)?,
                    (false, _) => write!(f, ".{arc}")?,
                }
                (arc, is_first) = (0, false);
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Oid({self})")
    }
}
