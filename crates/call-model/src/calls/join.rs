//! Transfer and conference: two calls become one, or one gets another party.

use super::{
    call::Call,
    known::{Scene, Suspicion},
    on_line::OnLine,
};
use crate::{CallRef, CallResult, Cause, Event, Joined, News};

impl OnLine {
    /// What a Transfered or Conferenced does to the line's calls.
    pub(super) fn join(&mut self, event: &Event, joined: &Joined, scene: &mut Scene<'_>) {
        let conference = matches!(event.news, News::Conferenced(_));
        let names = names(event, joined);
        let concerned = |call: &Call| names.contains(&&call.known().call);
        if !self.calls.iter().any(concerned) {
            let known = joined.survivor.as_ref().is_some_and(|call| self.position(call).is_some());
            if joined.survivor.is_some() && !known && !self.has_just_ended(&event.call, scene.now) {
                // A conversation that we have not seen begin.
                scene.ask_snapshot();
            }
            return;
        }
        for call in self.calls.iter().filter(|call| concerned(call)) {
            let others = names.iter().copied().chain(&joined.survivor);
            others.for_each(|name| call.known().tie_to(name, scene));
        }
        // Transferred away by the line: it is out of both.
        let stays = conference || !joined.here;
        let survivor = if stays { self.survivor(event, joined) } else { None };
        if conference {
            scene.cause = Cause("conference".into());
        }
        while let Some(at) =
            self.calls.iter().position(|call| concerned(call) && Some(&call.known().call) != survivor.as_ref())
        {
            self.take(at, scene.now).end_as(CallResult::Transferred, scene);
        }
        scene.cause = event.cause.clone();
        if let Some(survivor) = survivor {
            self.go_on(&survivor, joined, conference, scene);
        }
    }

    /// The line's call that lives on, by its old name: as the connection list maps it, else the first that is known.
    fn survivor(&self, event: &Event, joined: &Joined) -> Option<CallRef> {
        let candidates = [&joined.survivor_was, &joined.survivor, &Some(event.call.clone()), &joined.secondary];
        candidates.into_iter().flatten().find(|call| self.position(call).is_some()).cloned()
    }

    /// The line's call goes on, under its new name and perhaps with a new party.
    fn go_on(&mut self, old: &CallRef, joined: &Joined, conference: bool, scene: &mut Scene<'_>) {
        let Some(mut at) = self.position(old) else { return };
        if let Some(new) = joined.survivor.as_ref().filter(|new| *new != old) {
            match self.position(new) {
                // News under the new name came first and has already been told as a call: that one stays.
                Some(early) if !self.calls.get(early).is_some_and(Call::is_silent) => {
                    return self.take(at, scene.now).end_as(CallResult::Transferred, scene);
                }
                Some(early) => {
                    self.calls.remove(early).end(scene);
                    at -= usize::from(early < at);
                }
                None => {}
            }
            self.forget_name(at, scene.now);
            if let Some(call) = self.calls.get_mut(at) {
                call.known_mut().rename(new, scene);
            }
        }
        if let Some(call) = self.calls.get_mut(at) {
            call.joins(joined, conference, scene);
        }
        self.note_change(at, scene);
    }
}

impl Call {
    /// A conference takes the call off hold and leaves its party; a transfer brings a new one and fires nothing.
    fn joins(&mut self, joined: &Joined, conference: bool, scene: &mut Scene<'_>) {
        let known = self.known_mut();
        known.heard = scene.now.at;
        known.changed = true;
        // The party that left was one of the old call's.
        known.doubt.take_if(|doubt| doubt.what != Suspicion::Failed);
        known.hold.there = false;
        if conference {
            known.conference = true;
            known.set_hold(true, false, scene.now);
        } else {
            known.people.replace_remote(joined.remote.as_ref());
            known.hold.shown = known.hold.is_held(scene.line) && known.hold.shown;
        }
        if let Call::Talking(call) = self
            && conference
        {
            call.settle_hold(scene);
        }
    }
}

/// Every old name that the event gives.
fn names<'a>(event: &'a Event, joined: &'a Joined) -> Vec<&'a CallRef> {
    [Some(&event.call), joined.secondary.as_ref(), joined.survivor_was.as_ref()].into_iter().flatten().collect()
}
