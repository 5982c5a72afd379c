//! Loss, duplicates and disorder: each INFO is handled exactly once, and in its turn.

use std::time::Duration;

use sip::{DialogId, Event, Failure, Method, Transport};

use crate::net::{Faults, Net, csta};

const FOUL: Faults = Faults { loss: 30, duplicates: 10, reordered: 25 };

/// 64·T1: nobody waits longer for an answer.
const PATIENCE: Duration = Duration::from_secs(32);

#[test]
fn each_info_is_handled_exactly_once() {
    let mut unanswered = 0;
    for seed in 0..1000 {
        let mut net = Net::new(Transport::Udp);
        let dialogs = net.connected();
        (net.faults, net.random) = (FOUL, seed);
        for number in 0..10_u64 {
            let (agent, dialog) = if number % 2 == 0 { (0, dialogs.0) } else { (1, dialogs.1) };
            let Some(answered) = one_info(&mut net, agent, dialog, number) else { break };
            unanswered += usize::from(!answered);
        }
        net.run(PATIENCE * 3);
        for (agent, machine) in net.agents.iter().enumerate() {
            let load = machine.load();
            assert_eq!((load.requests, load.answers), (0, 0), "seed {seed}, agent {agent}");
        }
    }
    assert!(unanswered < 50, "{unanswered} of 10,000");
}

/// Sends one INFO and waits as long as anybody waits: whether it was answered. None: the dialog is over.
fn one_info(net: &mut Net, agent: usize, dialog: DialogId, number: u64) -> Option<bool> {
    let body = Some(csta(&number.to_string()));
    net.act(agent, |agent, now, out| agent.request(now, dialog, number, Method::INFO, body, out));
    net.run(PATIENCE);
    let events = net.events_of(agent);
    let answered = match events.as_slice() {
        [Event::Answered { tag, answer, .. }] if *tag == number => answer.is_success(),
        [Event::Failed { tag, failure: Failure::Timeout, .. }, Event::Ended { .. }] if *tag == number => false,
        other => panic!("INFO {number} came to {other:?}"),
    };
    let heard = net.events_of(1 - agent);
    match heard.as_slice() {
        [Event::Requested { body: Some(body), .. }] => assert_eq!(body.bytes, number.to_string()),
        // It never arrived, or its 200s did not; then came the BYE.
        _ if !answered => {}
        other => panic!("INFO {number} was heard as {other:?}"),
    }
    answered.then_some(answered)
}

/// A phone that does not wait for its answers: disorder alone costs nothing.
#[test]
fn requests_that_overtake_each_other_are_handled_in_turn() {
    const BURST: u64 = 12;
    for seed in 0..300 {
        let mut net = Net::new(Transport::Udp);
        let (_, phone) = net.connected();
        // The first number is known to nobody: what would overtake it would be the first.
        assert_eq!(one_info(&mut net, 1, phone, 0), Some(true));
        (net.faults, net.random) = (Faults { loss: 0, duplicates: 10, reordered: 25 }, seed);
        for number in 1..=BURST {
            let body = Some(csta(&number.to_string()));
            net.act(1, |agent, now, out| agent.request(now, phone, number, Method::INFO, body, out));
        }
        net.run(PATIENCE);
        let bodies = net.events_of(0).into_iter().map(|event| match event {
            Event::Requested { body: Some(body), .. } => String::from_utf8(body.bytes.to_vec()).unwrap(),
            other => panic!("{other:?}"),
        });
        assert_eq!(bodies.collect::<Vec<_>>(), (1..=BURST).map(|number| number.to_string()).collect::<Vec<_>>());
        let answers = net.events_of(1);
        let succeeded = |event: &Event| matches!(event, Event::Answered { answer, .. } if answer.is_success());
        assert!(answers.len() == BURST as usize && answers.iter().all(succeeded), "seed {seed}: {answers:?}");
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
