//! Requests that are too large for a datagram (RFC 3261 18.1.1).

use std::time::Duration;

use sip::{Body, Config, DialogId, Ending, Event, Failure, Flow, Invite, Method, Transport};

use crate::net::{Net, address};

/// A gateway that can open connections, and a phone on UDP; everything is carried, whatever the transport.
fn net() -> Net {
    let gateway = Config { large_over_tcp: true, ..Config::default() };
    let phone = Config { accept_invites: true, contact_user: "phone".into(), ..Config::default() };
    Net::with(Transport::Udp, [gateway, phone])
}

fn large() -> Option<Body> {
    Some(Body::csta(vec![b' '; 1300]))
}

fn ask(net: &mut Net, dialog: DialogId, tag: u64, body: Option<Body>) -> Vec<Transport> {
    net.sent.clear();
    net.act(0, |agent, now, out| agent.request(now, dialog, tag, Method::INFO, body, out));
    net.sent.iter().map(|sent| sent.flow.transport).collect()
}

/// What the phone is sent over TCP meets nobody.
fn refuse_tcp(net: &mut Net) {
    net.lose = Box::new(|sent| sent.flow.transport == Transport::Tcp);
    let flow = Flow { transport: Transport::Tcp, ..net.flow(0, 1) };
    net.act(0, |agent, now, out| agent.flow_refused(now, flow, out));
}

#[test]
fn a_large_request_goes_over_tcp() {
    let mut net = net();
    let (gateway, _) = net.connected();
    assert_eq!(ask(&mut net, gateway, 1, None), [Transport::Udp]);
    assert_eq!(ask(&mut net, gateway, 2, large()), [Transport::Tcp]);
    let info = net.sent[0].clone();
    assert_eq!(info.flow.remote, address(1));
    assert!(info.header("Via").unwrap().starts_with("SIP/2.0/TCP 10.0.0.1:5060;"), "{}", info.text());
    net.settle();
    let answered = net.events_of(0);
    assert!(
        matches!(answered.last(), Some(Event::Answered { tag: 2, answer, .. }) if answer.is_success()),
        "{answered:?}"
    );
    assert_eq!(ask(&mut net, gateway, 3, None), [Transport::Udp], "the dialog itself has not moved");
}

#[test]
fn the_limit_is_1300_bytes_of_the_whole_message() {
    let mut net = net();
    let (gateway, _) = net.connected();
    let sized = |bytes: usize| Some(Body::csta(vec![b' '; bytes]));
    ask(&mut net, gateway, 1, sized(500));
    let head = net.sent[0].bytes.len() - 500;
    // One digit more in Content-Length is not there yet, and CSeq has one digit in all of them.
    for (size, transport) in [(1300, Transport::Udp), (1301, Transport::Tcp)] {
        assert_eq!(ask(&mut net, gateway, 2, sized(size - head)), [transport], "{size}");
        assert_eq!(net.sent[0].bytes.len(), size);
    }
}

#[test]
fn a_phone_that_does_not_listen_on_tcp_gets_it_over_udp() {
    let mut net = net();
    let (gateway, _) = net.connected();
    net.lose = Box::new(|sent| sent.flow.transport == Transport::Tcp);
    ask(&mut net, gateway, 1, large());
    let refused = net.sent[0].clone();
    net.sent.clear();
    refuse_tcp(&mut net);
    let again = net.sent[0].clone();
    assert_eq!((again.flow.transport, again.what()), (Transport::Udp, "INFO".to_owned()));
    assert!(again.header("Via").unwrap().starts_with("SIP/2.0/UDP "));
    assert_ne!(again.header("Via"), refused.header("Via"), "a transaction of its own");
    net.settle();
    let answered = net.events_of(0);
    assert!(matches!(answered.as_slice(), [Event::Answered { tag: 1, .. }]), "{answered:?}");
    assert_eq!(ask(&mut net, gateway, 2, large()), [Transport::Udp], "it is not asked over TCP again");
    net.settle();
    net.run(Duration::from_secs(40));
    assert_eq!(net.events_of(0).len(), 1);
}

#[test]
fn a_large_invite_falls_back_too() {
    let mut net = net();
    net.lose = Box::new(|sent| sent.flow.transport == Transport::Tcp);
    let invite = Invite { body: large(), give_up: Some(Duration::from_secs(4)), ..net.invite() };
    let dialog = net.act(0, |agent, now, out| agent.invite(now, invite, out));
    assert_eq!(net.sent[0].flow.transport, Transport::Tcp);
    assert!(
        net.sent[0].header("Contact").unwrap().contains("<sip:hookswitch@10.0.0.1:5060>"),
        "{}",
        net.sent[0].text()
    );
    refuse_tcp(&mut net);
    net.settle();
    let events = net.events_of(0);
    assert!(matches!(events.as_slice(), [Event::Accepted { dialog: up, .. }] if *up == dialog), "{events:?}");
}

/// A connection that stood may have carried the request: to send it again could dial twice.
#[test]
fn a_connection_that_breaks_is_no_reason_to_repeat() {
    let mut net = net();
    let (gateway, _) = net.connected();
    net.lose = Box::new(|_| true);
    ask(&mut net, gateway, 1, large());
    net.sent.clear();
    let flow = Flow { transport: Transport::Tcp, ..net.flow(0, 1) };
    net.act(0, |agent, now, out| agent.flow_failed(now, flow, out));
    assert!(net.sent.is_empty());
    let failed = net.events_of(0);
    assert!(matches!(failed.as_slice(), [Event::Failed { tag: 1, failure: Failure::Flow, .. }]), "{failed:?}");
}

#[test]
fn who_must_be_reached_over_udp_is() {
    // Registered over UDP, or a URI that says so: by the way it opened, or that it names.
    let pinned = |net: &Net| Invite { pinned: true, ..net.invite() };
    let named = |net: &Net| Invite { uri: "sip:101@10.0.0.2:5060;transport=UDP".parse().unwrap(), ..net.invite() };
    for invite in [pinned, named] {
        let mut net = net();
        let invite = Invite { body: large(), ..invite(&net) };
        net.act(0, |agent, now, out| agent.invite(now, invite, out));
        assert_eq!(net.sent[0].flow.transport, Transport::Udp);
    }
    // And nobody who cannot open connections tries to.
    let mut net = Net::new(Transport::Udp);
    let (gateway, _) = net.connected();
    assert_eq!(ask(&mut net, gateway, 1, large()), [Transport::Udp]);
}

/// All that went over a connection that is none fails, but for what can go elsewhere.
#[test]
fn a_dialog_over_tcp_has_nowhere_to_fall_back_to() {
    let gateway = Config { large_over_tcp: true, ..Config::default() };
    let phone = Config { accept_invites: true, ..Config::default() };
    let mut net = Net::with(Transport::Tcp, [gateway, phone]);
    let (gateway, _) = net.connected();
    net.lose = Box::new(|_| true);
    ask(&mut net, gateway, 1, large());
    net.sent.clear();
    let flow = net.flow(0, 1);
    net.act(0, |agent, now, out| agent.flow_refused(now, flow, out));
    assert!(net.sent.is_empty());
    let failed = net.events_of(0);
    assert!(matches!(failed.as_slice(), [Event::Failed { tag: 1, failure: Failure::Flow, .. }]), "{failed:?}");
    assert!(!failed.iter().any(|event| matches!(event, Event::Ended { ending: Ending::Disconnected, .. })));
}
