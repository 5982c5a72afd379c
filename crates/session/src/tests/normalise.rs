use std::fmt::Write;

use call_model::LineId;
use csta::{CallCharacteristics, CrossRefId, Forwarding, RedirectionDevice, ServiceCrossRefId, SnapshotDeviceInfo};

use super::*;
use crate::normalise;

const HERE: &str = "sip:987@pbx.example.com";
const THERE: &str = "sip:0301234@pbx.example.com";

fn line() -> Line {
    Line {
        id: LineId("front".into()),
        number: Number::new("987"),
        domain: "pbx.example.com".into(),
        name: None,
        link: "desk".into(),
        device: HERE.into(),
        remote_hold: false,
    }
}

fn device(text: &str) -> SubjectDevice {
    match text {
        "notKnown" => SubjectDevice::NotKnown,
        "restricted" => SubjectDevice::Restricted,
        text => SubjectDevice::Device(DeviceId::new(text)),
    }
}

/// An event of call 7 whose connection names no device.
fn of(kind: EventKind) -> csta::Event {
    let connection = Some(ConnectionId { call_id: Some("7".into()), device_id: None });
    csta::Event { connection, ..csta::Event::new(CrossRefId("42".into()), kind) }
}

fn news(event: &csta::Event) -> News {
    normalise::event(&line(), event).expect("an event about a call").news
}

/// The number of a party, or what takes its place.
fn number(party: Option<&Party>) -> &str {
    party.map_or("silent", |party| party.number.reveal())
}

#[test]
fn each_kind_of_event_is_some_news() {
    let diverted = EventKind::Diverted { new_destination: None };
    let queued = EventKind::Queued { number_queued: None, calls_in_front: None };
    let cases = [
        (EventKind::ServiceInitiated, News::Initiated),
        (EventKind::Originated, News::Originated),
        (EventKind::NetworkReached, News::Reached),
        (EventKind::Offered, News::Alerting { here: true }),
        (EventKind::Delivered, News::Alerting { here: true }),
        (EventKind::Established, News::Established { here: true }),
        (EventKind::Held, News::Held { here: true }),
        (EventKind::Retrieved, News::Retrieved { here: true }),
        (diverted, News::Diverted { here: true }),
        (queued, News::Queued),
        (EventKind::Failed, News::Failed),
        (EventKind::ConnectionCleared, News::Cleared { here: true }),
        (EventKind::CallCleared, News::Ended),
        (EventKind::CallInformation, News::Updated),
    ];
    for (kind, expected) in cases {
        let event = csta::Event { device: Some(device(HERE)), ..of(kind) };
        assert_eq!(news(&event), expected, "{:?}", event.kind);
    }
}

#[test]
fn events_about_devices_are_no_news_of_a_call() {
    let kinds = [
        EventKind::DoNotDisturb { on: true },
        EventKind::Forwarding(Forwarding::default()),
        EventKind::BackInService,
        EventKind::OutOfService,
    ];
    for kind in kinds {
        assert_eq!(normalise::event(&line(), &of(kind)), None);
    }
}

#[test]
fn an_event_has_to_name_its_call() {
    let nameless = [
        None,
        Some(ConnectionId::default()),
        Some(ConnectionId { call_id: Some("".into()), device_id: Some(DeviceId::new(HERE)) }),
    ];
    for connection in nameless {
        let event = csta::Event { connection, ..of(EventKind::Delivered) };
        assert_eq!(normalise::event(&line(), &event), None);
    }
    for id in ["-12", "7fffffff", "a1b2c3d4e5f60718293a4b5c6d7e8f90"] {
        let event = csta::Event { connection: Some(ConnectionId::new(id, HERE)), ..of(EventKind::Delivered) };
        assert_eq!(normalise::event(&line(), &event).map(|event| event.call), Some(CallRef(id.into())));
    }
}

#[test]
fn a_group_or_a_queue_does_not_ring() {
    for kind in [EventKind::Delivered, EventKind::Offered] {
        let cause = Some(EventCause::ENTERING_DISTRIBUTION);
        let event = csta::Event { device: Some(device(HERE)), cause, ..of(kind) };
        assert_eq!(news(&event), News::Queued);
    }
}

#[test]
fn the_spellings_of_a_device() {
    let here = [
        HERE,
        "SIP:987@PBX.example.com",
        "sip:987@pbx.example.com:5060;transport=udp",
        "sips:987@pbx.example.com",
        "sip:987@192.0.2.20", // the number is compared, whatever host the phone has
        "987@pbx.example.com",
        "987",
        "tel:987",
        "tel:987;phone-context=example.com",
        "tel:9-8-7",
        "N<987>Front desk",
        "N<987>;noa=nk",
        "N<987>Front desk;displayNumber=987;uid=FF00",
        "N987;noa=nk",
    ];
    let there = [
        THERE,
        "988",
        "0987",
        "+49987",
        "9870",
        "front",
        "tel:+4930987",
        "N<988>987",
        "N<>987",
        "N987x",
        "",
        "sip:pbx.example.com",
        "notKnown",
        "restricted",
    ];
    let rings = |text: &str| {
        let event = csta::Event { device: Some(device(text)), ..of(EventKind::Delivered) };
        news(&event) == News::Alerting { here: true }
    };
    for text in here {
        assert!(rings(text), "{text} is the line");
    }
    for text in there {
        assert!(!rings(text), "{text} is somebody else");
    }
}

#[test]
fn a_line_without_a_dialling_number_is_its_device() {
    let device_of_line = "sip:alice@pbx.example.com";
    let line = Line { number: Number::new("alice"), device: device_of_line.into(), ..line() };
    for (text, here) in [(device_of_line, true), ("sip:alice@other.example.com", false), ("bob", false)] {
        let event = csta::Event { device: Some(device(text)), ..of(EventKind::Delivered) };
        let event = normalise::event(&line, &event).unwrap();
        assert_eq!(event.news, News::Alerting { here }, "{text}");
    }
}

/// What an event says about where it happened: the device, the connection's device, the state of our own connection.
type Place = (Option<&'static str>, Option<&'static str>, Option<LocalConnectionState>);

#[track_caller]
fn check_here(kind: &EventKind, cases: &[(Place, bool)], expected: impl Fn(bool) -> News) {
    for ((named, connected, local), here) in cases {
        let connection = ConnectionId { call_id: Some("7".into()), device_id: connected.map(DeviceId::new) };
        let event = csta::Event {
            device: named.map(device),
            connection: Some(connection),
            local_connection_info: *local,
            ..of(kind.clone())
        };
        assert_eq!(news(&event), expected(*here), "{named:?} {connected:?} {local:?}");
    }
}

#[test]
fn our_own_ringing_and_the_far_ends() {
    use LocalConnectionState::{Alerting, Connected};
    let cases = [
        ((Some(HERE), Some(HERE), Some(Alerting)), true),
        ((Some(HERE), None, None), true),
        ((Some(THERE), Some(THERE), Some(Connected)), false),
        ((Some(THERE), Some(THERE), None), false),
        ((Some("group-5"), Some("group-5"), Some(Alerting)), true),
        ((None, Some(HERE), None), true),
        ((None, Some(THERE), None), false),
        ((None, None, Some(Alerting)), true),
        ((None, None, Some(Connected)), false),
        ((None, None, None), false),
        ((Some("notKnown"), Some(HERE), None), true),
    ];
    for kind in [EventKind::Delivered, EventKind::Offered] {
        check_here(&kind, &cases, |here| News::Alerting { here });
    }
}

#[test]
fn the_device_that_acts_is_the_line_or_it_is_not() {
    use LocalConnectionState::Connected;
    let cases = [
        ((Some(HERE), Some(HERE), None), true),
        ((Some(HERE), Some(THERE), None), true),
        ((Some(THERE), Some(THERE), Some(Connected)), false),
        // Some phones name their own device in each connection: the device that acts decides.
        ((Some(THERE), Some(HERE), Some(Connected)), false),
        ((Some(THERE), Some(HERE), None), false),
        ((None, Some(HERE), None), true),
        ((Some("notKnown"), Some(HERE), None), true),
        ((None, Some(THERE), None), false),
        ((None, None, None), false),
    ];
    check_here(&EventKind::Established, &cases, |here| News::Established { here });
    check_here(&EventKind::Held, &cases, |here| News::Held { here });
    check_here(&EventKind::Retrieved, &cases, |here| News::Retrieved { here });
    check_here(&EventKind::Diverted { new_destination: None }, &cases, |here| News::Diverted { here });
}

#[test]
fn the_state_of_our_own_connection_tells_where_the_device_does_not() {
    use LocalConnectionState::{Hold, Null};
    check_here(&EventKind::Held, &[((Some("0x17"), None, Some(Hold)), true)], |here| News::Held { here });
    let diverted = EventKind::Diverted { new_destination: None };
    check_here(&diverted, &[((Some("0x17"), None, Some(Null)), true)], |here| News::Diverted { here });
}

#[test]
fn whose_connection_was_cleared() {
    use LocalConnectionState::{Connected, Hold, Null};
    let cases = [
        ((Some(HERE), Some(HERE), Some(Null)), true),
        ((None, Some(HERE), None), true),
        ((Some(THERE), Some(HERE), None), true),
        ((Some(THERE), Some(THERE), None), false),
        ((Some(THERE), Some(THERE), Some(Connected)), false),
        ((Some(HERE), Some(THERE), Some(Hold)), false),
        ((Some(THERE), Some(THERE), Some(Null)), true),
        ((None, None, Some(Connected)), false),
        ((None, None, None), true),
        // The line itself released another's connection: a party of a conference. A name that only the switch knows may
        // be our own; then the next snapshot says so.
        ((Some(HERE), Some(THERE), None), false),
        ((Some(HERE), Some("0x17"), None), false),
    ];
    check_here(&EventKind::ConnectionCleared, &cases, |here| News::Cleared { here });
}

#[test]
fn numbers_and_names_of_parties() {
    let cases = [
        (THERE, "0301234", ""),
        ("N<0301234>Anna Müller;uid=1", "0301234", "Anna Müller"),
        ("N<>Anna", "", "Anna"),
        ("tel:+49-30-1234;phone-context=x", "+49301234", ""),
        ("sip:anna@other.example.com;user=ip", "anna@other.example.com", ""),
        ("notKnown", "", ""),
        ("restricted", "", ""),
        ("anonymous", "", ""),
        ("sip:Anonymous@pbx.example.com", "", ""),
        ("sip:anonymous@anonymous.invalid", "", ""),
        ("sip:x@Anonymous.invalid", "", ""),
        ("sip:anonymouse@pbx.example.com", "anonymouse@pbx.example.com", ""),
        ("N<987>Desk", "987", "Desk"),
        ("sip:987@192.0.2.20", "987", ""),
    ];
    for (text, number, name) in cases {
        let event = csta::Event { calling: Some(device(text)), ..of(EventKind::Delivered) };
        let party = normalise::event(&line(), &event).unwrap().parties.calling.expect("a party");
        assert_eq!((party.number.reveal(), party.name.as_str()), (number, name), "{text}");
        let raw = if matches!(text, "notKnown" | "restricted") { "" } else { text };
        assert_eq!(party.device, raw, "the identifier is kept as delivered");
    }
}

#[test]
fn each_party_has_its_place() {
    let event = csta::Event {
        device: Some(device("555")),
        calling: Some(device("111")),
        called: Some(device("222")),
        last_redirection: Some(RedirectionDevice::NumberDialed(DeviceId::new("333"))),
        network_calling: Some(device("444")),
        associated_calling: Some(device("T1")),
        cause: Some(EventCause::NEW_CALL),
        call_linkage: Some(CallLinkageId::GloballyUnique("link-1".into())),
        call_characteristics: Some(CallCharacteristics::ACD_CALL),
        ..of(EventKind::Established)
    };
    let found = normalise::event(&line(), &event).unwrap();
    let Parties { calling, called, answering, redirecting, network_calling } = &found.parties;
    let all = [calling, called, answering, redirecting, network_calling].map(|party| number(party.as_ref()));
    assert_eq!(all, ["111", "222", "555", "333", "444"]);
    assert_eq!(found.cause.as_str(), "newCall");
    assert_eq!(found.linkage.as_deref(), Some("link-1"));

    let inside = csta::Event { network_calling: None, ..event.clone() };
    let found = normalise::event(&line(), &inside).unwrap();
    assert_eq!(number(found.parties.network_calling.as_ref()), "T1");

    let rings = csta::Event { kind: EventKind::Delivered, call_linkage: None, ..event };
    assert_eq!(normalise::event(&line(), &rings).unwrap().parties.answering, None, "to ring is not to answer");
}

#[test]
fn an_event_that_says_nothing_is_silent() {
    let found = normalise::event(&line(), &of(EventKind::CallInformation)).unwrap();
    assert_eq!(found.parties, Parties::default());
    assert_eq!((found.cause, found.linkage), (Cause::default(), None));
    let nobody = [
        RedirectionDevice::NotKnown,
        RedirectionDevice::NotRequired,
        RedirectionDevice::NotSpecified,
        RedirectionDevice::Restricted,
    ];
    for last_redirection in nobody.map(Some) {
        let event = csta::Event { last_redirection, ..of(EventKind::Delivered) };
        assert_eq!(normalise::event(&line(), &event).unwrap().parties.redirecting, None);
    }
    let local = CallLinkageId::SubDomain("5".into());
    let event = csta::Event { call_linkage: Some(local), ..of(EventKind::Delivered) };
    assert_eq!(normalise::event(&line(), &event).unwrap().linkage, None, "it is not unique everywhere");
}

/// `new<old@device`, with `_` for a connection that is not given.
fn item(text: &str) -> ConnectionListItem {
    let (new, rest) = text.split_once('<').expect("a new connection");
    let (old, end) = rest.split_once('@').expect("an old connection");
    let connection = |id: &str| (id != "_").then(|| ConnectionId { call_id: Some(id.into()), device_id: None });
    ConnectionListItem {
        new_connection: connection(new),
        old_connection: connection(old),
        endpoint: (end != "_").then(|| device(end)),
        associated_nid: None,
    }
}

/// `by the line? secondary survivor survivor_was remote`.
fn text_of(joined: &Joined) -> String {
    let call = |call: &Option<CallRef>| call.as_ref().map_or("-".to_owned(), |call| call.0.to_string());
    let Joined { here, secondary, survivor, survivor_was, remote } = joined;
    let mut text = format!("{here} {} {} {}", call(secondary), call(survivor), call(survivor_was));
    write!(text, " {}", number(remote.as_ref())).unwrap();
    text
}

#[test]
fn transfers_and_conferences() {
    // Who did it, the other old call, transferredToDevice or addedParty, the connection list.
    type Case = (&'static str, Option<&'static str>, Option<&'static str>, &'static [&'static str], &'static str);
    let cases: [Case; 9] = [
        // The line transfers and is out of it.
        (HERE, Some("8"), Some("222"), &["9<7@111", "9<8@222"], "true 8 - - 222"),
        (HERE, Some("8"), None, &[], "true 8 - - silent"),
        // The line stays, and talks to somebody else now.
        ("111", None, Some("222"), &["9<7@sip:987@pbx.example.com", "9<_@222"], "false - 9 7 222"),
        ("111", None, None, &["9<7@N<987>Desk", "9<_@222"], "false - 9 7 222"),
        ("111", None, None, &["9<7@987", "9<7@111", "9<_@222"], "false - 9 7 222"),
        ("111", None, Some("restricted"), &["9<7@987"], "false - 9 7 "),
        // The call came to the line: the far side is whoever was transferred.
        ("111", None, Some("987"), &["9<7@987", "9<_@222"], "false - 9 7 222"),
        // Connections that the list does not map, or that only the switch can tell apart.
        ("111", None, Some("222"), &["9<_@987"], "false - 9 - 222"),
        ("111", None, Some("222"), &["9<7@_"], "false - - - 222"),
    ];
    for (by, secondary, party, connections, expected) in cases {
        let joined = csta::Joined {
            secondary_old_call: secondary.map(|id| ConnectionId::new(id, HERE)),
            party: party.map(device),
            connections: connections.iter().map(|text| item(text)).collect(),
        };
        let event = |kind| csta::Event { device: Some(device(by)), ..of(kind) };
        let News::Transferred(found) = news(&event(EventKind::Transferred(joined.clone()))) else { panic!() };
        assert_eq!(text_of(&found), expected, "{connections:?}");
        let News::Conferenced(found) = news(&event(EventKind::Conferenced(joined))) else { panic!() };
        assert_eq!(text_of(&found), expected, "{connections:?}");
    }
}

#[test]
fn the_lines_own_item_of_a_connection_list_is_found_by_any_of_its_devices() {
    let own = |id: &str| Some(ConnectionId::new(id, HERE));
    let switch = |id: &str| Some(ConnectionId::new(id, "0x17"));
    let items = [
        ConnectionListItem { new_connection: own("9"), old_connection: switch("7"), ..Default::default() },
        ConnectionListItem { new_connection: switch("9"), old_connection: own("7"), ..Default::default() },
        ConnectionListItem { endpoint: Some(device("N<987>Desk")), ..item("9<7@_") },
    ];
    for own in items {
        let joined = csta::Joined { connections: vec![item("5<6@222"), own], ..csta::Joined::default() };
        let News::Transferred(found) = news(&of(EventKind::Transferred(joined))) else { panic!() };
        assert_eq!(text_of(&found), "false - 9 7 222");
    }
}

#[test]
fn the_states_of_a_snapshot() {
    use LocalConnectionState::{Alerting, Connected, Fail, Hold, Initiated, Null, Queued};
    let cases: [(&[LocalConnectionState], Option<ConnectionState>); 14] = [
        (&[Initiated], Some(ConnectionState::Initiated)),
        (&[Alerting, Connected], Some(ConnectionState::Alerting)),
        (&[Connected], Some(ConnectionState::Connected)),
        (&[Connected, Connected], Some(ConnectionState::Connected)),
        (&[Connected, Hold], Some(ConnectionState::Connected)),
        (&[Connected, Alerting], Some(ConnectionState::Dialling)),
        (&[Connected, Null], Some(ConnectionState::Dialling)),
        (&[Connected, Initiated], Some(ConnectionState::Dialling)),
        (&[Connected, Alerting, Connected], Some(ConnectionState::Connected)),
        (&[Connected, Queued], Some(ConnectionState::Queued)),
        (&[Connected, Fail], Some(ConnectionState::Failed)),
        (&[Hold, Connected], Some(ConnectionState::Held)),
        (&[Fail, Null], Some(ConnectionState::Failed)),
        (&[], None),
    ];
    for (states, expected) in cases {
        assert_eq!(found(Some(states), Some(THERE)), [("0301234".into(), expected)], "{states:?}");
    }
    assert_eq!(found(None, Some(THERE)), [("0301234".into(), None)]);
    assert_eq!(found(Some(&[Null, Connected]), Some(THERE)), [], "the line is not in that call any more");
}

#[test]
fn the_far_side_of_a_snapshot() {
    for (endpoint, expected) in
        [(Some(THERE), "0301234"), (Some("restricted"), ""), (Some("N<987>Desk"), "silent"), (None, "silent")]
    {
        assert_eq!(found(None, endpoint), [(expected.into(), None)], "{endpoint:?}");
    }
}

/// The far side and the state of the one call of a snapshot.
fn found(states: Option<&[LocalConnectionState]>, endpoint: Option<&str>) -> Vec<(String, Option<ConnectionState>)> {
    let info = SnapshotDeviceInfo {
        connection: ConnectionId::new("7", HERE),
        endpoint: endpoint.map(device),
        local_call_state: states.map(|states| CallState(states.to_vec())),
    };
    let nameless = SnapshotDeviceInfo::default();
    let response = SnapshotDeviceResponse { data: SnapshotData::Here(vec![info, nameless]) };
    let calls = snapshot(&line(), &response).expect("a snapshot");
    assert!(calls.iter().all(|call| call.call == CallRef("7".into())));
    calls.into_iter().map(|call| (number(call.remote.as_ref()).to_owned(), call.state)).collect()
}

#[test]
fn a_snapshot_that_comes_later_is_none() {
    let data = SnapshotData::Later(ServiceCrossRefId("1".into()));
    assert_eq!(snapshot(&line(), &SnapshotDeviceResponse { data }), None);
    let empty = SnapshotDeviceResponse::default();
    assert_eq!(snapshot(&line(), &empty), Some(Vec::new()), "no calls are an answer");
}
