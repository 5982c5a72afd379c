//! A call's life from a text file (`fixtures/scenarios/*.txt`; the grammar stands in `fixtures/README.md`), played in
//! the virtual [`World`] and compared with the requests that must follow.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::Duration;

use call_model::{
    Action, Destination, DestinationId, Filter, Line, LineId, Locale, Method, Number, Numbering, Profile, Template,
};
use csta::{
    CallState, ConnectionId, DeviceId, LocalConnectionState, SnapshotData, SnapshotDeviceInfo, SnapshotDeviceResponse,
    SubjectDevice,
};

use crate::world::World;

/// What is requested where a scenario names no URL of its own.
const DEFAULT_URL: &str = "http://h/<$action>?dir=<$call_direction>&remote=<$remote_party>&name=<$remote_alias>\
    &hold=<$hold_state>&dur=<$call_duration_seconds>&res=<$call_result>&cause=<$call_cause>\
    &seq=<$event_sequence>&syn=<$synthetic>&call=<$call_guid>";

/// After the last line of a scenario nothing more may be requested for so long.
const AFTERMATH: Duration = Duration::from_secs(60);

/// A scenario as it was read.
struct Scenario {
    line: Line,
    start: jiff::Timestamp,
    urls: Vec<String>,
    snapshot: Option<SnapshotDeviceResponse>,
    steps: Vec<Step>,
}

struct Step {
    /// Of the file, for error messages.
    row: usize,
    at: When,
    what: What,
}

#[derive(Clone, Copy, PartialEq)]
enum When {
    Exactly(Duration),
    /// At any time between the lines before and behind whose time is exact.
    About,
}

/// A request that must come: its row in the file, from when until when, and what it is.
struct Expected {
    row: usize,
    window: (Duration, Duration),
    request: String,
}

enum What {
    Sends(String),
    Reboots,
    Silent(Duration),
    Snapshot(Option<SnapshotDeviceResponse>),
    Waits,
    Requests(String),
}

/// Plays a scenario; the error says what should have been requested and what was.
///
/// # Errors
/// The file cannot be read as a scenario, or the gateway did something else.
pub fn check(text: &str) -> Result<(), String> {
    let scenario = Scenario::parse(text)?;
    let destinations = scenario.urls.iter().enumerate().map(|(n, url)| destination(n, url)).collect();
    let zone = jiff::tz::TimeZone::get("Europe/Berlin").map_err(|error| error.to_string())?;
    let locale = Locale { zone, numbering: Numbering::default() };
    let mut world = World::new(scenario.line, destinations, locale, scenario.start);
    world.phone.snapshot = scenario.snapshot;
    world.open();
    let expected = expected(&scenario.steps);
    for step in scenario.steps {
        if let (When::Exactly(at), false) = (step.at, matches!(step.what, What::Requests(_))) {
            world.advance_to(at);
        }
        match step.what {
            What::Sends(xml) => world.phone_sends(&xml),
            What::Reboots => world.reboot(),
            What::Silent(length) => world.silence(length),
            What::Snapshot(snapshot) => world.phone.snapshot = snapshot,
            What::Waits | What::Requests(_) => {}
        }
    }
    world.advance_to(world.time() + AFTERMATH);
    compare(&expected, &requests(&world))
}

fn expected(steps: &[Step]) -> Vec<Expected> {
    let exact = |step: &Step| match step.at {
        When::Exactly(at) => Some(at),
        When::About => None,
    };
    let mut expected = Vec::new();
    for (n, step) in steps.iter().enumerate() {
        let What::Requests(request) = &step.what else { continue };
        let window = exact(step).map(|at| (at, at)).unwrap_or_else(|| {
            let before = steps[..n].iter().rev().find_map(exact).unwrap_or_default();
            let behind = steps[n..].iter().find_map(exact).unwrap_or(Duration::MAX);
            (before, behind)
        });
        expected.push(Expected { row: step.row, window, request: request.clone() });
    }
    expected
}

/// A destination of this number, whose URL is requested for each action.
///
/// # Panics
/// The URL is no template.
#[must_use]
pub fn destination(number: usize, url: &str) -> Destination {
    Destination {
        id: DestinationId(format!("{number}").into()),
        on: Action::ALL.to_vec(),
        url: Template::parse(url).unwrap_or_else(|error| panic!("{url}: {error}")),
        open_in_browser: false,
        profile: Profile::Log,
        filter: Filter::default(),
        method: Method::Get,
        body: None,
    }
}

/// What was requested, in scenario time.
fn requests(world: &World) -> Vec<(Duration, String)> {
    world.requested.iter().map(|(at, rendered)| (world.since_open(*at), format!("GET {}", rendered.url))).collect()
}

/// Compares line by line; `{A}` stands for the guid it meets first.
fn compare(expected: &[Expected], made: &[(Duration, String)]) -> Result<(), String> {
    /// The clock of a scenario starts within a millisecond of the session.
    const SLACK: Duration = Duration::from_millis(2);
    let mut guids = HashMap::new();
    let mut faults = String::new();
    for n in 0..expected.len().max(made.len()) {
        match (expected.get(n), made.get(n)) {
            (Some(Expected { row, window: (from, until), request }), Some((at, url))) => {
                let on_time = *at + SLACK >= *from && *at <= until.saturating_add(SLACK);
                if !on_time || !matches(request, url, &mut guids) {
                    let _ = writeln!(faults, "row {row}: wanted {request}\n        came {url}\n        at {at:?}");
                }
            }
            (Some(Expected { row, request, .. }), None) => {
                let _ = writeln!(faults, "row {row}: wanted {request}\n        nothing came");
            }
            (None, Some((at, url))) => {
                let _ = writeln!(faults, "not in the file: at {at:?} came {url}");
            }
            (None, None) => {}
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

/// Whether a URL is the wanted one; a letter in braces is one guid throughout, and no other letter's.
pub(crate) fn matches(wanted: &str, url: &str, guids: &mut HashMap<String, String>) -> bool {
    const GUID: usize = 36;
    let mut rest = url;
    let mut pieces = wanted.split('{');
    let Some(tail) = pieces.next().and_then(|literal| rest.strip_prefix(literal)) else { return false };
    rest = tail;
    for piece in pieces {
        let Some((letter, literal)) = piece.split_once('}') else { return false };
        let Some((guid, tail)) = rest.split_at_checked(GUID) else { return false };
        let known_by = guids.iter().find(|(_, known)| *known == guid).map(|(letter, _)| letter.clone());
        let fits = match (guids.get(letter), known_by) {
            (Some(known), _) => known == guid,
            (None, Some(_)) => false,
            (None, None) => guids.insert(letter.to_owned(), guid.to_owned()).is_none(),
        };
        match tail.strip_prefix(literal).filter(|_| fits) {
            Some(tail) => rest = tail,
            None => return false,
        }
    }
    rest.is_empty()
}

impl Scenario {
    fn parse(text: &str) -> Result<Self, String> {
        let start = "2026-03-02T10:00:00Z".parse().map_err(|error| format!("{error}"))?;
        let line = line("987@example.com")?;
        let snapshot = Some(SnapshotDeviceResponse::default());
        let mut scenario = Self { line, start, urls: Vec::new(), snapshot, steps: Vec::new() };
        let mut rows = text.lines().enumerate().map(|(n, row)| (n + 1, row)).peekable();
        while let Some((row, content)) = rows.next() {
            if content.trim().is_empty() || content.starts_with('#') {
                continue;
            }
            let mut block = Vec::new();
            while let Some((_, more)) = rows.next_if(|(_, next)| next.starts_with([' ', '\t']) || next.is_empty()) {
                block.push(more.trim());
            }
            scenario.read(row, content, &block).map_err(|error| format!("row {row}: {error}: {content}"))?;
        }
        if scenario.urls.is_empty() {
            scenario.urls.push(DEFAULT_URL.to_owned());
        }
        Ok(scenario)
    }

    fn read(&mut self, row: usize, content: &str, block: &[&str]) -> Result<(), String> {
        if let Some(rest) = content.strip_prefix('@') {
            let step = step(row, rest, block)?;
            self.steps.push(step);
            return Ok(());
        }
        match content.split_once(' ').unwrap_or((content, "")) {
            ("line", rest) => self.line = line(rest)?,
            ("start", rest) => self.start = rest.trim().parse().map_err(|error| format!("{error}"))?,
            ("url", rest) => self.urls.push(rest.trim().to_owned()),
            ("snapshot", "") => self.snapshot = Some(snapshot(block)?),
            ("no", "snapshot") => self.snapshot = None,
            _ => return Err("unknown setting".into()),
        }
        Ok(())
    }
}

fn step(row: usize, rest: &str, block: &[&str]) -> Result<Step, String> {
    let (time, rest) = rest.split_once(' ').ok_or("no step")?;
    let at = match time.strip_prefix('~') {
        Some(_) => When::About,
        None => When::Exactly(seconds(time)?),
    };
    let (sign, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    let what = match (sign, rest.split_once(' ').unwrap_or((rest, ""))) {
        (">", _) => What::Sends(block.join("\n").trim().to_owned()),
        ("<", _) => What::Requests(rest.trim().to_owned()),
        ("!", ("reboot", _)) => What::Reboots,
        ("!", ("silent", length)) => What::Silent(seconds(length)?),
        ("!", ("snapshot", _)) => What::Snapshot(Some(snapshot(block)?)),
        ("!", ("no", "snapshot")) => What::Snapshot(None),
        (".", _) => What::Waits,
        _ => return Err("unknown step".into()),
    };
    Ok(Step { row, at, what })
}

pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    text.trim().parse().map(Duration::from_secs_f64).map_err(|_| format!("{text:?} are no seconds"))
}

/// `987@example.com name="Front desk" remote_hold=true device=sip:987@phone`
///
/// # Errors
/// The text is none, or has a setting nobody knows.
pub fn line(text: &str) -> Result<Line, String> {
    let (address, settings) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
    let (number, domain) = address.split_once('@').ok_or("a line is number@domain")?;
    let mut line = Line {
        id: LineId(number.into()),
        number: Number::new(number),
        domain: domain.into(),
        name: None,
        link: "phone".into(),
        device: format!("sip:{address}").into(),
        remote_hold: false,
    };
    let mut rest = settings.trim();
    while let Some((key, value)) = rest.split_once('=') {
        let (value, tail) = match value.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').ok_or("an open quote")?,
            None => value.split_once(' ').unwrap_or((value, "")),
        };
        match key.trim() {
            "name" => line.name = Some(value.into()),
            "remote_hold" => line.remote_hold = value == "true",
            "device" => line.device = value.into(),
            "id" => line.id = LineId(value.into()),
            other => return Err(format!("unknown setting {other}")),
        }
        rest = tail.trim();
    }
    Ok(line)
}

/// One call a row: `12 alerting remote=+493012345`.
fn snapshot(rows: &[&str]) -> Result<SnapshotDeviceResponse, String> {
    let rows = rows.iter().filter(|row| !row.is_empty());
    let calls = rows.map(|row| snapshot_call(row)).collect::<Result<_, _>>()?;
    Ok(SnapshotDeviceResponse { data: SnapshotData::Here(calls) })
}

fn snapshot_call(row: &str) -> Result<SnapshotDeviceInfo, String> {
    use LocalConnectionState::{Alerting, Connected, Fail, Hold, Initiated, Null, Queued};
    let mut words = row.split_whitespace();
    let id = words.next().ok_or("a call without an id")?;
    let states = match words.next() {
        Some("alerting") => vec![Alerting, Connected],
        Some("connected") => vec![Connected, Connected],
        Some("held" | "hold") => vec![Hold, Connected],
        Some("initiated") => vec![Initiated],
        Some("dialling" | "delivered") => vec![Connected, Alerting],
        Some("queued") => vec![Queued],
        Some("failed" | "fail") => vec![Fail, Null],
        other => return Err(format!("unknown state {other:?}")),
    };
    let remote = words.find_map(|word| word.strip_prefix("remote="));
    Ok(SnapshotDeviceInfo {
        connection: ConnectionId::new(id, "sip:987@example.com"),
        endpoint: remote.map(|remote| SubjectDevice::Device(DeviceId::new(remote))),
        local_call_state: Some(CallState(states)),
    })
}
