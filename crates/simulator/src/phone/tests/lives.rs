//! Whole lives of calls, and the events that tell of them.

use std::time::{Duration, Instant};

use super::gateway::World;
use crate::{CallNumbering, DeviceStyle, Phone, PhoneConfig};

/// Lives a life on a watched phone and compares what the gateway hears.
fn check(config: PhoneConfig, live: impl FnOnce(&mut Phone, Instant), expected: &[&str]) {
    let mut world = World::monitored(config);
    world.act(live);
    assert_eq!(world.events(), expected);
    let counters = world.phone.counters();
    assert_eq!((counters.acknowledged, counters.dropped), (expected.len() as u64, 0), "all reports were acknowledged");
}

#[test]
fn an_answered_call() {
    check(
        PhoneConfig::default(),
        |phone, now| {
            let call = phone.ring(now, "0301234", Some("Anna & Co"));
            assert!(phone.answer(now, call) && phone.hold(now, call) && phone.retrieve(now, call));
            assert!(phone.far_holds(now, call, true) && phone.hang_up(now, call));
        },
        &[
            "Delivered -1 by 101 N<0301234>Anna & Co→101 alerting newCall",
            "Established -1 by 101 N<0301234>Anna & Co→101 connected newCall",
            "Held -1 by 101 → hold normal",
            "Retrieved -1 by 101 → connected normal",
            "Held -1 by N<0301234>Anna & Co → connected normal",
            "ConnectionCleared -1 by 101 → null normalClearing",
        ],
    );
}

#[test]
fn a_missed_call_and_one_picked_up_elsewhere() {
    check(
        PhoneConfig { call_numbering: CallNumbering::High, ..PhoneConfig::default() },
        |phone, now| {
            let missed = phone.ring(now, "0301234", None);
            let elsewhere = phone.ring(now, "", None);
            assert!(phone.caller_hangs_up(now, missed) && phone.answered_elsewhere(now, elsewhere));
            let withheld = phone.ring(now, "anonymous", None);
            assert!(phone.hang_up(now, withheld) && !phone.hang_up(now, withheld));
        },
        &[
            "Delivered 32769 by 101 0301234→101 alerting newCall",
            "Delivered 32770 by 101 notKnown→101 alerting newCall",
            "ConnectionCleared 32769 by 0301234 → null callCancelled",
            "Diverted 32770 by 101 notKnown→101 to notKnown null callPickup",
            "Delivered 32771 by 101 restricted→101 alerting newCall",
            "ConnectionCleared 32771 by 101 → null normalClearing",
        ],
    );
}

#[test]
fn a_dialled_call() {
    check(
        PhoneConfig { device_style: DeviceStyle::Extended, ..PhoneConfig::default() },
        |phone, now| {
            let call = phone.dial(now, "0301234");
            assert!(!phone.answer(now, call), "there is nothing to answer");
            assert!(phone.far_answers(now, call) && phone.caller_hangs_up(now, call));
        },
        &[
            "ServiceInitiated 1 by 101 → initiated newCall",
            "Originated 1 by 101 101→N<0301234> connected newCall",
            "Delivered 1 by N<0301234> 101→N<0301234> connected newCall",
            "Established 1 by N<0301234> 101→N<0301234> connected newCall",
            "ConnectionCleared 1 by N<0301234> → null normalClearing",
        ],
    );
}

#[test]
fn busy_at_once_and_after_ringing() {
    check(
        PhoneConfig { busy: vec!["17".to_owned()], ..PhoneConfig::default() },
        |phone, now| {
            let at_once = phone.dial(now, "17");
            assert!(phone.hang_up(now, at_once));
            let later = phone.dial(now, "18");
            assert!(phone.far_is_busy(now, later) && phone.hang_up(now, later));
        },
        &[
            "ServiceInitiated 1 by 101 → initiated newCall",
            "Originated 1 by 101 101→17 connected newCall",
            "Failed 1 by 17 101→17 fail busy",
            "ConnectionCleared 1 by 101 → null normalClearing",
            "ServiceInitiated 2 by 101 → initiated newCall",
            "Originated 2 by 101 101→18 connected newCall",
            "Delivered 2 by 18 101→18 connected newCall",
            "Failed 2 by 18 101→18 fail busy",
            "ConnectionCleared 2 by 101 → null normalClearing",
        ],
    );
}

#[test]
fn transfers_with_and_without_asking() {
    check(
        PhoneConfig::default(),
        |phone, now| {
            let first = phone.ring(now, "21", None);
            assert!(!phone.transfer(now, first, "22"), "it still rings");
            assert!(phone.answer(now, first) && phone.transfer(now, first, "22"));
            let second = phone.ring(now, "23", None);
            assert!(phone.answer(now, second));
            let asked = phone.consult(now, second, "24").unwrap();
            assert!(phone.far_answers(now, asked) && phone.join(now, second, asked));
            assert!(phone.calls().is_empty());
        },
        &[
            "Delivered -1 by 101 21→101 alerting newCall",
            "Established -1 by 101 21→101 connected newCall",
            "Transferred -1 by 101 → to 22 with  null singleStepTransfer",
            "Delivered -2 by 101 23→101 alerting newCall",
            "Established -2 by 101 23→101 connected newCall",
            "Held -2 by 101 → hold consultation",
            "ServiceInitiated 3 by 101 → initiated newCall",
            "Originated 3 by 101 101→24 connected newCall",
            "Delivered 3 by 24 101→24 connected newCall",
            "Established 3 by 24 101→24 connected newCall",
            "Transferred -2 by 101 → to 24 with 3 null transfer",
        ],
    );
}

#[test]
fn do_not_disturb_and_a_full_phone_ring_nowhere() {
    check(
        PhoneConfig { max_calls: 1, ..PhoneConfig::default() },
        |phone, now| {
            phone.set_do_not_disturb(now, true);
            let turned_away = phone.ring(now, "21", None);
            assert!(!phone.answer(now, turned_away));
            phone.set_do_not_disturb(now, false);
            phone.ring(now, "22", None);
            phone.ring(now, "23", None);
            assert_eq!(phone.calls().len(), 1);
        },
        &[
            "DoNotDisturb  by 101 → true  ",
            "DoNotDisturb  by 101 → false  ",
            "Delivered -2 by 101 22→101 alerting newCall",
        ],
    );
}

#[test]
fn the_far_end_answers_by_itself() {
    let after = Duration::from_secs(2);
    let mut world = World::monitored(PhoneConfig { auto_far_answer: Some(after), ..PhoneConfig::default() });
    world.act(|phone, now| phone.dial(now, "0301234"));
    assert_eq!(world.events().len(), 3, "it rings there");
    world.wait(Duration::from_millis(1999));
    assert_eq!(world.events(), [""; 0]);
    world.wait(Duration::from_millis(1));
    assert_eq!(world.events(), ["Established 1 by 0301234 101→0301234 connected newCall"]);
}
