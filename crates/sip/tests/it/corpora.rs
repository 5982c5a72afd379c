//! The torture messages of RFC 4475 and RFC 5118, and what `fixtures/sip/torture.tsv` says about each.

use std::path::PathBuf;

use sip::message::Message;
use sip::{Account, Config, Discard, RegistrarConfig, Transport};

use crate::frames;
use crate::net::{Net, Sent, address};

/// A folder of the corpora, which are no part of the repository; says so in one line where they are absent.
pub fn folder(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("HOOKSWITCH_CORPORA").map(PathBuf::from);
    let root = root.unwrap_or_else(|| [env!("CARGO_MANIFEST_DIR"), "../../../shared/corpora"].iter().collect());
    let folder = root.join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    let named = std::env::var_os("HOOKSWITCH_CORPORA").is_some();
    assert!(!named, "HOOKSWITCH_CORPORA names no corpora: {} is absent", folder.display());
    eprintln!("skipped: no {}", folder.display());
    None
}

/// The torture messages as they stand on the wire, by name; none where the corpora are absent.
pub fn messages() -> Vec<(String, Vec<u8>)> {
    let folders = [("sip/rfc4475", Some("dat"), 49), ("sip/rfc5118", None, 12)];
    let mut all = Vec::new();
    for (folder, extension, count) in folders {
        let Some(folder) = self::folder(folder) else { continue };
        let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let paths = paths.filter(|path| path.extension().and_then(|it| it.to_str()) == extension);
        // The archive of RFC 4475 has a file that no section of it speaks of.
        let paths: Vec<_> = paths.filter(|path| !path.ends_with("test.dat")).collect();
        assert_eq!(paths.len(), count);
        for path in paths {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let bytes = std::fs::read(&path).unwrap();
            all.push((name, if extension.is_none() { on_the_wire(&bytes) } else { bytes }));
        }
    }
    all.sort();
    all
}

/// The files of RFC 5118 have bare line feeds where the wire has CRLF, and two of them end with their last header.
fn on_the_wire(file: &[u8]) -> Vec<u8> {
    let mut text = String::from_utf8(file.to_vec()).unwrap().replace('\n', "\r\n");
    if !text.contains("\r\n\r\n") {
        text.push_str("\r\n\r\n");
    }
    text.into_bytes()
}

/// A line of `torture.tsv`.
struct Row {
    name: String,
    /// What becomes of the message at a gateway, at a phone, and at a gateway over a stream.
    outcomes: [String; 3],
}

fn rows() -> Vec<Row> {
    let file = include_str!("../../../../fixtures/sip/torture.tsv");
    let lines = file.lines().filter(|line| !line.starts_with('#'));
    let rows = lines.map(|line| {
        let columns: Vec<_> = line.split('\t').collect();
        let &[name, _section, _says, gateway, phone, stream] = columns.as_slice() else { panic!("{line}") };
        Row { name: name.to_owned(), outcomes: [gateway, phone, stream].map(str::to_owned) }
    });
    rows.collect()
}

/// A gateway with a registrar, which takes no invitations; a phone, which takes them and has no registrar.
fn house(transport: Transport) -> Net {
    let account = Account { user: "watson".to_owned(), password: "come here".to_owned() };
    let registrar = RegistrarConfig { accounts: vec![account], ..RegistrarConfig::default() };
    let phone = Config { accept_invites: true, contact_user: "phone".into(), ..Config::default() };
    Net::with(transport, [Config { registrar, ..Config::default() }, phone])
}

/// The status of the answer, in brackets where the answer would be longer than the request and is not sent; else
/// `stray` for a response that can be read, and `dropped` for what cannot.
fn datagram(agent: usize, bytes: &[u8]) -> String {
    let mut net = house(Transport::Udp);
    net.inject(agent, "192.0.2.77:40000".parse().unwrap(), bytes);
    assert!(net.sent.iter().all(|sent| sent.bytes.len() <= bytes.len()), "more bytes than were spent");
    outcome(&mut net, agent)
}

/// The same for a message that comes on a stream: `waits` where more bytes are waited for, `closed` where framing is
/// lost.
fn stream(bytes: &[u8]) -> String {
    match frames::first(bytes) {
        Err(_) => "closed".to_owned(),
        Ok(None) => "waits".to_owned(),
        Ok(Some(length)) => {
            let mut net = house(Transport::Tcp);
            net.inject(0, "192.0.2.77:40000".parse().unwrap(), bytes.get(..length).unwrap());
            outcome(&mut net, 0)
        }
    }
}

fn outcome(net: &mut Net, agent: usize) -> String {
    let outcome = match (net.sent.as_slice(), net.discarded.as_slice()) {
        ([answer], [] | [(_, Discard::Malformed(_))]) => answer.what(),
        ([], [(_, Discard::Stray)]) => "stray".to_owned(),
        ([], [(_, Discard::Malformed(_))]) => "dropped".to_owned(),
        ([], [(_, Discard::Amplifies { status }), ..]) => format!("({status})"),
        (sent, discarded) => panic!("{:?} {discarded:?}", sent.iter().map(Sent::text).collect::<Vec<_>>()),
    };
    assert_eq!(net.events, []);
    net.sent.clear();
    net.inject(agent, address(9), OPTIONS);
    assert_eq!(net.kinds_by(agent), ["200"], "it goes on serving others");
    outcome
}

const OPTIONS: &[u8] = b"OPTIONS sip:hookswitch@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.10;branch=z9hG4bKafter\r\n\
    From: <sip:monitor@10.0.0.10>;tag=1\r\nTo: <sip:hookswitch@10.0.0.1>\r\nCall-ID: after\r\nCSeq: 1 OPTIONS\r\n\
    Max-Forwards: 70\r\nUser-Agent: a monitor that asks with enough bytes for the answer to be the shorter one\r\n\r\n";

#[test]
fn the_torture_messages_come_out_as_the_table_says() {
    let messages = messages();
    let rows = rows();
    assert_eq!(rows.len(), 61, "one line a message");
    for (name, bytes) in messages {
        let row = rows.iter().find(|row| row.name == name).unwrap_or_else(|| panic!("no line for {name}"));
        let outcomes = [datagram(0, &bytes), datagram(1, &bytes), stream(&bytes)];
        assert_eq!(outcomes, row.outcomes, "{name}: at a gateway, at a phone, over a stream");
        for cut in 0..bytes.len() {
            let _ = Message::parse(bytes.get(..cut).unwrap());
        }
    }
}
