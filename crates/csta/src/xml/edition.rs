//! The editions of ECMA-323.

/// An edition of ECMA-323: it has its own namespace, and few differences otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Edition {
    /// The oldest seen on a wire.
    Ed2,
    /// The one most phones speak.
    Ed3,
    /// OpenScape Voice, for example.
    Ed4,
    /// Snom phones answer in it.
    Ed5,
    /// The last one, December 2011.
    Ed6,
}

impl Edition {
    /// Every edition that can be written.
    pub const ALL: [Self; 5] = [Self::Ed2, Self::Ed3, Self::Ed4, Self::Ed5, Self::Ed6];

    /// The namespace of its elements.
    #[must_use]
    pub const fn namespace(self) -> &'static str {
        match self {
            Self::Ed2 => "http://www.ecma-international.org/standards/ecma-323/csta/ed2",
            Self::Ed3 => "http://www.ecma-international.org/standards/ecma-323/csta/ed3",
            Self::Ed4 => "http://www.ecma-international.org/standards/ecma-323/csta/ed4",
            Self::Ed5 => "http://www.ecma-international.org/standards/ecma-323/csta/ed5",
            Self::Ed6 => "http://www.ecma-international.org/standards/ecma-323/csta/ed6",
        }
    }

    /// The edition of a namespace, whatever its host and whatever a vendor put behind it (`…/csta/ed3/priv5`).
    #[must_use]
    pub fn of_namespace(namespace: &str) -> Option<Self> {
        let (_, edition) = namespace.split_once("/ecma-323/csta/")?;
        let edition = edition.split('/').next()?;
        Self::ALL.into_iter().find(|known| known.namespace().rsplit('/').next() == Some(edition))
    }
}
