//! Which cause gives which result.

use crate::{CallResult, Cause, Direction};

/// How a call came to its end before anybody answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unanswered {
    /// Cleared.
    Cleared,
    /// Failed, then cleared.
    Failed,
    /// Diverted away from the line.
    Diverted,
    /// Somebody else answered, then it was cleared here.
    Elsewhere,
}

/// What a cause says about a call that nobody answered.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Unanswered,
    Busy,
    Rejected,
    Failed,
    Elsewhere,
    Forwarded,
}

/// The one table: ECMA-269 causes as ECMA-323 spells them. Causes that stand nowhere here (`normal`,
/// `normalClearing`, `newCall`, those of vendors) say nothing: the next cause is asked, then how the call ended.
const TABLE: &[(Verdict, &[&str])] = &[
    (Verdict::Unanswered, &["alertTimeExpired", "callCancelled", "callNotAnswered", "maxTimeout", "timeout"]),
    (Verdict::Busy, &["aCDBusy", "busy", "busyOverflow", "callInterceptionBusy"]),
    (Verdict::Rejected, &["callRejected", "doNotDisturb"]),
    (
        Verdict::Failed,
        &[
            "aCDSaturated",
            "badAttribute",
            "badURI",
            "blocked",
            "capacityOverflow",
            "destNotObtainable",
            "destOutOfOrder",
            "incompatibleDestination",
            "interdigitTimeout",
            "invalidAccountCode",
            "invalidNumberFormat",
            "lockout",
            "maintenance",
            "networkCongestion",
            "networkNotObtainable",
            "networkOutOfOrder",
            "noAvailableAgents",
            "noQueue",
            "notAvailableBearerService",
            "notSupportedBearerService",
            "numberChanged",
            "numberUnallocated",
            "reorderTone",
            "reserved",
            "resourcesNotAvailable",
            "selectedTrunkBusy",
            "switchingFunctionTerminated",
            "trunksBusy",
            "unauthorisedBearerService",
        ],
    ),
    (Verdict::Elsewhere, &["callPickup", "joinCall", "multipleAlerting"]),
    (
        Verdict::Forwarded,
        &["callForward", "callForwardBusy", "callForwardImmediate", "callForwardNoAnswer", "distributed", "redirected"],
    ),
];

/// The result of a call that was never answered. The first cause that says something decides, else how it ended.
pub(super) fn unanswered<'a>(
    direction: Direction,
    how: Unanswered,
    causes: impl IntoIterator<Item = &'a Cause>,
) -> CallResult {
    if how == Unanswered::Elsewhere {
        return CallResult::AnsweredElsewhere;
    }
    let default = match how {
        Unanswered::Cleared => Verdict::Unanswered,
        Unanswered::Failed => Verdict::Failed,
        Unanswered::Diverted | Unanswered::Elsewhere => Verdict::Forwarded,
    };
    let verdict = causes.into_iter().find_map(verdict).unwrap_or(default);
    match (direction, verdict) {
        (_, Verdict::Rejected) => CallResult::Rejected,
        (Direction::Inbound, Verdict::Elsewhere) => CallResult::AnsweredElsewhere,
        (Direction::Inbound, Verdict::Forwarded) => CallResult::Forwarded,
        // Nobody answered here, whatever kept the call from it.
        (Direction::Inbound, Verdict::Unanswered | Verdict::Busy | Verdict::Failed) if how == Unanswered::Diverted => {
            CallResult::Forwarded
        }
        (Direction::Inbound, Verdict::Unanswered | Verdict::Busy | Verdict::Failed) => CallResult::Missed,
        (Direction::Outbound, Verdict::Busy) => CallResult::Busy,
        (Direction::Outbound, Verdict::Failed) => CallResult::Failed,
        // Where the far end went with it, the line was left without an answer.
        (Direction::Outbound, Verdict::Unanswered | Verdict::Elsewhere | Verdict::Forwarded) => CallResult::NoAnswer,
    }
}

fn verdict(cause: &Cause) -> Option<Verdict> {
    TABLE.iter().find(|(_, causes)| causes.contains(&cause.as_str())).map(|(verdict, _)| *verdict)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(direction: Direction, how: Unanswered, causes: &[&str], expected: CallResult) {
        let causes: Vec<Cause> = causes.iter().map(|cause| Cause((*cause).into())).collect();
        assert_eq!(unanswered(direction, how, &causes), expected, "{direction:?} {how:?} {causes:?}");
    }

    #[test]
    fn the_first_cause_that_says_something_decides() {
        use CallResult::*;
        use Direction::*;
        check(Inbound, Unanswered::Cleared, &["normalClearing"], Missed);
        check(Inbound, Unanswered::Cleared, &["callCancelled"], Missed);
        check(Inbound, Unanswered::Cleared, &[], Missed);
        check(Inbound, Unanswered::Cleared, &["busy"], Missed);
        check(Inbound, Unanswered::Cleared, &["callPickup"], AnsweredElsewhere);
        check(Inbound, Unanswered::Elsewhere, &["normalClearing"], AnsweredElsewhere);
        check(Inbound, Unanswered::Diverted, &["callPickup"], AnsweredElsewhere);
        check(Inbound, Unanswered::Diverted, &["callForwardNoAnswer"], Forwarded);
        check(Inbound, Unanswered::Diverted, &["callNotAnswered"], Forwarded);
        check(Inbound, Unanswered::Diverted, &[], Forwarded);
        check(Inbound, Unanswered::Cleared, &["doNotDisturb"], Rejected);
        check(Outbound, Unanswered::Cleared, &["normalClearing"], NoAnswer);
        check(Outbound, Unanswered::Failed, &["normalClearing", "busy"], Busy);
        check(Outbound, Unanswered::Failed, &["callNotAnswered"], NoAnswer);
        check(Outbound, Unanswered::Failed, &["vendorsOwn"], Failed);
        check(Outbound, Unanswered::Failed, &["numberUnallocated"], Failed);
        check(Outbound, Unanswered::Cleared, &["callRejected"], Rejected);
        check(Outbound, Unanswered::Cleared, &["networkCongestion"], Failed);
    }
}
