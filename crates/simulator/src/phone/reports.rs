//! Reports on their way to the gateway: one INFO at a time, in order, and what became of each.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::Bytes;

/// What became of one report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The root element of what was sent: `DeliveredEvent`.
    pub event: String,
    /// What was sent.
    pub xml: Bytes,
    /// How it was answered.
    pub outcome: Outcome,
    /// How often it was sent, the repetitions of SIP not counted.
    pub attempts: u32,
    /// From the first sending to the answer.
    pub took: Duration,
}

/// How a report was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// With this status. From 200 to 299 the gateway has it.
    Answered(u16),
    /// Not at all: nobody knows whether the gateway has it.
    Unanswered,
}

impl Report {
    /// The gateway said that it has it.
    #[must_use]
    pub fn is_acknowledged(&self) -> bool {
        matches!(self.outcome, Outcome::Answered(200..=299))
    }
}

/// How many reports there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Answered with 2xx.
    pub acknowledged: u64,
    /// Answered with something else.
    pub refused: u64,
    /// Not answered.
    pub unanswered: u64,
    /// Never sent: too many waited, or no monitor or session was up.
    pub dropped: u64,
}

/// The last reports, and how many there were in all.
#[derive(Default)]
pub(super) struct Journal {
    pub counters: Counters,
    pub reports: VecDeque<Report>,
}

/// Reports that are remembered.
const REMEMBERED: usize = 1024;

impl Journal {
    pub fn note(&mut self, report: Report) {
        match report.outcome {
            Outcome::Answered(200..=299) => self.counters.acknowledged += 1,
            Outcome::Answered(_) => self.counters.refused += 1,
            Outcome::Unanswered => self.counters.unanswered += 1,
        }
        self.reports.push_back(report);
        if self.reports.len() > REMEMBERED {
            self.reports.pop_front();
        }
    }
}

/// The reports of one session. Over UDP two requests may overtake each other, so the next one waits for the final
/// answer to the one before.
pub(super) struct Queue {
    waiting: VecDeque<Waiting>,
    on_the_way: Option<u64>,
    not_before: Option<Instant>,
    bound: usize,
    next_tag: u64,
}

/// The first of these may be on the way.
struct Waiting {
    xml: Bytes,
    attempts: u32,
    first_sent: Option<Instant>,
}

impl Queue {
    pub fn new(bound: usize) -> Self {
        Self { waiting: VecDeque::new(), on_the_way: None, not_before: None, bound, next_tag: 1 }
    }

    /// Adds a report; false if the queue is full.
    #[must_use]
    pub fn push(&mut self, xml: Bytes) -> bool {
        let room = self.waiting.len() < self.bound;
        if room {
            self.waiting.push_back(Waiting { xml, attempts: 0, first_sent: None });
        }
        room
    }

    /// The report to be sent now, with its tag.
    pub fn next(&mut self, now: Instant) -> Option<(u64, Bytes)> {
        if self.on_the_way.is_some() || self.not_before.is_some_and(|at| now < at) {
            return None;
        }
        let first = self.waiting.front_mut()?;
        first.attempts += 1;
        first.first_sent.get_or_insert(now);
        let tag = self.next_tag;
        (self.next_tag, self.on_the_way, self.not_before) = (tag + 1, Some(tag), None);
        Some((tag, first.xml.clone()))
    }

    /// When [`next`](Self::next) has something again.
    pub fn deadline(&self) -> Option<Instant> {
        self.not_before
    }

    /// The answer to a report came, or will never come. Gives the report, unless it is to be sent again.
    pub fn settle(&mut self, now: Instant, tag: u64, outcome: Outcome, again: Option<Again>) -> Option<Report> {
        if self.on_the_way != Some(tag) {
            return None;
        }
        self.on_the_way = None;
        let first = self.waiting.front()?;
        if let Some(again) = again.filter(|again| first.attempts < again.at_most) {
            self.not_before = Some(now + again.after);
            return None;
        }
        self.waiting.pop_front().map(|first| first.report(now, outcome))
    }

    /// The session is over: the report on the way stays unanswered, the others were never sent.
    pub fn abandon(&mut self, now: Instant, journal: &mut Journal) {
        for report in self.waiting.drain(..) {
            match report.first_sent {
                Some(_) => journal.note(report.report(now, Outcome::Unanswered)),
                None => journal.counters.dropped += 1,
            }
        }
        (self.on_the_way, self.not_before) = (None, None);
    }
}

/// The gateway wants a report again (503 with Retry-After, RFC 3261 21.5.4).
pub(super) struct Again {
    pub after: Duration,
    /// In all.
    pub at_most: u32,
}

impl Waiting {
    fn report(self, now: Instant, outcome: Outcome) -> Report {
        Report {
            event: root(&self.xml),
            attempts: self.attempts,
            took: self.first_sent.map_or(Duration::ZERO, |sent| now.saturating_duration_since(sent)),
            xml: self.xml,
            outcome,
        }
    }
}

/// The local name of the root element.
pub(super) fn root(xml: &[u8]) -> String {
    let text = String::from_utf8_lossy(xml);
    let mut tags = text.split('<').map(|tag| tag.split([' ', '\t', '\r', '\n', '>', '/']).next().unwrap_or(""));
    let name = tags.find(|name| name.starts_with(|first: char| first.is_alphabetic())).unwrap_or("");
    name.rsplit(':').next().unwrap_or(name).to_owned()
}
