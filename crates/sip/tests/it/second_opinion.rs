//! Another parser reads the same messages. Where the two do not agree, a rule of the RFCs must say who is right.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;
use ezk_sip_types::header::typed::{CSeq, CallID, FromTo, Via};
use ezk_sip_types::msg::{Line, MessageLine, PullParser};
use ezk_sip_types::{Headers, Name};
use sip::ParseError;
use sip::message::{Kind, Message};

use crate::{corpora, messages};

mod rules;

/// What both must find in a message.
#[derive(Debug, PartialEq, Eq)]
struct Reading {
    /// The method, or the status.
    start: String,
    /// The host of the Request-URI, in lower case.
    host: String,
    cseq: (u32, String),
    call_id: String,
    branch: String,
}

/// One message, and what each of the two says.
struct Case<'a> {
    bytes: &'a [u8],
    ours: Result<Reading, ParseError>,
    theirs: Result<Reading, &'static str>,
}

fn ours(bytes: &[u8]) -> Result<Reading, ParseError> {
    let message = Message::parse(bytes)?;
    let (start, host) = match &message.kind {
        Kind::Request { method, uri } => (method.to_string(), uri.host().to_ascii_lowercase()),
        Kind::Response { status, .. } => (status.to_string(), String::new()),
    };
    let cseq = (message.cseq.number, message.cseq.method.to_string());
    let branch = String::from_utf8_lossy(message.via.params.value("branch").unwrap_or_default()).into_owned();
    Ok(Reading { start, host, cseq, call_id: message.call_id.to_owned(), branch })
}

fn theirs(bytes: &[u8]) -> Result<Reading, &'static str> {
    let blank = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    let bytes = Bytes::copy_from_slice(bytes.get(blank..).unwrap());
    let mut lines = PullParser::new(&bytes, 0).map(|line| {
        let line = line.map_err(|_| "unfinished")?;
        std::str::from_utf8(line).map_err(|_| "no UTF-8")
    });
    let start: MessageLine = lines.next().ok_or("empty")??.parse().map_err(|_| "start")?;
    let mut headers = Headers::new();
    for line in lines {
        let (_, line) = Line::parse(&bytes, line?).map_err(|_| "line")?;
        headers.insert(line.name, line.value);
    }
    let via: Via = headers.get_named().map_err(|_| "Via")?;
    let _: FromTo = headers.get(Name::FROM).map_err(|_| "From")?;
    let _: FromTo = headers.get(Name::TO).map_err(|_| "To")?;
    let call_id: CallID = headers.get_named().map_err(|_| "Call-ID")?;
    let cseq: CSeq = headers.get_named().map_err(|_| "CSeq")?;
    let (start, host) = match start {
        MessageLine::Request(line) => (line.method.to_string(), line.uri.host_port.host.to_string()),
        MessageLine::Response(line) => (line.code.into_u16().to_string(), String::new()),
    };
    let branch = via.params.get_val("branch").map(|branch| branch.to_string()).unwrap_or_default();
    let cseq = (cseq.cseq, cseq.method.to_string());
    Ok(Reading { start, host: host.to_ascii_lowercase(), cseq, call_id: call_id.0.to_string(), branch })
}

fn judge(bytes: &[u8]) -> Option<Case<'_>> {
    let theirs = catch_unwind(AssertUnwindSafe(|| theirs(bytes))).unwrap_or(Err("panic"));
    let case = Case { bytes, ours: ours(bytes), theirs };
    let agree = match (&case.ours, &case.theirs) {
        (Ok(ours), Ok(theirs)) => ours == theirs,
        (Err(_), Err(_)) => true,
        (Ok(_), Err(_)) | (Err(_), Ok(_)) => false,
    };
    (!agree).then_some(case)
}

/// So many changed messages come of each seed.
const MUTATIONS: usize = 60;

/// The seed with a few bytes changed, the same ones in every run and whatever other seeds there are.
fn mutations(seed: &[u8]) -> Vec<Vec<u8>> {
    let mut state = seed.iter().fold(4475_u64, |sum, byte| sum.rotate_left(5) ^ u64::from(*byte));
    let mut next = |bound: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap() % bound
    };
    let letters = b";,<>\"\\\r\n\t :=/@[]()?%.-*0123456789abzAZ\x00\x7f\xe4\xc3\xa4";
    let mutations = (0..MUTATIONS).map(|_| {
        let mut bytes = seed.to_vec();
        for _ in 0..=next(3) {
            // Mostly in the head: what the two compare stands there.
            let start = next(bytes.len().clamp(1, 600)).min(bytes.len());
            let end = (start + next(4)).min(bytes.len());
            let new: Vec<u8> = (0..next(4)).map(|_| letters[next(letters.len())]).collect();
            bytes.splice(start..end, new);
        }
        bytes
    });
    mutations.collect()
}

#[test]
fn where_two_parsers_differ_a_rule_decides() {
    let mut seeds: Vec<_> = messages::all().into_iter().map(|(_, bytes)| bytes).collect();
    let torture = corpora::messages();
    seeds.extend(torture.iter().map(|(_, bytes)| bytes.clone()));
    let mutations = seeds.iter().flat_map(|seed| mutations(seed));
    let mut met = BTreeSet::new();
    for bytes in seeds.iter().cloned().chain(mutations) {
        let Some(case) = judge(&bytes) else { continue };
        let Some(rule) = rules::of(&case) else {
            panic!("no rule for this:\n{}\nours: {:?}\ntheirs: {:?}", bytes.escape_ascii(), case.ours, case.theirs)
        };
        met.insert(rule);
    }
    assert!(met.len() >= 20, "the messages differ enough to need most of the rules: {met:#?}");
}
