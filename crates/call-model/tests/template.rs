//! Templates: what they become, what is refused, and what no value can do.
#![allow(clippy::unwrap_used)] // a test fails by panicking

mod common;

use call_model::{
    Action, Locale, Numbering, Occurrence, Placeholder, Template, TemplateErrorKind, TemplateLintKind, UrlPlace,
};
use common::{locale, occurrence, with_remote};
use percent_encoding::percent_decode_str;
use proptest::prelude::*;

const MANUAL: &str = "https://example.com/call.php?action=<$action>&calldirection=<$call_direction>calldirectionINT=\
<$call_direction_as_int>&localparty=<$local_party>&localalias=<$local_alias>&holdstate=<$hold_state>&callduration=\
<$call_duration_seconds>&createdtime=<$call_created_time>&connectedtime=<$call_connected_time>&disconnectedtime=\
<$call_disconnected_time>&callguid=<$call_guid>&remoteparty=<$remote_party>&remotedisplayname=<$remote_alias>";

fn render(text: &str, occurrence: &Occurrence) -> String {
    Template::parse(text).unwrap_or_else(|error| panic!("{text}: {error}")).render(occurrence, &locale())
}

#[test]
fn the_manuals_own_sample_is_sent_as_it_is_written() {
    let url = render(MANUAL, &occurrence(Action::Disconnected));
    assert_eq!(
        url,
        "https://example.com/call.php?action=disconnected&calldirection=inboundcalldirectionINT=0&localparty=\
         987%40example.com&localalias=987%40example.com&holdstate=off_hold&callduration=7&createdtime=\
         2019-03-25T10-34-22&connectedtime=2019-03-25T10-34-27&disconnectedtime=2019-03-25T10-34-34&callguid=\
         01234567-89ab-7cde-8f01-23456789abcd&remoteparty=%2B49301234567&remotedisplayname=Bob%20%22Caf%C3%A9%22%20%26%20S%C3%B6hne"
    );
    let lints = Template::parse(MANUAL).unwrap().lints();
    let [lint] = lints.as_slice() else { panic!("{lints:?}") };
    assert_eq!(lint.kind, TemplateLintKind::MissingAmpersand { name: "calldirectionINT".into() });
    assert!(MANUAL[lint.offset..].starts_with("calldirectionINT="));
}

#[test]
fn every_placeholder() {
    let disconnected = occurrence(Action::Disconnected);
    let expected = "action=disconnected call_direction=inbound call_direction_as_int=0 local_party=987%40example.com \
        local_alias=987%40example.com hold_state=off_hold call_duration_seconds=7 call_created_time=2019-03-25T10-34-22 \
        call_connected_time=2019-03-25T10-34-27 call_disconnected_time=2019-03-25T10-34-34 \
        call_guid=01234567-89ab-7cde-8f01-23456789abcd remote_party=%2B49301234567 \
        remote_alias=Bob%20%22Caf%C3%A9%22%20%26%20S%C3%B6hne line=front%20desk \
        event_id=01234567-89ab-7cde-8f01-23456789abcd%3A3 event_sequence=3 event_time=2019-03-25T10%3A34%3A34.250%2B01%3A00 \
        call_cause=normalClearing call_result=answered called_party=600 answering_party=987 redirecting_party=601 \
        remote_device=N%3C%2B49301234567%3EBob remote_party_e164=%2B49301234567 correlation_id=c-1 ring_seconds=5 \
        hold_seconds=2 synthetic=1";
    let expected: Vec<&str> = expected.split_whitespace().collect();
    assert_eq!(expected.len(), Placeholder::ALL.len());
    for (placeholder, expected) in Placeholder::ALL.iter().zip(expected) {
        let name = placeholder.name();
        assert_eq!(render(&format!("http://h/?{name}=<${name}>"), &disconnected), format!("http://h/?{expected}"));
    }
}

#[test]
fn empty_before_there_is_anything() {
    let inbound = occurrence(Action::Inbound);
    let url =
        "http://h/?a=<$call_connected_time>&b=<$call_disconnected_time>&c=<$call_result>&d=<$call_duration_seconds>";
    assert_eq!(render(url, &inbound), "http://h/?a=&b=&c=&d=0");
    assert_eq!(render("http://h/?x=<$hold_state>", &occurrence(Action::Hold)), "http://h/?x=on_hold");
    assert_eq!(render("http://h/?x=<$hold_state>", &occurrence(Action::Connected)), "http://h/?x=off_hold");
}

#[test]
fn a_configured_name_replaces_the_alias() {
    let mut occurrence = occurrence(Action::Inbound);
    let mut line = (*occurrence.facts.line).clone();
    line.name = Some("Empfang Süd".into());
    occurrence.facts.line = line.into();
    assert_eq!(
        render("http://h/<$local_alias>/<$local_party>", &occurrence),
        "http://h/Empfang%20S%C3%BCd/987%40example.com"
    );
}

#[test]
fn times_are_local_to_the_zone() {
    let template = Template::parse("http://h/?t=<$call_created_time>&e=<$event_time>").unwrap();
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(-5));
    let url = template.render(&occurrence(Action::Inbound), &Locale { zone, numbering: Numbering::default() });
    assert_eq!(url, "http://h/?t=2019-03-25T04-34-22&e=2019-03-25T04%3A34%3A34.250-05%3A00");
}

#[test]
fn functions() {
    let with =
        |number: &str, name: &str, text: &str| render(text, &with_remote(occurrence(Action::Inbound), number, name));
    assert_eq!(with("1", "Bob?>", "http://h/?n=<base64($remote_alias)>"), "http://h/?n=Qm9iPz4%3D");
    assert_eq!(with("030 1", "Bob", "http://h/?n=<json($remote_alias)>"), "http://h/?n=%22Bob%22");
    assert_eq!(with("0301234567", "", "http://h/?n=<e164($remote_party)>"), "http://h/?n=%2B49301234567");
    assert_eq!(with("*21*0301234567", "", "http://h/?n=<e164($remote_party)>"), "http://h/?n=");
    assert_eq!(with("*21*0301234567", "", "http://h/?n=<$remote_party_e164>"), "http://h/?n=");
}

#[test]
fn bodies_are_not_percent_encoded() {
    let text = r#"{"name": <json($remote_alias)>, "raw": "<$remote_party>"}"#;
    let template = Template::parse_body(text).unwrap();
    let body = template.render(&with_remote(occurrence(Action::Inbound), "+49 30", "B\"o\\b\n\u{1}"), &locale());
    assert_eq!(body, r#"{"name": "B\"o\\b\n\u0001", "raw": "+49 30"}"#);
    let kinds: Vec<_> = template.lints().into_iter().map(|lint| lint.kind).collect();
    assert_eq!(kinds, [TemplateLintKind::RawInJson]);
    let html = Template::parse_body("<b>5 < 6 <$line></b>").unwrap();
    assert_eq!(html.render(&occurrence(Action::Inbound), &locale()), "<b>5 < 6 front desk</b>");
}

#[test]
fn values_are_never_looked_at_again() {
    let sly = with_remote(occurrence(Action::Inbound), "<$call_guid>", "<base64($line)>");
    let url = render("http://h/?a=<$remote_party>&b=<$remote_alias>", &sly);
    assert_eq!(url, "http://h/?a=%3C%24call_guid%3E&b=%3Cbase64%28%24line%29%3E");
    let body = Template::parse_body("<$remote_party> <$remote_alias>").unwrap();
    assert_eq!(body.render(&sly, &locale()), "<$call_guid> <base64($line)>");
}

#[test]
fn dots_make_no_steps_in_a_path() {
    let url = |name: &str, text: &str| render(text, &with_remote(occurrence(Action::Inbound), "1", name));
    assert_eq!(url("..", "http://h/a/<$remote_alias>/b"), "http://h/a//b");
    assert_eq!(url(".", "http://h/a/.<$remote_alias>?x=<$remote_alias>"), "http://h/a/.?x=.");
    assert_eq!(url(".", "http://h/a/%2E<$remote_alias>"), "http://h/a/%2E");
    assert_eq!(url("..", "http://h/../<$line>/x<$remote_alias>"), "http://h/../front%20desk/x..");
    assert_eq!(url("a/../b?c#d", "http://h/<$remote_alias>"), "http://h/a%2F..%2Fb%3Fc%23d");
}

#[test]
fn refused() {
    use TemplateErrorKind as Kind;
    let unknown = |name: &str, nearest| Kind::UnknownPlaceholder { name: name.into(), nearest };
    for (text, offset, kind) in [
        ("http://h/?x=<$remote_party", 12, Kind::Unclosed),
        ("http://h/?x=<$remote party>", 12, Kind::Unclosed),
        ("http://h/?x=<base64($line>", 12, Kind::Unclosed),
        ("http://h/?x=<base64($line)", 12, Kind::Unclosed),
        ("http://h/?x=<$>", 12, unknown("", None)),
        ("http://h/?x=<$remote_partner>", 12, unknown("remote_partner", Some("remote_party"))),
        ("http://h/?ä=<$RemoteParty>", 13, unknown("RemoteParty", Some("remote_party"))),
        ("http://h/?x=<$zzzzzzzz>", 12, unknown("zzzzzzzz", None)),
        ("http://h/?x=<base46($line)>", 12, Kind::UnknownFunction { name: "base46".into(), nearest: Some("base64") }),
        ("<$line>://h/", 0, Kind::Misplaced(UrlPlace::Scheme)),
        ("http<$line>://h/", 4, Kind::Misplaced(UrlPlace::Scheme)),
        ("<$line>", 0, Kind::Misplaced(UrlPlace::Scheme)),
        ("http://<$line>@h/", 7, Kind::Misplaced(UrlPlace::Credentials)),
        ("http://u:<$line>@h/", 9, Kind::Misplaced(UrlPlace::Credentials)),
        ("http://<$line>/", 7, Kind::Misplaced(UrlPlace::Host)),
        ("http://h.<$line>?x", 9, Kind::Misplaced(UrlPlace::Host)),
        ("http://example.com<$line>", 18, Kind::Misplaced(UrlPlace::Host)),
        ("http://u@h:8<$line>/", 12, Kind::Misplaced(UrlPlace::Port)),
        ("http://[::1]:<$line>/", 13, Kind::Misplaced(UrlPlace::Port)),
        ("http://[::<$line>]/", 10, Kind::Misplaced(UrlPlace::Port)),
        ("ftp://h/", 0, Kind::NotHttp),
        ("/call.php?x=<$line>", 0, Kind::NotHttp),
        ("example.com/", 0, Kind::NotHttp),
        ("", 0, Kind::NotHttp),
        ("javascript:alert(1)", 0, Kind::NotHttp),
        ("http://", 7, Kind::NoHost),
        ("http:///x", 7, Kind::NoHost),
        ("http://:80/x", 7, Kind::NoHost),
        ("http://u@/x", 7, Kind::NoHost),
        ("http://h:99999/", 7, Kind::NoHost),
        ("http://h:x/", 7, Kind::NoHost),
        ("http://[::1/", 7, Kind::NoHost),
        ("http://[::g]/", 7, Kind::NoHost),
        ("http://h/a b", 10, Kind::Character(' ')),
        (" http://h/", 0, Kind::NotHttp),
        ("http://h/\n", 9, Kind::Character('\n')),
        ("http://h/<b>", 9, Kind::Character('<')),
        ("http://h/?x=\u{7f}", 12, Kind::Character('\u{7f}')),
        ("http://h\\@evil/", 8, Kind::Character('\\')),
        ("http://h/ä", 9, Kind::Character('ä')),
    ] {
        let error = Template::parse(text).expect_err(text);
        assert_eq!((error.offset, &error.kind), (offset, &kind), "{text}");
    }
}

#[test]
fn errors_say_where_and_what_to_do() {
    let error = |text: &str| Template::parse(text).unwrap_err().to_string();
    assert_eq!(
        error("http://h/?x=<$remote_partei>"),
        "column 13: there is no placeholder `<$remote_partei>`; did you mean `<$remote_party>`?"
    );
    assert_eq!(
        error("http://h/?x=<$remote_party"),
        "column 13: this placeholder is not closed: write `<$name>` or `<function($name)>`"
    );
    assert_eq!(
        error("http://<$line>/"),
        "column 8: a placeholder may stand in path, query and fragment, never in the host"
    );
    assert_eq!(error("http://h/?ä=<$x>"), "column 13: there is no placeholder `<$x>`");
}

#[test]
fn accepted_as_written() {
    for text in [
        "http://h",
        "HTTPS://Example.COM:8443/a/b.php",
        "http://user:secret@h/x",
        "http://[2001:db8::1]:61234?action=<$action>",
        "http://192.168.0.16?x=1;y={z}|^~",
        "http://h?",
        "http://h#<$line>",
        "http://h//a//?b?c=/<$line>",
    ] {
        let rendered = render(text, &occurrence(Action::Inbound));
        assert_eq!(rendered, text.replace("<$action>", "inbound").replace("<$line>", "front%20desk"));
    }
}

#[test]
fn lints() {
    use TemplateLintKind as Kind;
    let missing = |name: &str| Kind::MissingAmpersand { name: name.into() };
    for (text, expected) in [
        ("http://h/?a=<$line>&b=<$action>", vec![]),
        ("http://h/<$line>x=1?a=<$line>", vec![]),
        ("http://h/?a=<$line>b=<$action>", vec![missing("b")]),
        ("http://h/?a=<$line>-<$action>c.d=1", vec![missing("c.d")]),
        ("http://h/?<$line>=1", vec![Kind::ValueAsKey]),
        ("http://h/?a=1&x<$line>", vec![Kind::ValueAsKey]),
        ("http://h/?a=100%&b=%2", vec![Kind::StrayPercent, Kind::StrayPercent]),
        ("http://h/?a=%20#<$line>", vec![Kind::InFragment]),
    ] {
        let lints: Vec<_> = Template::parse(text).unwrap().lints().into_iter().map(|lint| lint.kind).collect();
        assert_eq!(lints, expected, "{text}");
    }
}

proptest! {
    /// Whatever a caller is called, the receiver reads it byte for byte, and nothing else of the URL changes.
    #[test]
    fn no_value_changes_the_url(number in any::<String>(), name in any::<String>()) {
        let sly = with_remote(occurrence(Action::Disconnected), &number, &name);
        let text = "https://u:p@example.com:8443/a/<$remote_party>/x-<$remote_alias>/b?n=<$remote_party>&name=\
            <$remote_alias>&b64=<base64($remote_alias)>&last=<$action>#<$remote_alias>";
        let url = render(text, &sly);
        prop_assert!(url.bytes().all(|b| b.is_ascii_graphic()));
        let rest = url.strip_prefix("https://u:p@example.com:8443/").unwrap();
        let (before, fragment) = rest.split_once('#').unwrap();
        let (path, query) = before.split_once('?').unwrap();
        let segments: Vec<_> = path.split('/').map(decode).collect();
        let steps = matches!(number.as_str(), "." | "..");
        prop_assert_eq!(segments, ["a".to_owned(), if steps { String::new() } else { number.clone() }, format!("x-{name}"), "b".to_owned()]);
        let pairs: Vec<_> = query.split('&').map(|pair| pair.split_once('=').unwrap()).collect();
        let keys: Vec<_> = pairs.iter().map(|(key, _)| *key).collect();
        prop_assert_eq!(keys, ["n", "name", "b64", "last"]);
        prop_assert_eq!(decode(pairs[0].1), number);
        prop_assert_eq!(decode(pairs[1].1), name.clone());
        prop_assert_eq!(decode(fragment), name);
    }

    /// A JSON body stays one, whatever a caller is called.
    #[test]
    fn no_value_breaks_json(name in any::<String>()) {
        let sly = with_remote(occurrence(Action::Inbound), "1", &name);
        let body = Template::parse_body(r#"{"n":<json($remote_alias)>,"l":1}"#).unwrap().render(&sly, &locale());
        let value: serde_json::Value = serde_json::from_str(&body).unwrap();
        prop_assert_eq!(value, serde_json::json!({ "n": name, "l": 1 }));
    }

    #[test]
    fn no_template_makes_it_panic(text in "(https?://h/?)?(<\\$?[a-z0-9_(]{0,8}[)>]{0,2}|[ -~äß/?#&=%]){0,12}") {
        if let Ok(template) = Template::parse(&text) {
            let _ = template.lints();
            let _ = template.render(&occurrence(Action::Inbound), &locale());
        }
        let _ = Template::parse_body(&text);
    }
}

fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8().unwrap().into_owned()
}
