//! A gateway made of a bare SIP agent, and a phone, in virtual time.
#![allow(clippy::wildcard_enum_match_arm)] // a test names what it expects

mod gateway;
mod lives;
mod makes;
mod registration;
mod services;
mod session;

use csta::{Event, EventKind, Message};

/// An event in one line: what, the call, who did it, who calls whom, the phone's own state, why.
fn line(message: &Message) -> String {
    let Message::Event(event) = message else { return format!("{message:?}") };
    let kind = format!("{:?}", event.kind);
    let kind = kind.split([' ', '(', '{']).next().unwrap_or("").to_owned();
    let call = event.connection.as_ref().and_then(|connection| connection.call_id.clone()).unwrap_or_default();
    let local = event.local_connection_info.map_or("", |local| local.as_str());
    let cause = event.cause.as_ref().map_or("", |cause| cause.as_str());
    let parties = format!("{}→{}", device(event.calling.as_ref()), device(event.called.as_ref()));
    let by = device(event.device.as_ref());
    format!("{kind} {call} by {by} {parties}{} {local} {cause}", extra(event)).replace("sip:", "").replace("@pbx", "")
}

fn extra(event: &Event) -> String {
    match &event.kind {
        EventKind::Diverted { new_destination } => format!(" to {}", device(new_destination.as_ref())),
        EventKind::Transferred(joined) => {
            let second = joined.secondary_old_call.as_ref().and_then(|second| second.call_id.clone());
            format!(" to {} with {}", device(joined.party.as_ref()), second.unwrap_or_default())
        }
        EventKind::DoNotDisturb { on } => format!(" {on}"),
        _ => String::new(),
    }
}

fn device(device: Option<&csta::SubjectDevice>) -> String {
    match device {
        Some(csta::SubjectDevice::Device(device)) => device.text.to_string(),
        Some(csta::SubjectDevice::NotKnown) => "notKnown".to_owned(),
        Some(csta::SubjectDevice::Restricted) => "restricted".to_owned(),
        None => String::new(),
    }
}
