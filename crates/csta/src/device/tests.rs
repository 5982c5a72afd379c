use super::{Device, parse};
use proptest::prelude::*;

#[track_caller]
fn check(text: &str, number: &str, name: &str, parameters: &str) {
    let Device { number: found, name: found_name, parameters: found_parameters } = parse(text);
    assert_eq!((found.as_ref(), found_name, found_parameters), (number, name, parameters), "{text}");
}

#[test]
fn the_form_with_a_name() {
    check(
        "N<7868772298>Line71001;displayNumber=7868772298;uid=FF00",
        "7868772298",
        "Line71001",
        "displayNumber=7868772298;uid=FF00",
    );
    check("N<302118840100>;noa=nk", "302118840100", "", "noa=nk");
    check("N<+4930123>Müller & Co", "+4930123", "Müller & Co", "");
    check("N<>nobody", "", "nobody", "");
    check("N<123", "N<123", "", "");
}

#[test]
fn the_form_without_a_name() {
    check("N302118840100;noa=nk", "302118840100", "", "noa=nk");
    check("N+49301", "+49301", "", "");
    check("Nora", "Nora", "", "");
    check("N", "N", "", "");
}

#[test]
fn plain_digits_keep_their_semicolon() {
    check("302118840100", "302118840100", "", "");
    check("123;", "123;", "", "");
    check("0,W12@", "0,W12@", "", "");
    check("", "", "", "");
}

#[test]
fn tel() {
    check("tel:+4930123;phone-context=example.com", "+4930123", "", "phone-context=example.com");
    check("TEL:+49-30-(12)3", "+4930123", "", "");
}

#[test]
fn sip() {
    check("sip:455360@pbx.example", "455360", "", "");
    check("sips:%2B4930123@pbx.example:5061;transport=tls", "+4930123", "", "transport=tls");
    check("sip:+49-30-123;phone-context=x@pbx.example;user=phone", "+4930123", "", "user=phone");
    check("sip:m%C3%BCller:secret@pbx.example:5060?a=b", "müller@pbx.example", "", "?a=b");
    check("sip:pbx.example:5060;lr", "pbx.example", "", "lr");
    check("sip:alice@[2001:db8::1]:5060", "alice@[2001:db8::1]", "", "");
    check("sip:@", "@", "", "");
}

#[test]
fn user_at_host_without_a_scheme() {
    check("455360@ser.intern.snom.de", "455360", "", "");
    check("alice@ser.intern.snom.de", "alice@ser.intern.snom.de", "", "");
    check("12@34", "12@34", "", "");
}

proptest! {
    #[test]
    fn a_dial_string_is_its_own_number(text in "[0-9*#A-D!PT,W@$;]{0,64}") {
        check(&text, &text, "", "");
    }

    #[test]
    fn no_text_is_too_odd(text in "(N<|N|tel:|sip:|)\\PC{0,40}") {
        // Percent-decoding puts the replacement character (3 bytes) in place of a byte written as 3.
        prop_assert!(parse(&text).number.len() <= text.len());
    }
}
