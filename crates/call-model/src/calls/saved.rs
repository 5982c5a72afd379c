//! An open call as it outlives the gateway.

use std::time::Duration;

use compact_str::CompactString;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    FAILED_PATIENCE, Shared,
    announced::Announced,
    call::Call,
    known::{Hold, Known, Scene, Suspicion},
    people::People,
    talking::Talking,
};
use crate::{CallGuid, CallRef, Cause, Direction, LineId, Moment, Number, Party};

/// An open call as it is kept over a restart: wall times only, since a monotonic clock does not outlive its machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SavedCall {
    /// The call.
    pub guid: CallGuid,
    /// Its line.
    pub line: LineId,
    /// How its link names it.
    pub call: CallRef,
    /// Of the last action that was fired.
    pub sequence: u32,
    /// Who began it.
    pub direction: Direction,
    /// Since when it exists.
    pub created: Timestamp,
    /// Since when it rings.
    pub rings: Option<Timestamp>,
    /// When it was answered.
    pub connected: Option<Timestamp>,
    /// How long it rang, once it is answered.
    pub rang_ms: u64,
    /// Since when the line holds it.
    pub held: Option<Timestamp>,
    /// The other side holds it.
    pub held_there: bool,
    /// What the last `hold` said.
    pub hold_shown: bool,
    /// Time on hold that is over.
    pub hold_ms: u64,
    /// The other side.
    pub remote: Party,
    /// Whom a transfer took away from the other side.
    pub former: Option<Number>,
    /// The number that was dialled.
    pub called: Number,
    /// The device that answered.
    pub answering: Number,
    /// The last device that redirected it.
    pub redirecting: Number,
    /// More than two may be in it.
    pub conference: bool,
    /// Somebody else has answered it.
    pub elsewhere: bool,
    /// It has failed, for this cause.
    pub failed: Option<Cause>,
    /// The conversation's id.
    pub correlation: CompactString,
    /// The global call linkage id.
    pub linkage: Option<CompactString>,
}

impl SavedCall {
    /// `None` where nothing was fired yet: such a call is found again, or never was.
    pub(super) fn of(call: &Call, line: &LineId, shared: &Shared) -> Option<Self> {
        let known = call.known();
        let people = &known.people;
        let (connected, rang, elsewhere) = match call {
            Call::Silent(_) => return None,
            Call::Announced(call) => (None, Duration::ZERO, call.elsewhere),
            Call::Talking(call) => (Some(call.connected.wall), call.rang, false),
        };
        Some(Self {
            guid: known.guid,
            line: line.clone(),
            call: known.call.clone(),
            sequence: known.sequence,
            direction: call.direction()?,
            created: known.created.wall,
            rings: known.rings.map(|rings| rings.wall),
            connected,
            rang_ms: millis(rang),
            held: known.hold.here.map(|held| held.wall),
            held_there: known.hold.there,
            hold_shown: known.hold.shown,
            hold_ms: millis(known.hold.total),
            remote: people.remote.clone(),
            former: people.former.clone(),
            called: people.called.clone(),
            answering: people.answering.clone(),
            redirecting: people.redirecting.clone(),
            conference: known.conference,
            elsewhere,
            failed: known.has_failed().then(|| known.suspected_cause().cloned()).flatten(),
            correlation: known.correlation_in(shared),
            linkage: known.linkage().cloned(),
        })
    }

    /// The call again, under its old guid and sequence.
    pub(super) fn into_call(self, scene: &mut Scene<'_>) -> Call {
        let now = scene.now;
        let at = |wall| moment(now, wall);
        let mut known = Known::restored(self.guid, self.call, &self.correlation, scene);
        known.sequence = self.sequence;
        known.created = at(self.created);
        known.heard = known.created.at;
        known.rings = self.rings.map(at);
        known.conference = self.conference;
        known.hold = Hold {
            here: self.held.map(at),
            there: self.held_there,
            shown: self.hold_shown,
            total: Duration::from_millis(self.hold_ms),
        };
        let mut people = People::default();
        people.remote = self.remote;
        people.called = self.called;
        people.answering = self.answering;
        people.redirecting = self.redirecting;
        people.former = self.former;
        known.people = people;
        if let Some(linkage) = &self.linkage {
            known.link_to(linkage, scene);
        }
        if let Some(cause) = &self.failed {
            known.suspect(Suspicion::Failed, cause, now.at + FAILED_PATIENCE);
        }
        known.changed = false;
        match self.connected {
            None => Call::Announced(Announced { known, direction: self.direction, elsewhere: self.elsewhere }),
            Some(connected) => Call::Talking(Talking {
                known,
                direction: self.direction,
                connected: at(connected),
                rang: Duration::from_millis(self.rang_ms),
            }),
        }
    }
}

/// A wall time as a moment of the running clock. A wall clock that was set back makes nothing lie in the future.
fn moment(now: Moment, wall: Timestamp) -> Moment {
    let ago: Duration = now.wall.duration_since(wall).try_into().unwrap_or(Duration::ZERO);
    Moment { at: now.at.checked_sub(ago).unwrap_or(now.at), wall }
}

fn millis(duration: Duration) -> u64 {
    duration.as_millis().try_into().unwrap_or(u64::MAX)
}
