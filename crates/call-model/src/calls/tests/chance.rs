//! Any sequence of events, snapshots and ticks, on two lines of one link.

use proptest::{collection::vec, option, prelude::*, sample::select};

use super::{Stage, may_follow};
use crate::{
    Action, CallOutput, CallRef, Cause, ConnectionState, Event, Joined, LineId, News, Parties, Party, SnapshotCall,
};

#[derive(Clone, Debug)]
enum Step {
    Handle(Box<Event>),
    Reconcile(Vec<SnapshotCall>),
    Restart,
    Close,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    /// The order of a call's actions holds; every announced call has exactly one `disconnected`; sequences have no
    /// gap; and nothing is left of the calls when their lines are closed.
    #[test]
    fn no_sequence_of_news_breaks_the_order(steps in vec((0_u32..4, select(vec!["987", "988"]), step()), 1..120)) {
        let mut stage = Stage::new();
        let mut tenths = 0;
        for (pause, line, step) in steps {
            tenths += pause * pause * 5;
            let seconds = f64::from(tenths) / 10.0;
            stage.run_until(seconds);
            let now = stage.moment(seconds);
            let line = LineId(line.into());
            let mut out = Vec::new();
            match step {
                Step::Handle(event) => stage.calls.handle(now, &line, &event, &mut out),
                Step::Reconcile(snapshot) => stage.calls.reconcile(now, &line, &snapshot, &mut out),
                Step::Restart => stage.restart(now),
                Step::Close => stage.calls.close_unheard(now, &line, now.at, &mut out),
            }
            collect(&mut stage, out)?;
        }
        let mut out = Vec::new();
        let end = stage.moment(f64::from(tenths) / 10.0);
        for line in ["987", "988"] {
            stage.calls.close_unheard(end, &LineId(line.into()), end.at, &mut out);
        }
        collect(&mut stage, out)?;
        stage.check_order();
        for guid in &stage.letters {
            let ends = stage.occurrences.iter().filter(|o| o.facts.guid == *guid && o.action == Action::Disconnected);
            prop_assert_eq!(ends.count(), 1);
            prop_assert!(stage.calls.saved(*guid).is_none());
        }
        prop_assert_eq!(stage.calls.deadline(), None);
        prop_assert!(stage.calls.shared.correlations.is_empty(), "no correlation id outlives its calls");
        prop_assert!(stage.calls.shared.guids.is_empty());
    }
}

/// Takes note of what came out; an open call can be saved at any time, an ended one never.
fn collect(stage: &mut Stage, out: Vec<CallOutput>) -> Result<(), TestCaseError> {
    for output in out {
        match output {
            CallOutput::Occurred(occurrence) => {
                let guid = occurrence.facts.guid;
                let before = stage.occurrences.iter().rfind(|before| before.facts.guid == guid);
                prop_assert!(before.is_none_or(|before| may_follow(before.action, occurrence.action)));
                prop_assert!(!occurrence.facts.correlation.is_empty());
                if !stage.letters.contains(&guid) {
                    stage.letters.push(guid);
                }
                stage.occurrences.push(occurrence);
            }
            CallOutput::Changed(_) | CallOutput::Snapshot(_) => {}
        }
    }
    Ok(())
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        20 => event().prop_map(|event| Step::Handle(Box::new(event))),
        2 => vec(shown(), 0..4).prop_map(Step::Reconcile),
        1 => Just(Step::Restart),
        1 => Just(Step::Close),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    (call(), news(), parties(), cause(), option::weighted(0.1, select(vec!["L1", "L2"]))).prop_map(
        |(call, news, parties, cause, linkage)| Event { call, news, parties, cause, linkage: linkage.map(Into::into) },
    )
}

fn news() -> impl Strategy<Value = News> {
    let here = any::<bool>();
    prop_oneof![
        Just(News::Initiated),
        Just(News::Originated),
        Just(News::Reached),
        Just(News::Queued),
        Just(News::Failed),
        Just(News::Ended),
        Just(News::Updated),
        here.prop_map(|here| News::Alerting { here }),
        here.prop_map(|here| News::Established { here }),
        here.prop_map(|here| News::Held { here }),
        here.prop_map(|here| News::Retrieved { here }),
        here.prop_map(|here| News::Diverted { here }),
        here.prop_map(|here| News::Cleared { here }),
        joined().prop_map(News::Transferred),
        joined().prop_map(News::Conferenced),
    ]
}

fn joined() -> impl Strategy<Value = Joined> {
    (any::<bool>(), option::of(call()), option::of(call()), option::of(call()), option::of(party())).prop_map(
        |(here, secondary, survivor, survivor_was, remote)| Joined { here, secondary, survivor, survivor_was, remote },
    )
}

fn parties() -> impl Strategy<Value = Parties> {
    let any = || option::of(party());
    (any(), any(), any(), any(), any()).prop_map(|(calling, called, answering, redirecting, network_calling)| Parties {
        calling,
        called,
        answering,
        redirecting,
        network_calling,
    })
}

fn shown() -> impl Strategy<Value = SnapshotCall> {
    let states = vec![
        ConnectionState::Initiated,
        ConnectionState::Alerting,
        ConnectionState::Dialling,
        ConnectionState::Connected,
        ConnectionState::Held,
        ConnectionState::Queued,
        ConnectionState::Failed,
    ];
    (call(), option::of(select(states)), option::of(party())).prop_map(|(call, state, remote)| SnapshotCall {
        call,
        state,
        remote,
    })
}

fn call() -> impl Strategy<Value = CallRef> {
    select(vec!["1", "2", "3", "-12"]).prop_map(|call| CallRef(call.into()))
}

fn party() -> impl Strategy<Value = Party> {
    select(vec!["-", "987:Desk", "988", "0301234567:Bob", "200", "bob@example.com"]).prop_map(super::party)
}

fn cause() -> impl Strategy<Value = Cause> {
    select(vec!["", "normalClearing", "makeCall", "busy", "callPickup"]).prop_map(|cause| Cause(cause.into()))
}
