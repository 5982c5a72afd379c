//! One call of one line, as a machine.

use std::time::Duration;

use super::{
    FAILED_PATIENCE, FAR_CLEARED_PATIENCE,
    known::{Known, Scene, Stage, Suspicion, without_own_prompt},
    result::{Unanswered, unanswered},
};
use crate::{Action, CallResult, Cause, ConnectionState, Direction, Event, Moment, News, Party, SnapshotCall};

/// A live call, in the phase it is in. Each transition consumes the phase it leaves.
///
/// ```text
///                 announce                  answer
///   ┌────────┐  inbound/outbound  ┌───────────┐  connected   ┌─────────┐ ⟲ hold
///   │ Silent │───────────────────►│ Announced │─────────────►│ Talking │
///   └────────┘                    └───────────┘              └─────────┘
///        │ end (nothing)                │ end: disconnected       │ end: disconnected
///        ▼                              ▼                         ▼
///       gone                          gone                      gone
/// ```
///
/// A call that ends is dropped by the transition that ends it: nothing can fire for it afterwards.
pub(super) enum Call {
    Silent(Silent),
    Announced(Announced),
    Talking(Talking),
}

/// Nothing was fired yet: off-hook, a prompted `make_call`, a queue, or news that does not say enough.
pub(super) struct Silent {
    pub(super) known: Known,
    origin: Origin,
    queued: bool,
}

/// Who began a silent call, as far as that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    Unknown,
    /// The line is off-hook.
    OffHook,
    /// The phone prompts its user to lift for a `make_call`.
    Prompted,
    /// The line has dialled.
    Dialled,
    /// The far end of a call of the line to itself: the other end speaks for both.
    OtherEnd,
}

/// `inbound` or `outbound` was fired.
pub(super) struct Announced {
    pub(super) known: Known,
    pub(super) direction: Direction,
    /// Somebody else has answered it.
    pub(super) elsewhere: bool,
}

/// `connected` was fired.
pub(super) struct Talking {
    pub(super) known: Known,
    pub(super) direction: Direction,
    pub(super) connected: Moment,
    pub(super) rang: Duration,
}

impl Call {
    /// A call of which nothing is known yet.
    pub(super) fn new(known: Known) -> Self {
        Self::Silent(Silent { known, origin: Origin::Unknown, queued: false })
    }

    /// The far end of a call of the line to itself.
    pub(super) fn other_end(known: Known) -> Self {
        Self::Silent(Silent { known, origin: Origin::OtherEnd, queued: false })
    }

    pub(super) fn known(&self) -> &Known {
        match self {
            Self::Silent(Silent { known, .. })
            | Self::Announced(Announced { known, .. })
            | Self::Talking(Talking { known, .. }) => known,
        }
    }

    pub(super) fn known_mut(&mut self) -> &mut Known {
        match self {
            Self::Silent(Silent { known, .. })
            | Self::Announced(Announced { known, .. })
            | Self::Talking(Talking { known, .. }) => known,
        }
    }

    pub(super) fn is_silent(&self) -> bool {
        matches!(self, Self::Silent(_))
    }

    pub(super) fn direction(&self) -> Option<Direction> {
        match self {
            Self::Silent(_) => None,
            Self::Announced(call) => Some(call.direction),
            Self::Talking(call) => Some(call.direction),
        }
    }

    /// One event about this call; `None` where it ends it.
    pub(super) fn handle(mut self, event: &Event, scene: &mut Scene<'_>) -> Option<Self> {
        self.learn(event, scene);
        match self {
            Self::Silent(call) => call.handle(event, scene),
            Self::Announced(call) => call.handle(event, scene),
            Self::Talking(call) => call.handle(event, scene),
        }
    }

    fn learn(&mut self, event: &Event, scene: &mut Scene<'_>) {
        let prompting = matches!(self, Self::Silent(Silent { origin: Origin::Prompted, .. }));
        let direction = self.direction();
        let known = self.known_mut();
        known.heard = scene.now.at;
        known.doubt.take_if(|doubt| doubt.what == Suspicion::Absent);
        let before = known.people.clone();
        if prompting {
            known.people.learn(&without_own_prompt(&event.news, &event.parties, scene.line));
        } else {
            known.people.learn(&event.parties);
        }
        if let Some(direction) = direction {
            known.people.settle_remote(direction, scene.line);
        }
        known.changed |= known.people != before;
        if let Some(linkage) = &event.linkage {
            known.link_to(linkage, scene);
        }
    }

    /// What a snapshot shows of this call.
    pub(super) fn found(mut self, shown: &SnapshotCall, scene: &mut Scene<'_>) -> Self {
        self.known_mut().settle_doubt(shown.state, scene);
        match self {
            Self::Silent(call) => call.found(shown, scene),
            Self::Announced(call) => call.found(shown, scene),
            Self::Talking(call) => Self::Talking(call.found(shown, scene)),
        }
    }

    /// Ends the call with what is known of how it ended; the result names itself.
    pub(super) fn end(self, scene: &mut Scene<'_>) {
        match self {
            Self::Silent(call) => call.known.release(scene),
            Self::Announced(call) => call.end_by_itself(scene),
            Self::Talking(call) => call.end(CallResult::Answered, scene),
        }
    }

    /// Ends the call with this result.
    pub(super) fn end_as(self, result: CallResult, scene: &mut Scene<'_>) {
        match self {
            Self::Silent(call) => call.known.release(scene),
            Self::Announced(call) => call.end(result, scene),
            Self::Talking(call) => call.end(result, scene),
        }
    }
}

impl Silent {
    fn handle(mut self, event: &Event, scene: &mut Scene<'_>) -> Option<Call> {
        match event.news {
            News::Initiated if self.origin == Origin::Unknown => {
                let prompts = event.cause.as_str() == "makeCall";
                self.origin = if prompts { Origin::Prompted } else { Origin::OffHook };
            }
            News::Originated => {
                self.origin = Origin::Dialled;
                return Some(self.announce_if_dialled(scene));
            }
            News::Reached => return Some(self.announce_if_dialled(scene)),
            News::Alerting { here: true } => return Some(self.rings_here(scene)),
            News::Alerting { here: false } => return Some(self.rings_there(scene)),
            News::Queued => {
                self.queued = true;
                if self.began_here(scene) && self.origin != Origin::Prompted {
                    return Some(self.announce_if_dialled(scene));
                }
            }
            News::Established { here } => return Some(self.established(here, event, scene)),
            News::Held { here } => self.known.set_hold(here, true, scene.now),
            News::Retrieved { here } => self.known.set_hold(here, false, scene.now),
            News::Failed => {
                self.known.suspect(Suspicion::Failed, &event.cause, scene.now.at + FAILED_PATIENCE);
                return Some(self.announce_if_dialled(scene));
            }
            News::Cleared { here: false } => {
                self.known.suspect(Suspicion::FarCleared, &event.cause, scene.now.at + FAR_CLEARED_PATIENCE);
            }
            News::Cleared { here: true } | News::Ended | News::Diverted { here: true } => {
                self.known.release(scene);
                return None;
            }
            // Transfer and conference change which call this is: `OnLine::join`.
            News::Initiated
            | News::Updated
            | News::Diverted { here: false }
            | News::Transferred(_)
            | News::Conferenced(_) => {}
        }
        Some(Call::Silent(self))
    }

    /// The line's telephone rings. A telephone that was lifted, or that prompts its user, rings for its own call.
    fn rings_here(mut self, scene: &mut Scene<'_>) -> Call {
        let people = &self.known.people;
        let calls_itself = people.line_calls(scene.line) && people.line_is_called(scene.line);
        match self.origin {
            Origin::Prompted | Origin::OtherEnd => Call::Silent(self),
            Origin::Dialled => self.announce_if_dialled(scene),
            Origin::OffHook | Origin::Unknown if calls_itself => self.announce_ringing(Direction::Outbound, scene),
            Origin::OffHook if !people.has_foreign_caller(scene.line) => Call::Silent(self),
            Origin::Unknown if people.line_calls(scene.line) => {
                self.origin = Origin::Prompted;
                Call::Silent(self)
            }
            Origin::OffHook | Origin::Unknown => self.announce_ringing(Direction::Inbound, scene),
        }
    }

    /// The far end rings: the line's own call, if the line or nobody else is named as its caller.
    fn rings_there(mut self, scene: &mut Scene<'_>) -> Call {
        if self.origin == Origin::Dialled {
            return self.announce_ringing(Direction::Outbound, scene);
        }
        if self.may_be_outbound(scene) {
            self.known.starts_ringing(scene.now);
        }
        self.announce_if_dialled(scene)
    }

    /// Answered. The prompt that its own user has taken up, and a queue that plays music, are no answer.
    fn established(self, here: bool, event: &Event, scene: &mut Scene<'_>) -> Call {
        let by_another = names_another(event.parties.answering.as_ref(), here, scene);
        let still_silent = match self.origin {
            Origin::OtherEnd => true,
            Origin::Prompted => here,
            Origin::Unknown | Origin::OffHook | Origin::Dialled => self.queued && by_another && !self.began_here(scene),
        };
        if still_silent {
            return Call::Silent(self);
        }
        let direction = self.undeclared_direction(here, scene);
        Call::Talking(self.announce(direction, scene).answer(scene))
    }

    /// Outbound calls are announced when the number is known that was dialled.
    fn announce_if_dialled(self, scene: &mut Scene<'_>) -> Call {
        if self.may_be_outbound(scene) && self.known.people.knows_dialled_number(scene.line) {
            Call::Announced(self.announce(Direction::Outbound, scene))
        } else {
            Call::Silent(self)
        }
    }

    fn announce_ringing(mut self, direction: Direction, scene: &mut Scene<'_>) -> Call {
        self.known.starts_ringing(scene.now);
        Call::Announced(self.announce(direction, scene))
    }

    fn announce(self, direction: Direction, scene: &mut Scene<'_>) -> Announced {
        let mut call = Announced { known: self.known, direction, elsewhere: false };
        call.known.people.settle_remote(direction, scene.line);
        let stage = call.stage(scene);
        call.known.fire(direction.action(), stage, None, scene);
        call
    }

    fn began_here(&self, scene: &Scene<'_>) -> bool {
        match self.origin {
            Origin::OffHook | Origin::Prompted | Origin::Dialled => true,
            Origin::Unknown => self.known.people.line_calls(scene.line),
            Origin::OtherEnd => false,
        }
    }

    /// The line began it, or nobody else is named as its caller and it goes elsewhere.
    fn may_be_outbound(&self, scene: &Scene<'_>) -> bool {
        let people = &self.known.people;
        let unclaimed = !people.has_foreign_caller(scene.line) && !people.line_is_called(scene.line);
        self.began_here(scene) || (self.origin == Origin::Unknown && unclaimed)
    }

    /// The direction of a call that nothing has announced: from who calls and who is called, else inbound.
    fn undeclared_direction(&self, here: bool, scene: &Scene<'_>) -> Direction {
        let called_elsewhere = !here && self.may_be_outbound(scene) && self.known.people.knows_dialled_number(scene.line);
        if self.began_here(scene) || called_elsewhere { Direction::Outbound } else { Direction::Inbound }
    }

    fn found(mut self, shown: &SnapshotCall, scene: &mut Scene<'_>) -> Call {
        let Some(state) = shown.state.filter(|_| self.origin != Origin::OtherEnd) else { return Call::Silent(self) };
        let direction = match state {
            ConnectionState::Dialling => Direction::Outbound,
            ConnectionState::Alerting => Direction::Inbound,
            ConnectionState::Initiated
            | ConnectionState::Connected
            | ConnectionState::Held
            | ConnectionState::Queued
            | ConnectionState::Failed => self.undeclared_direction(false, scene),
        };
        if let Some(remote) = &shown.remote {
            self.known.people.learn_remote(direction, remote);
        }
        match state {
            ConnectionState::Initiated if self.origin == Origin::Unknown => {
                self.origin = Origin::OffHook;
                Call::Silent(self)
            }
            ConnectionState::Alerting if !self.began_here(scene) => self.announce_ringing(direction, scene),
            ConnectionState::Dialling => {
                self.origin = Origin::Dialled;
                self.announce_if_dialled(scene)
            }
            ConnectionState::Connected | ConnectionState::Held if self.origin != Origin::Prompted => {
                self.announce(direction, scene).found(shown, scene)
            }
            ConnectionState::Initiated
            | ConnectionState::Alerting
            | ConnectionState::Connected
            | ConnectionState::Held
            | ConnectionState::Queued
            | ConnectionState::Failed => Call::Silent(self),
        }
    }
}

impl Announced {
    fn handle(mut self, event: &Event, scene: &mut Scene<'_>) -> Option<Call> {
        match event.news {
            News::Alerting { .. } => self.known.starts_ringing(scene.now),
            News::Established { here } => {
                let by_another = names_another(event.parties.answering.as_ref(), here, scene);
                if self.direction == Direction::Outbound || !by_another {
                    return Some(Call::Talking(self.answer(scene)));
                }
                self.elsewhere = true;
                self.known.changed = true;
            }
            News::Held { here } => {
                self.known.set_hold(here, true, scene.now);
                if here && self.direction == Direction::Inbound {
                    // Only a call that was answered can be held where it rang: ask whether the answer was missed.
                    scene.ask_snapshot();
                }
            }
            News::Retrieved { here } => self.known.set_hold(here, false, scene.now),
            News::Failed => self.known.suspect(Suspicion::Failed, &event.cause, scene.now.at + FAILED_PATIENCE),
            News::Diverted { here: true } => {
                let result = self.unanswered(Unanswered::Diverted, &event.cause);
                self.end(result, scene);
                return None;
            }
            News::Cleared { here: true } | News::Ended => {
                self.end_by_itself(scene);
                return None;
            }
            News::Cleared { here: false } => {
                self.known.suspect(Suspicion::FarCleared, &event.cause, scene.now.at + FAR_CLEARED_PATIENCE);
            }
            News::Initiated
            | News::Originated
            | News::Reached
            | News::Queued
            | News::Updated
            | News::Diverted { here: false }
            | News::Transferred(_)
            | News::Conferenced(_) => {}
        }
        Some(Call::Announced(self))
    }

    fn answer(self, scene: &mut Scene<'_>) -> Talking {
        let rang = self.known.rang(scene.now);
        let mut call = Talking { known: self.known, direction: self.direction, connected: scene.now, rang };
        call.known.doubt = None;
        let stage = call.stage();
        call.known.fire(Action::Connected, stage, None, scene);
        call.settle_hold(scene);
        call
    }

    fn found(mut self, shown: &SnapshotCall, scene: &mut Scene<'_>) -> Call {
        self.known.learn_shown(shown.remote.as_ref(), self.direction, scene);
        match shown.state {
            Some(ConnectionState::Connected | ConnectionState::Held) => {
                self.known.set_hold(true, shown.state == Some(ConnectionState::Held), scene.now);
                Call::Talking(self.answer(scene))
            }
            Some(ConnectionState::Alerting) => {
                self.known.starts_ringing(scene.now);
                Call::Announced(self)
            }
            Some(ConnectionState::Failed) => {
                self.known.suspect(Suspicion::Failed, &scene.cause, scene.now.at + FAILED_PATIENCE);
                Call::Announced(self)
            }
            Some(ConnectionState::Initiated | ConnectionState::Dialling | ConnectionState::Queued) | None => {
                Call::Announced(self)
            }
        }
    }

    fn end_by_itself(self, scene: &mut Scene<'_>) {
        let how = match () {
            () if self.elsewhere => Unanswered::Elsewhere,
            () if self.known.has_failed() => Unanswered::Failed,
            () => Unanswered::Cleared,
        };
        let result = self.unanswered(how, &scene.cause);
        self.end(result, scene);
    }

    /// The first sign of the end knows best why; the clearing itself is often just normal.
    fn unanswered(&self, how: Unanswered, cause: &Cause) -> CallResult {
        unanswered(self.direction, how, self.known.suspected_cause().into_iter().chain([cause]))
    }

    fn end(mut self, result: CallResult, scene: &mut Scene<'_>) {
        let stage = self.stage(scene);
        self.known.fire(Action::Disconnected, stage, Some(result), scene);
        self.known.release(scene);
    }

    fn stage(&self, scene: &Scene<'_>) -> Stage {
        Stage { direction: self.direction, connected: None, rang: self.known.rang(scene.now) }
    }
}

impl Talking {
    fn handle(mut self, event: &Event, scene: &mut Scene<'_>) -> Option<Call> {
        match event.news {
            News::Held { here } => {
                self.known.set_hold(here, true, scene.now);
                self.settle_hold(scene);
            }
            News::Retrieved { here } => {
                self.known.set_hold(here, false, scene.now);
                self.settle_hold(scene);
            }
            News::Failed => self.known.suspect(Suspicion::Failed, &event.cause, scene.now.at + FAILED_PATIENCE),
            News::Cleared { here: false } => {
                self.known.suspect(Suspicion::FarCleared, &event.cause, scene.now.at + FAR_CLEARED_PATIENCE);
            }
            News::Cleared { here: true } | News::Ended | News::Diverted { here: true } => {
                self.end(CallResult::Answered, scene);
                return None;
            }
            News::Initiated
            | News::Originated
            | News::Reached
            | News::Alerting { .. }
            | News::Queued
            | News::Established { .. }
            | News::Updated
            | News::Diverted { here: false }
            | News::Transferred(_)
            | News::Conferenced(_) => {}
        }
        Some(Call::Talking(self))
    }

    /// Fires `hold` where the state is another than the last `hold` said.
    pub(super) fn settle_hold(&mut self, scene: &mut Scene<'_>) {
        let held = self.known.hold.is_held(scene.line);
        if held != self.known.hold.shown {
            self.known.hold.shown = held;
            let stage = self.stage();
            self.known.fire(Action::Hold, stage, None, scene);
        }
    }

    fn found(mut self, shown: &SnapshotCall, scene: &mut Scene<'_>) -> Self {
        self.known.learn_shown(shown.remote.as_ref(), self.direction, scene);
        match shown.state {
            Some(ConnectionState::Held) => self.known.set_hold(true, true, scene.now),
            Some(ConnectionState::Connected) => self.known.set_hold(true, false, scene.now),
            Some(
                ConnectionState::Initiated
                | ConnectionState::Alerting
                | ConnectionState::Dialling
                | ConnectionState::Queued
                | ConnectionState::Failed,
            )
            | None => {}
        }
        self.settle_hold(scene);
        self
    }

    fn end(mut self, result: CallResult, scene: &mut Scene<'_>) {
        let stage = self.stage();
        self.known.fire(Action::Disconnected, stage, Some(result), scene);
        self.known.release(scene);
    }

    fn stage(&self) -> Stage {
        Stage { direction: self.direction, connected: Some(self.connected), rang: self.rang }
    }
}

impl Known {
    /// A snapshot that shows the call dispels what was suspected, but a failed call has to be watched until it goes.
    fn settle_doubt(&mut self, state: Option<ConnectionState>, scene: &Scene<'_>) {
        let Some(doubt) = &mut self.doubt else { return };
        if doubt.what == Suspicion::Failed && matches!(state, Some(ConnectionState::Failed) | None) {
            doubt.asked = false;
            doubt.at = scene.now.at + super::RECHECK;
        } else {
            self.doubt = None;
        }
    }

    fn learn_shown(&mut self, remote: Option<&Party>, direction: Direction, scene: &Scene<'_>) {
        let Some(remote) = remote else { return };
        let before = self.people.clone();
        self.people.learn_remote(direction, remote);
        self.people.settle_remote(direction, scene.line);
        self.changed |= self.people != before;
    }
}

/// The device that answered is named, and it is not the line.
fn names_another(answering: Option<&Party>, here: bool, scene: &Scene<'_>) -> bool {
    !here && answering.is_some_and(|party| !party.number.is_empty() && !scene.line.is(party))
}
