//! What is kept: bounded, and fair.

use gateway::trace::{Recorder, What};
use sip::{Flow, Transport};

const BUDGET: usize = 256 << 10;

fn flow(port: u16) -> Flow {
    let local = "192.0.2.1:5060".parse().unwrap();
    Flow { transport: Transport::Udp, local, remote: ([192, 0, 2, 20], port).into() }
}

/// All that is kept: the flow's port, and the bytes.
fn kept(recorder: &Recorder) -> Vec<(u16, Vec<u8>)> {
    let entries = recorder.next(&mut recorder.cursor(), usize::MAX).entries;
    let message = |what: &What| what.message().map(|bytes| bytes.to_vec()).unwrap_or_default();
    entries.iter().map(|entry| (entry.flow.remote.port(), message(&entry.what))).collect()
}

/// The phone at this port is asked something and answers.
fn exchange(recorder: &Recorder, port: u16) {
    recorder.sent(flow(port), b"INFO sip:987@192.0.2.20 SIP/2.0\r\n\r\n");
    recorder.received(flow(port), b"SIP/2.0 200 OK\r\n\r\n");
}

#[test]
fn the_bound_holds_under_a_flood_and_the_quiet_phone_is_kept() {
    let recorder = Recorder::new(Some(BUDGET));
    exchange(&recorder, 1);
    exchange(&recorder, 2);
    for number in 0..10_000u16 {
        recorder.received(flow(2), format!("INFO {number:0>700}").as_bytes());
        recorder.received(flow(3 + number), format!("OPTIONS {number:0>1100}").as_bytes());
        assert!(recorder.used() <= BUDGET);
    }
    let kept = kept(&recorder);
    assert!(kept.iter().map(|(_, bytes)| bytes.len()).sum::<usize>() <= BUDGET);
    assert_eq!(kept.iter().filter(|(port, _)| *port == 1).count(), 2, "the quiet phone");
    let strangers: usize = kept.iter().filter(|(port, _)| *port > 2).map(|(_, bytes)| bytes.len()).sum();
    let chatty: usize = kept.iter().filter(|(port, _)| *port == 2).map(|(_, bytes)| bytes.len()).sum();
    assert!(strangers.abs_diff(chatty) < BUDGET / 5, "who takes all shares alike: {strangers}, {chatty}");
}

/// More phones than could hold anything of their own: the oldest goes, whoever it is from.
#[test]
fn ten_thousand_phones_share_what_there_is() {
    let recorder = Recorder::new(Some(BUDGET));
    (1..=10_000).for_each(|port| exchange(&recorder, port));
    assert!(recorder.used() <= BUDGET && recorder.used() > BUDGET - 1024);
    let ports: Vec<u16> = kept(&recorder).iter().map(|(port, _)| *port).collect();
    assert!(ports.is_sorted() && ports.last() == Some(&10_000), "{ports:?}");
}

#[test]
fn nothing_is_kept_where_it_is_switched_off() {
    let recorder = Recorder::new(None);
    exchange(&recorder, 1);
    assert!(kept(&recorder).is_empty() && recorder.used() == 0);
}

/// What was dropped before the reader began is no loss; what is dropped while it reads is counted.
#[test]
fn a_slow_reader_is_told_how_much_it_missed() {
    let recorder = Recorder::new(Some(BUDGET));
    let flood = |count: usize| (0..count).for_each(|_| recorder.received(flow(9), &[b'x'; 1000]));
    flood(1000);
    let mut cursor = recorder.cursor();
    let batch = recorder.next(&mut cursor, 10);
    assert_eq!((batch.entries.len(), batch.missed), (10, 0));
    let there = BUDGET / 1256;
    flood(1000);
    let batch = recorder.next(&mut cursor, usize::MAX);
    assert_eq!(batch.entries.len(), there);
    assert_eq!(batch.missed as usize, (there - 10) + 1000 - there);
    assert!(recorder.next(&mut cursor, usize::MAX).entries.is_empty());
    flood(1);
    assert_eq!(recorder.next(&mut cursor, usize::MAX).missed, 0);
}
