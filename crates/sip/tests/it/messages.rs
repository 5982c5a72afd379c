//! The messages under `fixtures/sip/messages`: each `NAME.sip` with what is to be read from it in `NAME.expect`.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use sip::message::{Address, Kind, Message};

fn fixtures() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "../../fixtures/sip/messages"].iter().collect()
}

/// All messages by name.
pub fn all() -> Vec<(String, Vec<u8>)> {
    let read = |path: &Path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), std::fs::read(path).unwrap());
    let paths = std::fs::read_dir(fixtures()).unwrap().map(|entry| entry.unwrap().path());
    let mut all: Vec<_> =
        paths.filter(|path| path.extension().is_some_and(|it| it == "sip")).map(|path| read(&path)).collect();
    all.sort();
    all
}

/// What this crate understands of a message, line by line.
fn understood(bytes: &[u8]) -> String {
    let message = match Message::parse(bytes) {
        Ok(message) => message,
        Err(error) => return format!("refused with {}: {error}\n", error.status()),
    };
    let mut text = String::new();
    let mut line = |name: &str, value: &dyn std::fmt::Display| writeln!(text, "{name}: {value}").unwrap();
    let latin1 = |bytes: &[u8]| bytes.iter().map(|byte| char::from(*byte)).collect::<String>();
    let readable = |bytes: &[u8]| std::str::from_utf8(bytes).map_or_else(|_| latin1(bytes), str::to_owned);
    match &message.kind {
        Kind::Request { method, uri } => line("request", &format!("{method} {uri}")),
        Kind::Response { status, reason } => line("response", &format!("{status} {}", readable(reason))),
    }
    let via = &message.via;
    let port = via.port.map(|port| format!(":{port}")).unwrap_or_default();
    line("via", &format!("{} {}{port} {}", via.transport, via.host, via.branch().unwrap_or("(no branch)")));
    let mut party = |name: &str, address: &Address<'_>| {
        let uri = address.uri().map_or_else(|error| format!("({error})"), |uri| uri.to_string());
        line(
            name,
            &format!("[{}] {uri} {}", readable(address.display).escape_debug(), address.tag().unwrap_or("(no tag)")),
        );
    };
    party("from", &message.from);
    party("to", &message.to);
    line("call-id", &message.call_id);
    line("cseq", &format!("{} {}", message.cseq.number, message.cseq.method));
    message.list("Via").skip(1).for_each(|via| line("further via", &readable(via)));
    message.list("Record-Route").for_each(|route| line("record-route", &readable(route)));
    message.contact().iter().for_each(|contact| line("contact", contact));
    if let Some(body) = message.content() {
        line("content", &format!("{body:?} {}", body.disposition.as_deref().unwrap_or("(no disposition)")));
        line("text", &readable(&body.bytes).escape_debug());
    }
    text
}

#[test]
fn each_message_is_understood_as_expected() {
    let all = all();
    assert!(all.len() >= 25);
    for (name, bytes) in all {
        let expected = std::fs::read_to_string(fixtures().join(format!("{name}.expect"))).unwrap_or_default();
        assert_eq!(understood(&bytes), expected, "{name}");
    }
}
