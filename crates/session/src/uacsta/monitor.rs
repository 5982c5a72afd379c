//! The monitor of one line: MonitorStart, then SnapshotDevice, one line after the other.

use std::sync::Arc;
use std::time::{Duration, Instant};

use call_model::{Line, LineId};
use compact_str::CompactString;
use csta::{CrossRefId, Message, MonitorStart, Request, Response, SnapshotDevice};

use super::requests::{Purpose, read};
use super::{Phase, Reach, STEADY, Turn, Uacsta};
use crate::capability::Service;
use crate::dialect::DeviceForm;
use crate::{Output, State, normalise};

/// How often a snapshot that crossed with an event is asked for again before it is taken as it is.
const SNAPSHOT_TRIES: u32 = 3;

/// A refused monitor is tried again after this time: the reason is on the phone, and seldom gone sooner.
const RETRY: Duration = Duration::from_secs(30);

/// How long a monitor that the phone stopped stays away before it is started again; doubled up to [`RETRY`] for one
/// that is stopped again and again.
const RESTART: Duration = Duration::from_secs(1);

/// The state of a phone that takes requests and sends no events.
const NO_EVENTS: &str = "can be dialled, reports no calls";

/// The monitor of one line.
#[derive(Debug)]
pub(super) struct Monitor {
    pub(super) line: Arc<Line>,
    state: MonitorState,
    /// An event came since the last snapshot was asked for, so that its answer may be older than what we know.
    moved: bool,
    /// When the phone was last asked for it, and when it agreed.
    asked: Instant,
    started: Instant,
    /// How often in a row the phone stopped it soon after.
    stops: u32,
    /// The call of the latest dial that was accepted: it confirms no other dial.
    pub(super) dialled: Option<call_model::CallRef>,
}

#[derive(Debug)]
enum MonitorState {
    /// Not running; to be started at this time.
    Waiting { start_at: Instant },
    /// MonitorStart is under way.
    Starting,
    /// Running; its calls are to be compared with a snapshot first.
    Unverified { cross_ref: CrossRefId, snapshots: u32 },
    /// Running.
    Running { cross_ref: CrossRefId },
    /// The phone refused it; tried again at this time.
    Refused { why: String, start_at: Instant },
}

impl Uacsta {
    /// Starts the first monitor whose time has come; the next one follows when this one is done.
    pub(super) fn start_next_monitor(&mut self, turn: &mut Turn<'_>) {
        if !matches!(self.phase, Phase::Up { .. }) || self.outside || self.is_starting() {
            return;
        }
        let due = |monitor: &Monitor| monitor.start_at().is_some_and(|at| at <= turn.now);
        let Some(index) = self.monitors.iter().position(due) else { return };
        let monitor = &mut self.monitors[index];
        monitor.state = MonitorState::Starting;
        monitor.asked = turn.now;
        let line = monitor.line.clone();
        let start = MonitorStart::device(self.named(&line, self.dialect.monitor));
        self.request(turn, Purpose::StartMonitor(index), Request::MonitorStart(start));
    }

    /// A monitor or a snapshot is asked for: the next one waits for its answer.
    pub(super) fn is_starting(&self) -> bool {
        self.pending.values().any(|pending| matches!(pending.purpose, Purpose::StartMonitor(_) | Purpose::Snapshot(_)))
    }

    pub(super) fn monitor_started(&mut self, turn: &mut Turn<'_>, index: usize, answer: &sip::Answer) {
        let message = read(answer);
        self.tried(Service::MONITOR_START, answer.status, &message);
        let why = match message {
            Ok(Message::Response(Response::MonitorStart(response))) => {
                let monitor = &mut self.monitors[index];
                monitor.state = MonitorState::Unverified { cross_ref: response.cross_ref, snapshots: 0 };
                monitor.started = turn.now;
                return self.snapshot(turn, index);
            }
            Ok(Message::Error(error)) => error.to_string(),
            Ok(_) => "it answered with something else".into(),
            Err(why) => why,
        };
        self.monitors[index].state = MonitorState::Refused { why, start_at: turn.now + RETRY };
    }

    /// The phone ended a monitor by itself: it is started again.
    pub(super) fn monitor_stopped(&mut self, turn: &mut Turn<'_>, cross_ref: &CrossRefId) {
        let Some(monitor) = self.monitors.iter_mut().find(|monitor| monitor.cross_ref() == Some(cross_ref)) else {
            return;
        };
        if monitor.started + STEADY <= turn.now {
            monitor.stops = 0;
        }
        let wait = RESTART.saturating_mul(1 << monitor.stops.min(5)).min(RETRY);
        monitor.stops += 1;
        monitor.state = MonitorState::Waiting { start_at: turn.now + wait };
        turn.out.push(Output::Note(format!("the phone stopped the monitor of {}", monitor.line.id)));
    }

    /// Asks for the calls of a line that are in doubt; without a session the next one will ask anyway.
    pub(super) fn ask_snapshot(&mut self, turn: &mut Turn<'_>, line: &LineId) {
        let Some(index) = self.index_of(line) else { return };
        let asked = self.pending.values().any(|p| matches!(p.purpose, Purpose::Snapshot(other) if other == index));
        if self.monitors[index].is_running() && !asked {
            self.snapshot(turn, index);
        }
    }

    /// Asks for the calls of a line, unless the phone is known to have no answer.
    fn snapshot(&mut self, turn: &mut Turn<'_>, index: usize) {
        if self.lacks(Service::SNAPSHOT_DEVICE).is_some() {
            return self.unverifiable(turn, index);
        }
        self.monitors[index].moved = false;
        let line = self.monitors[index].line.clone();
        let device = self.named(&line, self.dialect.snapshot);
        self.request(turn, Purpose::Snapshot(index), Request::SnapshotDevice(SnapshotDevice::of(device)));
    }

    /// The snapshot is here, or the phone has none to give. One that crossed with an event may be older than what we
    /// know: it is asked for again.
    pub(super) fn snapshot_arrived(&mut self, turn: &mut Turn<'_>, index: usize, answer: &sip::Answer) {
        let message = read(answer);
        self.tried(Service::SNAPSHOT_DEVICE, answer.status, &message);
        let monitor = &mut self.monitors[index];
        let line = monitor.line.id.clone();
        let calls = match message {
            Ok(Message::Response(Response::SnapshotDevice(response))) => {
                normalise::snapshot(&monitor.line, &response).ok_or("it promises one for later".to_owned())
            }
            Ok(Message::Error(error)) => Err(error.to_string()),
            Ok(_) => Err("it answered with something else".into()),
            Err(why) => Err(why),
        };
        match calls {
            Ok(_) if monitor.wants_another_snapshot() => self.snapshot(turn, index),
            Ok(calls) => {
                turn.out.push(Output::Snapshot { line, calls });
                monitor.run();
            }
            Err(why) => {
                turn.out.push(Output::Note(format!("the phone gives no snapshot of {line}: {why}")));
                self.unverifiable(turn, index);
            }
        }
    }

    /// The phone cannot tell which calls a line has. A monitor that runs vouches for its calls; one that is new does not.
    fn unverifiable(&mut self, turn: &mut Turn<'_>, index: usize) {
        let monitor = &mut self.monitors[index];
        if let MonitorState::Unverified { .. } = monitor.state {
            turn.out.push(Output::Unverified { line: monitor.line.id.clone(), since: monitor.asked });
        }
        monitor.run();
    }

    /// How the phone wants a line to be named. What an administrator wrote is sent as it stands.
    pub(super) fn named(&self, line: &Line, form: DeviceForm) -> CompactString {
        let is_default = match &self.config.reach {
            Reach::At { uri, .. } => line.device.parse::<sip::Uri>().is_ok_and(|device| device == *uri),
            Reach::Registered { user } => line.device == format!("sip:{user}@{}", line.domain),
        };
        if is_default { form.of(&line.device).into() } else { line.device.clone() }
    }

    /// What the monitors make of the link, once each of them runs or is refused.
    pub(super) fn state_of_monitors(&self) -> Option<State> {
        if self.outside {
            return Some(State::Degraded(NO_EVENTS.into()));
        }
        let settled = |monitor: &Monitor| match monitor.state {
            MonitorState::Running { .. } | MonitorState::Refused { .. } => true,
            MonitorState::Waiting { .. } | MonitorState::Starting | MonitorState::Unverified { .. } => false,
        };
        if !self.monitors.iter().all(settled) {
            return None;
        }
        let refused: Vec<String> = self.monitors.iter().filter_map(Monitor::refusal).collect();
        Some(if refused.is_empty() { State::Up } else { State::Degraded(refused.join("; ")) })
    }
}

impl Monitor {
    pub(super) fn new(line: Arc<Line>, now: Instant) -> Self {
        let state = MonitorState::Waiting { start_at: now };
        Self { line, state, moved: false, asked: now, started: now, stops: 0, dialled: None }
    }

    /// Its calls are known as well as they can be.
    fn run(&mut self) {
        if let MonitorState::Unverified { cross_ref, .. } = &self.state {
            self.state = MonitorState::Running { cross_ref: cross_ref.clone() };
        }
    }

    /// An event of this line arrived.
    pub(super) fn moves(&mut self) {
        self.moved = true;
    }

    /// When it is to be started.
    pub(super) fn start_at(&self) -> Option<Instant> {
        match &self.state {
            MonitorState::Waiting { start_at } | MonitorState::Refused { start_at, .. } => Some(*start_at),
            MonitorState::Starting | MonitorState::Unverified { .. } | MonitorState::Running { .. } => None,
        }
    }

    pub(super) fn is_starting(&self) -> bool {
        matches!(self.state, MonitorState::Starting)
    }

    pub(super) fn is_running(&self) -> bool {
        self.cross_ref().is_some()
    }

    pub(super) fn cross_ref(&self) -> Option<&CrossRefId> {
        match &self.state {
            MonitorState::Unverified { cross_ref, .. } | MonitorState::Running { cross_ref } => Some(cross_ref),
            MonitorState::Waiting { .. } | MonitorState::Starting | MonitorState::Refused { .. } => None,
        }
    }

    /// The phone's own words, if it refused.
    pub(super) fn refusal(&self) -> Option<String> {
        match &self.state {
            MonitorState::Refused { why, .. } => {
                Some(format!("the phone refuses to monitor {} ({}): {why}", self.line.id, self.line.device))
            }
            MonitorState::Waiting { .. }
            | MonitorState::Starting
            | MonitorState::Unverified { .. }
            | MonitorState::Running { .. } => None,
        }
    }

    /// Counts a snapshot; true if it is to be asked for again. A new monitor settles for one that crossed with events
    /// time and again, or its link would never be up.
    fn wants_another_snapshot(&mut self) -> bool {
        match &mut self.state {
            MonitorState::Unverified { snapshots, .. } => {
                *snapshots += 1;
                self.moved && *snapshots < SNAPSHOT_TRIES
            }
            MonitorState::Waiting { .. }
            | MonitorState::Starting
            | MonitorState::Running { .. }
            | MonitorState::Refused { .. } => self.moved,
        }
    }
}
