//! What vendors add to messages (CSTACommonArguments, ECMA-285): kept as bytes.

use std::fmt;

use super::{DecodeError, read::Element, tag::Tag, value::hex, write::Writer};

/// A vendor's data: one element of BER, with its tag and length.
#[derive(Clone, PartialEq, Eq)]
pub struct PrivateData(Box<[u8]>);

/// In hex.
impl fmt::Debug for PrivateData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateData({})", hex(&self.0))
    }
}

impl PrivateData {
    /// The data as an OCTET STRING, the form that the standard names.
    #[must_use]
    pub fn octets(octets: &[u8]) -> Self {
        let mut out = Writer::new(super::Phase::Three);
        out.primitive(Tag::OCTET_STRING, octets);
        Self(out.finish().into())
    }

    /// The element.
    #[must_use]
    pub fn element(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn of(element: &Element<'_>) -> Self {
        Self(element.whole.into())
    }

    pub(super) fn write(&self, out: &mut Writer) {
        out.elements(&self.0);
    }
}

/// CSTACommonArguments.
pub(super) const COMMON: Tag = Tag::application(30);
/// The list of private data in them; beside it stands security data, which is not read.
const LIST: Tag = Tag::context(1);

/// Adds the private data of common arguments to what was found already.
pub(super) fn collect(common: &Element<'_>, found: &mut Vec<PrivateData>) -> Result<(), DecodeError> {
    let mut inner = common.inner();
    while let Some(element) = inner.next()? {
        if element.tag == LIST {
            let mut items = element.inner();
            while let Some(item) = items.next()? {
                found.push(PrivateData::of(&item));
            }
        }
    }
    Ok(())
}

/// Writes common arguments, if there is anything to say in them.
pub(super) fn write_common(tag: Tag, data: &[PrivateData], out: &mut Writer) {
    if !data.is_empty() {
        out.constructed(tag, |out| out.constructed(LIST, |out| data.iter().for_each(|item| item.write(out))));
    }
}
