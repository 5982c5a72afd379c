//! Requests that belong to no dialog: they get little, and leave nothing behind.

use std::net::SocketAddr;

use sip::{Discard, Event, Transport};

use crate::net::{Net, address};
use crate::pair::in_dialog;

const PADDING: &str = "User-Agent: a stranger with a name that is long enough for any answer to be shorter than this";

fn request(method: &str, to_tag: &str, headers: &str) -> String {
    format!(
        "{method} sip:hookswitch@10.0.0.1:5060 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.66:5060;branch=z9hG4bKx1;rport\r\n\
         From: <sip:evil@10.0.0.66>;tag=1\r\nTo: <sip:hookswitch@10.0.0.1>{to_tag}\r\nCall-ID: abc\r\n\
         CSeq: 1 {method}\r\nMax-Forwards: 70\r\n{headers}\r\n"
    )
}

fn stranger() -> SocketAddr {
    "10.0.0.66:5060".parse().unwrap()
}

#[test]
fn whatever_a_stranger_asks_makes_no_event() {
    let tagged = ";tag=0123456789abcdef0123456789abcdef";
    let require = format!("Require: 100rel, foo\r\n{PADDING}\r\n");
    let plain = format!("{PADDING}\r\n");
    let cases = [
        ("INFO", tagged, &plain, "481"),
        ("BYE", tagged, &plain, "481"),
        ("INVITE", tagged, &plain, "481"),
        ("UPDATE", tagged, &plain, "481"),
        ("OPTIONS", tagged, &plain, "481"),
        ("CANCEL", tagged, &plain, "481"),
        ("INFO", "", &plain, "481"),
        ("BYE", "", &plain, "481"),
        ("OPTIONS", "", &plain, "200"),
        ("INVITE", "", &plain, "403"),
        ("REGISTER", "", &plain, "405"),
        ("NOTIFY", tagged, &plain, "405"),
        ("REFER", "", &plain, "405"),
        ("SHOUT", "", &plain, "501"),
        ("SHOUT", tagged, &plain, "501"),
        ("INVITE", "", &require, "420"),
    ];
    for (method, tag, headers, status) in cases {
        let mut net = Net::new(Transport::Udp);
        net.inject(0, stranger(), request(method, tag, headers).as_bytes());
        assert_eq!(net.kinds_by(0), [status], "{method}{tag}");
        assert_eq!(net.events, []);
        assert_eq!(net.agents[0].deadline(), None, "no state is kept for a stranger");
        let answer = net.sent[0].clone();
        assert!(answer.bytes.len() <= request(method, tag, headers).len());
        match status {
            "405" | "501" => assert!(answer.header("Allow").unwrap().contains("INVITE, ACK, BYE")),
            "420" => assert_eq!(answer.header("Unsupported").unwrap(), "100rel, foo"),
            _ => {}
        }
        // The same request again gets the same answer, tag included (RFC 3261 8.2.7).
        net.inject(0, stranger(), request(method, tag, headers).as_bytes());
        assert_eq!(net.sent[0].bytes, net.sent[1].bytes);
    }
}

#[test]
fn an_ack_is_never_answered() {
    let mut net = Net::new(Transport::Udp);
    for tag in ["", ";tag=x"] {
        net.inject(0, stranger(), request("ACK", tag, PADDING).replace(PADDING, "").as_bytes());
    }
    assert_eq!(net.discarded, [(0, Discard::StrayAck), (0, Discard::StrayAck)]);
    net.inject(0, stranger(), request("ACK", "", &format!("{PADDING}\r\n")).replace("Call-ID: abc\r\n", "").as_bytes());
    assert!(matches!(net.discarded.last(), Some((0, Discard::Malformed(_)))));
    assert_eq!(net.sent_by(0), Vec::<String>::new());
}

#[test]
fn broken_requests_are_told_what_is_wrong() {
    let good = request("INFO", "", &format!("{PADDING}\r\n"));
    let cases = [
        (good.replace("From: <sip:evil@10.0.0.66>;tag=1\r\n", ""), "400"),
        (good.replace("CSeq: 1 INFO", "CSeq: 1 BYE"), "400"),
        (good.replace("CSeq: 1 INFO", "CSeq: 4294967297 INFO"), "400"),
        (good.replace("Call-ID: abc", "Call-ID: abc\r\nCall-ID: def"), "400"),
        (good.replace("Max-Forwards: 70", "Content-Length: 10"), "400"),
        (good.replace("SIP/2.0\r\nVia", "SIP/3.0\r\nVia"), "505"),
        (good.replace("INFO sip:", "INFO mailto:"), "416"),
        (good.replace("INFO sip:hookswitch@10.0.0.1:5060", "INFO sip:a b@10.0.0.1"), "400"),
        (good.replace("Max-Forwards: 70", "Max-Forwards 70"), "400"),
        (good.replace("Max-Forwards: 70", &"X:\r\n".repeat(200)), "400"),
        (good.replace("SIP/2.0/UDP 10", "SIP/2.0/UDP,10"), "400"),
        (good.replace("Max-Forwards: 70", "Content-Length: 65530"), "413"),
        (good.replace("INFO sip:", "SHOUT sip:"), "501"),
    ];
    for (broken, status) in cases {
        let mut net = Net::new(Transport::Udp);
        net.inject(0, stranger(), broken.as_bytes());
        assert_eq!(net.kinds_by(0), [status], "{broken}");
        assert!(matches!(net.discarded.as_slice(), [(0, Discard::Malformed(_))]), "and we hear of it, too");
    }
}

/// Nobody can use us to flood somebody else: over UDP a stranger gets no more bytes than he sent.
#[test]
fn an_answer_is_never_larger_than_a_strangers_request() {
    let tiny = "OPTIONS sip:a SIP/2.0\r\nv:SIP/2.0/UDP b;branch=z9hG4bK1\r\nf:sip:a@b\r\nt:sip:a\r\ni:1\r\nCSeq:1 OPTIONS\r\n\r\n";
    let mut net = Net::new(Transport::Udp);
    net.inject(0, stranger(), tiny.as_bytes());
    assert_eq!(net.sent_by(0), Vec::<String>::new());
    assert_eq!(net.discarded, [(0, Discard::Amplifies { status: 200 })]);
    let mut net = Net::new(Transport::Tcp);
    net.inject(0, stranger(), tiny.as_bytes());
    assert_eq!(net.kinds_by(0), ["200"], "over a stream nobody can pretend to be somebody else");
}

#[test]
fn a_request_in_a_dialog_must_come_from_its_peer() {
    let mut net = Net::new(Transport::Udp);
    net.connected();
    let info = in_dialog(&mut net, "INFO", "");
    let from = |net: &mut Net, source: &str, bytes: &[u8]| {
        net.sent.clear();
        net.inject(0, source.parse().unwrap(), bytes);
        (net.kinds_by(0), net.events_of(0).len())
    };
    assert_eq!(from(&mut net, "10.0.0.66:5060", &info), (vec!["481".to_owned()], 0), "another host");
    let text = String::from_utf8(info.clone()).unwrap();
    let wrong_call = text.replace("Call-ID: ", "Call-ID: x");
    assert_eq!(from(&mut net, "10.0.0.2:5060", wrong_call.as_bytes()), (vec!["481".to_owned()], 0));
    let wrong_tag = text.replacen(";tag=", ";tag=x", 1);
    assert_eq!(from(&mut net, "10.0.0.2:5060", wrong_tag.as_bytes()), (vec!["481".to_owned()], 0));
    net.polite = false;
    assert_eq!(from(&mut net, "10.0.0.2:49152", &info), (vec![], 1), "another port of the peer's host");
}

/// Whoever has seen the tags of a dialog over TLS must still be on TLS to use them.
#[test]
fn a_dialog_over_tls_is_held_over_tls() {
    for (transport, answers, events) in
        [(Transport::Tls, "200", 1), (Transport::Udp, "481", 0), (Transport::Tcp, "481", 0)]
    {
        let mut net = Net::new(Transport::Tls);
        net.connected();
        let info = in_dialog(&mut net, "INFO", "");
        net.transport = transport;
        net.inject(0, address(1), &info);
        assert_eq!((net.kinds_by(0), net.events_of(0).len()), (vec![answers.to_owned()], events), "{transport:?}");
    }
}

#[test]
fn an_extension_nobody_has_is_refused_inside_a_dialog_too() {
    let mut net = Net::new(Transport::Udp);
    net.connected();
    let info = in_dialog(&mut net, "INFO", "Require: 100rel\r\n");
    net.inject(0, address(1), &info);
    assert_eq!((net.kinds_by(0), net.events_of(0)), (vec!["420".to_owned()], vec![]));
}

/// RFC 3261 8.2.3, 21.4.13.
#[test]
fn a_body_in_another_coding_is_refused() {
    let check = |headers: &str, body: &str, expected: &str, events: usize| {
        let mut net = Net::new(Transport::Udp);
        net.connected();
        let info = String::from_utf8(in_dialog(&mut net, "INFO", headers)).unwrap();
        let length = format!("Content-Length: {}\r\n\r\n{body}", body.len());
        net.inject(0, address(1), info.replace("Content-Length: 0\r\n\r\n", &length).as_bytes());
        assert_eq!((net.kinds_by(0), net.events_of(0).len()), (vec![expected.to_owned()], events), "{headers}");
        let accepted = net.sent[0].header("Accept-Encoding");
        assert_eq!(accepted.as_deref(), (expected == "415").then_some("identity"));
    };
    check("Content-Type: application/csta+xml\r\nContent-Encoding: gzip\r\n", "\x1f", "415", 0);
    check("c: application/csta+xml\r\ne: Identity\r\n", "<a/>", "200", 1);
    check("e: gzip\r\n", "", "200", 1);
}

#[test]
fn answers_go_back_where_the_request_came_from() {
    let mut net = Net::new(Transport::Udp);
    let options = request("OPTIONS", "", &format!("{PADDING}\r\n"));
    let source: SocketAddr = "10.0.0.7:40000".parse().unwrap();
    net.inject(0, source, options.as_bytes());
    assert_eq!(net.sent[0].flow.remote, source, "rport (RFC 3581)");
    assert!(net.sent[0].header("Via").unwrap().ends_with(";received=10.0.0.7;rport=40000"));
    net.inject(0, source, options.replace(";rport", "").as_bytes());
    assert_eq!(net.sent[1].flow.remote, "10.0.0.7:5060".parse().unwrap(), "else the port in Via (RFC 3261 18.2.2)");
    assert!(net.sent[1].header("Via").unwrap().ends_with(";branch=z9hG4bKx1;received=10.0.0.7"));
}

#[test]
fn responses_to_nothing_we_asked_are_dropped() {
    let mut net = Net::new(Transport::Udp);
    for branch in ["z9hG4bK00000000000000000000000000000000", "z9hG4bKshort", "1"] {
        let response = format!(
            "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 10.0.0.1:5060;branch={branch}\r\nFrom: <sip:a@b>;tag=1\r\n\
             To: <sip:a@b>;tag=2\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n\r\n"
        );
        net.inject(0, address(1), response.as_bytes());
    }
    assert_eq!(net.discarded, vec![(0, Discard::Stray); 3]);
    // An answer with a second Via is for somebody behind us (RFC 3261 8.1.3.3).
    let invite = net.invite();
    net.act(0, |agent, now, out| agent.invite(now, invite, out));
    let via = net.sent[0].header("Via").unwrap();
    net.sent.clear();
    let response = format!(
        "SIP/2.0 200 OK\r\nVia: {via}\r\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\n\
         To: <sip:a@b>;tag=2\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n\r\n"
    );
    net.inject(0, address(1), response.as_bytes());
    assert_eq!((net.discarded.len(), net.events_of(0)), (4, vec![]));
    assert_eq!(net.sent_by(0), Vec::<String>::new());
}

#[test]
fn keep_alives_are_borne_and_pings_answered() {
    let mut net = Net::new(Transport::Tcp);
    net.inject(0, address(1), b"\r\n\r\n");
    net.inject(0, address(1), b"\r\n");
    assert_eq!(net.sent.iter().map(|sent| &*sent.bytes).collect::<Vec<_>>(), [b"\r\n"]);
    net.transport = Transport::Udp;
    net.inject(0, address(1), b"\r\n\r\n");
    assert_eq!((net.sent.len(), net.events.len(), net.discarded.len()), (1, 0, 0));
}

/// The 2xx to our INVITE is lost, and the phone already talks: refusing it would make it give up.
#[test]
fn a_request_that_overtakes_the_200_is_not_refused() {
    let mut net = Net::new(Transport::Udp);
    let mut answers = 0;
    net.lose = Box::new(move |sent| {
        answers += usize::from(sent.what() == "200");
        sent.what() == "200" && answers == 1
    });
    let invite = net.invite();
    net.act(0, |agent, now, out| agent.invite(now, invite, out));
    net.run(std::time::Duration::from_millis(5));
    let events = net.events_of(1);
    let [Event::Invited { dialog, .. }] = events.as_slice() else { panic!("{events:?}") };
    net.act(1, |agent, now, out| agent.request(now, *dialog, 1, sip::Method::INFO, None, out));
    net.run(std::time::Duration::from_secs(3));
    assert!(net.discarded.contains(&(0, Discard::Early)));
    assert!(matches!(net.events_of(0).as_slice(), [Event::Accepted { .. }, Event::Requested { .. }]));
    assert!(matches!(net.events_of(1).as_slice(), [Event::Answered { answer, .. }] if answer.is_success()));
}

/// A flood by somebody who knows half of what a dialog is known by. In a release build it is a million.
#[test]
fn a_flood_of_spoofed_infos_makes_no_event() {
    let count = if cfg!(debug_assertions) { 20_000 } else { 1_000_000 };
    let mut net = Net::new(Transport::Udp);
    let (gateway, phone) = net.connected();
    let real = String::from_utf8(in_dialog(&mut net, "INFO", "")).unwrap();
    net.lose = Box::new(|_| true);
    let mut out = Vec::new();
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    for number in 0..count {
        seed = seed.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        let spoofed = real.replacen("branch=z9hG4bK", &format!("branch=z9hG4bK{number:x}"), 1);
        let (spoofed, remote) = if number % 2 == 0 {
            // The right Call-ID from the right address with tags that were guessed: ours, theirs, or both.
            let guess = format!(";tag={:016x}{seed:016x}", seed.rotate_left(17));
            let (which, other) = if number % 4 == 0 { ("To: ", "From: ") } else { ("From: ", "To: ") };
            let guessed = retagged(&spoofed, which, &guess);
            (if number % 8 < 4 { retagged(&guessed, other, &guess) } else { guessed }, address(1))
        } else {
            // All is right, but it comes from elsewhere.
            (spoofed, SocketAddr::from(([10, 0, 1, (seed >> 40) as u8], 5060)))
        };
        let flow = sip::Flow { remote, ..net.flow(0, 1) };
        net.agents[0].receive(net.now, flow, spoofed.as_bytes(), &mut out);
        for output in out.drain(..) {
            match output {
                sip::Output::Transmit { bytes, .. } => {
                    assert!(bytes.starts_with(b"SIP/2.0 481 ") && bytes.len() <= spoofed.len(), "no more than came");
                }
                sip::Output::Discarded { .. } => {}
                sip::Output::Event(event) => panic!("{event:?} from {spoofed}"),
                sip::Output::Registered(_) | sip::Output::Disconnect { .. } | sip::Output::Recognised { .. } => {
                    panic!("strangers change nothing")
                }
            }
        }
    }
    let load = net.agents[0].load();
    assert_eq!((load.dialogs, load.answers), (1, 0), "nothing is kept for strangers");
    // Both sides still have their dialog.
    net.lose = Box::new(|_| false);
    net.act(1, |agent, now, out| agent.request(now, phone, 1, sip::Method::INFO, None, out));
    net.act(0, |agent, now, out| agent.request(now, gateway, 2, sip::Method::INFO, None, out));
    net.settle();
    assert!(matches!(net.events_of(0).as_slice(), [Event::Requested { .. }, Event::Answered { .. }]));
}

/// The message with another tag in one header.
fn retagged(message: &str, header: &str, tag: &str) -> String {
    let lines = message.split_inclusive("\r\n").map(|line| match line.split_once(";tag=") {
        Some((address, _)) if line.starts_with(header) => format!("{address}{tag}\r\n"),
        _ => line.to_owned(),
    });
    lines.collect()
}

#[test]
fn a_peer_is_trusted_for_its_dialog_and_not_for_its_manners() {
    let mut net = Net::new(Transport::Tcp);
    let flow = sip::Flow { remote: stranger(), ..net.flow(0, 1) };
    net.inject(0, stranger(), request("OPTIONS", "", "Content-Length: 0\r\n").as_bytes());
    assert_eq!((net.kinds_by(0), &net.recognised), (vec!["200".to_owned()], &Vec::new()));
    net.connected();
    assert_eq!(net.recognised.iter().filter(|(agent, _)| *agent == 0).collect::<Vec<_>>(), [&(0, net.flow(0, 1))]);
    // The phone goes on with its dialog on another connection.
    net.recognised.clear();
    let info = in_dialog(&mut net, "INFO", "");
    let elsewhere = sip::Flow { remote: "10.0.0.2:40000".parse().unwrap(), ..flow };
    net.inject(0, elsewhere.remote, &info);
    assert_eq!(net.recognised, [(0, elsewhere)]);
}
