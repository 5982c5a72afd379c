//! No message is too long, too deep or too odd to be refused in good order.

use proptest::prelude::*;

use crate::xml::{DecodeError, Edition, MAX_ATTRIBUTES, MAX_DEPTH, MAX_MESSAGE, decode, encode};

#[track_caller]
fn check_last_good(good: &str, bad: &str, reason: impl Fn(&DecodeError) -> bool) {
    assert!(decode(good.as_bytes()).is_ok(), "{:?}", decode(good.as_bytes()));
    let error = decode(bad.as_bytes()).unwrap_err();
    assert!(reason(&error), "{error}");
}

#[test]
fn the_longest_message() {
    let message = |length: usize| format!("<MonitorStop>{}</MonitorStop>", " ".repeat(length - 27));
    assert_eq!(message(MAX_MESSAGE).len(), MAX_MESSAGE);
    let reason = DecodeError::TooLong { length: MAX_MESSAGE + 1 };
    check_last_good(&message(MAX_MESSAGE), &message(MAX_MESSAGE + 1), |error| *error == reason);
}

#[test]
fn the_deepest_message() {
    let message =
        |depth: usize| format!("<MonitorStop>{}{}</MonitorStop>", "<a>".repeat(depth - 1), "</a>".repeat(depth - 1));
    let reason = |error: &DecodeError| matches!(error, DecodeError::TooDeep { .. });
    check_last_good(&message(MAX_DEPTH), &message(MAX_DEPTH + 1), reason);
}

#[test]
fn the_element_with_most_attributes() {
    let message = |count: usize| {
        let attributes: String = (0..count).map(|number| format!(" a{number}=''")).collect();
        format!("<MonitorStop{attributes}/>")
    };
    let reason = |error: &DecodeError| matches!(error, DecodeError::TooManyAttributes { .. });
    check_last_good(&message(MAX_ATTRIBUTES), &message(MAX_ATTRIBUTES + 1), reason);
}

/// Every beginning of a message is refused, except those that lack but white space.
#[test]
fn a_message_cut_off_anywhere() {
    let message = include_bytes!("../../../../../fixtures/csta-xml/osv-delivered-distribution.xml");
    for length in 0..message.len() {
        assert!(decode(&message[..length]).is_err(), "the first {length} bytes");
    }
}

/// A fixture with some of its bytes replaced.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let fixtures =
        std::fs::read_dir(super::root().join("fixtures/csta-xml")).unwrap().map(|entry| entry.unwrap().path());
    let messages: Vec<_> = fixtures.filter(|path| path.is_file()).map(|path| std::fs::read(path).unwrap()).collect();
    let damage = proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4);
    (prop::sample::select(messages), damage).prop_map(|(mut message, damage)| {
        damage.iter().for_each(|(at, byte)| *at.get_mut(&mut message) = *byte);
        message
    })
}

proptest! {
    #[test]
    fn random_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(decode(&bytes).is_err());
    }

    /// Markup in disorder gets further into the reader than random bytes do.
    #[test]
    fn random_markup(pieces in proptest::collection::vec(prop_oneof![
        Just("<DeliveredEvent>"), Just("</DeliveredEvent>"), Just("<connection>"), Just("</connection>"), Just("<callID"),
        Just(">"), Just("/>"), Just(" a='"), Just("'"), Just("\""), Just("="), Just("&#6"), Just(";"), Just("&amp;"),
        Just("<![CDATA["), Just("]]>"), Just("<!--"), Just("-->"), Just("<?p"), Just("?>"), Just("\r\n"), Just("ü"),
    ], 0..24)) {
        let _ = decode(pieces.concat().as_bytes()); // any answer will do, if there is one
    }

    /// Whatever is read is XML to another reader too, and is written as what it was read as.
    #[test]
    fn damaged_messages(bytes in damaged()) {
        if let Ok(message) = decode(&bytes) {
            let mut other = quick_xml::Reader::from_reader(&bytes[..]);
            other.config_mut().enable_all_checks(true);
            while std::str::from_utf8(&bytes).is_ok() && other.read_event().unwrap() != quick_xml::events::Event::Eof {}
            let again = decode(encode(&message, Edition::Ed6).as_bytes()).unwrap();
            prop_assert_eq!(decode(encode(&again, Edition::Ed6).as_bytes()).unwrap(), again);
        }
    }
}
