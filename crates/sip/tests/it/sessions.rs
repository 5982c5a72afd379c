//! Session timers (RFC 4028), against a phone whose every answer is written by hand.

use std::time::Duration;

use sip::{Config, DialogId, Ending, Event, Failure, Invite, Transport};

use crate::net::{Net, Sent, address, csta};
use crate::pair::in_dialog;

/// A gateway whose INVITE is on its way, and a phone that says nothing by itself.
fn calling() -> (Net, DialogId, Sent) {
    let mut net = Net::new(Transport::Tcp);
    net.lose = Box::new(|_| true);
    let invite = Invite { body: Some(csta("<RequestSystemStatus/>")), ..net.invite() };
    let dialog = net.act(0, |agent, now, out| agent.invite(now, invite, out));
    let sent = net.sent.pop().unwrap();
    (net, dialog, sent)
}

/// A session that stands, after this answer to the INVITE.
fn standing(headers: &str) -> (Net, DialogId) {
    let (mut net, dialog, invite) = calling();
    answer(&mut net, &invite, 200, headers);
    assert!(matches!(net.events_of(0).as_slice(), [Event::Accepted { .. }]));
    net.sent.clear();
    (net, dialog)
}

/// The phone answers a request.
fn answer(net: &mut Net, request: &Sent, status: u16, headers: &str) {
    let header = |name: &str| request.header(name).unwrap();
    let to = header("To");
    let to = if to.contains(";tag=") { to } else { format!("{to};tag=phone") };
    let bytes = format!(
        "SIP/2.0 {status} -\r\nVia: {}\r\nFrom: {}\r\nTo: {to}\r\nCall-ID: {}\r\nCSeq: {}\r\n\
         Contact: <sip:101@10.0.0.2:5060>\r\n{headers}Content-Length: 0\r\n\r\n",
        header("Via"),
        header("From"),
        header("Call-ID"),
        header("CSeq"),
    );
    net.inject(0, address(1), bytes.as_bytes());
}

/// The phone sends a request in the dialog that this INVITE or refresh belongs to.
fn request(net: &mut Net, of: &Sent, number: u32, headers: &str) {
    let header = |name: &str| of.header(name).unwrap();
    let bytes = format!(
        "UPDATE sip:hookswitch@10.0.0.1:5060 SIP/2.0\r\nVia: SIP/2.0/TCP 10.0.0.2:5060;branch=z9hG4bKp{number}\r\n\
         From: <sip:101@10.0.0.2:5060>;tag=phone\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {number} UPDATE\r\n\
         Contact: <sip:101@10.0.0.2:5060>\r\n{headers}Content-Length: 0\r\n\r\n",
        header("From"),
        header("Call-ID"),
    );
    net.inject(0, address(1), bytes.as_bytes());
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const WE_REFRESH: &str = "Session-Expires: 1800;refresher=uac\r\nRequire: timer\r\nAllow: INVITE, ACK, BYE, UPDATE\r\n";
const PHONE_REFRESHES: &str = "Session-Expires: 1800;refresher=uas\r\nRequire: timer\r\n";

#[test]
fn two_agents_refresh_at_half_time() {
    let mut net = Net::new(Transport::Udp);
    let invite = net.invite();
    let dialog = net.act(0, |agent, now, out| agent.invite(now, invite, out));
    net.settle();
    let expires = |sent: &Sent| sent.header("Session-Expires").unwrap_or_default();
    assert_eq!((expires(&net.sent[0]).as_str(), net.sent[0].header("Min-SE").as_deref()), ("1800", Some("90")));
    assert_eq!(net.sent[0].header("Supported").as_deref(), Some("timer"));
    let accepted = net.sent.iter().find(|sent| sent.what() == "200").unwrap();
    assert_eq!(
        (expires(accepted).as_str(), accepted.header("Require").as_deref()),
        ("1800;refresher=uac", Some("timer"))
    );
    net.events.clear();
    net.sent.clear();
    net.run(seconds(3590));
    // Each interval begins with the answer, and each way takes a millisecond.
    assert_eq!(net.sent_by(0), ["900002 UPDATE", "1800004 UPDATE", "2700006 UPDATE"]);
    assert!(net.sent.iter().all(|sent| expires(sent) == "1800;refresher=uac"));
    assert_eq!(net.events, [], "nobody but the agents knows of it");
    net.act(0, |agent, now, out| agent.bye(now, dialog, out));
    net.run(seconds(40));
    assert!(net.agents.iter().all(|agent| agent.deadline().is_none()), "nothing is left to wait for");
}

#[test]
fn a_session_that_the_phone_does_not_refresh_is_over() {
    let (mut net, dialog) = standing(PHONE_REFRESHES);
    net.run(seconds(1767));
    assert_eq!((net.kinds_by(0), net.events_of(0)), (vec![], vec![]));
    net.run(seconds(1));
    assert_eq!(net.kinds_by(0), ["BYE"]);
    assert_eq!(net.events_of(0), [Event::Ended { dialog, ending: Ending::Timeout }]);
}

#[test]
fn a_session_that_the_phone_refreshes_goes_on_and_may_change_hands() {
    let (mut net, _, invite) = calling();
    answer(&mut net, &invite, 200, PHONE_REFRESHES);
    net.events_of(0);
    for number in 1..4 {
        net.run(seconds(900));
        net.sent.clear();
        request(&mut net, &invite, number, "Supported: timer\r\nSession-Expires: 1800;refresher=uac\r\n");
        assert_eq!(net.sent[0].header("Session-Expires").as_deref(), Some("1800;refresher=uac"));
    }
    // The phone hands it over; and it does not know UPDATE.
    request(&mut net, &invite, 5, "Supported: timer\r\nSession-Expires: 600;refresher=uas\r\nAllow: INVITE, BYE\r\n");
    net.sent.clear();
    net.run(seconds(300));
    assert_eq!(net.kinds_by(0), ["INVITE"]);
    assert!(net.sent[0].text().ends_with("\r\n\r\n<RequestSystemStatus/>"), "as the first one: {}", net.sent[0].text());
    assert_eq!(net.sent[0].header("Session-Expires").as_deref(), Some("600;refresher=uac"));
    // A refresh without the header ends the timers (RFC 4028 9).
    let refresh = net.sent[0].clone();
    answer(&mut net, &refresh, 200, "");
    net.sent.clear();
    net.run(seconds(4000));
    assert_eq!((net.kinds_by(0), net.events_of(0)), (vec![], vec![]));
}

#[test]
fn a_phone_without_session_timers_is_left_alone() {
    let (mut net, _) = standing("");
    net.run(seconds(4000));
    assert_eq!((net.kinds_by(0), net.events_of(0)), (vec![], vec![]));
}

#[test]
fn a_phone_that_wants_longer_sessions_gets_them() {
    let (mut net, _, mut invite) = calling();
    for shortest in ["3600", "7200", "9000"] {
        answer(&mut net, &invite, 422, &format!("Min-SE: {shortest}\r\n"));
        invite = net.sent.pop().unwrap();
        assert_eq!(invite.what(), "INVITE");
        assert_eq!(invite.header("Session-Expires").as_deref(), Some(shortest));
        assert_eq!(invite.header("Min-SE").as_deref(), Some(shortest));
    }
    assert_eq!(invite.header("CSeq").as_deref(), Some("4 INVITE"));
    answer(&mut net, &invite, 422, "Min-SE: 9999\r\n");
    let events = net.events_of(0);
    assert!(
        matches!(events.as_slice(), [Event::Rejected { failure: Failure::Status(answer), .. }] if answer.status == 422)
    );
}

#[test]
fn where_update_is_not_known_an_invite_refreshes() {
    let (mut net, dialog) = standing(WE_REFRESH);
    net.run(seconds(900));
    let update = net.sent.pop().unwrap();
    assert_eq!(update.what(), "UPDATE");
    answer(&mut net, &update, 405, "");
    net.run(seconds(1));
    let invite = net.sent.pop().unwrap();
    assert_eq!(invite.what(), "INVITE");
    answer(&mut net, &invite, 200, "Session-Expires: 1800;refresher=uac\r\n");
    assert_eq!(net.sent.pop().unwrap().what(), "ACK");
    net.run(seconds(900));
    let invite = net.sent.pop().unwrap();
    assert_eq!(invite.what(), "INVITE", "it remembers");
    answer(&mut net, &invite, 481, "");
    assert_eq!(net.events_of(0), [Event::Ended { dialog, ending: Ending::Unknown }]);
}

#[test]
fn a_refresh_that_is_refused_for_now_is_tried_again_until_the_end() {
    let (mut net, dialog) = standing(WE_REFRESH);
    let mut refused = Vec::new();
    while net.events.is_empty() {
        net.run(seconds(1));
        if let Some(update) = net.sent.pop_if(|sent| sent.what() == "UPDATE") {
            refused.push(update.at / 1000);
            answer(&mut net, &update, 500, "");
        }
        assert!(net.clock() < 2_000_000);
    }
    assert!(refused.len() > 4 && refused[0] == 900 && refused[1] == 1334, "{refused:?}");
    assert_eq!(net.clock() / 1000, 1768);
    assert_eq!(net.events_of(0), [Event::Ended { dialog, ending: Ending::Timeout }]);
}

#[test]
fn a_refresh_without_an_answer_ends_the_dialog() {
    let (mut net, dialog) = standing(WE_REFRESH);
    net.run(seconds(931));
    assert_eq!(net.events_of(0), []);
    net.run(seconds(2));
    assert_eq!(net.kinds_by(0), ["UPDATE", "BYE"]);
    assert_eq!(net.events_of(0), [Event::Ended { dialog, ending: Ending::Timeout }]);
}

#[test]
fn a_session_that_would_be_too_short_is_refused_where_that_is_understood() {
    let cases = [
        ("Supported: timer\r\nSession-Expires: 60\r\n", "422", None),
        ("Session-Expires: 60\r\n", "200", Some("60;refresher=uas")),
        ("Supported: timer\r\nSession-Expires: 90\r\n", "200", Some("90;refresher=uac")),
        ("Require: timer\r\nx: 120 ; Refresher=UAC\r\n", "200", Some("120;refresher=uac")),
        ("Supported: timer\r\n", "200", None),
        ("Supported: timer\r\nSession-Expires: soon\r\n", "200", None),
    ];
    for (headers, status, expires) in cases {
        let (mut net, _, invite) = calling();
        answer(&mut net, &invite, 200, "");
        net.sent.clear();
        request(&mut net, &invite, 1, headers);
        assert_eq!((net.sent[0].what().as_str(), net.sent[0].header("Session-Expires").as_deref()), (status, expires));
        assert_eq!(net.sent[0].header("Min-SE").is_some(), status == "422");
        assert_eq!(net.sent[0].header("Require").is_some(), expires.is_some_and(|terms| terms.ends_with("uac")));
    }
}

#[test]
fn who_wants_none_asks_for_none() {
    let gateway = Config { session_expires: None, ..Config::default() };
    let phone = Config { accept_invites: true, ..Config::default() };
    let mut net = Net::with(Transport::Udp, [gateway, phone]);
    net.connected();
    net.run(seconds(40));
    assert!(net.agents.iter().all(|agent| agent.deadline().is_none()));
    // The phone may still ask.
    let update = in_dialog(&mut net, "UPDATE", "Session-Expires: 600;refresher=uas\r\n");
    net.inject(0, address(1), &update);
    net.sent.clear();
    net.run(seconds(301));
    assert_eq!(net.kinds_by(0), ["UPDATE"]);
}
