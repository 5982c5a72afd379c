//! How long it takes to read the INFO that carries an event, with all the headers that its dialog needs.
//!
//! `cargo bench -p tests --bench parse`
//!
//! Beside it a bare pass over the same bytes that finds the lines and their colons, and the types of ezk-sip-types.
//! They run in turn in short slices, so that whatever else the machine does meets all of them.

use std::hint::black_box;
use std::time::Instant;

use bytes::Bytes;
use ezk_sip_types::header::typed::{CSeq, CallID, Contact, ContentLength, ContentType, FromTo, Via};
use ezk_sip_types::msg::{Line, MessageLine, PullParser};
use ezk_sip_types::{Headers, Name};
use sip::message::{Kind, Message};

const SLICES: usize = 400;
const PER_SLICE: u32 = 1000;

const HEAD: &str = "INFO sip:hookswitch@192.0.2.1:5060 SIP/2.0\r\n\
    Via: SIP/2.0/UDP 192.0.2.20:5060;branch=z9hG4bK776asdhds1928;rport\r\n\
    Max-Forwards: 70\r\n\
    From: <sip:987@pbx.example.com>;tag=1928301774\r\n\
    To: <sip:hookswitch@192.0.2.1>;tag=0123456789abcdef0123456789abcdef\r\n\
    Call-ID: 00112233445566778899aabbccddeeff\r\n\
    CSeq: 4711 INFO\r\n\
    Contact: <sip:987@192.0.2.20:5060>\r\n\
    Content-Type: application/csta+xml\r\n\
    Content-Length: 819\r\n\r\n";

fn main() {
    let message = [HEAD.as_bytes(), include_bytes!("delivered-819.xml")].concat();
    let shared = Bytes::from(message.clone());
    println!("an INFO of {} bytes", message.len());
    let (mut passes, mut ours, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..SLICES {
        passes.push(slice(|| assert_eq!(pass(black_box(&message)), 10)));
        ours.push(slice(|| parse(black_box(&message))));
        theirs.push(slice(|| ezk(black_box(&shared))));
    }
    let (pass, ours, theirs) = (median(passes), median(ours), median(theirs));
    println!("bare pass {pass:.0} ns, parse {ours:.0} ns, ezk-sip-types {theirs:.0} ns");
    println!("parse ÷ bare pass {:.2}, ezk-sip-types ÷ parse {:.2}", ours / pass, theirs / ours);
}

fn parse(bytes: &[u8]) {
    let message = Message::parse(bytes).unwrap();
    assert!(matches!(message.kind, Kind::Request { .. }));
    let contact = message.contact().unwrap();
    let content_type = message.header("Content-Type").unwrap();
    assert_eq!(message.body.len(), 819);
    black_box((&message, contact, content_type));
}

/// All lines of the head, each cut at its first colon, and the body passed over once.
fn pass(bytes: &[u8]) -> usize {
    let mut start = 0;
    let mut lines = 0;
    for end in memchr::memchr_iter(b'\n', bytes) {
        let line = &bytes[start..end];
        start = end + 1;
        if line.len() <= 1 {
            break;
        }
        black_box(memchr::memchr(b':', line));
        lines += 1;
    }
    black_box(memchr::memchr(0, &bytes[start..]));
    lines
}

fn ezk(bytes: &Bytes) {
    let mut lines = PullParser::new(bytes, 0);
    let start: MessageLine = text(lines.next().unwrap().unwrap()).parse().unwrap();
    let mut headers = Headers::new();
    for line in &mut lines {
        let (_, line) = Line::parse(bytes, text(line.unwrap())).unwrap();
        headers.insert(line.name, line.value);
    }
    let via: Via = headers.get_named().unwrap();
    let from: FromTo = headers.get(Name::FROM).unwrap();
    let to: FromTo = headers.get(Name::TO).unwrap();
    let call_id: CallID = headers.get_named().unwrap();
    let cseq: CSeq = headers.get_named().unwrap();
    let contact: Contact = headers.get_named().unwrap();
    let content_type: ContentType = headers.get_named().unwrap();
    let length: ContentLength = headers.get_named().unwrap();
    let body = &bytes[lines.head_end()..];
    assert_eq!(body.len(), length.0);
    black_box((start, via, from, to, call_id, cseq, contact, content_type, body));
}

fn text(line: &[u8]) -> &str {
    std::str::from_utf8(line).unwrap()
}

/// Nanoseconds of one run, over a slice of them.
fn slice(mut run: impl FnMut()) -> f64 {
    let start = Instant::now();
    for _ in 0..PER_SLICE {
        run();
    }
    start.elapsed().as_nanos() as f64 / f64::from(PER_SLICE)
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_unstable_by(f64::total_cmp);
    times[times.len() / 2]
}
