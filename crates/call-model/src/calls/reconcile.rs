//! Resynchronisation: what a snapshot shows against what is known.

use super::{
    FRESH,
    call::Call,
    known::{Scene, Suspicion},
    on_line::OnLine,
};
use crate::{CallResult, ConnectionState, Line, SnapshotCall};

impl OnLine {
    /// Brings the line's calls in step with a snapshot of all of them.
    pub(super) fn reconcile(&mut self, snapshot: &[SnapshotCall], scene: &mut Scene<'_>) {
        let mut at = 0;
        while let Some(call) = self.calls.get(at) {
            match snapshot.iter().find(|shown| shown.call == call.known().call) {
                Some(shown) if call.is_another(shown, scene.line) => {
                    self.calls.remove(at).end_as(CallResult::Lost, scene);
                }
                Some(shown) => {
                    let call = self.calls.remove(at).found(shown, scene);
                    self.calls.insert(at, call);
                    self.note_change(at, scene);
                    at += 1;
                }
                None => at += usize::from(!self.settle_absent(at, scene)),
            }
        }
        for shown in snapshot {
            if self.position(&shown.call).is_none() {
                self.find(shown, scene);
            }
        }
    }

    /// A call that the snapshot does not show is over; true if it is gone. Where there was news of it a moment ago,
    /// the snapshot may be older than the call, so a second one decides.
    fn settle_absent(&mut self, at: usize, scene: &mut Scene<'_>) -> bool {
        let Some(call) = self.calls.get_mut(at) else { return false };
        let known = call.known_mut();
        let suspicion = known.doubt.as_ref().map(|doubt| (doubt.what, doubt.asked));
        let fresh = scene.now.at.saturating_duration_since(known.heard) < FRESH;
        match suspicion {
            Some((Suspicion::Failed | Suspicion::FarCleared, _)) => {
                self.take(at, scene.now).end_as_suspected(scene);
            }
            None | Some((Suspicion::Absent, false)) if fresh => {
                known.suspect(Suspicion::Absent, &scene.cause, scene.now.at + FRESH);
                return false;
            }
            None | Some((Suspicion::Absent, _)) => self.take(at, scene.now).end_as(CallResult::Lost, scene),
        }
        true
    }

    /// A call that only the snapshot knows.
    fn find(&mut self, shown: &SnapshotCall, scene: &mut Scene<'_>) {
        if shown.state.is_none() {
            return;
        }
        if self.has_just_ended(&shown.call, scene.now) {
            self.recheck.get_or_insert(scene.now.at + FRESH);
            return;
        }
        self.open(shown.call.clone(), shown.remote.as_ref(), shown.remote.as_ref(), scene);
        if let Some(call) = self.calls.pop() {
            self.calls.push(call.found(shown, scene));
        }
    }
}

impl Call {
    /// The callID was given to another call: somebody else is on the other side, or it rings after it was answered.
    fn is_another(&self, shown: &SnapshotCall, line: &Line) -> bool {
        let rings_again = match (self, shown.state) {
            (Self::Talking(_), Some(ConnectionState::Alerting | ConnectionState::Initiated)) => true,
            (Self::Silent(_) | Self::Announced(_) | Self::Talking(_), _) => false,
        };
        let known = self.known();
        let another = shown.remote.as_ref().is_some_and(|remote| known.people.excludes(remote, line));
        rings_again || (another && !known.conference)
    }
}
