//! Values that are text: identifiers, names, numbers.

use compact_str::{CompactString, format_compact};

use super::Value;
use crate::model::{
    AutoOriginate, CrossRefId, DigitMode, EventCause, ForwardingType, LocalConnectionState, MonitorType,
    ServiceCrossRefId, SystemRegisterId, SystemStatus,
};
use crate::xml::{DecodeError, scan::Scanner, write::Writer};

impl Value for CompactString {
    fn from_xml(xml: &mut Scanner<'_>) -> Result<Option<Self>, DecodeError> {
        Ok(Some(xml.text()?.into()))
    }

    fn to_xml(&self, name: &str, out: &mut Writer) {
        out.leaf(name, self);
    }
}

/// Identifiers and open sets: text with a type.
macro_rules! as_text {
    ($($type:ident),*) => { $(
        impl Value for $type {
            fn from_xml(xml: &mut Scanner<'_>) -> Result<Option<Self>, DecodeError> {
                Ok(Some(Self(xml.text()?.into())))
            }

            fn to_xml(&self, name: &str, out: &mut Writer) {
                out.leaf(name, &self.0);
            }
        }
    )* };
}

as_text!(CrossRefId, ServiceCrossRefId, SystemRegisterId, EventCause);

macro_rules! as_name {
    ($($type:ident),*) => { $(
        impl Value for $type {
            fn from_xml(xml: &mut Scanner<'_>) -> Result<Option<Self>, DecodeError> {
                Ok(Self::from_name(&xml.text()?))
            }

            fn to_xml(&self, name: &str, out: &mut Writer) {
                out.leaf(name, self.as_str());
            }
        }
    )* };
}

as_name!(LocalConnectionState, SystemStatus, AutoOriginate, MonitorType, DigitMode, ForwardingType);

impl Value for bool {
    fn from_xml(xml: &mut Scanner<'_>) -> Result<Option<Self>, DecodeError> {
        Ok(match xml.text()?.as_ref() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        })
    }

    fn to_xml(&self, name: &str, out: &mut Writer) {
        out.leaf(name, if *self { "true" } else { "false" });
    }
}

impl Value for u32 {
    fn from_xml(xml: &mut Scanner<'_>) -> Result<Option<Self>, DecodeError> {
        Ok(xml.text()?.parse().ok())
    }

    fn to_xml(&self, name: &str, out: &mut Writer) {
        out.leaf(name, &format_compact!("{self}"));
    }
}
