//! URIs and their parts.

use sip::{Invite, Output, Scheme, Transport, Uri, UriError};

use crate::net::{Net, csta};

#[test]
fn the_parts_of_a_uri() {
    type Parts = (Scheme, Option<&'static str>, &'static str, Option<u16>);
    let cases: [(&str, Parts); 9] = [
        ("sip:101@pbx.example.com", (Scheme::Sip, Some("101"), "pbx.example.com", None)),
        ("SIPS:101:secret@192.0.2.1:5061;transport=tcp", (Scheme::Sips, Some("101"), "192.0.2.1", Some(5061))),
        ("sip:[2001:db8::1]:5070", (Scheme::Sip, None, "[2001:db8::1]", Some(5070))),
        ("sip:[2001:db8::1:5070]", (Scheme::Sip, None, "[2001:db8::1:5070]", None)),
        ("sip:a;b?c/d@host;lr;x=y?Subject=z", (Scheme::Sip, Some("a;b?c/d"), "host", None)),
        ("sip:host;lr", (Scheme::Sip, None, "host", None)),
        ("sip:host?a=b", (Scheme::Sip, None, "host", None)),
        ("tel:+49-30-123;phone-context=x", (Scheme::Tel, Some("+49-30-123"), "", None)),
        ("sip:user@[2001:db8:::192.0.2.1]", (Scheme::Sip, Some("user"), "[2001:db8:::192.0.2.1]", None)),
    ];
    for (text, (scheme, user, host, port)) in cases {
        let uri: Uri = text.parse().unwrap();
        assert_eq!((uri.scheme(), uri.user(), uri.host(), uri.port()), (scheme, user, host, port), "{text}");
        assert_eq!(uri.to_string(), text, "it is kept as it was written");
    }
}

#[test]
fn parameters_and_addresses() {
    let uri: Uri = "sip:a@192.0.2.1:5062;LR;Transport=TCP;x=1?h=2".parse().unwrap();
    assert_eq!((uri.param("lr"), uri.param("transport"), uri.param("x")), (Some(""), Some("TCP"), Some("1")));
    assert_eq!((uri.param("h"), uri.param("y")), (None, None));
    assert_eq!(uri.socket_addr(), "192.0.2.1:5062".parse().ok());
    assert_eq!(uri.with_param("y=2").to_string(), "sip:a@192.0.2.1:5062;LR;Transport=TCP;x=1;y=2?h=2");
    let uri: Uri = "sip:a@192.0.2.1".parse().unwrap();
    assert_eq!((uri.ip(), uri.socket_addr()), ("192.0.2.1".parse().ok(), None));
    assert_eq!(uri.with_param("lr").param("lr"), Some(""));
    let at = Uri::at("a b", "[2001:db8::1]:5060".parse().unwrap());
    assert_eq!(at.to_string(), "sip:a%20b@[2001:db8::1]:5060");
    assert_eq!(at, at.to_string().parse().unwrap());
    assert_eq!(Uri::at("", "192.0.2.1:1".parse().unwrap()).to_string(), "sip:192.0.2.1:1");
}

#[test]
fn what_is_no_uri_says_why() {
    let cases = [
        ("101", UriError::NoScheme),
        ("1sip:a", UriError::NoScheme),
        ("http://a", UriError::Scheme),
        ("sip:", UriError::Host),
        ("sip:@host", UriError::User),
        ("sip:a@b@host", UriError::User),
        ("tel:;x", UriError::User),
        ("sip:2001:db8::10", UriError::Port),
        ("sip:[2001:db8::10", UriError::Host),
        ("sip:[::1]x", UriError::Host),
        ("sip:ho/st", UriError::Host),
        ("sip:host:65536", UriError::Port),
        ("sip:host:", UriError::Port),
        ("sip:a b", UriError::Byte(b' ')),
        ("<sip:a>", UriError::Byte(b'<')),
    ];
    for (text, error) in cases {
        assert_eq!(text.parse::<Uri>(), Err(error), "{text}");
    }
    assert_eq!(Uri::parse(&[b'a'; 5000]), Err(UriError::TooLong));
}

#[test]
fn a_log_shows_no_number() {
    let uri: Uri = "sip:+493012345@pbx.example:5060;x=+493012345".parse().unwrap();
    assert_eq!(format!("{uri:?}"), "sip:…@pbx.example:5060");
    let mut net = Net::new(Transport::Udp);
    let mut out = Vec::new();
    let invite = Invite { uri, body: Some(csta("<deviceID>+493012345</deviceID>")), ..net.invite() };
    assert!(!format!("{invite:?}").contains("3012345"));
    let now = net.now;
    net.agents[0].invite(now, invite, &mut out);
    assert!(matches!(out.as_slice(), [Output::Transmit { .. }]));
    assert!(!format!("{out:?}").contains("3012345"));
}
