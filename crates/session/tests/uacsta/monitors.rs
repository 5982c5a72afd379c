//! Monitors that are refused or stopped, and snapshots that come late or never.

use call_model::{ConnectionState, LineId};
use csta::{
    CallState, ConnectionId, CrossRefId, CstaError, ErrorCategory, EventKind, LocalConnectionState, MonitorStop,
    Request, Response, SnapshotData, SnapshotDeviceInfo, SnapshotDeviceResponse, SystemStatus, SystemStatusReport,
};
use session::{Input, State};

use crate::events::delivered;
use crate::phone::Reply;
use crate::world::{World, config, two_lines};

const REFUSED: CstaError = CstaError::service_not_supported();

fn snapshot_of(call: &str) -> Reply {
    let info = SnapshotDeviceInfo {
        connection: ConnectionId::new(call, "sip:987@192.0.2.20"),
        local_call_state: Some(CallState(vec![LocalConnectionState::Alerting])),
        ..SnapshotDeviceInfo::default()
    };
    let data = SnapshotData::Here(vec![info]);
    Reply::Csta(Response::SnapshotDevice(SnapshotDeviceResponse { data }).into())
}

fn stop_monitor(world: &mut World, cross_ref: CrossRefId) {
    let answer = world.phone_says(Request::MonitorStop(MonitorStop { cross_ref }));
    let body = answer.and_then(|answer| answer.body).map(|body| csta::xml::decode(&body.bytes));
    assert_eq!(body, Some(Ok(Response::MonitorStop(csta::NoResult).into())));
}

#[test]
fn a_refused_monitor_degrades_the_link_and_is_tried_again() {
    let invalid = CstaError::new(ErrorCategory::Operation, "invalidDeviceID");
    let refusals = [
        (csta::xml::encode(&invalid.into(), csta::Edition::Ed3), "operation/invalidDeviceID"),
        (String::new(), "200 OK without a CSTA body"),
        ("<SnapshotDeviceResponse/>".into(), "it answered with something else"),
    ];
    for (xml, words) in refusals {
        let refusal = || {
            let body = (!xml.is_empty()).then(|| sip::Body::csta(xml.clone()));
            Reply::Sip(sip::Answer { body, ..sip::Answer::new(200) })
        };
        let mut world = World::new(two_lines());
        world.phone.once("MonitorStart", refusal());
        world.phone.once("MonitorStart", refusal());
        world.phone.once("MonitorStart", refusal());
        world.run(0.0);
        let refused = |id| format!("the phone refuses to monitor {id} (sip:{id}@pbx): {words}");
        let degraded = State::Degraded(format!("{}; {}", refused("987"), refused("988")));
        assert_eq!(world.states, [degraded], "told once, with the phone's own words");
        world.run(30.0);
        assert_eq!(world.states[1..], [State::Degraded(refused("987"))]);
        world.run(30.0);
        assert_eq!(world.states[2..], [State::Up]);
    }
}

#[test]
fn a_refusal_while_another_line_is_compared_is_told_all_the_same() {
    let mut world = World::new(two_lines());
    world.phone.once("MonitorStart", Reply::Csta(REFUSED.into()));
    world.run(29.9);
    assert!(matches!(world.states[..], [State::Degraded(_)]));
    // The retry of the first line waits for the snapshot of the second, and nobody forgets it.
    world.phone.once("SnapshotDevice", Reply::Silence);
    world.give(Input::Snapshot(LineId("988".into())));
    world.run(4.9);
    assert_eq!(world.when("MonitorStart sip:987@pbx").len(), 1);
    world.run(6.0);
    assert_eq!(world.states.last(), Some(&State::Up), "{:?}", world.states);
}

#[test]
fn a_monitor_that_the_phone_stops_is_started_again_after_a_second() {
    let mut world = World::up(config());
    world.run(40.0);
    let stopped = world.time();
    stop_monitor(&mut world, CrossRefId("42".into()));
    world.run(2.0);
    assert_eq!(world.when("MonitorStart sip:987@192.0.2.20"), [stopped + 1.0]);
    assert_eq!(world.snapshots.len(), 1, "what happened in between is found");
    assert_eq!(world.states, [], "the link was up all the time");
    assert_eq!(world.notes, ["the phone stopped the monitor of 987"]);
}

#[test]
fn a_monitor_that_is_stopped_again_and_again_is_started_ever_slower() {
    let mut world = World::up(config());
    for wait in [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0] {
        world.phone.heard.clear();
        let stopped = world.time();
        let cross_ref = world.phone.cross_ref();
        stop_monitor(&mut world, cross_ref);
        world.run(wait);
        assert_eq!(world.when("MonitorStart sip:987@192.0.2.20"), [stopped + wait]);
    }
    world.run(31.0);
    world.phone.heard.clear();
    let cross_ref = world.phone.cross_ref();
    stop_monitor(&mut world, cross_ref);
    world.run(1.0);
    assert_eq!(world.when("MonitorStart sip:987@192.0.2.20").len(), 1, "one that lasted begins anew");
}

#[test]
fn a_stop_of_a_monitor_that_is_not_ours_changes_nothing() {
    let mut world = World::up(two_lines());
    stop_monitor(&mut world, CrossRefId("4711".into()));
    world.run(5.0);
    assert_eq!(world.heard(), [] as [&str; 0]);
}

#[test]
fn a_snapshot_that_crossed_with_an_event_is_asked_for_again() {
    let crossing = || {
        let event = delivered("42", "7", "sip:987@192.0.2.20");
        Reply::After(vec![event], Box::new(snapshot_of("old")))
    };
    for (crossings, asked, found) in [(0, 1, "new"), (1, 2, "new"), (2, 3, "new"), (3, 3, "old")] {
        let mut world = World::new(config());
        (0..crossings).for_each(|_| world.phone.once("SnapshotDevice", crossing()));
        world.phone.once("SnapshotDevice", snapshot_of("new"));
        world.run(0.0);
        assert_eq!(world.when("SnapshotDevice sip:987@192.0.2.20").len(), asked);
        let [(_, calls)] = &world.snapshots[..] else { panic!("{:?}", world.snapshots) };
        assert_eq!(calls[0].call.0, found);
        assert_eq!(calls[0].state, Some(ConnectionState::Alerting));
        assert_eq!(world.events.len(), crossings);
        assert_eq!(world.states, [State::Up]);
    }
}

#[test]
fn a_snapshot_that_was_asked_for_later_is_never_taken_when_it_crossed() {
    let mut world = World::up(config());
    for _ in 0..5 {
        let event = delivered("42", "7", "sip:987@192.0.2.20");
        world.phone.once("SnapshotDevice", Reply::After(vec![event], Box::new(snapshot_of("old"))));
    }
    world.give(Input::Snapshot(LineId("987".into())));
    assert_eq!(world.when("SnapshotDevice sip:987@192.0.2.20").len(), 6);
    assert_eq!(world.snapshots.len(), 1);
    assert!(world.snapshots[0].1.is_empty());
}

#[test]
fn a_phone_without_snapshots_is_up_and_vouches_for_nothing() {
    let later = SnapshotDeviceResponse { data: SnapshotData::Later(csta::ServiceCrossRefId("1".into())) };
    let replies = [
        Reply::Csta(REFUSED.into()),
        Reply::Sip(sip::Answer::new(200)),
        Reply::Sip(sip::Answer::new(501)),
        Reply::Csta(Response::SnapshotDevice(later).into()),
        // It has none to give, event or not: to ask again is no use.
        Reply::After(vec![delivered("42", "7", "sip:987@192.0.2.20")], Box::new(Reply::Csta(REFUSED.into()))),
    ];
    for reply in replies {
        let mut world = World::new(config());
        world.phone.once("SnapshotDevice", reply);
        world.run(0.0);
        assert_eq!(world.states, [State::Up]);
        assert_eq!(world.unverified, [LineId("987".into())]);
        assert_eq!(world.when("SnapshotDevice sip:987@192.0.2.20").len(), 1);
        world.phone.once("SnapshotDevice", Reply::Csta(REFUSED.into()));
        world.give(Input::Snapshot(LineId("987".into())));
        assert_eq!(world.unverified.len(), 1, "a monitor that runs vouches for its calls");
        assert!(world.snapshots.is_empty());
    }
}

#[test]
fn a_snapshot_is_asked_for_once_at_a_time_and_of_lines_that_are_monitored() {
    let mut world = World::up(two_lines());
    world.phone.once("SnapshotDevice", Reply::Silence);
    for line in ["987", "987", "988", "nobody"] {
        world.give(Input::Snapshot(LineId(line.into())));
    }
    assert_eq!(world.heard(), ["SnapshotDevice sip:987@pbx", "SnapshotDevice sip:988@pbx"]);
    world.give(Input::Stop);
    world.give(Input::Snapshot(LineId("987".into())));
    assert_eq!(world.heard()[2..], ["MonitorStop 42", "MonitorStop 43", "BYE"]);
}

#[test]
fn a_phone_that_lost_messages_is_asked_what_calls_it_has() {
    let mut world = World::up(two_lines());
    let report = SystemStatusReport { status: Some(SystemStatus::MessagesLost), ..Default::default() };
    world.phone_says(Request::SystemStatus(report));
    assert_eq!(world.heard(), ["SnapshotDevice sip:987@pbx", "SnapshotDevice sip:988@pbx"]);
    assert_eq!(world.snapshots.len(), 2);
}

#[test]
fn an_event_before_the_answer_to_monitor_start_belongs_to_the_line_that_starts() {
    for (cross_ref, line) in [("42", "987"), ("43", "988")] {
        let mut world = World::new(two_lines());
        let event = delivered(cross_ref, "7", &format!("sip:{line}@pbx"));
        assert_eq!(event.kind, EventKind::Delivered);
        if line == "988" {
            world.phone.once("MonitorStart", monitor("42"));
        }
        world.phone.once("MonitorStart", Reply::After(vec![event], Box::new(monitor(cross_ref))));
        world.run(0.0);
        let lines: Vec<_> = world.events.iter().map(|(line, _)| line.0.as_str()).collect();
        assert_eq!(lines, [line]);
        assert_eq!(world.states, [State::Up]);
    }
}

fn monitor(cross_ref: &str) -> Reply {
    let cross_ref = CrossRefId(cross_ref.into());
    Reply::Csta(Response::MonitorStart(csta::MonitorStartResponse { cross_ref, monitor_existing_calls: None }).into())
}
