//! A call that has fired `inbound` or `outbound`.

use super::{
    FAILED_PATIENCE, FAR_CLEARED_PATIENCE,
    call::{Call, names_another},
    known::{Known, Scene, Stage, Suspicion},
    result::{Unanswered, unanswered},
    talking::Talking,
};
use crate::{Action, CallResult, Cause, ConnectionState, Direction, Event, News, SnapshotCall};

/// `inbound` or `outbound` was fired.
pub(super) struct Announced {
    pub(super) known: Known,
    pub(super) direction: Direction,
    /// Somebody else has answered it.
    pub(super) elsewhere: bool,
}

impl Announced {
    pub(super) fn handle(mut self, event: &Event, scene: &mut Scene<'_>) -> Option<Call> {
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
            News::Held { here } => self.known.set_hold(here, true, scene.now),
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

    pub(super) fn answer(self, scene: &mut Scene<'_>) -> Talking {
        let rang = self.known.rang(scene.now);
        let mut call = Talking { known: self.known, direction: self.direction, connected: scene.now, rang };
        call.known.doubt = None;
        let stage = call.stage();
        call.known.fire(Action::Connected, stage, None, scene);
        call.settle_hold(scene);
        call
    }

    pub(super) fn found(mut self, shown: &SnapshotCall, scene: &mut Scene<'_>) -> Call {
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

    pub(super) fn end_by_itself(self, scene: &mut Scene<'_>) {
        let how = match () {
            () if self.elsewhere => Unanswered::Elsewhere,
            () if self.known.has_failed() => Unanswered::Failed,
            () => Unanswered::Cleared,
        };
        let result = self.unanswered(how, &scene.cause);
        if let Some(cause) = self.known.suspected_cause().filter(|_| how == Unanswered::Failed) {
            // Why it failed is worth more than the `normalClearing` that follows.
            scene.cause = cause.clone();
        }
        self.end(result, scene);
    }

    /// The first sign of the end knows best why; the clearing itself is often just normal.
    fn unanswered(&self, how: Unanswered, cause: &Cause) -> CallResult {
        unanswered(self.direction, how, self.known.suspected_cause().into_iter().chain([cause]))
    }

    pub(super) fn end(mut self, result: CallResult, scene: &mut Scene<'_>) {
        let stage = self.stage(scene);
        self.known.fire(Action::Disconnected, stage, Some(result), scene);
        self.known.release(scene);
    }

    pub(super) fn stage(&self, scene: &Scene<'_>) -> Stage {
        Stage { direction: self.direction, connected: None, rang: self.known.rang(scene.now) }
    }
}
