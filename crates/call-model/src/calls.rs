//! All lines' calls of the gateway.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::{Duration, Instant},
};

use uuid::Builder;

use crate::{CallGuid, Cause, Event, Line, LineId, Moment, Occurrence, SnapshotCall};

mod announced;
mod call;
mod correlation;
mod join;
mod known;
mod on_line;
mod people;
mod reconcile;
mod result;
mod saved;
mod silent;
mod talking;
#[cfg(test)]
mod tests;

use correlation::Correlations;
use known::Scene;
use on_line::OnLine;
pub use saved::SavedCall;

/// After the far end has left: how long to wait for the end of the call before asking for it.
const FAR_CLEARED_PATIENCE: Duration = Duration::from_secs(5);

/// After a call has failed: how long to wait for its clearing before asking for it.
const FAILED_PATIENCE: Duration = Duration::from_secs(10);

/// How long to wait for a snapshot before deciding without one.
const SNAPSHOT_PATIENCE: Duration = Duration::from_secs(10);

/// How often to look after a failed call that the link says is still there.
const RECHECK: Duration = Duration::from_secs(60);

/// A snapshot may have been on its way for so long: it says nothing about what is younger.
const FRESH: Duration = Duration::from_secs(2);

/// The calls of all lines, and the actions they fire.
///
/// It is told events, snapshots and the time, and answers with [`CallOutput`]s; it never waits and reads no clock.
/// Events may be missing, repeated or out of order: the order of a call's actions holds all the same.
pub struct Calls {
    lines: HashMap<LineId, OnLine>,
    /// The next deadline of every line that has one.
    deadlines: BTreeSet<(Instant, LineId)>,
    shared: Shared,
}

/// Fills a buffer from the system's generator.
pub type Entropy = Box<dyn FnMut(&mut [u8]) + Send>;

/// What the lines share.
struct Shared {
    correlations: Correlations,
    /// The line of every live call.
    guids: HashMap<CallGuid, LineId>,
    entropy: Entropy,
}

/// What comes of an event, of a snapshot, or of time.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::large_enum_variant)] // nearly every output is an occurrence
pub enum CallOutput {
    /// One of the five actions. The call is worth saving, or with `disconnected` worth forgetting.
    Occurred(Occurrence),
    /// A call that is worth saving although nothing occurred: it has a new name, or more is known about it.
    Changed(CallGuid),
    /// Ask the link of this line which calls it has, and give the answer to [`Calls::reconcile`]. Where the link
    /// gives none, tell nothing: an empty snapshot says that there are no calls.
    Snapshot(LineId),
}

impl Calls {
    /// These lines, without calls.
    pub fn new(lines: impl IntoIterator<Item = Arc<Line>>, entropy: Entropy) -> Self {
        let shared = Shared { correlations: Correlations::default(), guids: HashMap::new(), entropy };
        let lines = lines.into_iter().map(|line| (line.id.clone(), OnLine::new(line))).collect();
        Self { lines, deadlines: BTreeSet::new(), shared }
    }

    /// Takes up an open call from before a restart, under its old guid and sequence. The first snapshot of its line
    /// decides whether it goes on. False if there is no such line any more: the call is to be forgotten.
    pub fn restore(&mut self, now: Moment, saved: SavedCall) -> bool {
        let line = saved.line.clone();
        self.on_line(now, &line, Cause::default(), true, &mut Vec::new(), |on_line, scene| {
            let call = saved.into_call(scene);
            on_line.calls.push(call);
        })
    }

    /// One event of a line. Events of unknown lines are ignored.
    pub fn handle(&mut self, now: Moment, line: &LineId, event: &Event, out: &mut Vec<CallOutput>) {
        self.on_line(now, line, event.cause.clone(), false, out, |on_line, scene| on_line.handle(event, scene));
    }

    /// What a snapshot shows: all calls that the line has, and no others.
    pub fn reconcile(&mut self, now: Moment, line: &LineId, snapshot: &[SnapshotCall], out: &mut Vec<CallOutput>) {
        self.on_line(now, line, Cause::default(), true, out, |on_line, scene| on_line.reconcile(snapshot, scene));
    }

    /// Nobody will vouch for what was not heard of after this time: every such call of the line ends `lost`.
    pub fn close_unheard(&mut self, now: Moment, line: &LineId, since: Instant, out: &mut Vec<CallOutput>) {
        self.on_line(now, line, Cause::default(), true, out, |on_line, scene| on_line.close_unheard(since, scene));
    }

    /// When [`Calls::tick`] has something to do.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|(at, _line)| *at)
    }

    /// Does what is due.
    pub fn tick(&mut self, now: Moment, out: &mut Vec<CallOutput>) {
        // Whatever a tick does, it leaves no deadline that is due, so this comes to an end.
        while let Some((_, line)) = self.deadlines.first().cloned().filter(|(at, _line)| *at <= now.at) {
            self.on_line(now, &line, Cause::default(), true, out, OnLine::tick);
        }
    }

    /// An open call as it is worth keeping; `None` before its first action and after its last.
    #[must_use]
    pub fn saved(&self, guid: CallGuid) -> Option<SavedCall> {
        let line = self.shared.guids.get(&guid)?;
        let call = self.lines.get(line)?.calls.iter().find(|call| call.known().guid == guid)?;
        SavedCall::of(call, line, &self.shared)
    }

    /// Lets something happen on a line and keeps its deadline; false if there is no such line.
    fn on_line(
        &mut self,
        now: Moment,
        id: &LineId,
        cause: Cause,
        synthetic: bool,
        out: &mut Vec<CallOutput>,
        what: impl FnOnce(&mut OnLine, &mut Scene<'_>),
    ) -> bool {
        let Some(on_line) = self.lines.get_mut(id) else { return false };
        let line = Arc::clone(&on_line.line);
        what(on_line, &mut Scene { now, line: &line, cause, synthetic, shared: &mut self.shared, out });
        let deadline = on_line.deadline();
        let scheduled = std::mem::replace(&mut on_line.scheduled, deadline);
        if scheduled != deadline {
            let entry = |at| (at, id.clone());
            scheduled.map(entry).map(|old| self.deadlines.remove(&old));
            self.deadlines.extend(deadline.map(entry));
        }
        true
    }
}

impl Shared {
    /// UUID version 7 (RFC 9562 5.7): 48 bits of time, 74 random bits.
    fn guid(&mut self, now: Moment) -> CallGuid {
        let mut random = [0; 10];
        (self.entropy)(&mut random);
        let millis = now.wall.as_millisecond().try_into().unwrap_or(0);
        CallGuid(Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }
}
