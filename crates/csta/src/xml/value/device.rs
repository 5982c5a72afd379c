//! Devices and connections.

use super::{Body, Member, Value, choice};
use crate::model::{ConnectionId, DeviceId, MonitorObject, RedirectionDevice, SubjectDevice, TypeOfNumber};
use crate::xml::{DecodeError, scan::Scanner, write::Writer};

impl Value for DeviceId {
    fn from_xml(xml: &mut Scanner<'_>) -> Result<Option<Self>, DecodeError> {
        let type_of_number = xml.attribute("typeOfNumber").and_then(|name| TypeOfNumber::from_name(&name));
        Ok(Some(Self { text: xml.text()?.into(), type_of_number }))
    }

    fn to_xml(&self, name: &str, out: &mut Writer) {
        match self.type_of_number {
            Some(kind) => out.leaf_with(name, ("typeOfNumber", kind.as_str()), &self.text),
            None => out.leaf(name, &self.text),
        }
    }
}

impl Body for ConnectionId {
    fn read_child(&mut self, name: &str, xml: &mut Scanner<'_>) -> Result<(), DecodeError> {
        match name {
            "callID" => self.call_id.read(xml),
            "deviceID" => self.device_id.read(xml),
            _ => xml.skip(),
        }
    }

    fn write_children(&self, out: &mut Writer) {
        self.call_id.write("callID", out);
        self.device_id.write("deviceID", out);
    }
}

impl Value for SubjectDevice {
    /// In a connection list the device stands in `deviceID`, elsewhere in `deviceIdentifier`.
    fn from_xml(xml: &mut Scanner<'_>) -> Result<Option<Self>, DecodeError> {
        choice(xml, |name, xml| match name {
            "deviceIdentifier" | "deviceID" => Ok(DeviceId::from_xml(xml)?.map(Self::Device)),
            "notKnown" => xml.skip().map(|()| Some(Self::NotKnown)),
            "restricted" => xml.skip().map(|()| Some(Self::Restricted)),
            _ => xml.skip().map(|()| None),
        })
    }

    fn to_xml(&self, name: &str, out: &mut Writer) {
        write_subject(self, "deviceIdentifier", name, out);
    }
}

/// Writes a device of a call as the element `name`, its identifier as the child `identifier`.
pub(in crate::xml) fn write_subject(subject: &SubjectDevice, identifier: &str, name: &str, out: &mut Writer) {
    out.element(name, |out| match subject {
        SubjectDevice::Device(device) => device.to_xml(identifier, out),
        SubjectDevice::NotKnown => out.empty("notKnown"),
        SubjectDevice::Restricted => out.empty("restricted"),
    });
}

impl Value for RedirectionDevice {
    fn from_xml(xml: &mut Scanner<'_>) -> Result<Option<Self>, DecodeError> {
        choice(xml, |name, xml| match name {
            "numberDialed" => Ok(DeviceId::from_xml(xml)?.map(Self::NumberDialed)),
            "notKnown" => xml.skip().map(|()| Some(Self::NotKnown)),
            "notRequired" => xml.skip().map(|()| Some(Self::NotRequired)),
            "notSpecified" => xml.skip().map(|()| Some(Self::NotSpecified)),
            "restricted" => xml.skip().map(|()| Some(Self::Restricted)),
            _ => xml.skip().map(|()| None),
        })
    }

    fn to_xml(&self, name: &str, out: &mut Writer) {
        out.element(name, |out| match self {
            Self::NumberDialed(device) => device.to_xml("numberDialed", out),
            Self::NotKnown => out.empty("notKnown"),
            Self::NotRequired => out.empty("notRequired"),
            Self::NotSpecified => out.empty("notSpecified"),
            Self::Restricted => out.empty("restricted"),
        });
    }
}

impl Value for MonitorObject {
    fn from_xml(xml: &mut Scanner<'_>) -> Result<Option<Self>, DecodeError> {
        choice(xml, |name, xml| match name {
            "deviceObject" => Ok(DeviceId::from_xml(xml)?.map(Self::Device)),
            "callObject" => Ok(ConnectionId::from_xml(xml)?.map(Self::Call)),
            _ => xml.skip().map(|()| None),
        })
    }

    fn to_xml(&self, name: &str, out: &mut Writer) {
        out.element(name, |out| match self {
            Self::Device(device) => device.to_xml("deviceObject", out),
            Self::Call(call) => call.to_xml("callObject", out),
        });
    }
}
