//! Which way requests go inside a dialog (RFC 3261 12.1.2, 12.2.1.1).

use sip::{Event, Invite, Method, Transport};

use crate::net::{Net, address};

/// The gateway's INVITE is answered by hand; then it sends an INFO, whose head is returned.
fn after(headers: &str, invite: impl FnOnce(Invite) -> Invite) -> (Net, sip::DialogId) {
    let mut net = Net::new(Transport::Udp);
    net.polite = false;
    net.lose = Box::new(|_| true);
    let asked = invite(net.invite());
    let dialog = net.act(0, |agent, now, out| agent.invite(now, asked, out));
    accept(&mut net, ";tag=phone", headers);
    assert!(matches!(net.events_of(0).as_slice(), [Event::Accepted { .. }]));
    net.sent.clear();
    net.act(0, |agent, now, out| agent.request(now, dialog, 1, Method::INFO, None, out));
    (net, dialog)
}

/// Answers what the gateway sent first with 200.
fn accept(net: &mut Net, tag: &str, headers: &str) {
    let copied = ["Via", "From", "Call-ID", "CSeq"];
    let text = net.sent[0].text();
    let lines = text.lines().filter(|line| copied.iter().any(|name| line.starts_with(name)));
    let kept: String = lines.map(|line| format!("{line}\r\n")).collect();
    let to = net.sent[0].header("To").unwrap();
    let accepted = format!("SIP/2.0 200 OK\r\n{kept}To: {to}{tag}\r\n{headers}\r\n");
    net.inject(0, address(1), accepted.as_bytes());
}

fn check(headers: &str, uri: &str, routes: &[&str], remote: &str) {
    let (net, _) = after(headers, |invite| invite);
    let info = &net.sent[0];
    assert!(info.text().starts_with(&format!("INFO {uri} SIP/2.0\r\n")), "{}", info.text());
    let text = info.text();
    let seen: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("Route: ")).collect();
    assert_eq!(seen, routes);
    assert_eq!(info.flow.remote, remote.parse().unwrap());
}

/// RFC 3261 19.1.1, table 1: a request line and To have no place for them.
#[test]
fn headers_of_a_uri_stay_at_home() {
    let uri = "sip:101@10.0.0.2:5060?Subject=x".parse().unwrap();
    let (net, _) = after("", |invite| Invite { uri, ..invite });
    assert!(net.sent[0].text().starts_with("INFO sip:101@10.0.0.2:5060 SIP/2.0\r\n"));
    assert_eq!(net.sent[0].header("To").unwrap(), "<sip:101@10.0.0.2:5060>;tag=phone");
}

#[test]
fn requests_go_to_the_contact_through_the_recorded_route() {
    check("Contact: <sip:p@10.0.0.2:5062>\r\n", "sip:p@10.0.0.2:5062", &[], "10.0.0.2:5062");
    check("Contact: <sip:p@10.0.0.2:5062?Subject=x>\r\n", "sip:p@10.0.0.2:5062", &[], "10.0.0.2:5062");
    check("Contact: <sip:p@phone.example>\r\n", "sip:p@phone.example", &[], "10.0.0.2:5060");
    check("", "sip:101@10.0.0.2:5060", &[], "10.0.0.2:5060");
    // Record-Route is read backwards by the side that sent the INVITE.
    check(
        "Contact: <sip:p@10.0.0.2>\r\nRecord-Route: <sip:10.0.0.8;lr>, <sip:10.0.0.7:5070;lr>\r\n\
         Record-Route: \"A, B\" <sip:10.0.0.6:5080;lr;x=1>;hidden\r\n",
        "sip:p@10.0.0.2",
        &["<sip:10.0.0.6:5080;lr;x=1>", "<sip:10.0.0.7:5070;lr>", "<sip:10.0.0.8;lr>"],
        "10.0.0.6:5080",
    );
    // A strict router stands in the Request-URI, and the target at the end.
    check(
        "Contact: <sip:p@10.0.0.2:5062>\r\nRecord-Route: <sip:10.0.0.7:5070;lr>\r\nRecord-Route: <sip:10.0.0.6:5080>\r\n",
        "sip:10.0.0.6:5080",
        &["<sip:10.0.0.7:5070;lr>", "<sip:p@10.0.0.2:5062>"],
        "10.0.0.6:5080",
    );
}

#[test]
fn an_invite_goes_where_it_was_told_through_the_given_route() {
    let (mut net, _) = after("", |invite| Invite { route: vec!["sip:proxy.example;lr".parse().unwrap()], ..invite });
    let invite = Invite {
        uri: "sip:101@pbx.example".parse().unwrap(),
        route: vec!["sip:10.0.0.99:5099;lr".parse().unwrap()],
        headers: vec![("X-Test".into(), "one\r\nInjected: two".into()), ("Bad Name".into(), "x".into())],
        ..net.invite()
    };
    net.sent.clear();
    net.act(0, |agent, now, out| agent.invite(now, invite, out));
    let invite = &net.sent[0];
    assert_eq!(invite.flow.remote, address(1), "the flow is the caller's choice");
    assert!(invite.text().starts_with("INVITE sip:101@pbx.example SIP/2.0\r\n"));
    assert_eq!(invite.header("Route").unwrap(), "<sip:10.0.0.99:5099;lr>");
    assert_eq!(invite.header("X-Test").unwrap(), "one  Injected: two", "a value cannot break out of its line");
    assert!(!invite.text().contains("Bad Name"));
}

#[test]
fn a_peer_that_moves_is_followed() {
    let mut net = Net::new(Transport::Udp);
    let (gateway, _) = net.connected();
    let update = crate::pair::in_dialog(&mut net, "UPDATE", "");
    let moved = String::from_utf8(update).unwrap().replace("<sip:phone@10.0.0.2:5060>", "<sip:new@10.0.0.2:5999>");
    net.inject(0, address(1), moved.as_bytes());
    net.sent.clear();
    net.act(0, |agent, now, out| agent.request(now, gateway, 1, Method::INFO, None, out));
    assert!(net.sent[0].text().starts_with("INFO sip:new@10.0.0.2:5999 SIP/2.0\r\n"));
    assert_eq!(net.sent[0].flow.remote, "10.0.0.2:5999".parse().unwrap());
}

#[test]
fn a_peer_that_moves_with_its_answer_is_followed() {
    for method in [Method::UPDATE, Method::INVITE, Method::INFO] {
        let (mut net, dialog) = after("Contact: <sip:p@10.0.0.2:5062>\r\n", |invite| invite);
        net.sent.clear();
        net.act(0, |agent, now, out| agent.request(now, dialog, 2, method.clone(), None, out));
        accept(&mut net, "", "Contact: <sip:p@10.0.0.2:5099>\r\n");
        net.act(0, |agent, now, out| agent.request(now, dialog, 3, Method::INFO, None, out));
        // INFO moves nobody (RFC 3261 12.2: only target refresh requests do).
        let port = if method == Method::INFO { 5062 } else { 5099 };
        assert_eq!(net.sent.last().unwrap().flow.remote.port(), port, "{method}");
    }
}

#[test]
fn over_a_stream_requests_stay_on_the_connection() {
    let mut net = Net::new(Transport::Tcp);
    let (gateway, _) = net.connected();
    let update = crate::pair::in_dialog(&mut net, "UPDATE", "");
    // The phone opened a new connection: the old one is gone, as a rule.
    net.inject(0, "10.0.0.2:40001".parse().unwrap(), &update);
    net.sent.clear();
    net.act(0, |agent, now, out| agent.request(now, gateway, 1, Method::INFO, None, out));
    assert_eq!(net.sent[0].flow.remote, "10.0.0.2:40001".parse().unwrap());
}
