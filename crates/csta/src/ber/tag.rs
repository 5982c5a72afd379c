//! Tags (X.690 8.1.2).

use std::fmt;

/// The class and the number of a tag; whether an element is constructed is not part of it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Tag(u32);

/// The class stands above the number.
const CLASS: u32 = 30;

impl Tag {
    pub(super) const BOOLEAN: Self = Self(1);
    pub(super) const INTEGER: Self = Self(2);
    pub(super) const BIT_STRING: Self = Self(3);
    pub(super) const OCTET_STRING: Self = Self(4);
    pub(super) const NULL: Self = Self(5);
    pub(super) const OBJECT_IDENTIFIER: Self = Self(6);
    pub(super) const EXTERNAL: Self = Self(8);
    pub(super) const ENUMERATED: Self = Self(10);
    pub(super) const SEQUENCE: Self = Self(16);
    pub(super) const IA5_STRING: Self = Self(22);

    /// `[APPLICATION number]`.
    pub(super) const fn application(number: u32) -> Self {
        Self(1 << CLASS | number)
    }

    /// `[number]`.
    pub(super) const fn context(number: u32) -> Self {
        Self(2 << CLASS | number)
    }

    /// A tag as it is read: its class in the two low bits of `class`.
    pub(super) const fn of(class: u8, number: u32) -> Self {
        Self((class as u32 & 3) << CLASS | number & Self::MAX)
    }

    /// The largest number that is read.
    pub(super) const MAX: u32 = (1 << CLASS) - 1;

    pub(super) const fn class(self) -> u8 {
        (self.0 >> CLASS) as u8
    }

    pub(super) const fn number(self) -> u32 {
        self.0 & Self::MAX
    }

    /// Its number, if it is a context tag.
    pub(super) const fn context_number(self) -> Option<u32> {
        if self.class() == 2 { Some(self.number()) } else { None }
    }
}

/// As ASN.1 writes it.
impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let class = ["UNIVERSAL ", "APPLICATION ", "", "PRIVATE "][usize::from(self.class())];
        write!(f, "[{class}{}]", self.number())
    }
}
