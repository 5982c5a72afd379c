//! The numbers of a dialog's requests (RFC 3261 12.2.2): they may skip, and nobody is overtaken for good.

use std::time::Duration;

use sip::{Event, Transport};

use crate::net::{Net, address};
use crate::pair::in_dialog;

const NONE: [u32; 0] = [];

/// A request of the phone with this number, and the number as its body.
fn numbered(net: &mut Net, method: &str, number: u32) -> Vec<u8> {
    let text = String::from_utf8(in_dialog(net, method, "")).unwrap();
    net.lose = Box::new(|sent| sent.from == 1); // what the phone itself repeats of it
    let old = text.lines().find(|line| line.starts_with("CSeq")).unwrap().to_owned();
    let head = text.replace(&old, &format!("CSeq: {number} {method}\r\nContent-Type: application/csta+xml"));
    let body = number.to_string();
    head.replace("Content-Length: 0", &format!("Content-Length: {}", body.len()))
        .into_bytes()
        .into_iter()
        .chain(body.bytes())
        .collect()
}

/// Lets the numbered INFOs arrive in this order: the numbers that were handed up by now.
fn arrive(net: &mut Net, numbers: &[u32]) -> Vec<u32> {
    for number in numbers {
        let info = numbered(net, "INFO", *number);
        net.inject(0, address(1), &info);
    }
    handed_up(net)
}

fn handed_up(net: &mut Net) -> Vec<u32> {
    let bodies = net.events_of(0).into_iter().filter_map(|event| match event {
        Event::Requested { body, .. } => body,
        _ => None,
    });
    bodies.map(|body| String::from_utf8(body.bytes.to_vec()).unwrap().parse().unwrap()).collect()
}

fn dialog(transport: Transport) -> Net {
    let mut net = Net::new(transport);
    net.connected();
    assert_eq!(arrive(&mut net, &[10]), [10], "any first number will do");
    net.sent.clear();
    net
}

#[test]
fn a_skipped_number_costs_one_wait_and_no_event() {
    let mut net = dialog(Transport::Udp);
    assert_eq!(arrive(&mut net, &[11, 13]), [11], "12 may have been overtaken");
    net.run(Duration::from_millis(1_999));
    assert_eq!(handed_up(&mut net), NONE);
    net.run(Duration::from_millis(1));
    assert_eq!(handed_up(&mut net), [13]);
    assert_eq!(arrive(&mut net, &[15, 16, 20]), [15, 16, 20], "this phone skips: it is not waited for again");
    assert_eq!(net.kinds_by(0), ["200"; 5]);
    net.run(Duration::from_secs(40));
    assert_eq!(net.agents[0].load().answers, 0);
}

#[test]
fn over_a_stream_nothing_is_overtaken() {
    let mut net = dialog(Transport::Tcp);
    assert_eq!(arrive(&mut net, &[11, 13]), [11, 13]);
}

#[test]
fn who_was_overtaken_goes_first() {
    let mut net = dialog(Transport::Udp);
    assert_eq!(arrive(&mut net, &[13, 12, 13, 14]), NONE);
    net.run(Duration::from_millis(600));
    assert_eq!(arrive(&mut net, &[11]), [11, 12, 13, 14]);
    assert_eq!(net.kinds_by(0), ["200"; 4]);
    assert_eq!(arrive(&mut net, &[15]), [15], "and nobody waits any more");
    net.run(Duration::from_secs(40));
    assert_eq!(net.agents[0].deadline().map(|at| at > net.now + Duration::from_secs(300)), Some(true));
}

#[test]
fn a_bye_does_not_overtake_the_last_event() {
    let mut net = dialog(Transport::Udp);
    let bye = numbered(&mut net, "BYE", 12);
    net.inject(0, address(1), &bye);
    assert!(net.events_of(0).is_empty());
    let info = numbered(&mut net, "INFO", 11);
    net.inject(0, address(1), &info);
    let events = net.events_of(0);
    assert!(matches!(events.as_slice(), [Event::Requested { .. }, Event::Ended { .. }]), "{events:?}");
}

#[test]
fn who_comes_too_late_is_refused_and_waited_for_the_next_time() {
    let mut net = dialog(Transport::Udp);
    assert_eq!(arrive(&mut net, &[12]), NONE);
    net.run(Duration::from_secs(2));
    assert_eq!(handed_up(&mut net), [12]);
    assert_eq!(arrive(&mut net, &[11]), NONE);
    assert_eq!(net.kinds_by(0).last().unwrap(), "500");
    assert_eq!(arrive(&mut net, &[14, 13]), [13, 14]);
    // The same request long after its transaction is over is late as well.
    net.run(Duration::from_secs(40));
    assert_eq!(arrive(&mut net, &[14]), NONE);
    assert_eq!(net.kinds_by(0).last().unwrap(), "500");
}

#[test]
fn what_is_refused_for_what_it_is_leaves_no_gap() {
    let mut net = dialog(Transport::Udp);
    let refer = numbered(&mut net, "REFER", 11);
    net.inject(0, address(1), &refer);
    assert_eq!(arrive(&mut net, &[12]), [12]);
    assert_eq!(net.kinds_by(0), ["405", "200"]);
}

#[test]
fn a_great_leap_is_no_gap() {
    let mut net = dialog(Transport::Udp);
    assert_eq!(arrive(&mut net, &[28, 1_000_000]), [28, 1_000_000], "nobody has seventeen requests under way");
    assert_eq!(arrive(&mut net, &[1_000_002]), NONE);
}

#[test]
fn all_that_waited_comes_in_order() {
    let mut net = dialog(Transport::Udp);
    let even: Vec<_> = (6..=13).map(|number| number * 2).collect();
    assert_eq!(arrive(&mut net, &even), NONE);
    net.run(Duration::from_secs(2));
    assert_eq!(handed_up(&mut net), even);
}
