//! The calls of one line.

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    CallOutput, SNAPSHOT_PATIENCE,
    call::Call,
    known::{Known, Scene, Suspicion},
    people::same_number,
};
use crate::{CallRef, CallResult, Cause, Direction, Event, Line, Moment, News, Number, Party};

/// More live calls than any telephone has: what is beyond is a fault of the link, and must not fill the memory.
pub(super) const MAX_CALLS: usize = 64;

/// How many ended calls are remembered, to know late news of them.
const MAX_ENDED: usize = 32;

/// News of a call that ended so short a time ago is late news, unless it names somebody else.
const LATE: Duration = Duration::from_secs(5);

/// The same for news with which a call begins: telephones count from small numbers, so the next call may well bear
/// the name of the last.
const ECHO: Duration = Duration::from_secs(1);

/// The calls of one line.
pub(super) struct OnLine {
    pub(super) line: Arc<Line>,
    /// The live ones, oldest first, at most [`MAX_CALLS`].
    pub(super) calls: Vec<Call>,
    /// The last that ended, youngest first, at most [`MAX_ENDED`].
    ended: VecDeque<Ended>,
    /// When to ask for a snapshot again because the last one was at odds with an event.
    pub(super) recheck: Option<Instant>,
    /// When this line stands in the gateway's list of deadlines.
    pub(super) scheduled: Option<Instant>,
}

/// A call that ended, or a name it no longer bears.
struct Ended {
    call: CallRef,
    at: Instant,
    /// The other side; `None` where nothing had been fired, so it was never settled.
    remote: Option<Number>,
}

impl OnLine {
    pub(super) fn new(line: Arc<Line>) -> Self {
        Self { line, calls: Vec::new(), ended: VecDeque::new(), recheck: None, scheduled: None }
    }

    /// One event of the line.
    pub(super) fn handle(&mut self, event: &Event, scene: &mut Scene<'_>) {
        if let News::Transferred(joined) | News::Conferenced(joined) = &event.news {
            return self.join(event, joined, scene);
        }
        if let Some(at) = self.position(&event.call) {
            if !self.begins_another(at, event) {
                return self.step(at, event, scene);
            }
            // The link has given the name to a new call: the end of the old one was missed.
            self.calls.remove(at).end_as(CallResult::Lost, &mut scene.resync());
        }
        if !begins_or_shows_a_call(&event.news) || self.is_late(event, scene.now) {
            return;
        }
        let parties = &event.parties;
        self.open(event.call.clone(), parties.calling.as_ref(), parties.called.as_ref(), scene);
        self.step(self.calls.len() - 1, event, scene);
        if matches!(event.news, News::Held { .. } | News::Retrieved { .. }) {
            // A conversation that we have not seen begin.
            scene.ask_snapshot();
        }
    }

    pub(super) fn position(&self, call: &CallRef) -> Option<usize> {
        self.calls.iter().position(|live| live.known().call == *call)
    }

    /// Adds a call of which nothing is known but its name.
    pub(super) fn open(
        &mut self,
        call: CallRef,
        calling: Option<&Party>,
        called: Option<&Party>,
        scene: &mut Scene<'_>,
    ) {
        self.make_room(scene);
        let is_line = |party: Option<&Party>| party.is_some_and(|party| self.line.is(party));
        let other_end = is_line(calling) && is_line(called) && self.calls_itself();
        let known = Known::new(call, scene);
        self.calls.push(if other_end { Call::other_end(known) } else { Call::new(known) });
    }

    /// The line has an outbound call to itself (voice mail).
    fn calls_itself(&self) -> bool {
        let to_itself = |call: &Call| self.line.is(&call.known().people.remote);
        self.calls.iter().any(|call| call.direction() == Some(Direction::Outbound) && to_itself(call))
    }

    /// Beyond the bound the oldest call falls that has fired nothing; else the oldest, and its end is told.
    fn make_room(&mut self, scene: &mut Scene<'_>) {
        while self.calls.len() >= MAX_CALLS {
            let oldest = self.calls.iter().position(Call::is_silent).unwrap_or(0);
            self.calls.remove(oldest).end_as(CallResult::Lost, &mut scene.resync());
        }
    }

    fn step(&mut self, at: usize, event: &Event, scene: &mut Scene<'_>) {
        let call = self.calls.remove(at);
        let ended = Ended::of(&call, scene.now);
        match call.handle(event, scene) {
            Some(call) => {
                self.calls.insert(at, call);
                self.note_change(at, scene);
            }
            None => self.remember(ended),
        }
    }

    /// Says that a call is worth saving, if no action says so anyway.
    pub(super) fn note_change(&mut self, at: usize, scene: &mut Scene<'_>) {
        let Some(call) = self.calls.get_mut(at).filter(|call| !call.is_silent()) else { return };
        if std::mem::take(&mut call.known_mut().changed) {
            scene.out.push(CallOutput::Changed(call.known().guid));
        }
    }

    /// The live call of this name cannot be the one that this event begins: somebody else rings here.
    fn begins_another(&self, at: usize, event: &Event) -> bool {
        let (Some(call), Some(caller)) = (self.calls.get(at), &event.parties.calling) else { return false };
        let beyond_ringing = match call {
            Call::Silent(_) => false,
            Call::Announced(call) => call.direction == Direction::Outbound,
            Call::Talking(call) => !call.known.conference,
        };
        let rings = matches!(event.news, News::Alerting { here: true });
        rings && beyond_ringing && call.known().people.excludes(caller, &self.line)
    }

    /// Takes a call away that is over, and knows late news of it for a while.
    pub(super) fn take(&mut self, at: usize, now: Moment) -> Call {
        let call = self.calls.remove(at);
        self.remember(Ended::of(&call, now));
        call
    }

    /// A call gives up its name: late news under the old one is not of a new call.
    pub(super) fn forget_name(&mut self, at: usize, now: Moment) {
        if let Some(call) = self.calls.get(at) {
            self.remember(Ended::of(call, now));
        }
    }

    /// What ended too long ago to have late news is forgotten: ten thousand lines keep what they keep for long.
    fn remember(&mut self, ended: Ended) {
        let recent = self.ended.iter().take_while(|one| ended.at.saturating_duration_since(one.at) < LATE).count();
        self.ended.truncate(recent.min(MAX_ENDED - 1));
        self.ended.push_front(ended);
    }

    fn is_late(&self, event: &Event, now: Moment) -> bool {
        let Some(ended) = self.ended.iter().find(|ended| ended.call == event.call) else { return false };
        let window = if begins_a_call(&event.news) { ECHO } else { LATE };
        now.at.saturating_duration_since(ended.at) < window && !self.names_another(event, ended)
    }

    /// The event names others than the ended call had.
    fn names_another(&self, event: &Event, ended: &Ended) -> bool {
        let Some(remote) = &ended.remote else { return false };
        let parties = [&event.parties.calling, &event.parties.called];
        let mut others = parties.into_iter().flatten().filter(|party| !party.number.is_empty() && !self.line.is(party));
        let mut named = false;
        let known = others.any(|party| {
            named = true;
            same_number(&party.number, remote)
        });
        named && !known
    }

    /// This call ended a moment ago: a snapshot that still shows it is older than its end.
    pub(super) fn has_just_ended(&self, call: &CallRef, now: Moment) -> bool {
        let mut ended = self.ended.iter().filter(|ended| ended.call == *call);
        ended.any(|ended| now.at.saturating_duration_since(ended.at) < super::FRESH)
    }

    /// When [`Self::tick`] has something to do.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let doubts = self.calls.iter().filter_map(|call| call.known().doubt.as_ref()).map(|doubt| doubt.at);
        doubts.chain(self.recheck).min()
    }

    pub(super) fn tick(&mut self, scene: &mut Scene<'_>) {
        let now = scene.now.at;
        if self.recheck.take_if(|at| *at <= now).is_some() {
            scene.ask_snapshot();
        }
        let mut at = 0;
        while let Some(call) = self.calls.get_mut(at) {
            at += 1;
            let known = call.known_mut();
            let Some(doubt) = known.doubt.as_mut().filter(|doubt| doubt.at <= now) else { continue };
            if !doubt.asked {
                doubt.asked = true;
                doubt.at = now + SNAPSHOT_PATIENCE;
                scene.ask_snapshot();
                continue;
            }
            // The link gives no snapshot: what is known has to do.
            let is_over = match doubt.what {
                Suspicion::Failed => true,
                Suspicion::FarCleared => !known.conference,
                Suspicion::Absent => false,
            };
            if is_over {
                at -= 1;
                let call = self.take(at, scene.now);
                call.end_as_suspected(scene);
            } else {
                known.doubt = None;
            }
        }
    }

    /// Nobody will ever vouch for the calls that were not heard of after this time.
    pub(super) fn close_unheard(&mut self, since: Instant, scene: &mut Scene<'_>) {
        for call in self.calls.extract_if(.., |call| call.known().heard <= since) {
            call.end_as(CallResult::Lost, &mut scene.resync());
        }
        self.recheck = None;
    }
}

impl Call {
    /// Ends a call whose end was announced but never came, for the cause it was announced with.
    pub(super) fn end_as_suspected(self, scene: &mut Scene<'_>) {
        let mut scene = scene.resync();
        scene.cause = self.known().suspected_cause().cloned().unwrap_or_default();
        self.end(&mut scene);
    }
}

impl Scene<'_> {
    /// The same, where no event but resynchronisation is at work.
    pub(super) fn resync(&mut self) -> Scene<'_> {
        Scene {
            now: self.now,
            line: self.line,
            cause: Cause::default(),
            synthetic: true,
            shared: &mut *self.shared,
            out: &mut *self.out,
        }
    }

    /// Asks the link which calls the line has, once for all reasons at hand.
    pub(super) fn ask_snapshot(&mut self) {
        let request = CallOutput::Snapshot(self.line.id.clone());
        if !self.out.contains(&request) {
            self.out.push(request);
        }
    }
}

impl Ended {
    fn of(call: &Call, now: Moment) -> Self {
        let remote = (!call.is_silent()).then(|| call.known().people.remote.number.clone());
        Self { call: call.known().call.clone(), at: now.at, remote }
    }
}

/// News with which a call begins.
fn begins_a_call(news: &News) -> bool {
    match news {
        News::Initiated | News::Originated | News::Queued | News::Alerting { here: true } => true,
        News::Reached
        | News::Alerting { here: false }
        | News::Established { .. }
        | News::Held { .. }
        | News::Retrieved { .. }
        | News::Failed
        | News::Diverted { .. }
        | News::Transferred(_)
        | News::Conferenced(_)
        | News::Cleared { .. }
        | News::Ended
        | News::Updated => false,
    }
}

/// News that shows a call, even if its beginning was missed. What only ends or describes one shows none.
fn begins_or_shows_a_call(news: &News) -> bool {
    match news {
        News::Initiated
        | News::Originated
        | News::Reached
        | News::Alerting { .. }
        | News::Queued
        | News::Established { .. }
        | News::Held { .. }
        | News::Retrieved { .. }
        | News::Failed => true,
        News::Diverted { .. }
        | News::Transferred(_)
        | News::Conferenced(_)
        | News::Cleared { .. }
        | News::Ended
        | News::Updated => false,
    }
}
