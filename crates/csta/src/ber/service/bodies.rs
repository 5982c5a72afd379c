//! The members of arguments, results and their parts, in the order of the module (ECMA-285), each with its place.

use crate::ber::{
    DecodeError,
    fields::{Body, CALLED, CONNECTION, LOCAL_STATE, Member, SUBJECT, Slot, Value},
    read::Element,
    tag::Tag,
    value::Found,
    write::Writer,
};
use crate::model::*;

/// Lists the members of bodies with their slots, in the order of the module. `or` gives what is written in place of an
/// absent member that phase III demands.
macro_rules! bodies {
    ($($body:ident { $($member:ident = $slot:expr $(, or $absent:expr)?;)* })*) => { $(
        impl Body for $body {
            const SLOTS: &'static [Slot] = &[$($slot,)*];

            #[allow(unused_variables)] // the place behind the last member
            fn read_member(&mut self, place: usize, element: &Element<'_>) -> Result<(), DecodeError> {
                $(
                    if place == 0 {
                        return Member::read(&mut self.$member, element);
                    }
                    let place = place - 1;
                )*
                Ok(())
            }

            #[allow(unused_variables)] // a body without members
            fn write_members(&self, out: &mut Writer) {
                $(
                    let slot: Slot = $slot;
                    slot.write(&self.$member, out);
                    $(
                        if let Some(tag) = slot.tag(out.phase)
                            && !Member::is_there(&self.$member)
                            && !out.phase.is_old()
                        {
                            $absent.to_ber(tag, out);
                        }
                    )?
                )*
            }
        }
    )* };
}

use Slot::{Device, Dialled, DialledInside, Endpoint, Found as Snapshot, New, Object, Own, State};

const CONNECTION_ID: Slot = Own(CONNECTION);
const CAUSE: Slot = Own(Tag::ENUMERATED);

const fn new(number: u32) -> Slot {
    New(Tag::context(number))
}

bodies! {
    NoResult {}
    RequestSystemStatus { register_id = Own(Tag::OCTET_STRING); }
    RequestSystemStatusResponse { status = Own(Tag::ENUMERATED), or SystemStatus::Normal; }
    SystemStatusReport { register_id = New(Tag::OCTET_STRING); status = Own(Tag::ENUMERATED), or SystemStatus::Normal; }
    SystemRegister { request_types = Own(Tag::BIT_STRING); }
    SystemRegisterResponse { register_id = Own(Tag::OCTET_STRING); }
    GetCstaFeatures {}
    GetCstaFeaturesResponse {}
    MonitorStart { object = Object; monitor_type = Own(Tag::ENUMERATED); }
    MonitorStartResponse { cross_ref = Own(Tag::application(21)); monitor_existing_calls = Own(Tag::BOOLEAN); }
    MonitorStop { cross_ref = Own(Tag::application(21)); }
    SnapshotDevice { object = Device; }
    SnapshotDeviceResponse { data = Snapshot(SnapshotDeviceInfo::LIST, SnapshotDeviceInfo::LATER); }
    SnapshotDeviceInfo { connection = CONNECTION_ID; endpoint = Endpoint; local_call_state = State, or UnknownState; }
    SnapshotCall { object = CONNECTION_ID; }
    SnapshotCallResponse {
        data = Snapshot(SnapshotCallInfo::LIST, SnapshotCallInfo::LATER);
        calling = Own(Tag::application(1));
        called = Own(CALLED);
    }
    SnapshotCallInfo {
        device = Own(SUBJECT), or SubjectDevice::NotKnown;
        connection = CONNECTION_ID;
        local_connection_info = Own(LOCAL_STATE);
    }
    MakeCall {
        calling_device = Device;
        called_directory_number = Dialled;
        auto_originate = new(3);
        correlator_data = new(2);
        user_data = New(Tag::application(29));
        call_characteristics = New(Tag::BIT_STRING);
    }
    MakeCallResponse { calling_device = CONNECTION_ID; call_linkage = new(2); }
    AnswerCall { call_to_be_answered = CONNECTION_ID; }
    ClearConnection { connection_to_be_cleared = CONNECTION_ID; reason = New(Tag::ENUMERATED); }
    HoldCall { call_to_be_held = CONNECTION_ID; }
    RetrieveCall { call_to_be_retrieved = CONNECTION_ID; }
    ConsultationCall { existing_call = new(0); consulted_device = DialledInside(Tag::context(1)); }
    ConsultationCallResponse { initiated_call = CONNECTION_ID; }
    TransferCall { held_call = CONNECTION_ID; active_call = CONNECTION_ID; }
    SingleStepTransferCall { active_call = CONNECTION_ID; transferred_to = Dialled; }
    TransferredCall { transferred_call = CONNECTION_ID; connections = new(0); }
    DeflectCall { call_to_be_diverted = CONNECTION_ID; new_destination = Dialled; reason = new(3); }
    GenerateDigits {
        connection_to_send_digits = CONNECTION_ID;
        digit_mode = CAUSE;
        characters_to_send = Own(Tag::IA5_STRING);
    }
    SetDoNotDisturb { device = Device; on = Own(Tag::BOOLEAN); }
    GetDoNotDisturb { device = Device; }
    GetDoNotDisturbResponse { on = Own(Tag::BOOLEAN); }
    SetForwarding {
        device = Device;
        forwarding_type = Own(Tag::ENUMERATED);
        activate_forward = Own(Tag::BOOLEAN);
        forward_dn = Device;
    }
    GetForwarding { device = Device; }
    GetForwardingResponse { forwarding_list = New(Tag::SEQUENCE); }
    ForwardListItem {
        forwarding_type = Own(Tag::ENUMERATED);
        forward_status = Own(Tag::BOOLEAN);
        forward_dn = Device;
    }
}

/// The CallState of a call whose state is not known.
struct UnknownState;

impl UnknownState {
    fn to_ber(&self, _: Tag, out: &mut Writer) {
        out.primitive(Tag::context(2), &[]);
    }
}
