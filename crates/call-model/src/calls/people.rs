//! Who takes part in a call, as it becomes known.

use crate::{Direction, Line, News, Number, Parties, Party};

/// Who takes part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct People {
    pub(super) remote: Party,
    pub(super) called: Number,
    pub(super) answering: Number,
    pub(super) redirecting: Number,
    /// Whom a transfer took away: later events that still name them say nothing about the new party.
    pub(super) former: Option<Number>,
    calling_party: Option<Party>,
    called_party: Option<Party>,
    network_calling: Option<Party>,
}

impl Default for People {
    fn default() -> Self {
        Self {
            remote: Party::unknown(),
            called: Number::default(),
            answering: Number::default(),
            redirecting: Number::default(),
            former: None,
            calling_party: None,
            called_party: None,
            network_calling: None,
        }
    }
}

impl People {
    /// Takes up what an event says. What is known stays; what is not is filled in.
    pub(super) fn learn(&mut self, parties: &Parties) {
        let former = self.former.clone();
        let present = |party: &&Party| former.as_ref() != Some(&party.number);
        fill(&mut self.calling_party, parties.calling.as_ref().filter(present));
        fill(&mut self.called_party, parties.called.as_ref().filter(present));
        fill(&mut self.network_calling, parties.network_calling.as_ref().filter(present));
        learn_number(&mut self.called, parties.called.as_ref());
        learn_number(&mut self.answering, parties.answering.as_ref());
        if let Some(redirecting) = parties.redirecting.as_ref().filter(|party| !party.number.is_empty()) {
            self.redirecting = redirecting.number.clone();
        }
    }

    /// Fills in the other side from what was learnt.
    pub(super) fn settle_remote(&mut self, direction: Direction, line: &Line) {
        let candidate = if self.former.is_some() {
            let parties = [&self.calling_party, &self.called_party];
            parties.into_iter().flatten().find(|party| !line.is(party))
        } else {
            match direction {
                Direction::Inbound => self.caller().filter(|party| !line.is(party)),
                Direction::Outbound => self.dialled(line),
            }
        };
        if let Some(candidate) = candidate.cloned() {
            complete(&mut self.remote, &candidate);
        }
    }

    /// Who calls; as the network knows them only where the event is silent, never where they withhold their number.
    pub(super) fn caller(&self) -> Option<&Party> {
        self.calling_party.as_ref().or(self.network_calling.as_ref())
    }

    /// Whom the line has dialled, itself included.
    pub(super) fn dialled(&self, line: &Line) -> Option<&Party> {
        self.called_party.as_ref().filter(|party| !(self.has_foreign_caller(line) && line.is(party)))
    }

    pub(super) fn knows_dialled_number(&self, line: &Line) -> bool {
        self.dialled(line).is_some_and(|party| !party.number.is_empty())
    }

    /// Somebody who is not the line calls.
    pub(super) fn has_foreign_caller(&self, line: &Line) -> bool {
        self.calling_party.as_ref().is_some_and(|party| !party.number.is_empty() && !line.is(party))
    }

    /// Somebody calls, named or not.
    pub(super) fn has_caller(&self) -> bool {
        self.calling_party.is_some()
    }

    pub(super) fn line_calls(&self, line: &Line) -> bool {
        self.calling_party.as_ref().is_some_and(|party| line.is(party))
    }

    pub(super) fn line_is_called(&self, line: &Line) -> bool {
        self.called_party.as_ref().is_some_and(|party| line.is(party))
    }

    /// A transfer puts somebody else on the other side.
    pub(super) fn replace_remote(&mut self, party: Option<&Party>) {
        self.former = Some(std::mem::take(&mut self.remote.number));
        self.remote = party.cloned().unwrap_or_else(Party::unknown);
        self.calling_party = None;
        self.called_party = None;
        self.network_calling = None;
    }

    /// What a snapshot shows of the other side.
    pub(super) fn learn_remote(&mut self, direction: Direction, party: &Party) {
        let slot = match direction {
            Direction::Inbound => &mut self.calling_party,
            Direction::Outbound => &mut self.called_party,
        };
        fill(slot, Some(party));
        if direction == Direction::Outbound {
            learn_number(&mut self.called, Some(party));
        }
    }

    /// Whether this cannot be anybody in the call.
    pub(super) fn excludes(&self, party: &Party, line: &Line) -> bool {
        let known = [&self.remote.number, &self.called, &self.answering, &self.redirecting];
        let same_device = !party.device.is_empty() && party.device == self.remote.device;
        let fits = |number: &Number| !number.is_empty() && same_number(number, &party.number);
        !party.number.is_empty()
            && !self.remote.number.is_empty()
            && !same_device
            && !line.is(party)
            && !known.into_iter().chain(self.former.as_ref()).any(fits)
    }
}

/// What the event says of parties that are the line's own prompt is no news of the call's parties.
pub(super) fn without_own_prompt(news: &News, parties: &Parties, line: &Line) -> Parties {
    let mut parties = parties.clone();
    if matches!(news, News::Alerting { here: true } | News::Established { here: true }) {
        parties.called = parties.called.filter(|party| !line.is(party));
        parties.answering = parties.answering.filter(|party| !line.is(party));
    }
    parties
}

/// Whether two spellings may be one number: equal, or one is the end of the other (`+49301234567`, `01234567`).
/// Texts that are no digits cannot be compared with digits.
pub(super) fn same_number(one: &Number, other: &Number) -> bool {
    const ENOUGH: usize = 6;
    let (one, other) = (one.reveal(), other.reveal());
    if one == other || is_named(one) != is_named(other) {
        return true;
    }
    let (one, other) = (one.trim_start_matches(['+', '0']), other.trim_start_matches(['+', '0']));
    let (short, long) = if one.len() < other.len() { (one, other) } else { (other, one) };
    short.len() >= ENOUGH && long.ends_with(short)
}

fn is_named(number: &str) -> bool {
    number.contains(char::is_alphabetic)
}

fn fill(known: &mut Option<Party>, news: Option<&Party>) {
    match (known, news) {
        (_, None) => {}
        (Some(known), Some(news)) => complete(known, news),
        (known @ None, Some(news)) => *known = Some(news.clone()),
    }
}

/// An unknown number, and then a missing name of the same number, is filled in; what is known stays.
fn complete(known: &mut Party, news: &Party) {
    if known.number.is_empty() && !news.number.is_empty() {
        known.number = news.number.clone();
        known.device = news.device.clone();
    }
    if known.number == news.number {
        if known.name.is_empty() {
            known.name = news.name.clone();
        }
        if known.device.is_empty() {
            known.device = news.device.clone();
        }
    }
}

fn learn_number(known: &mut Number, news: Option<&Party>) {
    if let Some(news) = news.filter(|_| known.is_empty()) {
        *known = news.number.clone();
    }
}
