//! From nothing to a monitored phone: INVITE, MonitorStart, SnapshotDevice.

use csta::{Message, MonitorStart, Request, Response, SnapshotDevice, SystemStatus};

use super::{Monitor, MonitorState, Pending, Phase, Purpose, Turn, Uacsta, body, words};
use crate::{Output, State, normalise};
use call_model::LineId;
use std::time::Duration;

/// A phone that answers an INVITE not even provisionally within this time is asked anew: one that is just booting
/// hears the next attempt sooner than the ever slower retransmissions of this one.
const GIVE_UP: Duration = Duration::from_secs(4);

/// How often a snapshot that crossed with an event is asked for again before it is taken as it is.
const SNAPSHOT_TRIES: u32 = 3;

/// A refused monitor is tried again after this time, doubled by nothing: the reason is on the phone.
const MONITOR_RETRY: Duration = Duration::from_secs(30);

impl Uacsta {
    /// Opens the dialog: an INVITE without SDP whose body asks for the phone's status (TR/87).
    pub(super) fn invite(&mut self, turn: &mut Turn<'_>, flow: sip::Flow) {
        if !matches!(self.phase, Phase::Reaching) {
            return;
        }
        let invite = sip::Invite {
            route: self.config.proxy.iter().map(loose).collect(),
            credentials: self.config.credentials.clone(),
            body: Some(body(&Request::RequestSystemStatus(Default::default()).into())),
            give_up: Some(GIVE_UP),
            ..sip::Invite::new(flow, self.config.uri.clone(), self.caller_uri(flow))
        };
        let dialog = turn.agent.invite(turn.now, invite, turn.wire);
        self.phase = Phase::Inviting { dialog };
    }

    /// Who calls: behind a proxy the account it knows, else the gateway at its own address.
    fn caller_uri(&self, flow: sip::Flow) -> sip::Uri {
        let account = self.config.proxy.as_ref().zip(self.config.credentials.as_ref());
        let known = account.and_then(|(proxy, credentials)| {
            sip::Uri::parse(format!("sip:{}@{}", credentials.username, proxy.host()).as_bytes()).ok()
        });
        known.unwrap_or_else(|| sip::Uri::at("hookswitch", flow.local))
    }

    /// The phone took the INVITE. A status other than `normal` means that it will not serve us.
    pub(super) fn accepted(&mut self, turn: &mut Turn<'_>, dialog: sip::DialogId, answer: &sip::Answer) {
        let status = match read(answer) {
            Ok(Message::Response(Response::RequestSystemStatus(response))) => response.status,
            // Phones that leave the body out are up all the same.
            Ok(_) | Err(_) => Some(SystemStatus::Normal),
        };
        self.phase = Phase::Up { dialog, since: turn.now, last_heard: turn.now };
        if let Some(status) = status.filter(|status| *status != SystemStatus::Normal) {
            turn.agent.bye(turn.now, dialog, turn.wire);
            self.fail(turn, format!("the phone's system status is {status}, not normal"));
            return;
        }
        self.start_waiting_monitors(turn);
    }

    /// Starts the first monitor whose time has come; the next one follows when this one is done.
    pub(super) fn start_waiting_monitors(&mut self, turn: &mut Turn<'_>) {
        let busy = self.pending.values().any(Pending::is_startup);
        let due = |monitor: &Monitor| monitor.start_at().is_some_and(|at| at <= turn.now);
        let Some(index) = self.monitors.iter().position(due).filter(|_| !busy) else { return };
        let monitor = &mut self.monitors[index];
        monitor.state = MonitorState::Starting;
        let start = MonitorStart::device(monitor.line.device.clone());
        self.request(turn, Purpose::StartMonitor(index), Request::MonitorStart(start));
    }

    pub(super) fn monitor_started(&mut self, turn: &mut Turn<'_>, index: usize, answer: &sip::Answer) {
        match read(answer) {
            Ok(Message::Response(Response::MonitorStart(response))) => {
                let cross_ref = response.cross_ref;
                self.monitors[index].state = MonitorState::Unverified { cross_ref, snapshots: 0 };
                self.snapshot(turn, index);
            }
            Ok(Message::Error(error)) => self.monitor_refused(turn, index, error.to_string()),
            Ok(_) => self.monitor_refused(turn, index, "it answered with something else".into()),
            Err(why) => self.monitor_refused(turn, index, why),
        }
    }

    fn monitor_refused(&mut self, turn: &mut Turn<'_>, index: usize, why: String) {
        self.monitors[index].state = MonitorState::Refused { why, start_at: turn.now + MONITOR_RETRY };
        self.started(turn);
    }

    /// Asks for the calls of a line that are in doubt; without a session the next one will ask anyway.
    pub(super) fn ask_snapshot(&mut self, turn: &mut Turn<'_>, line: &LineId) {
        let Some(index) = self.index_of(line) else { return };
        let asked = self.pending.values().any(|p| matches!(p.purpose, Purpose::Snapshot(other) if other == index));
        if self.monitors[index].cross_ref().is_some() && !asked {
            self.snapshot(turn, index);
        }
    }

    fn snapshot(&mut self, turn: &mut Turn<'_>, index: usize) {
        self.monitors[index].moved = false;
        let device = self.monitors[index].line.device.clone();
        let request = Request::SnapshotDevice(SnapshotDevice::of(device));
        self.request(turn, Purpose::Snapshot(index), request);
    }

    /// The snapshot is here. If an event crossed with it, it may be older than what we know: it is asked for again.
    pub(super) fn snapshot_arrived(&mut self, turn: &mut Turn<'_>, index: usize, answer: &sip::Answer) {
        let monitor = &mut self.monitors[index];
        if let MonitorState::Unverified { snapshots, .. } = &mut monitor.state {
            *snapshots += 1;
            if monitor.moved && *snapshots < SNAPSHOT_TRIES {
                return self.snapshot(turn, index);
            }
        } else if monitor.moved {
            return self.snapshot(turn, index);
        }
        let calls = match read(answer) {
            Ok(Message::Response(Response::SnapshotDevice(response))) => normalise::snapshot(&monitor.line, &response),
            Ok(Message::Error(error)) => {
                turn.out.push(Output::Note(format!("the phone gives no snapshot of {}: {error}", monitor.line.id)));
                None
            }
            Ok(_) | Err(_) => None,
        };
        let line = monitor.line.id.clone();
        if let Some(calls) = calls {
            turn.out.push(Output::Snapshot { line, calls });
        } else if let MonitorState::Unverified { .. } = monitor.state {
            turn.out.push(Output::Unverified { line });
        }
        if let MonitorState::Unverified { cross_ref, .. } = &monitor.state {
            monitor.state = MonitorState::Running { cross_ref: cross_ref.clone() };
            self.started(turn);
        }
    }

    /// One line is done: the next one, or the link is up.
    fn started(&mut self, turn: &mut Turn<'_>) {
        self.start_waiting_monitors(turn);
        if self.pending.values().any(Pending::is_startup) {
            return;
        }
        let refused: Vec<String> = self.monitors.iter().filter_map(Monitor::refusal).collect();
        let state = if refused.is_empty() { State::Up } else { State::Degraded(refused.join("; ")) };
        turn.out.push(Output::State(state));
    }
}

impl Pending {
    pub(super) fn is_startup(&self) -> bool {
        match self.purpose {
            Purpose::StartMonitor(_) | Purpose::Snapshot(_) => true,
            Purpose::Heartbeat | Purpose::Dial(_) => false,
        }
    }
}

impl Monitor {
    fn refusal(&self) -> Option<String> {
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
}

/// A proxy that an administrator names routes loosely, whether `;lr` is written or not: strict routers died with RFC 2543.
fn loose(proxy: &sip::Uri) -> sip::Uri {
    if proxy.param("lr").is_some() { proxy.clone() } else { proxy.with_param("lr") }
}

/// The CSTA message in a SIP answer, or why there is none.
pub(super) fn read(answer: &sip::Answer) -> Result<Message, String> {
    match &answer.body {
        _ if !answer.is_success() => Err(words::status(answer)),
        Some(body) => csta::xml::decode(&body.bytes).map_err(|error| error.to_string()),
        None => Err(format!("{} without a CSTA body", words::status(answer))),
    }
}
