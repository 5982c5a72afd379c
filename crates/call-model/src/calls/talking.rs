//! A call that has fired `connected`.

use std::time::Duration;

use super::{
    FAILED_PATIENCE, FAR_CLEARED_PATIENCE,
    call::Call,
    known::{Known, Scene, Stage, Suspicion},
};
use crate::{Action, CallResult, ConnectionState, Direction, Event, Moment, News, SnapshotCall};

/// `connected` was fired.
pub(super) struct Talking {
    pub(super) known: Known,
    pub(super) direction: Direction,
    pub(super) connected: Moment,
    pub(super) rang: Duration,
}

impl Talking {
    pub(super) fn handle(mut self, event: &Event, scene: &mut Scene<'_>) -> Option<Call> {
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

    pub(super) fn found(mut self, shown: &SnapshotCall, scene: &mut Scene<'_>) -> Self {
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

    pub(super) fn end(mut self, result: CallResult, scene: &mut Scene<'_>) {
        let stage = self.stage();
        self.known.fire(Action::Disconnected, stage, Some(result), scene);
        self.known.release(scene);
    }

    pub(super) fn stage(&self) -> Stage {
        Stage { direction: self.direction, connected: Some(self.connected), rang: self.rang }
    }
}
