//! The torture messages of RFC 4475 and RFC 5118.

use std::path::PathBuf;

use sip::Transport;
use sip::message::Message;

use crate::net::{Net, address};

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

/// What must be refused, and the words that name the reason. All other messages must be read: of those that RFC 4475
/// calls invalid, `trws`, `regbadct`, `badaspec`, `baddate` and `unksm2` are only wrong where nobody here looks.
/// `ipv6-in-sdp` announces more bytes than it has.
const REFUSED: [(&str, &str); 22] = [
    ("badinv01.dat", "header Via: a parameter has no name"),
    ("clerr.dat", "the body has 154 of the 9999 bytes"),
    ("ncl.dat", "header Content-Length: not a number"),
    ("scalar02.dat", "header CSeq: its number is not one below 2147483648"),
    ("scalarlg.dat", "header CSeq: its number is not one below 2147483648"),
    ("quotbal.dat", "header To: a quoted name without its end"),
    ("ltgtruri.dat", "the Request-URI: it holds the byte 0x3c"),
    ("lwsruri.dat", "the Request-URI: it holds the byte 0x20"),
    ("lwsstart.dat", "the Request-URI: it holds the byte 0x20"),
    ("escruri.dat", "the Request-URI carries headers"),
    ("baddn.dat", "no empty line behind the headers"),
    ("badvers.dat", "the version is not SIP/2.0"),
    ("mismatch01.dat", "different methods"),
    ("mismatch02.dat", "different methods"),
    ("bigcode.dat", "the status code is not a number from 100 to 699"),
    ("insuf.dat", "the header From is missing"),
    ("unkscm.dat", "its scheme is none of sip, sips, tel"),
    ("novelsc.dat", "its scheme is none of sip, sips, tel"),
    ("multi01.dat", "the header From stands there twice"),
    ("mcl01.dat", "the header Content-Length stands there twice"),
    ("ipv6-in-sdp", "the body has 251 of the 268 bytes"),
    ("ipv6-bad", "the Request-URI: its port is not a number"),
];

fn check(folder: &str, extension: Option<&str>) -> usize {
    let Some(folder) = self::folder(folder) else { return 0 };
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.extension().and_then(|it| it.to_str()) != extension || name == "test.dat" {
            continue;
        }
        count += 1;
        let mut bytes = std::fs::read(&path).unwrap();
        if extension.is_none() {
            bytes = on_the_wire(&bytes);
        }
        let reason = REFUSED.iter().find(|(refused, _)| *refused == name).map(|(_, reason)| *reason);
        match (Message::parse(&bytes), reason) {
            (Ok(_), None) => {}
            (Err(error), Some(reason)) => assert!(error.to_string().contains(reason), "{name}: {error}"),
            (Ok(_), Some(reason)) => panic!("{name} was read, but: {reason}"),
            (Err(error), None) => panic!("{name}: {error}"),
        }
        let mut net = Net::new(Transport::Udp);
        net.inject(0, address(1), &bytes);
        assert_eq!(net.events, [], "{name}");
        assert!(net.sent.iter().all(|sent| sent.bytes.len() <= bytes.len()), "{name}");
        for cut in 0..bytes.len() {
            let _ = Message::parse(bytes.get(..cut).unwrap());
        }
    }
    count
}

/// The files of RFC 5118 have bare line feeds where the wire has CRLF, and two of them end with their last header.
fn on_the_wire(file: &[u8]) -> Vec<u8> {
    let mut text = String::from_utf8(file.to_vec()).unwrap().replace('\n', "\r\n");
    if !text.contains("\r\n\r\n") {
        text.push_str("\r\n\r\n");
    }
    text.into_bytes()
}

#[test]
fn the_torture_messages_of_rfc_4475() {
    assert!(matches!(check("sip/rfc4475", Some("dat")), 0 | 49));
}

#[test]
fn the_torture_messages_of_rfc_5118() {
    assert!(matches!(check("sip/rfc5118", None), 0 | 12));
}
