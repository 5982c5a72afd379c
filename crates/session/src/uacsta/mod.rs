//! uaCSTA (ECMA TR/87): a CSTA session inside a SIP dialog with one phone.
//!
//! ```text
//!            Reach             Reachable            200 + normal
//!   Down ───────────► Reaching ─────────► Inviting ─────────────► Up ── Stop ──► Stopped
//!    ▲                   │                    │                    │
//!    └── retry_at ◄──────┴── Unreachable ◄────┴── refused, silent ◄┴── 481, 408, BYE, no answer
//! ```
//!
//! Once the dialog stands, each line is monitored and then its calls are compared with a snapshot, one request at a
//! time; from then on the phone's events come as INFO requests, and a silent phone is asked for its status.

mod dial;
mod events;
mod startup;
mod words;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use call_model::{Line, LineId, Outcome};
use compact_str::CompactString;
use csta::{CrossRefId, Edition, Message, Request};

use self::dial::Dial;
use crate::backoff::Reconnect;
use crate::{Input, Output, State};

/// A session that stood for so long has proved itself: the next failure counts as the first.
const STEADY: Duration = Duration::from_secs(30);

/// How a phone is reached, and what it carries.
#[derive(Clone, Debug)]
pub struct Config {
    /// The link's name, for the log and for the jitter of its attempts.
    pub name: CompactString,
    /// The phone's address.
    pub uri: sip::Uri,
    /// The PBX's proxy, where the phone is reached through it.
    pub proxy: Option<sip::Uri>,
    /// Answers the phone's or the proxy's digest challenge.
    pub credentials: Option<sip::Credentials>,
    /// The lines it carries.
    pub lines: Vec<Arc<Line>>,
    /// A phone that was silent for so long is asked for its status.
    pub heartbeat: Duration,
    /// An answer that took longer than this is none.
    pub request_timeout: Duration,
    /// When to try again.
    pub reconnect: Reconnect,
}

/// What a session works with for the length of one input.
pub struct Turn<'a> {
    /// Now.
    pub now: Instant,
    /// The SIP agent whose dialogs the sessions use.
    pub agent: &'a mut sip::Agent,
    /// What the agent wants sent.
    pub wire: &'a mut Vec<sip::Output>,
    /// What the session wants done.
    pub out: &'a mut Vec<Output>,
}

/// A uaCSTA session with one phone.
#[derive(Debug)]
pub struct Uacsta {
    config: Config,
    monitors: Vec<Monitor>,
    phase: Phase,
    /// Attempts that came to nothing since the link was last up.
    failures: u32,
    /// Requests of ours that wait for their answer, by the tag the agent gives back.
    pending: BTreeMap<u64, Pending>,
    next_tag: u64,
}

#[derive(Debug)]
enum Phase {
    Down { retry_at: Instant, why: String },
    Reaching,
    Inviting { dialog: sip::DialogId },
    Up { dialog: sip::DialogId, since: Instant, last_heard: Instant },
    Stopped,
}

/// The monitor of one line.
#[derive(Debug)]
struct Monitor {
    line: Arc<Line>,
    state: MonitorState,
    /// An event came since the last snapshot was asked for, so that its answer may be older than what we know.
    moved: bool,
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

#[derive(Debug)]
struct Pending {
    purpose: Purpose,
    deadline: Instant,
}

#[derive(Debug)]
enum Purpose {
    StartMonitor(usize),
    Snapshot(usize),
    Heartbeat,
    Dial(Dial),
}

impl Uacsta {
    /// A session that will open its dialog at the first [`Input::Timeout`].
    #[must_use]
    pub fn new(config: Config, now: Instant) -> Self {
        let monitors = config.lines.iter().map(|line| Monitor::new(line.clone(), now)).collect();
        let phase = Phase::Down { retry_at: now, why: "not connected yet".into() };
        Self { config, monitors, phase, failures: 0, pending: BTreeMap::new(), next_tag: 1 }
    }

    /// The link's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.config.name
    }

    /// The lines this link carries.
    pub fn lines(&self) -> impl Iterator<Item = &Arc<Line>> {
        self.config.lines.iter()
    }

    /// The dialog with the phone, while there is one: news about it belong to this session.
    #[must_use]
    pub fn dialog(&self) -> Option<sip::DialogId> {
        match self.phase {
            Phase::Inviting { dialog } | Phase::Up { dialog, .. } => Some(dialog),
            Phase::Down { .. } | Phase::Reaching | Phase::Stopped => None,
        }
    }

    /// When to come back with [`Input::Timeout`] at the latest; `None` if there is nothing to wait for.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        match &self.phase {
            Phase::Down { retry_at, .. } => Some(*retry_at),
            Phase::Reaching | Phase::Inviting { .. } | Phase::Stopped => None,
            Phase::Up { last_heard, .. } => {
                let requests = self.pending.values().map(|pending| pending.deadline);
                let startup = self.pending.values().any(Pending::is_startup);
                let monitors = self.monitors.iter().filter_map(Monitor::start_at).filter(|_| !startup);
                // What is under way is a question already: its answer, or the lack of one, says how the phone is.
                let heartbeat = self.pending.is_empty().then(|| *last_heard + self.config.heartbeat);
                requests.chain(monitors).chain(heartbeat).min()
            }
        }
    }

    /// Takes one input; everything that follows from it is in `turn` afterwards.
    pub fn handle(&mut self, turn: &mut Turn<'_>, input: Input) {
        match input {
            Input::Timeout => self.timeout(turn),
            Input::Reachable(flow) => self.invite(turn, flow),
            Input::Unreachable(why) => self.fail(turn, format!("cannot reach {}: {why}", self.next_hop())),
            Input::Sip(event) => self.sip(turn, event),
            Input::Command(id, command) => self.command(turn, id, command),
            Input::Durable(ack) => turn.agent.respond(turn.now, ack.0, sip::Answer::new(200), turn.wire),
            Input::Refused(ack) => {
                let answer = sip::Answer { retry_after: Some(5), ..sip::Answer::new(503) };
                turn.agent.respond(turn.now, ack.0, answer, turn.wire);
            }
            Input::Snapshot(line) => self.ask_snapshot(turn, &line),
            Input::Stop => self.stop(turn),
        }
    }

    fn timeout(&mut self, turn: &mut Turn<'_>) {
        match &self.phase {
            Phase::Down { retry_at, .. } if *retry_at <= turn.now => {
                self.phase = Phase::Reaching;
                turn.out.push(Output::Reach(self.next_hop().clone()));
            }
            Phase::Up { last_heard, .. } => {
                let silent = *last_heard + self.config.heartbeat <= turn.now;
                if self.give_up_late_requests(turn) {
                    return;
                }
                self.start_waiting_monitors(turn);
                if silent && self.pending.is_empty() {
                    self.request(turn, Purpose::Heartbeat, Request::RequestSystemStatus(Default::default()));
                }
            }
            Phase::Down { .. } | Phase::Reaching | Phase::Inviting { .. } | Phase::Stopped => {}
        }
    }

    /// Ends requests that took too long. A phone that answers nothing is gone: the dialog is opened anew at once.
    fn give_up_late_requests(&mut self, turn: &mut Turn<'_>) -> bool {
        self.give_up_unseen_dials(turn);
        if self.pending.values().all(|pending| turn.now < pending.deadline) {
            return false;
        }
        self.reopen(turn, format!("no answer within {} s", self.config.request_timeout.as_secs_f32()));
        true
    }

    fn sip(&mut self, turn: &mut Turn<'_>, event: sip::Event) {
        self.heard(turn.now);
        match event {
            sip::Event::Accepted { dialog, answer } => self.accepted(turn, dialog, &answer),
            sip::Event::Rejected { failure, .. } => {
                self.fail(turn, words::refusal(&failure, self.config.credentials.is_some()))
            }
            sip::Event::Answered { tag, answer, .. } => self.answered(turn, tag, &answer),
            sip::Event::Failed { tag, failure, .. } => self.failed(turn, tag, &failure),
            sip::Event::Requested { transaction, method, body, .. } => self.requested(turn, transaction, &method, body),
            sip::Event::Invited { transaction, .. } => {
                turn.agent.respond(turn.now, transaction, sip::Answer::new(403), turn.wire);
            }
            sip::Event::Ended { ending, .. } => self.reopen(turn, words::ending(ending).into()),
        }
    }

    fn answered(&mut self, turn: &mut Turn<'_>, tag: u64, answer: &sip::Answer) {
        let Some(Pending { purpose, .. }) = self.pending.remove(&tag) else { return };
        match purpose {
            Purpose::StartMonitor(index) => self.monitor_started(turn, index, answer),
            Purpose::Snapshot(index) => self.snapshot_arrived(turn, index, answer),
            // Any answer proves that phone and dialog live; 481 and 408 end the dialog in the agent.
            Purpose::Heartbeat => {}
            Purpose::Dial(dial) => self.dial_answered(turn, dial, answer),
        }
    }

    /// A request of ours came to nothing. Without an answer or a connection the phone may be gone, and without a part of
    /// its opening the session would stay half open: the dialog is opened anew.
    fn failed(&mut self, turn: &mut Turn<'_>, tag: u64, failure: &sip::Failure) {
        let Some(pending) = self.pending.remove(&tag) else { return };
        let is_startup = pending.is_startup();
        if let Purpose::Dial(dial) = pending.purpose {
            dial.unanswered(turn.out);
        }
        let why = words::failure(failure);
        match failure {
            // Our own agent had no room for it.
            sip::Failure::Status(_) if !is_startup => {
                turn.out.push(Output::Note(format!("a request came to nothing: {why}")));
            }
            sip::Failure::Status(_) | sip::Failure::Timeout | sip::Failure::Flow => self.reopen(turn, why),
        }
    }

    /// Sends a CSTA request as INFO (TR/87); its answer comes back with the tag it gets here.
    fn request(&mut self, turn: &mut Turn<'_>, purpose: Purpose, request: Request) {
        let Phase::Up { dialog, .. } = self.phase else { return };
        let tag = self.next_tag;
        self.next_tag += 1;
        let deadline = turn.now + self.config.request_timeout;
        self.pending.insert(tag, Pending { purpose, deadline });
        turn.agent.request(turn.now, dialog, tag, sip::Method::INFO, Some(body(&request.into())), turn.wire);
    }

    fn heard(&mut self, now: Instant) {
        if let Phase::Up { last_heard, .. } = &mut self.phase {
            *last_heard = now;
        }
    }

    /// An attempt came to nothing: the next one waits longer.
    fn fail(&mut self, turn: &mut Turn<'_>, why: String) {
        self.failures += 1;
        let retry_at = turn.now + self.config.reconnect.wait(&self.config.name, self.failures);
        self.down(turn, retry_at, why);
    }

    /// A standing session ended. The phone may be back already, so the first attempt does not wait; one that keeps
    /// ending its sessions is not asked ever faster.
    fn reopen(&mut self, turn: &mut Turn<'_>, why: String) {
        let Phase::Up { dialog, since, .. } = self.phase else { return self.fail(turn, why) };
        turn.agent.bye(turn.now, dialog, turn.wire);
        if since + STEADY > turn.now {
            return self.fail(turn, why);
        }
        self.failures = 0;
        self.down(turn, turn.now, why);
    }

    fn down(&mut self, turn: &mut Turn<'_>, retry_at: Instant, why: String) {
        for (_, pending) in std::mem::take(&mut self.pending) {
            if let Purpose::Dial(dial) = pending.purpose {
                dial.unanswered(turn.out);
            }
        }
        for monitor in &mut self.monitors {
            *monitor = Monitor::new(monitor.line.clone(), turn.now);
        }
        turn.out.push(Output::State(State::Down(why.clone())));
        self.phase = Phase::Down { retry_at, why };
    }

    fn stop(&mut self, turn: &mut Turn<'_>) {
        for monitor in &self.monitors {
            if let Some(cross_ref) = monitor.cross_ref()
                && let Phase::Up { dialog, .. } = self.phase
            {
                let stop = Request::MonitorStop(csta::MonitorStop { cross_ref: cross_ref.clone() });
                turn.agent.request(turn.now, dialog, 0, sip::Method::INFO, Some(body(&stop.into())), turn.wire);
            }
        }
        if let Some(dialog) = self.dialog() {
            turn.agent.bye(turn.now, dialog, turn.wire);
        }
        for (_, pending) in std::mem::take(&mut self.pending) {
            if let Purpose::Dial(dial) = pending.purpose {
                dial.unanswered(turn.out);
            }
        }
        self.phase = Phase::Stopped;
    }

    fn next_hop(&self) -> &sip::Uri {
        self.config.proxy.as_ref().unwrap_or(&self.config.uri)
    }

    fn index_of(&self, line: &LineId) -> Option<usize> {
        self.monitors.iter().position(|monitor| monitor.line.id == *line)
    }

    /// Why a command cannot be carried out now, in words for an administrator.
    fn no_link(&self) -> Outcome {
        let reason = match &self.phase {
            Phase::Down { why, .. } => why.clone(),
            Phase::Reaching | Phase::Inviting { .. } => "the session with the phone is being opened".into(),
            Phase::Up { .. } => "its monitor is not running".into(),
            Phase::Stopped => "the gateway is stopping".into(),
        };
        Outcome::NoLink { reason: reason.into() }
    }
}

impl Monitor {
    fn new(line: Arc<Line>, now: Instant) -> Self {
        Self { line, state: MonitorState::Waiting { start_at: now }, moved: false }
    }

    fn start_at(&self) -> Option<Instant> {
        match &self.state {
            MonitorState::Waiting { start_at } | MonitorState::Refused { start_at, .. } => Some(*start_at),
            MonitorState::Starting | MonitorState::Unverified { .. } | MonitorState::Running { .. } => None,
        }
    }

    fn cross_ref(&self) -> Option<&CrossRefId> {
        match &self.state {
            MonitorState::Unverified { cross_ref, .. } | MonitorState::Running { cross_ref } => Some(cross_ref),
            MonitorState::Waiting { .. } | MonitorState::Starting | MonitorState::Refused { .. } => None,
        }
    }
}

/// A CSTA message as the body of a SIP message, in the edition that most phones speak.
fn body(message: &Message) -> sip::Body {
    sip::Body::csta(csta::xml::encode(message, Edition::Ed3))
}
