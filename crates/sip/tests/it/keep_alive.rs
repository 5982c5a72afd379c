//! Keep-alives on streams (RFC 5626 4.4.1).

use std::time::Duration;

use sip::{Config, Ending, Event, Failure, Method, Transport};

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

/// A connection that ends in nothing: whoever answered before is given up after ten seconds, and whoever never did is not.
#[test]
fn a_missing_pong_ends_a_connection_that_used_to_answer() {
    let mut net = Net::new(Transport::Tcp);
    let (gateway, _) = net.connected();
    net.run(seconds(300));
    assert_eq!(net.disconnected, [], "the phone answers");
    let last = net.pings.last().unwrap().0;
    net.lose = Box::new(|_| true);
    let tag = 7;
    net.run(seconds(u64::try_from(last).unwrap() + 125 - u64::try_from(net.clock() / 1000).unwrap()));
    assert_eq!(net.disconnected, []);
    net.act(0, |agent, now, out| agent.request(now, gateway, tag, Method::INFO, None, out));
    net.run(seconds(6));
    let ours = net.flow(0, 1);
    assert_eq!(net.disconnected.iter().filter(|flow| **flow == ours).count(), 1, "{:?}", net.disconnected);
    let failed = net.events_of(0);
    assert!(matches!(failed.as_slice(), [Event::Failed { tag: 7, failure: Failure::Flow, .. }]), "{failed:?}");
    // There is no need to ask again soon, and nothing is known of a new connection.
    net.disconnected.clear();
    net.run(seconds(115));
    assert_eq!(net.disconnected, []);
}

#[test]
fn who_never_answered_a_ping_is_borne() {
    let mut net = Net::new(Transport::Tcp);
    net.connected();
    net.lose = Box::new(|sent| &*sent.bytes == b"\r\n");
    net.run(seconds(1000));
    assert!(net.pings.len() > 5);
    assert_eq!(net.disconnected, []);
}

/// The gateway keeps dialogs over UDP alive, the phone does not.
fn over_udp() -> Net {
    let gateway = Config { keep_alive_datagrams: Some(seconds(30)), ..Config::default() };
    let phone = Config { accept_invites: true, contact_user: "phone".into(), ..Config::default() };
    Net::with(Transport::Udp, [gateway, phone])
}

#[test]
fn a_silent_dialog_over_udp_is_sent_options() {
    let mut net = over_udp();
    let (gateway, _) = net.connected();
    net.run(seconds(600));
    let options: Vec<_> = net.sent.iter().filter(|sent| sent.what() == "OPTIONS").collect();
    assert!(options.iter().all(|sent| sent.from == 0 && sent.header("CSeq").is_some()));
    let pauses: Vec<_> = options.windows(2).map(|pair| pair[1].at - pair[0].at).collect();
    assert!(pauses.len() >= 17 && pauses.iter().all(|pause| (30_000..33_110).contains(pause)), "{pauses:?}");
    assert!(net.events.is_empty(), "the answers are nobody's business");
    net.act(0, |agent, now, out| agent.bye(now, gateway, out));
    net.settle();
    net.sent.clear();
    net.run(seconds(600));
    assert_eq!(net.kinds_by(0), [""; 0]);
}

/// Whoever asks every 30 s of silence for something of its own keeps the flow alive by that.
#[test]
fn a_dialog_over_udp_that_talks_needs_no_options() {
    for (asker, pause) in [(0, 30), (1, 25)] {
        let mut net = over_udp();
        let dialogs = net.connected();
        let dialog = if asker == 0 { dialogs.0 } else { dialogs.1 };
        for tag in 0..20 {
            // As a session does it: so long after the answer.
            net.settle();
            net.run(seconds(pause) - Duration::from_millis(398));
            net.act(asker, |agent, now, out| agent.request(now, dialog, tag, Method::INFO, None, out));
        }
        assert!(net.sent.iter().all(|sent| sent.what() != "OPTIONS"), "{:?}", net.kinds_by(0));
    }
}

#[test]
fn a_phone_that_lost_the_dialog_is_found_out_by_options() {
    let mut net = over_udp();
    net.connected();
    net.agents.truncate(1);
    net.run(seconds(34 + 32));
    let ended = net.events_of(0);
    assert!(matches!(ended.as_slice(), [Event::Ended { ending: Ending::Timeout, .. }]), "{ended:?}");

    for (status, ending) in [(481, Some(Ending::Unknown)), (408, Some(Ending::Timeout)), (405, None), (500, None)] {
        let mut net = over_udp();
        net.connected();
        net.lose = Box::new(|sent| sent.what() == "OPTIONS");
        net.run(seconds(34));
        let options = net.sent.iter().find(|sent| sent.what() == "OPTIONS").unwrap();
        let kept = |line: &&str| ["Via", "From", "To", "Call-ID", "CSeq"].iter().any(|name| line.starts_with(name));
        let lines: String = options.text().lines().filter(kept).map(|line| format!("{line}\r\n")).collect();
        net.inject(0, address(1), format!("SIP/2.0 {status} No\r\n{lines}\r\n").as_bytes());
        let endings: Vec<_> = net
            .events_of(0)
            .into_iter()
            .map(|event| match event {
                Event::Ended { ending, .. } => ending,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(endings, ending.into_iter().collect::<Vec<_>>(), "{status}");
    }
}

/// A thousand phones that were called in the same instant are not asked in the same instant.
#[test]
fn options_are_spread() {
    let mut net = over_udp();
    for _ in 0..1000 {
        let invite = net.invite();
        net.act(0, |agent, now, out| agent.invite(now, invite, out));
    }
    net.run(seconds(40));
    let mut by_tenth = std::collections::BTreeMap::new();
    for sent in net.sent.iter().filter(|sent| sent.what() == "OPTIONS") {
        *by_tenth.entry(sent.at / 100).or_insert(0) += 1;
    }
    assert!(by_tenth.len() >= 30 && by_tenth.values().all(|count| *count < 100), "{by_tenth:?}");
}
