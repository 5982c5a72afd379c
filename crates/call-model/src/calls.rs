//! All lines' calls of the gateway.

use std::{collections::HashMap, sync::Arc, time::Instant};

use serde::{Deserialize, Serialize};

use crate::{CallGuid, Event, Line, LineId, Moment, Occurrence, SnapshotCall};

/// All lines' calls of the gateway.
pub struct Calls {
    lines: HashMap<LineId, Arc<Line>>,
    #[allow(dead_code)] // used with the state machine
    entropy: Box<dyn FnMut(&mut [u8]) + Send>,
}

/// What comes of an event.
#[derive(Clone, Debug, PartialEq)]
pub enum CallOutput {
    /// One of the five actions.
    Occurred(Occurrence),
    /// A call that is worth saving although nothing occurred: it has a new name, or more is known about it.
    Changed(CallGuid),
    /// Ask the link of this line which calls it has, and give the answer to [`Calls::reconcile`].
    Snapshot(LineId),
}

/// An open call as it is kept over a restart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SavedCall {
    /// The call.
    pub guid: CallGuid,
    /// Its line.
    pub line: LineId,
}

impl Calls {
    /// No calls yet, on these lines. `entropy` fills a buffer from the system's generator.
    pub fn new(lines: impl IntoIterator<Item = Arc<Line>>, entropy: Box<dyn FnMut(&mut [u8]) + Send>) -> Self {
        Self { lines: lines.into_iter().map(|line| (line.id.clone(), line)).collect(), entropy }
    }

    /// Adds a line, or replaces its description; its calls go on.
    pub fn set_line(&mut self, line: Arc<Line>) {
        self.lines.insert(line.id.clone(), line);
    }

    /// Takes up a call from before a restart, under its old guid and sequence. False if its line is unknown.
    pub fn restore(&mut self, _now: Moment, saved: SavedCall) -> bool {
        self.lines.contains_key(&saved.line)
    }

    /// An event of a line.
    pub fn handle(&mut self, _now: Moment, _line: &LineId, _event: &Event, _out: &mut Vec<CallOutput>) {}

    /// What a snapshot shows: all calls of the line.
    pub fn reconcile(&mut self, _now: Moment, _line: &LineId, _snapshot: &[SnapshotCall], _out: &mut Vec<CallOutput>) {}

    /// When [`Calls::tick`] wants to be called.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        None
    }

    /// Time has passed.
    pub fn tick(&mut self, _now: Moment, _out: &mut Vec<CallOutput>) {}

    /// A call as it is worth keeping; `None` before its first action and after its last.
    #[must_use]
    pub fn saved(&self, _guid: CallGuid) -> Option<SavedCall> {
        None
    }

    /// The link will never vouch for this line again: every open call ends `lost`.
    pub fn close_line(&mut self, _now: Moment, _line: &LineId, _out: &mut Vec<CallOutput>) {}
}
