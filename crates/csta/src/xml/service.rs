//! Services and errors as XML: the elements of each, in the order of the schema (ECMA-323).

use compact_str::CompactString;

use super::{
    DecodeError, Edition,
    scan::Scanner,
    value::{Body, Item, Member, read_body, write_subject},
    write::Writer,
};
use crate::model::*;

/// Lists the messages of a set by their root elements.
macro_rules! roots {
    ($set:ident: $($message:ident = $root:literal,)*) => {
        impl $set {
            /// Reads the message with the root element `root`; `None` if the set has none of that name.
            pub(super) fn read(root: &str, xml: &mut Scanner<'_>) -> Option<Result<Self, DecodeError>> {
                Some(match root {
                    $($root => read_body(xml).map(Self::$message),)*
                    _ => return None,
                })
            }

            /// Its root element.
            pub(super) const fn root(&self) -> &'static str {
                match self { $(Self::$message(_) => $root,)* }
            }

            /// Writes the content of its root element.
            pub(super) fn write(&self, out: &mut Writer) {
                match self { $(Self::$message(body) => body.write_children(out),)* }
            }

            /// An empty message of each, for the table of messages.
            #[cfg(test)]
            pub(super) fn all() -> Vec<Self> {
                vec![$(Self::$message(Default::default()),)*]
            }
        }
    };
}

roots! { Request:
    RequestSystemStatus = "RequestSystemStatus",
    SystemStatus = "SystemStatus",
    SystemRegister = "SystemRegister",
    GetCstaFeatures = "GetCSTAFeatures",
    MonitorStart = "MonitorStart",
    MonitorStop = "MonitorStop",
    SnapshotDevice = "SnapshotDevice",
    SnapshotCall = "SnapshotCall",
    MakeCall = "MakeCall",
    AnswerCall = "AnswerCall",
    ClearConnection = "ClearConnection",
    HoldCall = "HoldCall",
    RetrieveCall = "RetrieveCall",
    ConsultationCall = "ConsultationCall",
    TransferCall = "TransferCall",
    SingleStepTransferCall = "SingleStepTransferCall",
    DeflectCall = "DeflectCall",
    GenerateDigits = "GenerateDigits",
    SetDoNotDisturb = "SetDoNotDisturb",
    GetDoNotDisturb = "GetDoNotDisturb",
    SetForwarding = "SetForwarding",
    GetForwarding = "GetForwarding",
}

roots! { Response:
    RequestSystemStatus = "RequestSystemStatusResponse",
    SystemStatus = "SystemStatusResponse",
    SystemRegister = "SystemRegisterResponse",
    GetCstaFeatures = "GetCSTAFeaturesResponse",
    MonitorStart = "MonitorStartResponse",
    MonitorStop = "MonitorStopResponse",
    SnapshotDevice = "SnapshotDeviceResponse",
    SnapshotCall = "SnapshotCallResponse",
    MakeCall = "MakeCallResponse",
    AnswerCall = "AnswerCallResponse",
    ClearConnection = "ClearConnectionResponse",
    HoldCall = "HoldCallResponse",
    RetrieveCall = "RetrieveCallResponse",
    ConsultationCall = "ConsultationCallResponse",
    TransferCall = "TransferCallResponse",
    SingleStepTransferCall = "SingleStepTransferCallResponse",
    DeflectCall = "DeflectCallResponse",
    GenerateDigits = "GenerateDigitsResponse",
    SetDoNotDisturb = "SetDoNotDisturbResponse",
    GetDoNotDisturb = "GetDoNotDisturbResponse",
    SetForwarding = "SetForwardingResponse",
    GetForwarding = "GetForwardingResponse",
}

/// Lists the elements of bodies in the order of the schema. `or` gives what is written in place of an absent element
/// that the schema demands; `since` the edition that brought an element.
macro_rules! bodies {
    ($($body:ident { $($member:ident = $name:literal $(or $absent:literal)? $(since $edition:ident)?,)* })*) => { $(
        impl Body for $body {
            fn read_child(&mut self, name: &str, xml: &mut Scanner<'_>) -> Result<(), DecodeError> {
                match name {
                    $($name => self.$member.read(xml),)*
                    _ => xml.skip(),
                }
            }

            #[allow(unused_variables)] // a body without elements
            fn write_children(&self, out: &mut Writer) {
                $(
                    if true $(&& out.edition >= Edition::$edition)? {
                        self.$member.write($name, out);
                        $(if !self.$member.is_there() { out.leaf($name, $absent); })?
                    }
                )*
            }
        }
    )* };
}

bodies! {
    NoResult {}
    RequestSystemStatus { register_id = "sysStatRegisterID", }
    RequestSystemStatusResponse { status = "systemStatus" or "normal", }
    SystemStatusReport { register_id = "sysStatRegisterID", status = "systemStatus" or "normal", }
    SystemRegister { request_types = "requestTypes", }
    RequestTypes {
        system_status = "systemStatus",
        request_system_status = "requestSystemStatus",
        switching_function_caps_changed = "switchingFunctionCapsChanged",
        switching_function_devices_changed = "switchingFunctionDevicesChanged",
    }
    SystemRegisterResponse { register_id = "sysStatRegisterID", }
    GetCstaFeatures {}
    GetCstaFeaturesResponse { services = "supportedServices", events = "supportedEvents", }
    MonitorStart { object = "monitorObject", monitor_type = "monitorType", }
    MonitorStartResponse { cross_ref = "monitorCrossRefID", monitor_existing_calls = "monitorExistingCalls", }
    MonitorStop { cross_ref = "monitorCrossRefID", }
    SnapshotDevice { object = "snapshotObject", }
    SnapshotDeviceResponse { data = "crossRefIDorSnapshotData", }
    SnapshotDeviceInfo {
        connection = "connectionIdentifier",
        endpoint = "endpointDevice",
        local_call_state = "localCallState",
    }
    SnapshotCall { object = "snapshotObject", }
    SnapshotCallResponse { data = "crossRefIDorSnapshotData", calling = "callingDevice", called = "calledDevice", }
    SnapshotCallInfo {
        device = "deviceOnCall",
        connection = "callIdentifier",
        local_connection_info = "localConnectionInfo",
    }
    MakeCall {
        calling_device = "callingDevice",
        called_directory_number = "calledDirectoryNumber",
        auto_originate = "autoOriginate",
        correlator_data = "correlatorData",
        user_data = "userData",
        call_characteristics = "callCharacteristics",
    }
    MakeCallResponse { calling_device = "callingDevice", call_linkage = "callLinkageData" since Ed6, }
    AnswerCall { call_to_be_answered = "callToBeAnswered", }
    ClearConnection { connection_to_be_cleared = "connectionToBeCleared", reason = "reason", }
    HoldCall { call_to_be_held = "callToBeHeld", }
    RetrieveCall { call_to_be_retrieved = "callToBeRetrieved", }
    ConsultationCall { existing_call = "existingCall", consulted_device = "consultedDevice", }
    ConsultationCallResponse { initiated_call = "initiatedCall", }
    TransferCall { held_call = "heldCall", active_call = "activeCall", }
    SingleStepTransferCall { active_call = "activeCall", transferred_to = "transferredTo", }
    TransferredCall { transferred_call = "transferredCall", connections = "connections", }
    GenerateDigits {
        connection_to_send_digits = "connectionToSendDigits",
        digit_mode = "digitMode",
        characters_to_send = "charactersToSend",
    }
    SetDoNotDisturb { device = "device", on = "doNotDisturbOn", }
    GetDoNotDisturb { device = "device", }
    GetDoNotDisturbResponse { on = "doNotDisturbOn", }
    SetForwarding {
        device = "device",
        forwarding_type = "forwardingType",
        activate_forward = "activateForward",
        forward_dn = "forwardDN",
    }
    GetForwarding { device = "device", }
    GetForwardingResponse { forwarding_list = "forwardingList", }
    ForwardListItem { forwarding_type = "forwardingType", forward_status = "forwardStatus", forward_dn = "forwardDN", }
}

impl Item for SnapshotDeviceInfo {
    const NAME: &str = "snapshotDeviceResponseInfo";
}

impl Item for SnapshotCallInfo {
    const NAME: &str = "snapshotCallResponseInfo";
}

impl Item for ForwardListItem {
    const NAME: &str = "forwardListItem";
}

impl Item for ConnectionListItem {
    const NAME: &str = "connectionListItem";
}

/// Lists of lists, told apart by the names of their elements.
impl Member for Vec<FeatureList> {
    fn read(&mut self, xml: &mut Scanner<'_>) -> Result<(), DecodeError> {
        while let Some(group) = xml.child()? {
            let mut list = FeatureList { group: group.into(), features: Vec::new() };
            while let Some(feature) = xml.child()? {
                list.features.push(feature.into());
                xml.skip()?;
            }
            self.push(list);
        }
        Ok(())
    }

    fn write(&self, name: &str, out: &mut Writer) {
        let is_name = |name: &&CompactString| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphabetic());
        if self.is_empty() {
            return;
        }
        out.element(name, |out| {
            for list in self.iter().filter(|list| is_name(&&list.group)) {
                out.element(&list.group, |out| list.features.iter().filter(is_name).for_each(|name| out.empty(name)));
            }
        });
    }
}

/// The devices of a connection list stand in `deviceID`, not in `deviceIdentifier`.
impl Body for ConnectionListItem {
    fn read_child(&mut self, name: &str, xml: &mut Scanner<'_>) -> Result<(), DecodeError> {
        match name {
            "newConnection" => self.new_connection.read(xml),
            "oldConnection" => self.old_connection.read(xml),
            "endpoint" => self.endpoint.read(xml),
            "associatedNID" => self.associated_nid.read(xml),
            _ => xml.skip(),
        }
    }

    fn write_children(&self, out: &mut Writer) {
        self.new_connection.write("newConnection", out);
        self.old_connection.write("oldConnection", out);
        self.endpoint.iter().for_each(|endpoint| write_subject(endpoint, "deviceID", "endpoint", out));
        self.associated_nid.iter().for_each(|nid| write_subject(nid, "deviceID", "associatedNID", out));
    }
}

/// Edition 6 made the new destination a list.
impl Body for DeflectCall {
    fn read_child(&mut self, name: &str, xml: &mut Scanner<'_>) -> Result<(), DecodeError> {
        match name {
            "callToBeDiverted" => self.call_to_be_diverted.read(xml),
            "newDestination" => read_destination(&mut self.new_destination, xml),
            "reason" => self.reason.read(xml),
            _ => xml.skip(),
        }
    }

    fn write_children(&self, out: &mut Writer) {
        self.call_to_be_diverted.write("callToBeDiverted", out);
        if out.edition >= Edition::Ed6 {
            out.element("newDestination", |out| self.new_destination.write("device", out));
        } else {
            self.new_destination.write("newDestination", out);
        }
        self.reason.write("reason", out);
    }
}

fn read_destination(destination: &mut DeviceId, xml: &mut Scanner<'_>) -> Result<(), DecodeError> {
    let type_of_number = xml.attribute("typeOfNumber").and_then(|name| TypeOfNumber::from_name(&name));
    let mut listed = None;
    let text = xml.text_around(|name, xml| match name {
        "device" if listed.is_none() => listed.read(xml),
        _ => xml.skip(),
    })?;
    *destination = listed.unwrap_or_else(|| DeviceId { text: text.into(), type_of_number });
    Ok(())
}
