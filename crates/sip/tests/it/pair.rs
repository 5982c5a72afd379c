//! Two agents that understand each other.

use std::time::Duration;

use sip::{Answer, Ending, Event, Failure, Method, Remembered, Transport};

use crate::net::{Net, Sent, address, csta};

fn whole_life(transport: Transport) {
    let mut net = Net::new(transport);
    let (gateway, phone) = net.connected();

    net.act(0, |agent, now, out| agent.request(now, gateway, 7, Method::INFO, Some(csta("<MonitorStart/>")), out));
    net.settle();
    let events = net.events_of(0);
    let [Event::Answered { dialog, tag: 7, answer }] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((*dialog, answer.status), (gateway, 200));
    assert_eq!(answer.body.as_ref().unwrap().bytes, "<Response/>");
    let events = net.events_of(1);
    let [Event::Requested { dialog, method, body: Some(body), .. }] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((*dialog, method, &*body.bytes), (phone, &Method::INFO, &b"<MonitorStart/>"[..]));
    assert_eq!(body.disposition.as_deref(), Some("signal;handling=required"));

    net.act(1, |agent, now, out| agent.request(now, phone, 8, Method::INFO, Some(csta("<DeliveredEvent/>")), out));
    net.settle();
    assert!(matches!(net.events_of(0).as_slice(), [Event::Requested { .. }]));
    assert!(matches!(net.events_of(1).as_slice(), [Event::Answered { tag: 8, .. }]));

    net.act(0, |agent, now, out| agent.bye(now, gateway, out));
    net.settle();
    assert_eq!(net.events_of(0), []);
    assert_eq!(net.events_of(1), [Event::Ended { dialog: phone, ending: Ending::Bye }]);
    assert_eq!(net.kinds_by(0), ["INFO", "200", "BYE"]);
    net.run(Duration::from_secs(40));
    assert!(net.agents.iter().all(|agent| agent.deadline().is_none()), "nothing is left to wait for");
}

#[test]
fn a_dialog_from_invite_to_bye() {
    whole_life(Transport::Udp);
    whole_life(Transport::Tcp);
}

#[test]
fn the_invite_says_who_and_where_we_are() {
    let mut net = Net::new(Transport::Tcp);
    let invite = net.invite();
    net.act(0, |agent, now, out| agent.invite(now, invite, out));
    net.settle();
    let header = |sent: &Sent, name: &str| sent.header(name).unwrap_or_default();
    let invite = &net.sent[0];
    assert_eq!(header(invite, "Contact"), "<sip:hookswitch@10.0.0.1:5060;transport=tcp>");
    assert_eq!(header(invite, "Content-Type"), "application/csta+xml");
    assert_eq!(header(invite, "Content-Disposition"), "signal;handling=required");
    assert_eq!(header(invite, "Content-Length"), "22");
    assert_eq!(header(invite, "Accept"), "application/csta+xml");
    assert_eq!(header(invite, "Max-Forwards"), "70");
    assert!(header(invite, "Via").starts_with("SIP/2.0/TCP 10.0.0.1:5060;branch=z9hG4bK"));
    assert!(header(invite, "Via").ends_with(";rport"));
    let accepted = net.sent.iter().find(|sent| sent.what() == "200").unwrap();
    assert_eq!(header(accepted, "Contact"), "<sip:phone@10.0.0.2:5060;transport=tcp>");
    assert!(header(accepted, "Via").ends_with(";received=10.0.0.1;rport=5060"), "{}", header(accepted, "Via"));
    assert!(net.sent.last().unwrap().text().starts_with("ACK sip:phone@10.0.0.2:5060;transport=tcp SIP/2.0\r\n"));
}

/// RFC 3261 8.1.1.8: whoever is called with `sips:` is told a `sips:` address.
#[test]
fn over_tls_the_contact_is_as_secure_as_what_is_called() {
    let cases = [
        ("sips:101@10.0.0.2", "<sips:hookswitch@10.0.0.1:5060>"),
        ("sip:101@10.0.0.2;transport=tls", "<sip:hookswitch@10.0.0.1:5060;transport=tls>"),
    ];
    for (uri, contact) in cases {
        let mut net = Net::new(Transport::Tls);
        let invite = sip::Invite { uri: uri.parse().unwrap(), ..net.invite() };
        net.act(0, |agent, now, out| agent.invite(now, invite, out));
        net.settle();
        assert_eq!(net.sent[0].header("Contact").unwrap(), contact);
    }
}

/// A TLS connection is one peer's: with it goes the dialog. Over TCP another one may be opened.
#[test]
fn a_dialog_ends_with_its_tls_connection() {
    for (transport, ends) in [(Transport::Tls, true), (Transport::Tcp, false)] {
        let mut net = Net::new(transport);
        let (gateway, _) = net.connected();
        net.events_of(0);
        let flow = net.flow(0, 1);
        net.act(0, |agent, now, out| agent.flow_failed(now, flow, out));
        let ended = Event::Ended { dialog: gateway, ending: Ending::Disconnected };
        assert_eq!(net.events_of(0), if ends { vec![ended] } else { vec![] });
    }
}

#[test]
fn a_reinvite_and_an_update_are_answered_by_the_agent_itself() {
    let mut net = Net::new(Transport::Udp);
    let (gateway, phone) = net.connected();
    for method in [Method::INVITE, Method::UPDATE, Method::OPTIONS] {
        net.act(1, |agent, now, out| agent.request(now, phone, 1, method, None, out));
        net.settle();
        let events = net.events_of(1);
        let [Event::Answered { answer, .. }] = events.as_slice() else { panic!("{events:?}") };
        assert_eq!(answer.status, 200);
    }
    assert_eq!(net.events_of(0), []);
    assert_eq!(net.sent[1].header("Contact").unwrap(), "<sip:hookswitch@10.0.0.1:5060>");
    for (body, status) in [(csta("<RequestSystemStatus/>"), 200), (sdp(), 415)] {
        net.act(1, |agent, now, out| agent.request(now, phone, 2, Method::INVITE, Some(body), out));
        net.settle();
        let events = net.events_of(1);
        assert!(matches!(events.as_slice(), [Event::Answered { answer, .. }] if answer.status == status), "{events:?}");
    }
    net.run(Duration::from_secs(40));
    assert_eq!(net.events_of(0), [], "each ACK came: nothing ends");
    net.act(0, |agent, now, out| agent.request(now, gateway, 3, Method::INFO, None, out));
    net.settle();
    assert!(matches!(net.events_of(0).as_slice(), [Event::Answered { tag: 3, .. }]));
}

fn sdp() -> sip::Body {
    sip::Body { content_type: "application/sdp".into(), disposition: None, bytes: "v=0".into() }
}

#[test]
fn crossing_reinvites_are_both_told_to_wait() {
    let mut net = Net::new(Transport::Udp);
    let (gateway, phone) = net.connected();
    net.act(0, |agent, now, out| agent.request(now, gateway, 1, Method::INVITE, None, out));
    net.act(1, |agent, now, out| agent.request(now, phone, 2, Method::INVITE, None, out));
    net.act(0, |agent, now, out| agent.request(now, gateway, 3, Method::INVITE, None, out));
    let second = net.events_of(0);
    assert!(matches!(second.as_slice(), [Event::Failed { tag: 3, failure: Failure::Status(answer), .. }]
        if answer.status == 491));
    net.settle();
    for agent in [0, 1] {
        let events = net.events_of(agent);
        assert!(matches!(events.as_slice(), [Event::Answered { answer, .. }] if answer.status == 491), "{events:?}");
    }
}

#[test]
fn a_session_refreshed_by_the_peer_hears_its_interval_back() {
    let mut net = Net::new(Transport::Udp);
    net.connected();
    let check = |net: &mut Net, asked: &str, answered: Option<&str>| {
        net.sent.clear();
        let update = in_dialog(net, "UPDATE", &format!("Session-Expires: {asked}\r\n"));
        net.inject(0, address(1), &update);
        assert_eq!(net.sent[0].what(), "200");
        assert_eq!(net.sent[0].header("Session-Expires").as_deref(), answered);
    };
    check(&mut net, "1800", Some("1800;refresher=uac"));
    check(&mut net, "1800;refresher=uac", Some("1800;refresher=uac"));
    check(&mut net, "1800 ; refresher=UAS", Some("1800;refresher=uas"));
    net.sent.clear();
    let media = in_dialog(&mut net, "INVITE", "Session-Expires: 1800\r\nContent-Type: application/sdp\r\n");
    let media = String::from_utf8(media).unwrap().replace("Content-Length: 0\r\n\r\n", "Content-Length: 1\r\n\r\nv");
    net.inject(0, address(1), media.as_bytes());
    assert_eq!((net.sent[0].what().as_str(), net.sent[0].header("Session-Expires")), ("415", None));
}

#[test]
fn a_408_inside_a_dialog_ends_it() {
    let mut net = Net::new(Transport::Udp);
    net.polite = false;
    let invite = net.invite();
    let dialog = net.act(0, |agent, now, out| agent.invite(now, invite, out));
    for status in [200, 408] {
        net.run(Duration::from_millis(10));
        let events = net.events_of(1);
        let (Event::Invited { transaction, .. } | Event::Requested { transaction, .. }) = events[0] else {
            panic!("{events:?}")
        };
        net.act(1, |agent, now, out| agent.respond(now, transaction, Answer::new(status), out));
        net.run(Duration::from_millis(10));
        net.act(0, |agent, now, out| agent.request(now, dialog, 1, Method::INFO, None, out));
    }
    net.settle();
    let events = net.events_of(0);
    assert_eq!(events[2], Event::Ended { dialog, ending: Ending::Timeout });
    assert!(net.kinds_by(0).contains(&"BYE".to_owned()));
    assert!(matches!(net.events_of(1).as_slice(), [Event::Ended { ending: Ending::Bye, .. }]));
}

#[test]
fn a_dialog_the_peer_does_not_know_ends() {
    let mut net = Net::new(Transport::Udp);
    let (gateway, phone) = net.connected();
    let mut fresh = Net::new(Transport::Udp);
    std::mem::swap(&mut net.agents[1], &mut fresh.agents[1]); // the phone reboots
    net.act(0, |agent, now, out| agent.request(now, gateway, 1, Method::INFO, None, out));
    net.settle();
    let events = net.events_of(0);
    let [Event::Answered { answer, .. }, ended] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(answer.status, 481);
    assert_eq!(*ended, Event::Ended { dialog: gateway, ending: Ending::Unknown });
    assert_eq!(net.events_of(1), [], "and the phone heard of no dialog {phone:?}");
    net.act(0, |agent, now, out| agent.request(now, gateway, 2, Method::INFO, None, out));
    assert!(matches!(net.events_of(0).as_slice(), [Event::Failed { failure: Failure::Status(answer), .. }]
        if answer.status == 481));
}

#[test]
fn a_reason_phrase_is_read_in_any_encoding() {
    let mut net = Net::new(Transport::Udp);
    net.polite = false;
    let invite = net.invite();
    net.act(0, |agent, now, out| agent.invite(now, invite, out));
    let request = net.sent[0].text();
    let mut busy = b"SIP/2.0 486 Ger\xe4t besetzt\r\n".to_vec();
    let copied = ["Via", "From", "To", "Call-ID", "CSeq"];
    for line in request.lines().filter(|line| copied.iter().any(|name| line.starts_with(name))) {
        busy.extend_from_slice(line.as_bytes());
        busy.extend_from_slice(b"\r\n");
    }
    busy.extend_from_slice(b"Retry-After: 30 (lunch)\r\n\r\n");
    net.inject(0, address(1), &busy);
    let events = net.events_of(0);
    let [Event::Rejected { failure: Failure::Status(answer), .. }] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((answer.reason.as_str(), answer.retry_after), ("Gerät besetzt", Some(30)));
}

#[test]
fn a_lost_connection_fails_what_waits_on_it() {
    let mut net = Net::new(Transport::Tcp);
    let (gateway, _) = net.connected();
    net.lose = Box::new(|_| true);
    net.act(0, |agent, now, out| agent.request(now, gateway, 1, Method::INFO, None, out));
    let invite = net.invite();
    let second = net.act(0, |agent, now, out| agent.invite(now, invite, out));
    let flow = net.flow(0, 1);
    net.act(0, |agent, now, out| agent.flow_failed(now, net_flow(flow, 5061), out));
    assert_eq!(net.events_of(0), [], "another connection");
    net.act(0, |agent, now, out| agent.flow_failed(now, flow, out));
    let events = net.events_of(0);
    assert!(events.contains(&Event::Failed { dialog: gateway, tag: 1, failure: Failure::Flow }), "{events:?}");
    assert!(events.contains(&Event::Rejected { dialog: second, failure: Failure::Flow }));
    net.lose = Box::new(|_| false);
    net.act(0, |agent, now, out| agent.request(now, gateway, 2, Method::INFO, None, out));
    net.settle();
    assert!(matches!(net.events_of(0).as_slice(), [Event::Answered { tag: 2, .. }]), "the dialog itself goes on");
}

fn net_flow(mut flow: sip::Flow, port: u16) -> sip::Flow {
    flow.remote.set_port(port);
    flow
}

#[test]
fn a_dialog_from_before_a_restart_can_be_ended() {
    let mut net = Net::new(Transport::Udp);
    let (gateway, phone) = net.connected();
    let line = net.agents[0].remember(gateway).unwrap();
    net.act(0, |agent, now, out| agent.request(now, gateway, 1, Method::INFO, None, out));
    net.settle();
    net.events.clear();
    net.sent.clear();
    assert!(!line.contains('\n'), "{line}");
    let mut fresh = Net::new(Transport::Udp);
    std::mem::swap(&mut net.agents[0], &mut fresh.agents[0]); // the gateway crashes
    assert!(Remembered::parse("dialog/1 UDP nonsense").is_none());
    let remembered = Remembered::parse(&line).unwrap();
    let flow = remembered.flow();
    assert_eq!(flow, net.flow(0, 1));
    net.act(0, |agent, now, out| agent.end_remembered(now, remembered, flow, None, out));
    net.settle();
    assert_eq!(net.events_of(1), [Event::Ended { dialog: phone, ending: Ending::Bye }]);
    assert_eq!(net.kinds_by(0), ["BYE"]);
}

#[test]
fn beyond_the_bounds_the_answer_is_503() {
    let config = sip::Config { max_transactions: 2, accept_invites: true, ..sip::Config::default() };
    let mut net = Net::with(Transport::Udp, [sip::Config::default(), config]);
    net.polite = false;
    for _ in 0..3 {
        let invite = net.invite();
        net.act(0, |agent, now, out| agent.invite(now, invite, out));
    }
    net.settle();
    assert_eq!(net.events_of(1).len(), 2);
    let events = net.events_of(0);
    let [Event::Rejected { failure: Failure::Status(Answer { status: 503, retry_after: Some(5), .. }), .. }] =
        events.as_slice()
    else {
        panic!("{events:?}")
    };
}

#[test]
fn registrations_of_ours_have_a_bound_too() {
    let mut net = Net::with(Transport::Udp, [sip::Config { max_dialogs: 2, ..sip::Config::default() }]);
    let register = sip::Register {
        flow: net.flow(0, 1),
        registrar: "sip:10.0.0.2".parse().unwrap(),
        user: "sip:988@10.0.0.2".parse().unwrap(),
        credentials: None,
        expires: Duration::from_secs(600),
    };
    for _ in 0..3 {
        net.act(0, |agent, now, out| agent.register(now, register.clone(), out));
    }
    assert_eq!((net.kinds_by(0).len(), net.agents[0].load().dialogs), (2, 2));
    let events = net.events_of(0);
    let [Event::Failed { failure: Failure::Status(answer), .. }] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(answer.status, 503);
}

#[test]
fn answers_kept_for_repetitions_make_room() {
    let config = sip::Config { max_transactions: 3, ..sip::Config::default() };
    let phone = sip::Config { accept_invites: true, ..sip::Config::default() };
    let mut net = Net::with(Transport::Udp, [config, phone]);
    net.connected();
    let first = in_dialog(&mut net, "INFO", "");
    net.inject(0, address(1), &first);
    for _ in 0..10 {
        let info = in_dialog(&mut net, "INFO", "");
        net.inject(0, address(1), &info);
        net.run(Duration::from_millis(10));
    }
    assert_eq!(net.kinds_by(0), ["200"; 11]);
    net.inject(0, address(1), &first);
    assert_eq!(net.kinds_by(0).last().unwrap(), "500", "too late for its answer, but not handled twice");
    assert_eq!(net.events_of(0).len(), 11);
    // Who does not answer, gets no more.
    net.polite = false;
    for expected in [0, 0, 0, 1] {
        net.sent.clear();
        let info = in_dialog(&mut net, "INFO", "");
        net.inject(0, address(1), &info);
        assert_eq!(net.kinds_by(0), vec!["503"; expected]);
    }
}

/// A request of the phone in the dialog of [`Net::connected`], with more header lines: what it would send next.
pub fn in_dialog(net: &mut Net, method: &str, headers: &str) -> Vec<u8> {
    let phone = net.agents.len() - 1;
    net.lose = Box::new(|_| true);
    let (from, events) = (net.sent.len(), std::mem::take(&mut net.events));
    let dialog = net.phone_dialog.unwrap();
    let method_named = Method::parse(method.as_bytes()).unwrap();
    net.act(phone, |agent, now, out| agent.request(now, dialog, 99, method_named, None, out));
    net.events = events;
    let text = net.sent.remove(from).text();
    net.lose = Box::new(|_| false);
    text.replace("Max-Forwards: 70\r\n", &format!("Max-Forwards: 70\r\n{headers}")).into_bytes()
}
