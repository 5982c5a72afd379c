//! One call of one line, as a machine.

use super::{
    RECHECK,
    announced::Announced,
    known::{Known, Scene, Suspicion},
    people::without_own_prompt,
    silent::Silent,
    talking::Talking,
};
use crate::{CallResult, ConnectionState, Direction, Event, Party, SnapshotCall};

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

impl Call {
    /// A call of which nothing is known yet.
    pub(super) fn new(known: Known) -> Self {
        Self::Silent(Silent::new(known))
    }

    /// The far end of a call of the line to itself.
    pub(super) fn other_end(known: Known) -> Self {
        Self::Silent(Silent::other_end(known))
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
        let prompting = matches!(self, Self::Silent(call) if call.prompts());
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

impl Known {
    /// A snapshot that shows the call dispels what was suspected, but a failed call has to be watched until it goes.
    fn settle_doubt(&mut self, state: Option<ConnectionState>, scene: &Scene<'_>) {
        let Some(doubt) = &mut self.doubt else { return };
        if doubt.what == Suspicion::Failed && matches!(state, Some(ConnectionState::Failed) | None) {
            doubt.asked = false;
            doubt.at = scene.now.at + RECHECK;
        } else {
            self.doubt = None;
        }
    }

    pub(super) fn learn_shown(&mut self, remote: Option<&Party>, direction: Direction, scene: &Scene<'_>) {
        let Some(remote) = remote else { return };
        let before = self.people.clone();
        self.people.learn_remote(direction, remote);
        self.people.settle_remote(direction, scene.line);
        self.changed |= self.people != before;
    }
}

/// The device that answered is named, and it is not the line.
pub(super) fn names_another(answering: Option<&Party>, here: bool, scene: &Scene<'_>) -> bool {
    !here && answering.is_some_and(|party| !party.number.is_empty() && !scene.line.is(party))
}
