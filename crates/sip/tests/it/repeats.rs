//! What is sent again, when, and when somebody loses patience.

use std::time::Duration;

use sip::{Config, Ending, Event, Failure, Method, Timers, Transport};

use crate::net::{Net, address};

#[test]
fn an_unanswered_invite_is_repeated_until_timer_b() {
    let mut net = Net::new(Transport::Udp);
    net.lose = Box::new(|_| true);
    let invite = net.invite();
    let dialog = net.act(0, |agent, now, out| agent.invite(now, invite, out));
    net.run(Duration::from_secs(60));
    let times = ["0", "500", "1500", "3500", "7500", "15500", "31500"].map(|time| format!("{time} INVITE"));
    assert_eq!(net.sent_by(0), times);
    assert_eq!(net.events_of(0), [Event::Rejected { dialog, failure: Failure::Timeout }]);
    assert_eq!(net.agents[0].deadline(), None);
}

/// T1 and T2 are settings (RFC 3261 17.1.1.1): 64 T1 is the end of patience, T2 the longest pause of all but INVITE.
#[test]
fn repetitions_keep_to_the_timers_that_were_set() {
    let timers = Timers { t1: Duration::from_millis(100), t2: Duration::from_millis(300), t4: Duration::from_secs(1) };
    let gateway = Config { timers, ..Config::default() };
    let phone = Config { accept_invites: true, ..Config::default() };
    let mut net = Net::with(Transport::Udp, [gateway, phone]);
    let (dialog, _) = net.connected();
    net.lose = Box::new(|_| true);
    let start = net.clock();
    net.act(0, |agent, now, out| agent.request(now, dialog, 5, Method::INFO, None, out));
    let invite = net.invite();
    net.act(0, |agent, now, out| agent.invite(now, invite, out));
    net.run(Duration::from_secs(7));
    let times = |what: &str| -> Vec<u128> {
        net.sent.iter().filter(|sent| sent.what() == what).map(|sent| sent.at - start).collect()
    };
    assert_eq!(times("INVITE"), [0, 100, 300, 700, 1500, 3100, 6300]);
    let infos = times("INFO");
    assert_eq!(infos[..6], [0, 100, 300, 600, 900, 1200]);
    assert_eq!(infos.last(), Some(&6300));
    assert!(net.events_of(0).iter().any(|event| matches!(event, Event::Ended { ending: Ending::Timeout, .. })));
}

/// Behind a NAT the answer's Via says where our request came from (RFC 3581 4): it is our request all the same.
#[test]
fn an_answer_that_names_another_source_is_ours() {
    let mut net = Net::new(Transport::Udp);
    let (dialog, _) = net.connected();
    net.lose = Box::new(|_| true);
    net.act(0, |agent, now, out| agent.request(now, dialog, 5, Method::INFO, None, out));
    let info = net.sent[0].clone();
    assert!(info.header("Via").unwrap().ends_with(";rport"), "we ask for it (RFC 3581 3)");
    let kept = ["Via", "From", "To", "Call-ID", "CSeq"];
    let text = info.text().replace(";rport", ";received=203.0.113.9;rport=40123");
    let lines = text.lines().filter(|line| kept.iter().any(|name| line.starts_with(name)));
    let lines: String = lines.map(|line| format!("{line}\r\n")).collect();
    net.inject(0, address(1), format!("SIP/2.0 200 OK\r\n{lines}\r\n").as_bytes());
    assert!(matches!(net.events_of(0).as_slice(), [Event::Answered { tag: 5, .. }]));
}

#[test]
fn an_unanswered_info_is_repeated_until_timer_f_and_ends_the_dialog() {
    let mut net = Net::new(Transport::Udp);
    let (dialog, _) = net.connected();
    net.lose = Box::new(|_| true);
    let start = net.clock();
    net.act(0, |agent, now, out| agent.request(now, dialog, 5, Method::INFO, None, out));
    net.run(Duration::from_secs(80));
    let infos: Vec<_> = net.sent.iter().filter(|sent| sent.what() == "INFO").map(|sent| sent.at - start).collect();
    assert_eq!(infos, [0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500]);
    let events = net.events_of(0);
    assert_eq!(
        events,
        [Event::Failed { dialog, tag: 5, failure: Failure::Timeout }, Event::Ended { dialog, ending: Ending::Timeout },]
    );
    assert!(net.kinds_by(0).contains(&"BYE".to_owned()), "should the peer live after all");
}

#[test]
fn over_a_stream_nothing_is_repeated() {
    let mut net = Net::new(Transport::Tcp);
    net.lose = Box::new(|_| true);
    let invite = net.invite();
    net.act(0, |agent, now, out| agent.invite(now, invite, out));
    net.run(Duration::from_secs(60));
    assert_eq!(net.sent_by(0), ["0 INVITE"]);
    assert!(matches!(net.events_of(0).as_slice(), [Event::Rejected { failure: Failure::Timeout, .. }]));
}

#[test]
fn a_lost_200_to_an_invite_is_sent_again_until_its_ack() {
    let mut net = Net::new(Transport::Udp);
    let mut lost = 0;
    net.lose = Box::new(move |sent| {
        let now = sent.what() == "200" && lost < 2;
        lost += usize::from(now);
        now
    });
    let invite = net.invite();
    net.act(0, |agent, now, out| agent.invite(now, invite, out));
    net.run(Duration::from_secs(40));
    assert_eq!(net.kinds_by(1), ["200"; 3]);
    assert!(net.kinds_by(0).ends_with(&["ACK".to_owned()]));
    assert_eq!(net.events_of(0).len(), 1);
    assert_eq!(net.events_of(1).len(), 1, "the repeated INVITE is one invitation");
}

#[test]
fn a_lost_ack_is_sent_again_for_the_repeated_200() {
    let mut net = Net::new(Transport::Udp);
    let mut acks = 0;
    net.lose = Box::new(move |sent| {
        acks += usize::from(sent.what() == "ACK");
        sent.what() == "ACK" && acks < 3
    });
    let invite = net.invite();
    net.act(0, |agent, now, out| agent.invite(now, invite, out));
    net.run(Duration::from_secs(40));
    assert_eq!(net.kinds_by(0), ["INVITE", "ACK", "ACK", "ACK"]);
    assert_eq!(net.sent_by(1), ["1 200", "501 200", "1501 200"]);
    assert!(matches!(net.events_of(0).as_slice(), [Event::Accepted { .. }]));
    assert!(matches!(net.events_of(1).as_slice(), [Event::Invited { .. }]));
}

#[test]
fn a_200_that_is_never_acknowledged_ends_the_dialog() {
    let mut net = Net::new(Transport::Udp);
    net.lose = Box::new(|sent| sent.what() == "ACK");
    let invite = net.invite();
    net.act(0, |agent, now, out| agent.invite(now, invite, out));
    net.run(Duration::from_secs(40));
    assert!(matches!(
        net.events_of(1).as_slice(),
        [Event::Invited { .. }, Event::Ended { ending: Ending::Unacknowledged, .. }]
    ));
    assert!(matches!(net.events_of(0).as_slice(), [Event::Accepted { .. }, Event::Ended { ending: Ending::Bye, .. }]));
}

#[test]
fn a_repeated_info_is_one_request_and_gets_the_same_answer() {
    let mut net = Net::new(Transport::Udp);
    let (_, phone) = net.connected();
    let mut lost = 0;
    net.lose = Box::new(move |sent| {
        lost += usize::from(sent.what() == "200");
        sent.what() == "200" && lost < 3
    });
    net.act(1, |agent, now, out| agent.request(now, phone, 1, Method::INFO, None, out));
    net.run(Duration::from_secs(40));
    assert_eq!(net.kinds_by(1), ["INFO"; 3]);
    assert_eq!(net.kinds_by(0), ["200"; 3]);
    assert_eq!(net.events_of(0).len(), 1);
    let answers: std::collections::HashSet<_> =
        net.sent.iter().filter(|sent| sent.from == 0).map(|s| s.text()).collect();
    assert_eq!(answers.len(), 1);
    assert_eq!(net.discarded, []);
}

#[test]
fn a_repeated_answer_is_absorbed_until_timer_k() {
    let mut net = Net::new(Transport::Udp);
    let (gateway, _) = net.connected();
    net.act(0, |agent, now, out| agent.request(now, gateway, 1, Method::INFO, None, out));
    net.run(Duration::from_secs(3));
    let answer = net.sent.last().unwrap().bytes.clone();
    net.inject(0, address(1), &answer);
    assert_eq!(net.discarded, []);
    net.run(Duration::from_secs(3));
    net.inject(0, address(1), &answer);
    assert_eq!(net.discarded, [(0, sip::Discard::Stray)]);
    assert_eq!(net.events_of(0).len(), 1);
}

#[test]
fn a_slow_answer_to_an_invite_is_announced_with_100() {
    let mut net = Net::new(Transport::Udp);
    net.polite = false;
    let invite = net.invite();
    net.act(0, |agent, now, out| agent.invite(now, invite, out));
    net.run(Duration::from_secs(10));
    assert_eq!(net.sent_by(1), ["201 100"]);
    assert_eq!(net.sent_by(0), ["0 INVITE"], "and that stops the repetition");
}

#[test]
fn a_refusal_is_repeated_until_its_ack() {
    let mut net = Net::new(Transport::Udp);
    net.polite = false;
    let mut acks = 0;
    net.lose = Box::new(move |sent| {
        acks += usize::from(sent.what() == "ACK");
        sent.what() == "ACK" && acks < 3
    });
    let invite = net.invite();
    let dialog = net.act(0, |agent, now, out| agent.invite(now, invite, out));
    net.run(Duration::from_millis(10));
    let events = net.events_of(1);
    let [Event::Invited { transaction, .. }] = events.as_slice() else { panic!("{events:?}") };
    net.act(1, |agent, now, out| agent.respond(now, *transaction, sip::Answer::new(486), out));
    net.run(Duration::from_secs(40));
    assert_eq!(net.kinds_by(1), ["486"; 3]);
    assert_eq!(net.kinds_by(0), ["INVITE", "ACK", "ACK", "ACK"]);
    let events = net.events_of(0);
    assert!(matches!(events.as_slice(), [Event::Rejected { dialog: id, failure: Failure::Status(answer) }]
        if *id == dialog && answer.status == 486));
}

/// RFC 3261 17.2.3: sent-by is part of what identifies a transaction.
#[test]
fn the_same_branch_from_two_hosts_is_two_transactions() {
    let mut net = Net::new(Transport::Udp);
    net.polite = false;
    for (host, times) in [("10.0.0.8:5060", 2), ("10.0.0.9:5060", 1), ("10.0.0.8:5070", 1)] {
        for _ in 0..times {
            let invite = format!(
                "INVITE sip:101@10.0.0.2 SIP/2.0\r\nVia: SIP/2.0/UDP {host};branch=z9hG4bKsame\r\n\
                 From: <sip:a@10.0.0.8>;tag=1\r\nTo: <sip:101@10.0.0.2>\r\nCall-ID: one@{host}\r\n\
                 CSeq: 1 INVITE\r\nContact: <sip:a@{host}>\r\n\r\n"
            );
            net.inject(1, host.parse().unwrap(), invite.as_bytes());
        }
    }
    assert_eq!(net.events_of(1).len(), 3);
}

/// RFC 3261 17.2.3: a peer of RFC 2543 has no unique branch, so all that identifies its request is compared.
#[test]
fn a_request_without_a_branch_is_matched_the_old_way() {
    let mut net = Net::new(Transport::Udp);
    net.polite = false;
    let invite = |number: u32, branch: &str| {
        format!(
            "INVITE sip:101@10.0.0.2 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.8:5060{branch}\r\nFrom: <sip:a@10.0.0.8>\r\n\
             To: <sip:101@10.0.0.2>\r\nCall-ID: one\r\nCSeq: {number} INVITE\r\nContact: <sip:a@10.0.0.8>\r\n\r\n"
        )
    };
    let source = "10.0.0.8:5060".parse().unwrap();
    for (number, branch, events) in [(1, "", 1), (1, "", 0), (2, "", 1), (2, ";branch=1", 1), (2, ";branch=z9hG4bK", 1)]
    {
        net.inject(1, source, invite(number, branch).as_bytes());
        assert_eq!(net.events_of(1).len(), events, "{number} {branch}");
    }
}

/// RFC 3261 8.2.2.2: a proxy sent one INVITE to several places, and two of the branches lead here.
#[test]
fn a_request_that_comes_by_two_ways_is_served_once() {
    let mut net = Net::new(Transport::Udp);
    let request = |method: &str, branch: &str, tag: &str, number: u32| {
        format!(
            "{method} sip:101@10.0.0.2 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.8:5060;branch=z9hG4bK{branch}\r\n\
             From: <sip:a@10.0.0.8>;tag={tag}\r\nTo: <sip:101@10.0.0.2>\r\nCall-ID: one\r\nCSeq: {number} {method}\r\n\
             Contact: <sip:a@10.0.0.8>\r\nUser-Agent: a proxy that forks, with a name of some length\r\n\r\n"
        )
    };
    let mut ask = |method: &str, branch: &str, tag: &str, number: u32| {
        net.sent.clear();
        net.inject(1, "10.0.0.8:5060".parse().unwrap(), request(method, branch, tag, number).as_bytes());
        net.kinds_by(1).concat()
    };
    assert_eq!(ask("INVITE", "a", "1", 1), "200");
    assert_eq!(ask("INVITE", "b", "1", 1), "482", "the same by another way");
    assert_eq!(ask("INVITE", "a", "1", 1), "", "the same by the same way: a repetition, until the ACK comes");
    assert_eq!(ask("CANCEL", "b", "1", 1), "481", "there is nothing to take back on that way");
    assert_eq!(ask("INVITE", "c", "1", 2), "200", "a new one");
    assert_eq!(ask("INVITE", "d", "2", 1), "200", "somebody else's");
    assert_eq!(ask("OPTIONS", "e", "1", 1), "200", "another method");
    assert_eq!(net.events_of(1).len(), 3);
    net.run(Duration::from_secs(100));
    assert!(net.agents[1].deadline().is_none(), "nothing is left of the transactions");
}

/// RFC 3261 17.1.2.2: after a provisional answer Timer E waits T2 each time.
#[test]
fn a_provisional_answer_slows_the_repetition_down() {
    let mut net = Net::new(Transport::Udp);
    let (dialog, _) = net.connected();
    net.lose = Box::new(|_| true);
    let start = net.clock();
    net.act(0, |agent, now, out| agent.request(now, dialog, 5, Method::INFO, None, out));
    let copied = ["Via", "From", "To", "Call-ID", "CSeq"];
    let text = net.sent[0].text();
    let lines = text.lines().filter(|line| copied.iter().any(|name| line.starts_with(name)));
    let trying: String = lines.map(|line| format!("{line}\r\n")).collect();
    net.inject(0, address(1), format!("SIP/2.0 100 Trying\r\n{trying}\r\n").as_bytes());
    net.run(Duration::from_secs(10));
    let infos: Vec<_> = net.sent.iter().map(|sent| sent.at - start).collect();
    assert_eq!(infos, [0, 4000, 8000]);
}
