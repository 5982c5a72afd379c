//! Questions to a peer without a dialog.

use std::collections::HashSet;
use std::time::Duration;

use sip::{Config, DialogId, Ending, Event, Failure, Method, Outside, Question, Transport};

use crate::net::{Net, csta};

fn notify() -> Question {
    let headers = vec![("Event".to_owned(), "uaCSTA".to_owned())];
    Question { method: Method::NOTIFY, body: Some(csta("<MakeCall/>")), headers }
}

fn options() -> Question {
    Question { method: Method::OPTIONS, body: None, headers: Vec::new() }
}

/// A gateway that knows of a phone, which takes a NOTIFY or does not.
fn net(accept_notifies: bool) -> (Net, DialogId) {
    let phone = Config { accept_notifies, contact_user: "phone".into(), ..Config::default() };
    let mut net = Net::with(Transport::Udp, [Config::default(), phone]);
    let outside = Outside {
        flow: net.flow(0, 1),
        uri: "sip:101@10.0.0.2:5060".parse().unwrap(),
        to: "sip:101@example.com".parse().unwrap(),
        from: "sip:hookswitch@10.0.0.1".parse().unwrap(),
        route: Vec::new(),
        credentials: None,
    };
    let peer = net.act(0, |agent, _, _| agent.outside(outside));
    assert!(net.sent.is_empty(), "to know of somebody sends nothing");
    (net, peer)
}

#[test]
fn each_question_is_answered_and_belongs_to_no_other() {
    let (mut net, peer) = net(true);
    for (tag, question) in [(1, options()), (2, notify()), (3, notify())] {
        net.act(0, |agent, now, out| agent.ask(now, peer, tag, question, out));
        net.settle();
        let events = net.events_of(0);
        let [Event::Answered { dialog, tag: of, answer }] = events.as_slice() else { panic!("{events:?}") };
        assert_eq!((*dialog, *of, answer.status), (peer, tag, 200));
    }
    let asked: Vec<_> = net.sent.iter().filter(|sent| sent.from == 0).collect();
    assert_eq!(asked[1].header("Event").unwrap(), "uaCSTA");
    assert_eq!(asked[1].header("To").unwrap(), "<sip:101@example.com>", "no dialog, no tag");
    let ids: HashSet<_> = asked.iter().filter_map(|sent| sent.header("Call-ID")).collect();
    assert_eq!(ids.len(), 3);
    let heard = net.events_of(1);
    let [Event::Requested { method, body: Some(body), .. }, _] = heard.as_slice() else { panic!("{heard:?}") };
    assert_eq!((method, &*body.bytes), (&Method::NOTIFY, &b"<MakeCall/>"[..]));
}

#[test]
fn a_refusal_is_an_answer_and_the_next_question_may_be_asked() {
    let (mut net, peer) = net(false);
    for tag in [1, 2] {
        net.act(0, |agent, now, out| agent.ask(now, peer, tag, notify(), out));
        net.settle();
        let events = net.events_of(0);
        assert!(matches!(events.as_slice(), [Event::Answered { answer, .. }] if answer.status == 405), "{events:?}");
    }
}

#[test]
fn a_peer_that_is_silent_is_forgotten_after_all_repetitions() {
    let (mut net, peer) = net(true);
    net.lose = Box::new(|_| true);
    net.act(0, |agent, now, out| agent.ask(now, peer, 1, notify(), out));
    net.run(Duration::from_secs(40));
    let events = net.events_of(0);
    let expected = [
        Event::Failed { dialog: peer, tag: 1, failure: Failure::Timeout },
        Event::Ended { dialog: peer, ending: Ending::Timeout },
    ];
    assert_eq!(events, expected);
    assert!(net.kinds_by(0).iter().all(|kind| kind == "NOTIFY"), "there is no dialog to end");
}

/// A dial that was given up must not reach a phone that comes back.
#[test]
fn a_question_to_somebody_who_is_forgotten_is_not_repeated() {
    let (mut net, peer) = net(true);
    net.lose = Box::new(|_| true);
    net.act(0, |agent, now, out| agent.ask(now, peer, 1, notify(), out));
    net.act(0, |agent, now, out| agent.bye(now, peer, out));
    net.run(Duration::from_secs(40));
    assert_eq!(net.kinds_by(0), ["NOTIFY"]);
    net.act(0, |agent, now, out| agent.ask(now, peer, 2, notify(), out));
    let events = net.events_of(0);
    assert!(matches!(events.as_slice(), [Event::Failed { tag: 2, .. }]), "{events:?}");
}
