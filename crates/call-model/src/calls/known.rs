//! What is known of a call, whatever its phase.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use compact_str::CompactString;

use super::{CallOutput, Shared, correlation::Name, people::People};
use crate::{Action, CallGuid, CallRef, CallResult, Cause, Direction, Facts, Line, Moment, Occurrence};

/// What a transition needs from around it.
pub(super) struct Scene<'a> {
    pub(super) now: Moment,
    pub(super) line: &'a Arc<Line>,
    pub(super) cause: Cause,
    pub(super) synthetic: bool,
    pub(super) shared: &'a mut Shared,
    pub(super) out: &'a mut Vec<CallOutput>,
}

/// What is known of a call, whatever its phase.
pub(super) struct Known {
    pub(super) guid: CallGuid,
    pub(super) call: CallRef,
    /// Of the last action that was fired.
    pub(super) sequence: u32,
    pub(super) created: Moment,
    /// When news of it last came.
    pub(super) heard: Instant,
    /// Since when somebody's telephone rings.
    pub(super) rings: Option<Moment>,
    pub(super) people: People,
    pub(super) hold: Hold,
    /// Something is wrong with it: what, and when to do something about it.
    pub(super) doubt: Option<Doubt>,
    /// More than two may be in it: that one party leaves says nothing about the others.
    pub(super) conference: bool,
    /// Something worth saving has changed since the last action.
    pub(super) changed: bool,
    name: Name,
    linkage: Option<Name>,
}

/// Who has put the call on hold.
#[derive(Clone, Debug, Default)]
pub(super) struct Hold {
    /// The line, since then.
    pub(super) here: Option<Moment>,
    /// The other side.
    pub(super) there: bool,
    /// What the last `hold` said.
    pub(super) shown: bool,
    /// Time on hold by the line that is over.
    pub(super) total: Duration,
}

/// A call of which the link has said, or not said, something that calls for a second look.
#[derive(Clone, Debug)]
pub(super) struct Doubt {
    pub(super) what: Suspicion,
    pub(super) cause: Cause,
    /// A snapshot has been asked for.
    pub(super) asked: bool,
    /// When to ask for one, or when to wait for it no longer.
    pub(super) at: Instant,
}

/// In the order of their weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Suspicion {
    /// A snapshot did not show it, but there was news of it a moment ago.
    Absent,
    /// The far end has left.
    FarCleared,
    /// It failed.
    Failed,
}

/// What the phase of a call adds to its facts.
#[derive(Clone, Copy)]
pub(super) struct Stage {
    pub(super) direction: Direction,
    pub(super) connected: Option<Moment>,
    pub(super) rang: Duration,
}

impl Known {
    pub(super) fn new(call: CallRef, scene: &mut Scene<'_>) -> Self {
        let guid = scene.shared.guid(scene.now);
        Self::restored(guid, call, &guid.to_string().into(), scene)
    }

    /// A call whose guid and correlation id are given.
    pub(super) fn restored(guid: CallGuid, call: CallRef, correlation: &CompactString, scene: &mut Scene<'_>) -> Self {
        let name = Name::Call { link: scene.line.link.clone(), call: call.clone() };
        scene.shared.correlations.take(&name, correlation);
        scene.shared.guids.insert(guid, scene.line.id.clone());
        Self {
            guid,
            call,
            sequence: 0,
            created: scene.now,
            heard: scene.now.at,
            rings: None,
            people: People::default(),
            hold: Hold::default(),
            doubt: None,
            conference: false,
            changed: false,
            name,
            linkage: None,
        }
    }

    /// The call is over: its names are free again.
    pub(super) fn release(self, scene: &mut Scene<'_>) {
        scene.shared.guids.remove(&self.guid);
        scene.shared.correlations.give_back(&self.name);
        if let Some(linkage) = &self.linkage {
            scene.shared.correlations.give_back(linkage);
        }
    }

    /// The call goes on under a new callID.
    pub(super) fn rename(&mut self, call: &CallRef, scene: &mut Scene<'_>) {
        let name = Name::Call { link: scene.line.link.clone(), call: call.clone() };
        let id = self.correlation(scene);
        scene.shared.correlations.take(&name, &id);
        scene.shared.correlations.merge(&self.name, &name);
        scene.shared.correlations.give_back(&self.name);
        self.name = name;
        self.call = call.clone();
        self.changed = true;
    }

    /// Ties the call to all others with this linkage id; the id that is older in use stays.
    pub(super) fn link_to(&mut self, linkage: &CompactString, scene: &mut Scene<'_>) {
        let linkage = Name::Linkage(linkage.clone());
        if self.linkage.as_ref() == Some(&linkage) {
            return;
        }
        let id = self.correlation(scene);
        scene.shared.correlations.take(&linkage, &id);
        scene.shared.correlations.merge(&linkage, &self.name);
        if let Some(old) = self.linkage.replace(linkage) {
            scene.shared.correlations.give_back(&old);
        }
        self.changed = true;
    }

    /// The conversation that bears this callID on the call's link is the same as this call's.
    pub(super) fn tie_to(&self, call: &CallRef, scene: &mut Scene<'_>) {
        let other = Name::Call { link: scene.line.link.clone(), call: call.clone() };
        scene.shared.correlations.merge(&self.name, &other);
    }

    pub(super) fn correlation(&self, scene: &Scene<'_>) -> CompactString {
        self.correlation_in(scene.shared)
    }

    pub(super) fn correlation_in(&self, shared: &Shared) -> CompactString {
        shared.correlations.id(&self.name).unwrap_or_default()
    }

    pub(super) fn linkage(&self) -> Option<&CompactString> {
        match &self.linkage {
            Some(Name::Linkage(linkage)) => Some(linkage),
            Some(Name::Call { .. }) | None => None,
        }
    }

    /// One of the five actions.
    pub(super) fn fire(&mut self, action: Action, stage: Stage, result: Option<CallResult>, scene: &mut Scene<'_>) {
        self.sequence += 1;
        self.changed = false;
        let now = scene.now;
        let facts = Facts {
            line: Arc::clone(scene.line),
            guid: self.guid,
            sequence: self.sequence,
            at: now.wall,
            direction: stage.direction,
            on_hold: self.hold.shown && result.is_none(),
            created: self.created.wall,
            connected: stage.connected.map(|connected| connected.wall),
            disconnected: result.map(|_| now.wall),
            duration_seconds: stage.connected.map_or(0, |connected| since(connected, now).as_secs()),
            ring_seconds: stage.rang.as_secs(),
            hold_seconds: self.hold.so_far(now).as_secs(),
            remote: self.people.remote.clone(),
            called: self.people.called.clone(),
            answering: self.people.answering.clone(),
            redirecting: self.people.redirecting.clone(),
            cause: scene.cause.clone(),
            result,
            correlation: self.correlation(scene),
            synthetic: scene.synthetic,
        };
        scene.out.push(CallOutput::Occurred(Occurrence { action, facts }));
    }

    /// A Held or Retrieved, or what a snapshot shows. Whether that is an edge is for the phase to say.
    pub(super) fn set_hold(&mut self, here: bool, held: bool, now: Moment) {
        if !here {
            self.changed |= self.hold.there != held;
            self.hold.there = held;
        } else if held != self.hold.here.is_some() {
            self.hold.total = self.hold.so_far(now);
            self.hold.here = held.then_some(now);
            self.changed = true;
        }
    }

    /// Notes something that calls for a second look after a while, unless there is already a better reason for one.
    pub(super) fn suspect(&mut self, what: Suspicion, cause: &Cause, at: Instant) {
        if self.doubt.as_ref().is_none_or(|doubt| doubt.what < what) {
            self.doubt = Some(Doubt { what, cause: cause.clone(), asked: false, at });
            self.changed |= what == Suspicion::Failed;
        }
    }

    /// The cause of what was first noticed of the end, if anything was.
    pub(super) fn suspected_cause(&self) -> Option<&Cause> {
        self.doubt.as_ref().map(|doubt| &doubt.cause)
    }

    pub(super) fn has_failed(&self) -> bool {
        self.doubt.as_ref().is_some_and(|doubt| doubt.what == Suspicion::Failed)
    }

    pub(super) fn starts_ringing(&mut self, now: Moment) {
        self.rings.get_or_insert(now);
    }

    pub(super) fn rang(&self, now: Moment) -> Duration {
        self.rings.map(|rings| since(rings, now)).unwrap_or_default()
    }
}

impl Hold {
    pub(super) fn so_far(&self, now: Moment) -> Duration {
        self.total + self.here.map(|held| since(held, now)).unwrap_or_default()
    }

    /// Whether the line's user would call it on hold.
    pub(super) fn is_held(&self, line: &Line) -> bool {
        self.here.is_some() || (line.remote_hold && self.there)
    }
}

fn since(then: Moment, now: Moment) -> Duration {
    now.at.saturating_duration_since(then.at)
}
