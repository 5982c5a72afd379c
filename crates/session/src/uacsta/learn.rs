//! What the phone is and can do: what it calls itself, what it lists when it is asked, what it does and refuses.

use compact_str::CompactString;
use csta::{EventKind, Message, Request, Response};

use super::requests::{Purpose, read};
use super::{Phase, Turn, Uacsta};
use crate::Output;
use crate::capability::{Known, Report, Service, Source, is_not_supported};
use crate::dialect::Dialect;

/// A name longer than this is cut.
const LONGEST_NAME: usize = 128;

/// What is new since it was last told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Unsaid {
    /// The phone's name, dialect or edition, or one of its services.
    services: bool,
    /// One of its events.
    events: bool,
}

impl Uacsta {
    /// The phone is there, and this is its answer.
    pub(super) fn meet(&mut self, answer: &sip::Answer) {
        if let Some(agent) = answer.agent.as_deref() {
            self.called(agent);
            let found = Dialect::of_agent(agent).unwrap_or(Dialect::generic());
            // What answers cannot be a phone that would have to be asked in the other way.
            if self.config.dialect.is_none() && found.has_sessions() != self.outside {
                self.dialect = found;
            }
        }
        if self.known.dialect != self.dialect.name {
            self.known.dialect = self.dialect.name;
            self.unsaid.services = true;
        }
        self.notice_edition(answer);
    }

    /// Whoever refused the session may have said who he is: a phone that wants to be spoken to otherwise.
    pub(super) fn recognise(&mut self, failure: &sip::Failure) {
        let sip::Failure::Status(answer) = failure else { return };
        let Some(agent) = answer.agent.as_deref().filter(|_| self.config.dialect.is_none()) else { return };
        if let Some(dialect) = Dialect::of_agent(agent) {
            self.called(agent);
            self.dialect = dialect;
        }
    }

    /// A phone with another name has other firmware, or is another phone: what was known of it is void.
    fn called(&mut self, agent: &str) {
        let agent = printable(agent);
        if agent != self.known.agent {
            self.known = Known { agent, ..Known::default() };
            self.unsaid.services = true;
            self.doubts.clear();
            self.lists_nothing = false;
        }
    }

    /// Peers answer in an edition of their own choice.
    pub(super) fn notice_edition(&mut self, answer: &sip::Answer) {
        let edition = || csta::xml::edition(&answer.body.as_ref()?.bytes);
        if self.known.edition.is_none()
            && let Some(edition) = edition()
        {
            self.known.edition = Some(edition);
            self.unsaid.services = true;
        }
    }

    /// A service was asked for, and this came of it.
    pub(super) fn tried(&mut self, service: Service, status: u16, answer: &Result<Message, String>) {
        let can = match answer {
            Ok(Message::Response(_)) => true,
            Ok(Message::Error(error)) if is_not_supported(error) => false,
            Err(_) if status == 501 => false,
            Ok(_) | Err(_) => return,
        };
        self.doubts.remove(&service);
        self.unsaid.services |= self.known.service(service, can, Source::Tried);
    }

    /// An event of this kind came.
    pub(super) fn reported(&mut self, kind: &EventKind) {
        self.unsaid.events |= self.known.event(Report::of(kind), true, Source::Tried);
    }

    /// The phone does not have this service: who says so. What is unknown is tried.
    pub(super) fn lacks(&self, service: Service) -> Option<Source> {
        let finding = self.known.services.get(&service).or_else(|| self.dialect.services.get(&service));
        finding.filter(|finding| !finding.can && !self.doubts.contains(&service)).map(|finding| finding.by)
    }

    /// The phone has not been asked yet what it can do, or may have another answer by now.
    pub(super) fn wants_features(&self) -> bool {
        let asked = self.known.services.contains_key(&Service::GET_CSTA_FEATURES);
        !self.lists_nothing && (!asked || self.doubts.contains(&Service::GET_CSTA_FEATURES))
    }

    /// Asks what the phone can do (ECMA-269 getCSTAFeatures).
    pub(super) fn ask_features(&mut self, turn: &mut Turn<'_>) {
        self.request(turn, Purpose::Features, Request::GetCstaFeatures(csta::GetCstaFeatures));
    }

    /// What the phone lists. One that answers something else has no list, and is not asked again.
    pub(super) fn features_answered(&mut self, answer: &sip::Answer) {
        let message = read(answer);
        self.tried(Service::GET_CSTA_FEATURES, answer.status, &message);
        self.doubts.remove(&Service::GET_CSTA_FEATURES);
        if let Ok(Message::Response(Response::GetCstaFeatures(features))) = &message {
            self.unsaid.services |= self.known.listed(features);
        } else {
            let refused = self.known.service(Service::GET_CSTA_FEATURES, false, Source::Tried);
            self.unsaid.services |= refused;
        }
    }

    /// The session ended: the phone may have been restarted, and set otherwise. What it refused is tried once more. A
    /// question for its list that it left open may be what it died of: that is not repeated.
    pub(super) fn doubt_refusals(&mut self) {
        self.lists_nothing |= self.pending.values().any(|pending| matches!(pending.purpose, Purpose::Features));
        self.doubts.extend(self.known.refused());
        self.doubts.insert(Service::GET_CSTA_FEATURES);
    }

    /// Tells what is new once the session stands and its monitors have been settled.
    pub(super) fn tell_known(&mut self, turn: &mut Turn<'_>) {
        if self.unsaid == Unsaid::default() || !matches!(self.phase, Phase::Up { .. }) {
            return;
        }
        let Unsaid { services, .. } = std::mem::take(&mut self.unsaid);
        let mut known = self.known.clone();
        for (name, finding) in &self.dialect.services {
            known.services.entry(*name).or_insert(*finding);
        }
        for (name, finding) in &self.dialect.events {
            known.events.entry(*name).or_insert(*finding);
        }
        turn.out.push(Output::Learnt { known: Box::new(known), services });
    }
}

/// A name that any terminal and log can show.
fn printable(name: &str) -> CompactString {
    name.chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect::<CompactString>().trim().into()
}
