//! How the values of the model are read from an element, and written as one.

mod call;
mod device;
mod text;

use compact_str::CompactString;

use super::{DecodeError, scan::Scanner, write::Writer};
use crate::model::{ConnectionId, CrossRefId, DeviceId, MonitorObject, RequestTypes, SystemRegisterId};
pub(super) use device::write_subject;

/// A value that stands in one element.
pub(super) trait Value: Sized {
    /// Reads the element whose start tag was read last, up to its end. `None`: it holds nothing that is known here, and
    /// counts as absent.
    fn from_xml(xml: &mut Scanner<'_>) -> Result<Option<Self>, DecodeError>;

    /// Writes it as the element `name`.
    fn to_xml(&self, name: &str, out: &mut Writer);
}

/// A member of a message: a value that may have to be there, may be missing, or may be there many times.
pub(super) trait Member {
    /// Reads the element into it.
    fn read(&mut self, xml: &mut Scanner<'_>) -> Result<(), DecodeError>;

    /// Writes what is there.
    fn write(&self, name: &str, out: &mut Writer);

    /// There is something to write.
    fn is_there(&self) -> bool {
        true
    }
}

/// What is made of child elements: a message, or a part of one.
pub(super) trait Body: Default {
    /// Reads the child element `name`, or skips it if it is none of this body's.
    fn read_child(&mut self, name: &str, xml: &mut Scanner<'_>) -> Result<(), DecodeError>;

    /// Writes the child elements in the order of the schema.
    fn write_children(&self, out: &mut Writer);
}

/// What stands in a list, always as the same element.
pub(super) trait Item: Value {
    /// The element's name.
    const NAME: &str;
}

/// Reads a body up to the end of its element.
pub(super) fn read_body<T: Body>(xml: &mut Scanner<'_>) -> Result<T, DecodeError> {
    let mut body = T::default();
    while let Some(name) = xml.child()? {
        body.read_child(name, xml)?;
    }
    Ok(body)
}

impl<T: Body> Value for T {
    fn from_xml(xml: &mut Scanner<'_>) -> Result<Option<Self>, DecodeError> {
        read_body(xml).map(Some)
    }

    fn to_xml(&self, name: &str, out: &mut Writer) {
        out.element(name, |out| self.write_children(out));
    }
}

impl<T: Value> Member for Option<T> {
    fn read(&mut self, xml: &mut Scanner<'_>) -> Result<(), DecodeError> {
        *self = T::from_xml(xml)?;
        Ok(())
    }

    fn write(&self, name: &str, out: &mut Writer) {
        if let Some(value) = self {
            value.to_xml(name, out);
        }
    }

    fn is_there(&self) -> bool {
        self.is_some()
    }
}

impl<T: Item> Member for Vec<T> {
    fn read(&mut self, xml: &mut Scanner<'_>) -> Result<(), DecodeError> {
        while let Some(name) = xml.child()? {
            if name == T::NAME {
                self.extend(T::from_xml(xml)?);
            } else {
                xml.skip()?;
            }
        }
        Ok(())
    }

    fn write(&self, name: &str, out: &mut Writer) {
        if !self.is_empty() {
            out.element(name, |out| self.iter().for_each(|item| item.to_xml(T::NAME, out)));
        }
    }
}

/// Members that are always there: what cannot be read leaves their default.
macro_rules! always_there {
    ($($type:ty),*) => { $(
        impl Member for $type {
            fn read(&mut self, xml: &mut Scanner<'_>) -> Result<(), DecodeError> {
                *self = <$type>::from_xml(xml)?.unwrap_or_default();
                Ok(())
            }

            fn write(&self, name: &str, out: &mut Writer) {
                self.to_xml(name, out);
            }
        }
    )* };
}

always_there!(bool, CompactString, DeviceId, ConnectionId, CrossRefId, SystemRegisterId, MonitorObject, RequestTypes);

/// Reads a choice between named children: what `read` makes of the first one that it knows.
fn choice<T>(
    xml: &mut Scanner<'_>,
    mut read: impl FnMut(&str, &mut Scanner<'_>) -> Result<Option<T>, DecodeError>,
) -> Result<Option<T>, DecodeError> {
    let mut chosen = None;
    while let Some(name) = xml.child()? {
        match chosen {
            None => chosen = read(name, xml)?,
            Some(_) => xml.skip()?,
        }
    }
    Ok(chosen)
}
