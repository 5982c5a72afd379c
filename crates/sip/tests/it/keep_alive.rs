//! Keep-alives on streams (RFC 5626 4.4.1).

use std::time::Duration;

use sip::{Method, Transport};

use crate::net::{Net, address};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn a_silent_connection_with_a_dialog_is_sent_a_ping() {
    let mut net = Net::new(Transport::Tcp);
    let (gateway, _) = net.connected();
    // Both sides keep it up; what one of them sends is a sign of life for the other.
    net.run(seconds(119));
    assert_eq!(net.pings, []);
    net.run(seconds(500));
    let times: Vec<_> = net.pings.iter().map(|(at, _)| *at).collect();
    assert!(times.len() >= 5 && times.windows(2).all(|pair| pair[1] - pair[0] <= 120), "{:?}", net.pings);
    assert!(net.sent.iter().any(|sent| &*sent.bytes == b"\r\n"), "a ping is answered");
    assert!(net.events.is_empty() && net.discarded.is_empty());
    net.act(0, |agent, now, out| agent.bye(now, gateway, out));
    net.pings.clear();
    net.run(seconds(500));
    assert_eq!(net.pings, [], "without a dialog nobody cares for the connection");
    assert!(net.agents.iter().all(|agent| agent.deadline().is_none()));
}

#[test]
fn a_connection_that_talks_needs_none() {
    let mut net = Net::new(Transport::Tcp);
    let (gateway, _) = net.connected();
    for tag in 0..20 {
        net.run(seconds(60));
        net.act(0, |agent, now, out| agent.request(now, gateway, tag, Method::INFO, None, out));
    }
    assert_eq!(net.pings, []);
}

#[test]
fn datagrams_need_none() {
    let mut net = Net::new(Transport::Udp);
    net.connected();
    net.run(seconds(800));
    assert_eq!(net.pings, []);
}

/// A phone has come back on another connection: that one is kept, and the old one is not called any more.
#[test]
fn pings_follow_the_dialog() {
    let mut net = Net::new(Transport::Tcp);
    net.connected();
    net.polite = false;
    let info = crate::pair::in_dialog(&mut net, "INFO", "");
    let elsewhere = "10.0.0.2:49152".parse().unwrap();
    net.inject(0, elsewhere, &info);
    let mut out = Vec::new();
    let at = net.now + seconds(120);
    net.agents[0].timeout(at, &mut out);
    let pinged: Vec<_> = out
        .iter()
        .filter_map(|output| match output {
            sip::Output::Transmit { flow, bytes } if &**bytes == b"\r\n\r\n" => Some(flow.remote),
            _ => None,
        })
        .collect();
    assert_eq!(pinged, [elsewhere]);
}

/// A pong and a ping may arrive in one piece.
#[test]
fn a_ping_is_answered_in_whatever_company_it_comes() {
    for (breaks, pongs) in [(1, 0), (2, 1), (3, 1), (5, 1)] {
        let mut net = Net::new(Transport::Tcp);
        net.inject(0, address(1), "\r\n".repeat(breaks).as_bytes());
        assert_eq!(net.sent.len(), pongs, "{breaks}");
    }
}
