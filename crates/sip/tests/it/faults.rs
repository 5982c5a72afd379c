//! Loss, duplicates and disorder: each INFO is handled exactly once.

use std::time::Duration;

use sip::{Event, Method, Transport};

use crate::net::{Faults, Net, csta};

#[test]
fn each_info_is_handled_exactly_once() {
    let mut net = Net::new(Transport::Udp);
    let dialogs = net.connected();
    net.faults = Faults { loss: 20, duplicates: 10, reordered: 25 };
    for number in 0..200_u64 {
        let (agent, dialog) = if number % 2 == 0 { (0, dialogs.0) } else { (1, dialogs.1) };
        let body = csta(&number.to_string());
        net.act(agent, |agent, now, out| agent.request(now, dialog, number, Method::INFO, Some(body), out));
        net.run(Duration::from_secs(35));
        let events = net.events_of(agent);
        assert!(
            matches!(events.as_slice(), [Event::Answered { tag, answer, .. }] if *tag == number && answer.is_success()),
            "{events:?}"
        );
        let events = net.events_of(1 - agent);
        let [Event::Requested { body: Some(body), .. }] = events.as_slice() else { panic!("{events:?}") };
        assert_eq!(body.bytes, number.to_string());
    }
}

#[test]
fn two_thousand_dialogs_sleep_until_their_sessions_are_refreshed() {
    let mut net = Net::new(Transport::Udp);
    let flow = net.flow(0, 1);
    let dialogs: Vec<_> = (0..2_000)
        .map(|_| {
            let invite = sip::Invite { flow, ..net.invite() };
            net.act(0, |agent, now, out| agent.invite(now, invite, out))
        })
        .collect();
    net.run(Duration::from_secs(40));
    let accepted = net.events_of(0).iter().filter(|event| matches!(event, Event::Accepted { .. })).count();
    assert_eq!(accepted, dialogs.len());
    let long_after = net.now + Duration::from_secs(800);
    assert!(net.agents.iter().all(|agent| agent.deadline().is_some_and(|at| at > long_after)));
    net.sent.clear();
    for dialog in &dialogs {
        net.act(0, |agent, now, out| agent.bye(now, *dialog, out));
    }
    net.settle();
    assert_eq!(net.kinds_by(1).len(), dialogs.len());
}
