//! By what words a line is meant.
#![allow(clippy::unwrap_used)] // a test fails by panicking

use call_model::{Line, LineId, Number, Party};

fn line(id: &str, number: &str, device: &str) -> Line {
    Line {
        id: LineId(id.into()),
        number: Number::new(number),
        domain: "example.com".into(),
        name: None,
        link: "desk".into(),
        device: device.into(),
        remote_hold: false,
    }
}

#[test]
fn names_of_a_line() {
    let desk = line("front-desk", "987", "sip:4711@pbx.example.com");
    for name in [
        "front-desk",
        "987",
        " 987 ",
        "987@example.com",
        "987@EXAMPLE.com",
        "sip:987@example.com",
        "SIP:987@example.com:5060;transport=tcp",
        "sips:987@example.com",
        "tel:987",
        "tel:987;phone-context=example.com",
        "sip:4711@pbx.example.com",
        "4711@pbx.example.com",
    ] {
        assert!(desk.is_named_by(name), "{name}");
    }
    for name in
        ["", "98", "9871", "front", "4711", "987@example.org", "sip:987@example.com.evil.org", "@example.com", "sip:"]
    {
        assert!(!desk.is_named_by(name), "{name}");
    }
    let nameless = line("x", "", "");
    assert!(!nameless.is_named_by(""), "a line without a number is not everybody");
    assert!(!nameless.is_named_by("sip:"));
}

#[test]
fn parties_that_are_the_line() {
    let desk = line("front-desk", "987", "ext 4711::0");
    let party =
        |number: &str, device: &str| Party { number: Number::new(number), name: "".into(), device: device.into() };
    assert!(desk.is(&party("987", "N<987>Desk")));
    assert!(desk.is(&party("", "ext 4711::0")));
    assert!(!desk.is(&party("", "")));
    assert!(!desk.is(&party("200", "N<200>")));
    assert!(!desk.is(&Party::unknown()));
    assert!(!line("200", "987", "").is(&party("200", "N<200>")), "an id is no number");
}
