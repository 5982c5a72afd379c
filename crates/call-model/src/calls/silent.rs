//! A call that has fired nothing yet.

use super::{
    FAILED_PATIENCE, FAR_CLEARED_PATIENCE,
    announced::Announced,
    call::{Call, names_another},
    known::{Known, Scene, Suspicion},
};
use crate::{ConnectionState, Direction, Event, News, SnapshotCall};

/// Nothing was fired yet: off-hook, a prompted `make_call`, a queue, or news that does not say enough.
pub(super) struct Silent {
    pub(super) known: Known,
    origin: Origin,
    queued: bool,
}

/// Who began a silent call, as far as that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    Unknown,
    /// The line is off-hook.
    OffHook,
    /// The phone prompts its user to lift for a `make_call`.
    Prompted,
    /// The line has dialled.
    Dialled,
    /// The far end of a call of the line to itself: the other end speaks for both.
    OtherEnd,
}

impl Silent {
    pub(super) fn new(known: Known) -> Self {
        Self { known, origin: Origin::Unknown, queued: false }
    }

    /// The far end of a call of the line to itself.
    pub(super) fn other_end(known: Known) -> Self {
        Self { known, origin: Origin::OtherEnd, queued: false }
    }

    /// The telephone prompts its user.
    pub(super) fn prompts(&self) -> bool {
        self.origin == Origin::Prompted
    }

    pub(super) fn handle(mut self, event: &Event, scene: &mut Scene<'_>) -> Option<Call> {
        match event.news {
            News::Initiated if self.origin == Origin::Unknown => {
                let prompts = event.cause.as_str() == "makeCall";
                self.origin = if prompts { Origin::Prompted } else { Origin::OffHook };
            }
            News::Originated => {
                self.origin = Origin::Dialled;
                return Some(self.announce_if_dialled(scene));
            }
            News::Reached => return Some(self.announce_if_dialled(scene)),
            News::Alerting { here: true } => return Some(self.rings_here(scene)),
            News::Alerting { here: false } => return Some(self.rings_there(scene)),
            News::Queued => {
                self.queued = true;
                if self.began_here(scene) && self.origin != Origin::Prompted {
                    return Some(self.announce_if_dialled(scene));
                }
            }
            News::Established { here } => return Some(self.established(here, event, scene)),
            News::Held { here } => self.known.set_hold(here, true, scene.now),
            News::Retrieved { here } => self.known.set_hold(here, false, scene.now),
            News::Failed => {
                self.known.suspect(Suspicion::Failed, &event.cause, scene.now.at + FAILED_PATIENCE);
                return Some(self.announce_if_dialled(scene));
            }
            News::Cleared { here: false } => {
                self.known.suspect(Suspicion::FarCleared, &event.cause, scene.now.at + FAR_CLEARED_PATIENCE);
            }
            News::Cleared { here: true } | News::Ended | News::Diverted { here: true } => {
                self.known.release(scene);
                return None;
            }
            // Transfer and conference change which call this is: `OnLine::join`.
            News::Initiated
            | News::Updated
            | News::Diverted { here: false }
            | News::Transferred(_)
            | News::Conferenced(_) => {}
        }
        Some(Call::Silent(self))
    }

    /// The line's telephone rings. A telephone that was lifted, or that prompts its user, rings for its own call.
    fn rings_here(mut self, scene: &mut Scene<'_>) -> Call {
        let people = &self.known.people;
        let calls_itself = people.line_calls(scene.line) && people.line_is_called(scene.line);
        match self.origin {
            Origin::Prompted | Origin::OtherEnd => Call::Silent(self),
            Origin::Dialled => self.announce_if_dialled(scene),
            Origin::OffHook | Origin::Unknown if calls_itself => self.announce_ringing(Direction::Outbound, scene),
            Origin::OffHook if !people.has_foreign_caller(scene.line) => Call::Silent(self),
            Origin::Unknown if people.line_calls(scene.line) => {
                self.origin = Origin::Prompted;
                Call::Silent(self)
            }
            Origin::OffHook | Origin::Unknown => self.announce_ringing(Direction::Inbound, scene),
        }
    }

    /// The far end rings: the line's own call, if the line or nobody else is named as its caller.
    fn rings_there(mut self, scene: &mut Scene<'_>) -> Call {
        if self.origin == Origin::Dialled {
            return self.announce_ringing(Direction::Outbound, scene);
        }
        if self.may_be_outbound(scene) {
            self.known.starts_ringing(scene.now);
        }
        self.announce_if_dialled(scene)
    }

    /// Answered. The prompt that its own user has taken up, and a queue that plays music, are no answer.
    fn established(self, here: bool, event: &Event, scene: &mut Scene<'_>) -> Call {
        let by_another = names_another(event.parties.answering.as_ref(), here, scene);
        let still_silent = match self.origin {
            Origin::OtherEnd => true,
            Origin::Prompted => here,
            Origin::Unknown | Origin::OffHook | Origin::Dialled => self.queued && by_another && !self.began_here(scene),
        };
        if still_silent {
            return Call::Silent(self);
        }
        let direction = self.undeclared_direction(here, scene);
        Call::Talking(self.announce(direction, scene).answer(scene))
    }

    /// Outbound calls are announced when the number is known that was dialled.
    fn announce_if_dialled(self, scene: &mut Scene<'_>) -> Call {
        if self.may_be_outbound(scene) && self.known.people.knows_dialled_number(scene.line) {
            Call::Announced(self.announce(Direction::Outbound, scene))
        } else {
            Call::Silent(self)
        }
    }

    fn announce_ringing(mut self, direction: Direction, scene: &mut Scene<'_>) -> Call {
        self.known.starts_ringing(scene.now);
        Call::Announced(self.announce(direction, scene))
    }

    fn announce(self, direction: Direction, scene: &mut Scene<'_>) -> Announced {
        let mut call = Announced { known: self.known, direction, elsewhere: false };
        call.known.people.settle_remote(direction, scene.line);
        let stage = call.stage(scene);
        call.known.fire(direction.action(), stage, None, scene);
        call
    }

    fn began_here(&self, scene: &Scene<'_>) -> bool {
        match self.origin {
            Origin::OffHook | Origin::Prompted | Origin::Dialled => true,
            Origin::Unknown => self.known.people.line_calls(scene.line),
            Origin::OtherEnd => false,
        }
    }

    /// The line began it, or no caller is given, not even one that withholds the number, and it goes elsewhere.
    fn may_be_outbound(&self, scene: &Scene<'_>) -> bool {
        let people = &self.known.people;
        let unclaimed = !people.has_caller() && !people.line_is_called(scene.line);
        self.began_here(scene) || (self.origin == Origin::Unknown && unclaimed)
    }

    /// The direction of a call that nothing has announced: from who calls and who is called, else inbound.
    fn undeclared_direction(&self, here: bool, scene: &Scene<'_>) -> Direction {
        let called_elsewhere =
            !here && self.may_be_outbound(scene) && self.known.people.knows_dialled_number(scene.line);
        if self.began_here(scene) || called_elsewhere { Direction::Outbound } else { Direction::Inbound }
    }

    pub(super) fn found(mut self, shown: &SnapshotCall, scene: &mut Scene<'_>) -> Call {
        let Some(state) = shown.state.filter(|_| self.origin != Origin::OtherEnd) else { return Call::Silent(self) };
        let direction = match state {
            ConnectionState::Dialling => Direction::Outbound,
            ConnectionState::Alerting if !self.began_here(scene) => Direction::Inbound,
            ConnectionState::Initiated
            | ConnectionState::Alerting
            | ConnectionState::Connected
            | ConnectionState::Held
            | ConnectionState::Queued
            | ConnectionState::Failed => self.undeclared_direction(false, scene),
        };
        // A prompt that was taken up while nobody listened shows whom it called.
        let shows_far_end =
            shown.remote.as_ref().is_some_and(|remote| !remote.number.is_empty() && !scene.line.is(remote));
        if let Some(remote) = &shown.remote {
            self.known.people.learn_remote(direction, remote);
        }
        match state {
            ConnectionState::Initiated if self.origin == Origin::Unknown => {
                self.origin = Origin::OffHook;
                Call::Silent(self)
            }
            ConnectionState::Alerting if !self.began_here(scene) => self.announce_ringing(direction, scene),
            ConnectionState::Dialling => {
                self.origin = Origin::Dialled;
                self.announce_if_dialled(scene)
            }
            ConnectionState::Connected | ConnectionState::Held if !self.prompts() || shows_far_end => {
                self.announce(direction, scene).found(shown, scene)
            }
            ConnectionState::Initiated
            | ConnectionState::Alerting
            | ConnectionState::Connected
            | ConnectionState::Held
            | ConnectionState::Queued
            | ConnectionState::Failed => Call::Silent(self),
        }
    }
}
