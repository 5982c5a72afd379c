//! The machine against stories (`tests/stories/*.txt`, format in its README) and against chance.

use std::{
    collections::HashMap,
    fmt::Write as _,
    fs,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    Action, CallGuid, CallOutput, CallRef, Calls, Cause, ConnectionState, Event, Joined, Line, LineId, Moment, News,
    Number, Occurrence, Parties, Party, SnapshotCall,
};

mod chance;

#[test]
fn stories() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stories");
    let mut failures = String::new();
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "txt") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for story in text.split("\n== ").skip(1) {
            count += 1;
            if let Err(failure) = check(story) {
                writeln!(failures, "{}: {failure}", path.display()).unwrap();
            }
        }
    }
    assert!(failures.is_empty(), "\n{failures}");
    assert!(count >= 60, "only {count} stories were found");
}

/// Plays one story and compares what comes out with what it expects.
fn check(story: &str) -> Result<(), String> {
    let (title, body) = story.split_once('\n').unwrap();
    let mut stage = Stage::new();
    let mut expected: Vec<&str> = Vec::new();
    for line in body.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.strip_prefix('>') {
            Some(line) => expected.push(line.trim()),
            None => stage.play(line),
        }
    }
    stage.check_order();
    let seen = &stage.seen;
    let same = seen.len() == expected.len() && seen.iter().zip(&expected).all(|(seen, expected)| fits(seen, expected));
    if same {
        return Ok(());
    }
    let seen: String = seen.iter().map(|seen| format!("\n    {seen}")).collect();
    let expected: String = expected.iter().map(|expected| format!("\n    {expected}")).collect();
    Err(format!("{title}\n  expected{expected}\n  seen{seen}"))
}

/// Every word that is expected was seen, and the first words (time and what) are the same.
fn fits(seen: &str, expected: &str) -> bool {
    let mut words: Vec<&str> = seen.split(' ').collect();
    let expected: Vec<&str> = expected.split_whitespace().collect();
    let head = if expected.get(1) == Some(&"snapshot") { 2 } else { 3 };
    words.get(..head) == expected.get(..head)
        && expected.iter().all(|word| words.iter().position(|seen| seen == word).map(|at| words.remove(at)).is_some())
}

/// One gateway with a few lines, and a clock.
struct Stage {
    calls: Calls,
    /// How often the gateway was started anew.
    starts: u8,
    lines: Vec<Arc<Line>>,
    start: Moment,
    /// The line that the story speaks of.
    line: LineId,
    /// What came out, as the stories write it.
    seen: Vec<String>,
    occurrences: Vec<Occurrence>,
    /// The letters the stories give to calls, in the order of their first action.
    letters: Vec<CallGuid>,
    /// Correlation ids, numbered in the order of their first use.
    conversations: Vec<String>,
}

impl Stage {
    fn new() -> Self {
        let lines = vec![line("987", "desk", false), line("988", "desk", true), line("989", "other", false)];
        let start = Moment { at: clock(), wall: "2026-03-25T09:00:00Z".parse().unwrap() };
        Self {
            calls: Calls::new(lines.clone(), entropy(0)),
            starts: 0,
            lines,
            start,
            line: LineId("987".into()),
            seen: Vec::new(),
            occurrences: Vec::new(),
            letters: Vec::new(),
            conversations: Vec::new(),
        }
    }

    fn moment(&self, seconds: f64) -> Moment {
        let passed = Duration::from_secs_f64(seconds);
        Moment { at: self.start.at + passed, wall: self.start.wall + passed }
    }

    fn seconds(&self, at: Instant) -> f64 {
        (at - self.start.at).as_secs_f64()
    }

    /// One line of a story: `SECONDS WHAT …`, or `line ID`.
    fn play(&mut self, text: &str) {
        let words: Vec<&str> = text.split_whitespace().collect();
        if let ["line", id] = words[..] {
            self.line = LineId(id.into());
            return;
        }
        let seconds: f64 = words[0].parse().unwrap_or_else(|_| panic!("a time in `{text}`"));
        self.run_until(seconds);
        let now = self.moment(seconds);
        let mut out = Vec::new();
        match words[1] {
            "snapshot" => {
                let snapshot: Vec<SnapshotCall> = words[2..].iter().map(|word| shown(word)).collect();
                self.calls.reconcile(now, &self.line.clone(), &snapshot, &mut out);
            }
            "close" => self.calls.close_unheard(now, &self.line.clone(), now.at, &mut out),
            "restart" => self.restart(now),
            "wait" => {}
            _ => self.calls.handle(now, &self.line.clone(), &event(&words[1..]), &mut out),
        }
        self.take(seconds, out);
    }

    /// Ticks whenever the machine asked for it.
    fn run_until(&mut self, seconds: f64) {
        while let Some(at) = self.calls.deadline().filter(|at| self.seconds(*at) <= seconds) {
            let due = self.seconds(at);
            let mut out = Vec::new();
            self.calls.tick(self.moment(due), &mut out);
            assert!(self.calls.deadline() != Some(at), "a tick leaves nothing due");
            self.take(due, out);
        }
    }

    /// The gateway starts anew with what it has saved, through JSON as the store keeps it.
    fn restart(&mut self, now: Moment) {
        let saved: Vec<_> = self.letters.iter().filter_map(|guid| self.calls.saved(*guid)).collect();
        self.starts += 1;
        self.calls = Calls::new(self.lines.clone(), entropy(self.starts));
        for call in saved {
            let text = serde_json::to_string(&call).unwrap();
            assert!(self.calls.restore(now, serde_json::from_str(&text).unwrap()));
            assert_eq!(self.calls.saved(call.guid).as_ref(), Some(&call), "restoring changes nothing");
        }
    }

    fn take(&mut self, seconds: f64, out: Vec<CallOutput>) {
        for output in out {
            match output {
                CallOutput::Occurred(occurrence) => {
                    let text = self.describe(seconds, &occurrence);
                    self.seen.push(text);
                    self.occurrences.push(occurrence);
                }
                CallOutput::Snapshot(_) => self.seen.push(format!("{seconds} snapshot")),
                CallOutput::Changed(guid) => assert!(self.calls.saved(guid).is_some(), "only open calls change"),
            }
        }
    }

    fn describe(&mut self, seconds: f64, occurrence: &Occurrence) -> String {
        let facts = &occurrence.facts;
        let letter = letter(&mut self.letters, facts.guid);
        let conversation = 1 + letter_of(&mut self.conversations, facts.correlation.to_string());
        let mut text = format!("{seconds} {letter} {}", occurrence.action.as_str());
        let mut word = |key: &str, value: &str| {
            if !value.is_empty() {
                write!(text, " {key}={value}").unwrap();
            }
        };
        word("line", &facts.line.id.0);
        word("direction", facts.direction.as_str());
        word("seq", &facts.sequence.to_string());
        word("remote", facts.remote.number.reveal());
        word("name", &facts.remote.name);
        word("called", facts.called.reveal());
        word("answering", facts.answering.reveal());
        word("redirecting", facts.redirecting.reveal());
        word("hold", if facts.on_hold { "on" } else { "off" });
        word("duration", &facts.duration_seconds.to_string());
        word("ring", &facts.ring_seconds.to_string());
        word("held", &facts.hold_seconds.to_string());
        word("cause", facts.cause.as_str());
        word("result", facts.result.map_or("", |result| result.as_str()));
        word("talk", &conversation.to_string());
        if facts.remote.number.is_empty() {
            text.push_str(" unknown");
        }
        if facts.synthetic {
            text.push_str(" synthetic");
        }
        text
    }

    /// `inbound | outbound → [connected → hold*] → disconnected`, with sequences 1, 2, 3 …
    fn check_order(&self) {
        let mut last: HashMap<CallGuid, (u32, Action)> = HashMap::new();
        for Occurrence { action, facts } in &self.occurrences {
            let before = last.insert(facts.guid, (facts.sequence, *action));
            let (sequence, allowed) = match before {
                None => (1, matches!(action, Action::Inbound | Action::Outbound)),
                Some((sequence, before)) => (sequence + 1, may_follow(before, *action)),
            };
            assert!(allowed, "{action:?} after {before:?}");
            assert_eq!(facts.sequence, sequence);
            assert_eq!(facts.result.is_some(), *action == Action::Disconnected);
        }
    }
}

fn may_follow(before: Action, action: Action) -> bool {
    match before {
        Action::Inbound | Action::Outbound => matches!(action, Action::Connected | Action::Disconnected),
        Action::Connected | Action::Hold => matches!(action, Action::Hold | Action::Disconnected),
        Action::Disconnected => false,
    }
}

fn letter(letters: &mut Vec<CallGuid>, guid: CallGuid) -> char {
    char::from(b'A' + u8::try_from(letter_of(letters, guid)).unwrap())
}

fn letter_of<T: PartialEq>(known: &mut Vec<T>, item: T) -> usize {
    known.iter().position(|known| *known == item).unwrap_or_else(|| {
        known.push(item);
        known.len() - 1
    })
}

fn line(id: &str, link: &str, remote_hold: bool) -> Arc<Line> {
    Arc::new(Line {
        id: LineId(id.into()),
        number: Number::new(id),
        domain: "example.com".into(),
        name: None,
        link: link.into(),
        device: format!("sip:{id}@example.com").into(),
        remote_hold,
    })
}

/// Some instant: the clock that then runs is the story's.
#[allow(clippy::disallowed_methods)] // an Instant cannot be made in any other way
fn clock() -> Instant {
    Instant::now()
}

/// Counts, so that every guid of every start of the gateway is another.
fn entropy(starts: u8) -> crate::Entropy {
    let mut count = 0_u64;
    Box::new(move |bytes| {
        count += 1;
        bytes.fill(starts);
        bytes[..8].copy_from_slice(&count.to_be_bytes());
    })
}

/// `NEWS CALL key=value…`
fn event(words: &[&str]) -> Event {
    let value = |key: &str| words.iter().find_map(|word| word.strip_prefix(key)?.strip_prefix('='));
    let call = |key: &str| value(key).map(|call| CallRef(call.into()));
    let here = words.contains(&"here");
    let joined = || Joined {
        here,
        secondary: call("secondary"),
        survivor: call("survivor"),
        survivor_was: call("was"),
        remote: value("remote").map(party),
    };
    let news = match words[0] {
        "initiated" => News::Initiated,
        "originated" => News::Originated,
        "reached" => News::Reached,
        "alerting" => News::Alerting { here },
        "queued" => News::Queued,
        "established" => News::Established { here },
        "held" => News::Held { here },
        "retrieved" => News::Retrieved { here },
        "failed" => News::Failed,
        "diverted" => News::Diverted { here },
        "transferred" => News::Transferred(joined()),
        "conferenced" => News::Conferenced(joined()),
        "cleared" => News::Cleared { here },
        "ended" => News::Ended,
        "updated" => News::Updated,
        other => panic!("no news is called {other}"),
    };
    Event {
        call: CallRef(words[1].into()),
        news,
        parties: Parties {
            calling: value("from").map(party),
            called: value("to").map(party),
            answering: value("by").map(party),
            redirecting: value("redirected").map(party),
            network_calling: value("network").map(party),
        },
        cause: Cause(value("cause").unwrap_or_default().into()),
        linkage: value("linkage").map(Into::into),
    }
}

/// `NUMBER[:NAME]`; `-` is a number that is withheld.
fn party(text: &str) -> Party {
    let (number, name) = text.split_once(':').unwrap_or((text, ""));
    let number = Number::new(if number == "-" { "" } else { number });
    Party { device: number.reveal().into(), number, name: name.into() }
}

/// `CALL/STATE[/NUMBER[:NAME]]`
fn shown(text: &str) -> SnapshotCall {
    let mut words = text.split('/');
    let call = CallRef(words.next().unwrap().into());
    let state = match words.next().unwrap() {
        "initiated" => Some(ConnectionState::Initiated),
        "alerting" => Some(ConnectionState::Alerting),
        "dialling" => Some(ConnectionState::Dialling),
        "connected" => Some(ConnectionState::Connected),
        "held" => Some(ConnectionState::Held),
        "queued" => Some(ConnectionState::Queued),
        "failed" => Some(ConnectionState::Failed),
        "none" => None,
        other => panic!("no state is called {other}"),
    };
    SnapshotCall { call, state, remote: words.next().map(party) }
}

/// A link that never ends a call fills no memory: silent calls fall first, and of announced ones the end is told.
#[test]
fn the_calls_of_a_line_are_bounded() {
    let mut stage = Stage::new();
    stage.play("0 alerting first here from=200");
    for call in 0..2 * super::on_line::MAX_CALLS {
        stage.play(&format!("1 initiated silent-{call}"));
    }
    assert_eq!(stage.seen.len(), 1, "silent calls fall silently: {:?}", stage.seen);
    for call in 0..super::on_line::MAX_CALLS {
        stage.play(&format!("2 alerting call-{call} here from=300"));
    }
    let ended = stage.seen.iter().filter(|seen| seen.contains("disconnected")).collect::<Vec<_>>();
    assert!(matches!(ended.as_slice(), [ended] if fits(ended, "2 A disconnected remote=200 result=lost synthetic")));
    stage.check_order();
    stage.play("3 close");
    assert_eq!(stage.occurrences.len(), 2 * (1 + super::on_line::MAX_CALLS));
}

/// RFC 9562 5.7: the time is the call's, and all the random bits of the generator are used but for six.
#[test]
fn a_guid_carries_its_time_and_its_random_bits() {
    let mut stage = Stage::new();
    stage.calls = Calls::new(stage.lines.clone(), Box::new(|bytes| bytes.fill(0xff)));
    stage.play("1.5 alerting 1 here from=200");
    let guid = stage.letters[0].to_string();
    let millis = format!("{:012x}", (stage.start.wall.as_millisecond() + 1500));
    assert_eq!(guid, format!("{}-{}-7fff-bfff-ffffffffffff", &millis[..8], &millis[8..]));
}

/// A line that is gone from the configuration has nobody to tell about its calls.
#[test]
fn calls_of_unknown_lines() {
    let mut stage = Stage::new();
    stage.play("0 alerting 1 here from=200");
    let mut saved = stage.calls.saved(stage.letters[0]).unwrap();
    saved.line = LineId("gone".into());
    assert!(!stage.calls.restore(stage.start, saved));
    stage.line = LineId("gone".into());
    stage.play("1 alerting 1 here from=200");
    stage.play("2 snapshot 1/connected");
    stage.play("3 close");
    assert_eq!(stage.seen.len(), 1);
}
