//! Phones as they are sold: each make with its ways, as far as they are known or said.
//!
//! This is written down a second time on purpose, and not read from what the gateway knows of the makes: what one side takes
//! for granted, the other must really do.

use csta::Edition;

use crate::phone::{CallNumbering, DeviceStyle, Features, Manner, Named, Outside, PhoneConfig};

/// A phone of this make at its user's place; `None`: no such make is played here.
#[must_use]
pub fn phone(make: &str, user: &str, domain: &str) -> Option<PhoneConfig> {
    let (_, user_agent, rest) = MAKES.iter().find(|(name, _, _)| *name == make)?;
    let Persona { edition, call_numbering, device_style, manner } = *rest;
    Some(PhoneConfig {
        domain: domain.to_owned(),
        user_agent: (*user_agent).to_owned(),
        edition,
        call_numbering,
        device_style,
        manner,
        ..PhoneConfig::new(user)
    })
}

/// The names of all makes.
pub fn names() -> impl Iterator<Item = &'static str> {
    MAKES.iter().map(|(name, _, _)| *name)
}

#[derive(Clone, Copy)]
struct Persona {
    edition: Edition,
    call_numbering: CallNumbering,
    device_style: DeviceStyle,
    manner: Manner,
}

/// Speaks edition 3, counts upwards, names the far end by its SIP address.
const USUAL: Persona = Persona {
    edition: Edition::Ed3,
    call_numbering: CallNumbering::High,
    device_style: DeviceStyle::Sip,
    manner: Manner::PLAIN,
};

/// The makes: name, what it calls itself, its ways.
const MAKES: [(&str, &str, Persona); 9] = [
    // Call ids above 32768; what is outside of a session is not even refused.
    (
        "yealink",
        "Yealink SIP-T46S 66.84.0.125",
        Persona { manner: Manner { outside: Outside::Ignored, network_reached: true, ..Manner::PLAIN }, ..USUAL },
    ),
    // Answers edition 3 in edition 5, counts incoming calls below zero, numbers its monitors and registrations alike, and
    // knows its line in SnapshotDevice by its bare address.
    (
        "snom",
        "snom870/8.7.5.35",
        Persona {
            edition: Edition::Ed5,
            call_numbering: CallNumbering::Signed,
            manner: Manner { snapshot_name: Named::Address, network_reached: true, ..Manner::PLAIN },
            ..USUAL
        },
    ),
    // TR/87 in the Minimum and Basic profiles: no snapshot, no consultation, and never NetworkReached.
    (
        "poly",
        "PolycomVVX-VVX_410-UA/5.9.0.9373",
        Persona {
            device_style: DeviceStyle::Tel,
            manner: Manner {
                unserved: &["SnapshotDevice", "ConsultationCall", "TransferCall", "SystemRegister"],
                unreported: &["NetworkReached"],
                features: Features::Listed,
                ..Manner::PLAIN
            },
            ..USUAL
        },
    ),
    (
        "poly-edge",
        "PolyEdge-Edge_E350-UA/8.3.1.0",
        Persona { manner: Manner { outside: Outside::Ignored, ..Manner::PLAIN }, ..USUAL },
    ),
    // One base with many handsets; nothing can be held by command.
    (
        "gigaset",
        "Gigaset N870 IP PRO/83.v2.39.0",
        Persona {
            device_style: DeviceStyle::Digits,
            manner: Manner {
                unserved: &[
                    "HoldCall",
                    "RetrieveCall",
                    "TransferCall",
                    "SingleStepTransferCall",
                    "ConsultationCall",
                    "DeflectCall",
                ],
                features: Features::Listed,
                ..Manner::PLAIN
            },
            ..USUAL
        },
    ),
    // Nobody knows what it serves; it does not know what GetCSTAFeatures means.
    (
        "grandstream",
        "Grandstream GXP2170 1.0.11.6",
        Persona {
            manner: Manner { outside: Outside::Ignored, features: Features::Nonsense, ..Manner::PLAIN },
            ..USUAL
        },
    ),
    // As with server type 3CX: a plain session, events both ways.
    ("fanvil", "Fanvil X4U 2.4.5", Persona { device_style: DeviceStyle::Extended, ..USUAL }),
    // Writes its media type in upper case, and one Contact for all its accounts.
    (
        "mitel",
        "Aastra 6867i/4.3.0.39",
        Persona {
            manner: Manner {
                media_type: "application/CSTA+XML",
                contact: Some("6867i"),
                features: Features::Listed,
                ..Manner::PLAIN
            },
            ..USUAL
        },
    ),
    // Takes requests in NOTIFY for its prime line, known by its bare number; has no session and tells nothing.
    (
        "openstage",
        "OpenStage_40_V3 R5.15.0",
        Persona {
            manner: Manner {
                sessions: false,
                outside: Outside::Served,
                unserved: &["MonitorStart", "MonitorStop", "SnapshotDevice", "RequestSystemStatus", "SystemRegister"],
                make_call_name: Named::Number,
                ..Manner::PLAIN
            },
            ..USUAL
        },
    ),
];
