//! Parameters behind a value: `;tag=1;lr`.

use super::text;

/// The parameters of a header value, checked once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Params<'a>(&'a [u8]);

impl<'a> Params<'a> {
    /// Reads what follows a value: nothing, or parameters that each start with a semicolon.
    pub(crate) fn parse(value: &'a [u8]) -> Result<Self, &'static str> {
        let value = text::trim(value);
        let Some(inner) = value.strip_prefix(b";") else {
            return if value.is_empty() { Ok(Self(value)) } else { Err("something else than parameters follows") };
        };
        let params = Self(inner);
        let sound = params.iter().all(|(name, _)| text::token(name).is_some());
        if sound { Ok(params) } else { Err("a parameter has no name") }
    }

    /// The value of a parameter: empty if it has none, `None` if the parameter is absent. Names know no case.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&'a [u8]> {
        self.iter().find_map(|(key, value)| key.eq_ignore_ascii_case(name.as_bytes()).then_some(value))
    }

    /// All parameters, as name and value.
    pub(crate) fn iter(self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        let whole = (!self.0.is_empty()).then_some(self.0);
        whole.into_iter().flat_map(|all| text::split(all, b';')).map(|param| {
            let (name, value) = text::cut(param, b'=').unwrap_or((param, b""));
            (text::trim(name), text::trim(value))
        })
    }
}
