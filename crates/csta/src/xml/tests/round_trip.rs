//! What is written is read as what it was.

use proptest::prelude::*;

use super::arbitrary;
use crate::{
    DeviceId, Message, MonitorObject, MonitorStart, Request,
    xml::{Edition, decode, encode},
};

fn check(message: &Message, edition: Edition) {
    let written = encode(message, edition);
    assert_eq!(decode(written.as_bytes()).as_ref(), Ok(message), "{written}");
}

proptest! {
    #[test]
    fn in_edition_3(message in arbitrary::message(Edition::Ed3)) {
        check(&message, Edition::Ed3);
    }

    #[test]
    fn in_edition_6(message in arbitrary::message(Edition::Ed6)) {
        check(&message, Edition::Ed6);
    }

    /// Other readers agree that it is XML.
    #[test]
    fn for_another_reader(message in arbitrary::message(Edition::Ed3)) {
        let written = encode(&message, Edition::Ed3);
        let mut reader = quick_xml::Reader::from_str(&written);
        reader.config_mut().enable_all_checks(true);
        while reader.read_event().unwrap() != quick_xml::events::Event::Eof {}
    }

    /// Characters that XML has no way to write are left out, and cost nothing else.
    #[test]
    fn text_that_xml_cannot_carry(text in any::<String>()) {
        let message = |text: &str| {
            let start = MonitorStart { object: MonitorObject::Device(DeviceId::new(text)), monitor_type: None };
            Message::Request(Request::MonitorStart(start))
        };
        let allowed: String = text.chars().filter(|c| !c.is_control() || "\t\n\r\u{7f}".contains(*c) || *c >= '\u{80}')
            .filter(|c| !matches!(c, '\u{fffe}' | '\u{ffff}')).collect();
        prop_assert_eq!(decode(encode(&message(&text), Edition::Ed3).as_bytes()), Ok(message(&allowed)));
    }
}

#[test]
fn every_edition_names_its_namespace() {
    let message = Message::from(Request::RequestSystemStatus(Default::default()));
    for edition in Edition::ALL {
        let expected = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<RequestSystemStatus xmlns=\"{}\"></RequestSystemStatus>",
            edition.namespace()
        );
        assert_eq!(encode(&message, edition), expected);
        assert_eq!(crate::xml::edition(expected.as_bytes()), Some(edition));
    }
}

#[test]
fn the_edition_a_peer_writes_in() {
    let fixture = |name: &str| std::fs::read(super::root().join("fixtures/csta-xml").join(name)).unwrap();
    let edition = |name: &str| crate::xml::edition(&fixture(name));
    assert_eq!(edition("snom-status-response.xml"), Some(Edition::Ed5));
    assert_eq!(edition("monitor-start-prefixed.xml"), Some(Edition::Ed4));
    assert_eq!(edition("monitor-stop-ed2.xml"), Some(Edition::Ed2));
    assert_eq!(edition("avaya-monitor-start.xml"), Some(Edition::Ed3));
    assert_eq!(edition("monitor-start-without-namespace.xml"), None);
    assert_eq!(edition("bad/message-not-known-with-prefix.xml"), None);
}
