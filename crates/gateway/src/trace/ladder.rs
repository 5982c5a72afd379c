//! Dialogs as text: one rung a message, the gateway on the left.

use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt::Write;

use bytes::Bytes;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use sip::{Flow, Transport};

use super::course::{Course, Side};
use super::label::Reading;
use super::owners::Owners;
use super::{Entry, What, text};

/// Between the two rails.
const WIDTH: usize = 62;

/// Before the left rail: the time.
const MARGIN: usize = 14;

/// A pause that is worth a line.
const PAUSE: SignedDuration = SignedDuration::from_secs(1);

/// A retransmission is looked for among so many messages before it.
const RECENT: usize = 32;

/// Dialogs that were silent for so long are forgotten once there are [`MANY`].
const SILENT: SignedDuration = SignedDuration::from_mins(10);

/// So many dialogs are remembered in any case.
const MANY: usize = 4096;

/// Draws entries as ladders.
pub struct Ladder {
    zone: TimeZone,
    full: bool,
    owners: Owners,
    dialogs: HashMap<Key, Dialog>,
    /// Whose rails the last line belongs to.
    drawn: Option<Key>,
}

/// What is drawn together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Dialog(String),
    /// What has no Call-ID.
    Flow(Transport, std::net::SocketAddr),
}

#[derive(Debug)]
struct Dialog {
    flow: Flow,
    last: Option<Timestamp>,
    recent: VecDeque<(Side, Bytes)>,
    course: Course,
}

impl Ladder {
    /// Times are shown in this zone; `full` shows the messages themselves too.
    #[must_use]
    pub fn new(zone: TimeZone, full: bool, owners: Owners) -> Self {
        Self { zone, full, owners, dialogs: HashMap::new(), drawn: None }
    }

    /// What is there already, dialog by dialog.
    #[must_use]
    pub fn kept(&mut self, entries: &[Entry]) -> String {
        let mut out = String::new();
        for (key, entries) in grouped(entries) {
            let doubtful = doubtful(&entries);
            for entry in &entries {
                self.draw(&mut out, &key, entry, doubtful.contains(&entry.number));
            }
            if let Some(end) = self.dialogs.get(&key).and_then(|dialog| dialog.course.end()) {
                let _ = writeln!(out, "{:MARGIN$}{end}", "");
            }
            self.drawn = None;
        }
        out
    }

    /// One more entry, as it comes.
    #[must_use]
    pub fn next(&mut self, entry: &Entry) -> String {
        let mut out = String::new();
        let keys = match key(entry) {
            Some(key) => vec![key],
            None => self
                .dialogs
                .iter()
                .filter(|(_, dialog)| same(dialog.flow, entry.flow))
                .map(|(key, _)| key.clone())
                .collect(),
        };
        for key in keys {
            if self.draw(&mut out, &key, entry, false)
                && let Some(end) = self.dialogs.get(&key).and_then(|dialog| dialog.course.end())
            {
                let _ = writeln!(out, "{:MARGIN$}{end}", "");
            }
        }
        self.forget(entry.at);
        out
    }

    /// One rung, with what must stand above it; `true` if the dialog has ended with it.
    fn draw(&mut self, out: &mut String, key: &Key, entry: &Entry, doubtful: bool) -> bool {
        self.rails(out, key, entry);
        let Some(dialog) = self.dialogs.get_mut(key) else { return false };
        let time = entry.at.to_zoned_datetime(self.zone.clone()).strftime("%H:%M:%S%.3f");
        let pause = dialog.last.map(|last| entry.at.duration_since(last)).filter(|pause| *pause >= PAUSE);
        if let Some(pause) = pause {
            let _ = writeln!(out, "{:MARGIN$}|{:^WIDTH$}|", "", format!("... {} ...", spoken(pause)));
        }
        dialog.last = Some(entry.at);
        let (side, bytes) = match &entry.what {
            What::Received(bytes) => (Side::Peer, bytes),
            What::Sent(bytes) => (Side::Gateway, bytes),
            What::Failed => {
                dialog.course.broke();
                let _ = writeln!(out, "{time}  |{:^WIDTH$}|", "x the connection broke, or could not be opened x");
                return false;
            }
        };
        let reading = Reading::of(bytes);
        let again = dialog.recent.iter().any(|before| before.0 == side && before.1 == *bytes);
        let remark = match (again, doubtful) {
            (false, false) => "",
            (true, false) => " again",
            (false, true) => " perhaps lost",
            (true, true) => " again, perhaps lost",
        };
        let _ = writeln!(out, "{time}  {}{remark}", rung(side, &reading.label()));
        if self.full {
            out.push_str(&text::lines(bytes, "    "));
        }
        if !again {
            dialog.recent.push_back((side, bytes.clone()));
            if dialog.recent.len() > RECENT {
                dialog.recent.pop_front();
            }
        }
        reading.message().is_some_and(|message| dialog.course.learn(side, message))
    }

    /// The names at the ends of the rails, where they are new or others than above.
    fn rails(&mut self, out: &mut String, key: &Key, entry: &Entry) {
        let flow = entry.flow;
        let link = self.owners.of(entry);
        let dialog = self.dialogs.entry(key.clone());
        let is_new_flow = match &dialog {
            std::collections::hash_map::Entry::Occupied(dialog) => dialog.get().flow != flow,
            std::collections::hash_map::Entry::Vacant(_) => true,
        };
        let dialog =
            dialog.or_insert_with(|| Dialog { flow, last: None, recent: VecDeque::new(), course: Course::default() });
        dialog.flow = flow;
        let is_new = self.drawn.as_ref() != Some(key);
        if is_new {
            self.drawn = Some(key.clone());
            let date = entry.at.to_zoned_datetime(self.zone.clone()).strftime("%Y-%m-%d").to_string();
            let what = match key {
                Key::Dialog(call_id) => format!("Call-ID {call_id}"),
                Key::Flow(..) => "without a Call-ID".to_owned(),
            };
            let _ = writeln!(out, "\n{date}    {what}");
            let peer = link.as_deref().unwrap_or("not a link of this configuration");
            let _ = writeln!(out, "{:MARGIN$}{}", "", ends("gateway", "", peer));
        }
        if is_new || is_new_flow {
            let (local, remote) = (flow.local.to_string(), flow.remote.to_string());
            let _ = writeln!(out, "{:MARGIN$}{}", "", ends(&local, flow.transport.name(), &remote));
        }
    }

    fn forget(&mut self, now: Timestamp) {
        if self.dialogs.len() > MANY {
            self.dialogs.retain(|_, dialog| dialog.last.is_some_and(|last| now.duration_since(last) < SILENT));
        }
    }
}

/// The entries by dialog, in the order in which those begin. A broken connection concerns all dialogs that were on it.
fn grouped(entries: &[Entry]) -> Vec<(Key, Vec<&Entry>)> {
    let mut groups: Vec<(Key, Vec<&Entry>)> = Vec::new();
    let mut places: HashMap<Key, usize> = HashMap::new();
    for entry in entries {
        let Some(key) = key(entry) else {
            let on_it =
                |group: &&mut (Key, Vec<&Entry>)| group.1.last().is_some_and(|last| same(last.flow, entry.flow));
            groups.iter_mut().filter(on_it).for_each(|(_, entries)| entries.push(entry));
            continue;
        };
        let place = *places.entry(key.clone()).or_insert(groups.len());
        match groups.get_mut(place) {
            Some((_, entries)) => entries.push(entry),
            None => groups.push((key, vec![entry])),
        }
    }
    groups
}

/// Messages that were sent before a connection broke, and after the peer was last heard on it: nobody knows whether they
/// arrived.
fn doubtful(entries: &[&Entry]) -> HashSet<u64> {
    let mut doubtful = HashSet::new();
    for (at, broken) in entries.iter().enumerate().filter(|(_, entry)| entry.what.message().is_none()) {
        let before = entries
            .iter()
            .take(at)
            .rev()
            .take_while(|entry| matches!(entry.what, What::Sent(_)) && same(entry.flow, broken.flow));
        doubtful.extend(before.map(|entry| entry.number));
    }
    doubtful
}

/// What an entry is drawn with; `None` for a broken connection, which concerns all that use it.
fn key(entry: &Entry) -> Option<Key> {
    let bytes = entry.what.message()?;
    let flow = Key::Flow(entry.flow.transport, entry.flow.remote);
    Some(Reading::of(bytes).call_id().map_or(flow, Key::Dialog))
}

fn same(one: Flow, other: Flow) -> bool {
    (one.transport, one.remote) == (other.transport, other.remote)
}

/// `|-- INVITE 1 ---->|`: what is said stands at the side of who says it.
fn rung(from: Side, label: &str) -> String {
    let dashes = |fixed: usize| "-".repeat(WIDTH.saturating_sub(fixed + label.chars().count()).max(1));
    match from {
        Side::Gateway => format!("|-- {label} {}>|", dashes(5)),
        Side::Peer => format!("|<{} {label} --|", dashes(5)),
    }
}

/// Three words over both rails.
fn ends(left: &str, middle: &str, right: &str) -> String {
    let space = (WIDTH + 2).saturating_sub(left.len() + middle.len() + right.len());
    let before = ((WIDTH + 2).saturating_sub(middle.len()) / 2).saturating_sub(left.len()).clamp(1, space.max(2) - 1);
    let after = space.saturating_sub(before).max(1);
    format!("{left}{:before$}{middle}{:after$}{right}", "", "")
}

/// `3.2 s`, `4 min 10 s`, `2 h 3 min`.
fn spoken(pause: SignedDuration) -> String {
    let seconds = pause.as_secs();
    match seconds {
        ..60 => format!("{:.1} s", pause.as_secs_f64()),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        3600.. => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}
