//! Destinations: which occurrences they are for, and what is sent.
#![allow(clippy::unwrap_used)] // a test fails by panicking

mod common;

use call_model::{
    Action, Body, CallResult, Destination, DestinationId, Direction, Filter, LineId, Method, Number, NumberPattern,
    Occurrence, Placeholder, Profile, Rendered, Template,
};
use common::{locale, occurrence, with_remote};
use serde_json::{Value, json};

fn destination(filter: Filter, body: Option<Body>) -> Destination {
    Destination {
        id: DestinationId("0011223344556677".into()),
        on: vec![Action::Inbound, Action::Disconnected],
        url: Template::parse("https://crm.example.com/?a=<$action>").unwrap(),
        open_in_browser: false,
        profile: Profile::Log,
        filter,
        method: if body.is_some() { Method::Post } else { Method::Get },
        body,
    }
}

fn passes(filter: Filter, occurrence: &Occurrence) -> bool {
    destination(filter, None).render(occurrence, &locale()).is_some()
}

#[test]
fn a_get_has_no_body() {
    let rendered = destination(Filter::default(), None).render(&occurrence(Action::Inbound), &locale());
    let expected = Rendered {
        destination: DestinationId("0011223344556677".into()),
        event_id: "01234567-89ab-7cde-8f01-23456789abcd:3".into(),
        guid: occurrence(Action::Inbound).facts.guid,
        sequence: 3,
        method: Method::Get,
        url: "https://crm.example.com/?a=inbound".into(),
        content_type: None,
        body: None,
        browser: false,
        profile: Profile::Log,
    };
    assert_eq!(rendered.as_ref(), Some(&expected));
    let kept: Rendered = serde_json::from_str(&serde_json::to_string(&expected).unwrap()).unwrap();
    assert_eq!(kept, expected, "what is stored comes back");
}

#[test]
fn filters() {
    let inbound = occurrence(Action::Inbound);
    let ended = occurrence(Action::Disconnected);
    let lines = |id: &str| Filter { lines: vec![LineId(id.into())], ..Filter::default() };
    assert!(!passes(Filter::default(), &occurrence(Action::Hold)), "an action it is not for");
    assert!(passes(lines("front desk"), &inbound));
    assert!(!passes(lines("987"), &inbound));
    let direction = |direction| Filter { direction: Some(direction), ..Filter::default() };
    assert!(passes(direction(Direction::Inbound), &inbound));
    assert!(!passes(direction(Direction::Outbound), &inbound));
    let result = |result| Filter { result: vec![result], ..Filter::default() };
    assert!(passes(result(CallResult::Answered), &ended));
    assert!(!passes(result(CallResult::Missed), &ended));
    assert!(!passes(result(CallResult::Answered), &inbound), "what has not ended has no result");
}

#[test]
fn remote_patterns() {
    let remote = |pattern: &str, number: &str| {
        let filter =
            Filter { remote: vec![NumberPattern::new("nobody"), NumberPattern::new(pattern)], ..Filter::default() };
        passes(filter, &with_remote(occurrence(Action::Inbound), number, "Bob"))
    };
    assert!(remote("+49*", "+49301234567"));
    assert!(remote("+49*", "0301234567"), "as the world writes it");
    assert!(remote("030*", "0301234567"), "as it was delivered");
    assert!(!remote("+43*", "0301234567"));
    assert!(remote("2??", "200"));
    assert!(!remote("2??", "2000"));
    assert!(remote("", ""), "an empty pattern is a withheld number");
    assert!(!remote("?*", ""));
}

#[test]
fn globs() {
    for (pattern, number, expected) in [
        ("*", "", true),
        ("*", "123", true),
        ("**1", "1", true),
        ("1*3", "13", true),
        ("1*3", "1233", true),
        ("1*3", "1234", false),
        ("*2*4*", "12345", true),
        ("*2*5*4*", "12345", false),
        ("?", "", false),
        ("\\*21\\#", "*21#", true),
        ("\\*21\\#", "921#", false),
        ("#31#*", "#31#030", true),
        ("1\\", "1\\", true),
    ] {
        assert_eq!(NumberPattern::new(pattern).matches(&Number::new(number)), expected, "{pattern} {number}");
    }
}

#[test]
fn a_json_body_is_every_placeholder_under_its_name() {
    let rendered =
        destination(Filter::default(), Some(Body::Json)).render(&occurrence(Action::Inbound), &locale()).unwrap();
    assert_eq!(rendered.content_type.as_deref(), Some("application/json"));
    let object: Value = serde_json::from_str(rendered.body.as_deref().unwrap()).unwrap();
    assert_eq!(object.as_object().unwrap().len(), Placeholder::ALL.len());
    assert!(object.as_object().unwrap().values().all(Value::is_string));
    assert_eq!(object["remote_alias"], "Bob \"Café\" & Söhne");
    assert_eq!(object["event_sequence"], "3");
    assert_eq!(object["call_result"], "");
}

#[test]
fn a_cloud_event() {
    let rendered =
        destination(Filter::default(), Some(Body::CloudEvent)).render(&occurrence(Action::Inbound), &locale());
    let rendered = rendered.unwrap();
    assert_eq!(rendered.content_type.as_deref(), Some("application/cloudevents+json; charset=utf-8"));
    let mut event: Value = serde_json::from_str(rendered.body.as_deref().unwrap()).unwrap();
    let data = event.as_object_mut().unwrap().remove("data").unwrap();
    assert_eq!(data["action"], "inbound");
    let expected = json!({
        "specversion": "1.0",
        "id": "01234567-89ab-7cde-8f01-23456789abcd:3",
        "source": "/hookswitch/lines/front%20desk",
        "type": "hookswitch.call.inbound",
        "subject": "01234567-89ab-7cde-8f01-23456789abcd",
        "time": "2019-03-25T10:34:34.250+01:00",
        "datacontenttype": "application/json",
    });
    assert_eq!(event, expected);
}

#[test]
fn a_body_of_ones_own() {
    for (text, content_type) in [
        ("{\"n\": <json($remote_party)>}", "application/json"),
        ("<?xml version=\"1.0\"?><n><$line></n>", "application/xml"),
        ("<$action> from <$remote_party>", "text/plain; charset=utf-8"),
    ] {
        let body = Body::Template(Template::parse_body(text).unwrap());
        let rendered =
            destination(Filter::default(), Some(body)).render(&occurrence(Action::Inbound), &locale()).unwrap();
        assert_eq!(rendered.content_type.as_deref(), Some(content_type), "{text}");
        assert!(rendered.body.is_some());
    }
}
