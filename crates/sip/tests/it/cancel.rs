//! Invitations that are taken back, given up, or accepted too late.

use std::time::Duration;

use sip::{Answer, Ending, Event, Failure, Invite, Transport};

use crate::net::Net;

fn ringing(net: &mut Net, invite: Invite, status: Option<u16>) -> (sip::DialogId, sip::TransactionId) {
    net.polite = false;
    let dialog = net.act(0, |agent, now, out| agent.invite(now, invite, out));
    net.run(Duration::from_millis(10));
    let events = net.events_of(1);
    let [Event::Invited { transaction, .. }] = events.as_slice() else { panic!("{events:?}") };
    if let Some(status) = status {
        net.act(1, |agent, now, out| agent.respond(now, *transaction, Answer::new(status), out));
        net.run(Duration::from_millis(10));
    }
    (dialog, *transaction)
}

#[test]
fn an_invite_is_cancelled_once_it_rings() {
    let mut net = Net::new(Transport::Udp);
    let invite = Invite { route: vec!["sip:10.0.0.2;lr".parse().unwrap()], ..net.invite() };
    let (dialog, _) = ringing(&mut net, invite, Some(180));
    net.act(0, |agent, now, out| agent.bye(now, dialog, out));
    net.settle();
    assert_eq!(net.kinds_by(0), ["INVITE", "CANCEL", "ACK"]);
    let routes: Vec<_> = net.sent.iter().filter(|sent| sent.from == 0).map(|sent| sent.header("Route")).collect();
    assert_eq!(routes, vec![Some("<sip:10.0.0.2;lr>".to_owned()); 3], "the same way each time");
    assert_eq!(net.kinds_by(1), ["180", "200", "487"]);
    assert!(matches!(net.events_of(1).as_slice(), [Event::Ended { ending: Ending::Cancelled, .. }]));
    assert_eq!(net.events_of(0), [], "nobody waits for it any more");
    let branch = |index: usize| net.sent[index].header("Via");
    assert_eq!(branch(0), branch(2), "a CANCEL has the branch of its INVITE (RFC 3261 9.1)");
    net.run(Duration::from_secs(60));
    assert!(net.agents.iter().all(|agent| agent.deadline().is_none()));
}

#[test]
fn an_invite_without_an_answer_is_cancelled_when_one_comes() {
    let mut net = Net::new(Transport::Udp);
    let invite = net.invite();
    let (dialog, transaction) = ringing(&mut net, invite, None);
    net.act(0, |agent, now, out| agent.bye(now, dialog, out));
    net.run(Duration::from_millis(100));
    assert_eq!(net.kinds_by(0), ["INVITE"], "before a provisional answer a CANCEL may overtake its INVITE");
    net.act(1, |agent, now, out| agent.respond(now, transaction, Answer::new(180), out));
    net.settle();
    assert_eq!(net.kinds_by(0), ["INVITE", "CANCEL", "ACK"]);
}

#[test]
fn a_late_acceptance_is_acknowledged_and_ended() {
    let mut net = Net::new(Transport::Udp);
    let invite = Invite { give_up: Some(Duration::from_secs(2)), ..net.invite() };
    net.lose = Box::new(|sent| sent.from == 1 && sent.what() == "100");
    let (dialog, transaction) = ringing(&mut net, invite, None);
    net.run(Duration::from_secs(5));
    assert_eq!(net.events_of(0), [Event::Rejected { dialog, failure: Failure::Timeout }]);
    assert_eq!(net.kinds_by(0), ["INVITE"; 3], "at 0, 0.5 and 1.5 s; then it was given up");
    net.act(1, |agent, now, out| agent.respond(now, transaction, Answer::new(200), out));
    net.settle();
    assert_eq!(net.kinds_by(0)[3..], ["ACK", "BYE"]);
    assert_eq!(net.events_of(0), []);
    assert!(matches!(net.events_of(1).as_slice(), [Event::Ended { ending: Ending::Bye, .. }]));
    net.run(Duration::from_secs(60));
    assert!(net.agents.iter().all(|agent| agent.deadline().is_none()));
}

#[test]
fn a_provisional_answer_keeps_the_patience_alive() {
    let mut net = Net::new(Transport::Udp);
    let invite = Invite { give_up: Some(Duration::from_secs(2)), ..net.invite() };
    let (_, transaction) = ringing(&mut net, invite, Some(180));
    net.run(Duration::from_secs(100));
    assert_eq!(net.events_of(0), []);
    net.act(1, |agent, now, out| agent.respond(now, transaction, Answer::new(200), out));
    net.settle();
    assert!(matches!(net.events_of(0).as_slice(), [Event::Accepted { .. }]));
}

#[test]
fn ringing_for_ever_is_given_up_after_three_minutes() {
    let mut net = Net::new(Transport::Udp);
    let invite = net.invite();
    let (dialog, _) = ringing(&mut net, invite, Some(180));
    net.run(Duration::from_secs(200));
    assert_eq!(net.events_of(0), [Event::Rejected { dialog, failure: Failure::Timeout }]);
    assert_eq!(net.kinds_by(0), ["INVITE", "CANCEL", "ACK"]);
}

#[test]
fn a_callee_that_hangs_up_before_it_answers_refuses() {
    let mut net = Net::new(Transport::Udp);
    net.polite = false;
    let invite = net.invite();
    net.act(0, |agent, now, out| agent.invite(now, invite, out));
    net.run(Duration::from_millis(10));
    let events = net.events_of(1);
    let [Event::Invited { dialog, .. }] = events.as_slice() else { panic!("{events:?}") };
    net.act(1, |agent, now, out| agent.bye(now, *dialog, out));
    net.settle();
    assert!(matches!(net.events_of(0).as_slice(), [Event::Rejected { failure: Failure::Status(answer), .. }]
        if answer.status == 480));
}

/// A proxy forks: the second phone that accepts is told that it came too late (RFC 3261 13.2.2.4).
#[test]
fn only_one_branch_of_a_fork_becomes_the_dialog() {
    let mut net = Net::new(Transport::Udp);
    net.connected();
    let invite = net.invite();
    net.act(0, |agent, now, out| agent.invite(now, invite, out));
    net.settle();
    let accepted = net.sent.iter().rfind(|sent| sent.what() == "200").unwrap().clone();
    net.sent.clear();
    net.events.clear();
    net.inject(0, "10.0.0.2:5060".parse().unwrap(), &accepted.bytes);
    assert_eq!(net.kinds_by(0), ["ACK"], "the same 200 again");
    let tag = accepted.header("To").unwrap().split_once("tag=").unwrap().1.to_owned();
    let other = accepted.text().replace(&tag, "other");
    net.inject(0, "10.0.0.2:5060".parse().unwrap(), other.as_bytes());
    assert_eq!(net.kinds_by(0), ["ACK", "ACK", "BYE"]);
    assert!(net.sent.last().unwrap().header("To").unwrap().ends_with("tag=other"));
    assert_eq!(net.events_of(0), []);
}

#[test]
fn a_peer_with_ever_new_tags_costs_no_more_than_the_bound() {
    let config = sip::Config { max_transactions: 8, ..sip::Config::default() };
    let phone = sip::Config { accept_invites: true, ..sip::Config::default() };
    let mut net = Net::with(Transport::Udp, [config, phone]);
    let invite = net.invite();
    net.act(0, |agent, now, out| agent.invite(now, invite, out));
    net.settle();
    let accepted = net.sent.iter().rfind(|sent| sent.what() == "200").unwrap().clone();
    let tag = accepted.header("To").unwrap().split_once("tag=").unwrap().1.to_owned();
    net.sent.clear();
    for number in 0..100 {
        let other = accepted.text().replace(&tag, &format!("other{number}"));
        net.inject(0, "10.0.0.2:5060".parse().unwrap(), other.as_bytes());
    }
    assert_eq!(net.kinds_by(0).iter().filter(|what| *what == "BYE").count(), 7);
    assert_eq!(net.agents[0].load(), sip::Load { dialogs: 1, requests: 8, answers: 0 });
}

#[test]
fn beyond_the_bound_dialogs_are_ended_with_one_bye() {
    let config = sip::Config { max_transactions: 3, ..sip::Config::default() };
    let phone = sip::Config { accept_invites: true, ..sip::Config::default() };
    let mut net = Net::with(Transport::Udp, [config, phone]);
    let dialogs = [(); 3].map(|()| {
        let invite = net.invite();
        let dialog = net.act(0, |agent, now, out| agent.invite(now, invite, out));
        net.settle();
        dialog
    });
    for dialog in dialogs {
        net.act(0, |agent, now, out| agent.bye(now, dialog, out));
    }
    assert_eq!(net.agents[0].load(), sip::Load { dialogs: 0, requests: 3, answers: 0 });
    net.settle();
    assert_eq!(net.kinds_by(0).iter().filter(|what| *what == "BYE").count(), 3, "the peers hear of it all the same");
    assert_eq!(net.agents[1].load().dialogs, 0);
}
