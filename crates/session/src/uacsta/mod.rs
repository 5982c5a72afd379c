//! uaCSTA (ECMA TR/87): a CSTA session inside a SIP dialog with one phone.
//!
//! ```text
//!            Reach             Reachable            200 + normal
//!   Down ───────────► Reaching ─────────► Inviting ─────────────► Up ── Stop ──► Stopped
//!    ▲                   │  ▲── another way ──┤                    │
//!    └── retry_at ◄──────┴── Unreachable ◄────┴── refused, silent ◄┴── 481, 408, BYE, no answer
//! ```
//!
//! A phone that registers here is reachable from its registration on, and only as long as that holds: until then the
//! session is Down without a time to try again. One that registers anew was restarted, and gets a new session at once.
//!
//! Once the dialog stands, each line is monitored and then its calls are compared with a snapshot, one request at a
//! time; from then on the phone's events come as INFO requests, and a silent phone is asked for its status. The first time
//! it is asked what it can do instead: the answer proves as much.
//!
//! A phone that takes requests outside of dialogs only is greeted with OPTIONS in place of the INVITE; it can be told to
//! dial, and reports nothing.

mod closing;
mod dial;
mod events;
mod learn;
mod monitor;
mod opening;
mod outside;
mod reach;
mod requests;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use call_model::{Line, LineId};
use compact_str::CompactString;

use self::learn::Unsaid;
use self::monitor::Monitor;
use self::reach::Detour;
pub use self::reach::Reach;
use self::requests::Pending;
use crate::backoff::Reconnect;
use crate::capability::{Known, Service};
use crate::dialect::Dialect;
use crate::{Input, Output, State, Way};

/// A session that stood for so long has proved itself: the next failure counts as the first.
const STEADY: Duration = Duration::from_secs(30);

/// What a session knows of its phone from the start.
#[derive(Clone, Debug)]
pub struct Config {
    /// The link's name, for the log and for the jitter of its attempts.
    pub name: CompactString,
    /// How the phone is reached.
    pub reach: Reach,
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
    /// How the phone speaks; `None`: it is recognised by its name.
    pub dialect: Option<&'static Dialect>,
    /// What was known of it before the gateway was restarted.
    pub known: Option<Box<Known>>,
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
    /// Where the phone registered, if it did.
    binding: Option<Box<sip::Binding>>,
    /// What carried the last session.
    worked: Option<sip::Candidate>,
    /// What failed in the attempt that is under way.
    detour: Option<Box<Detour>>,
    /// The phone asked to be left alone until then.
    not_before: Option<Instant>,
    /// What the caller believes of the link.
    told: Option<State>,
    /// Attempts that came to nothing since the last session.
    failures: u32,
    /// Sessions in a row that ended before they had proved themselves.
    flaps: u32,
    /// Requests of ours that wait for their answer, by the tag the agent gives back.
    pending: BTreeMap<u64, Pending>,
    next_tag: u64,
    dialect: &'static Dialect,
    known: Known,
    unsaid: Unsaid,
    /// Services to be tried once more, although the phone refused them, and its list to be asked for again.
    doubts: BTreeSet<Service>,
    /// It did not answer when it was asked what it can do.
    lists_nothing: bool,
    /// Requests go out one by one, without a dialog.
    outside: bool,
}

#[derive(Debug)]
enum Phase {
    Down { retry_at: Option<Instant>, why: String },
    Reaching { give_up_at: Instant },
    Inviting { dialog: sip::DialogId, way: Box<Way>, give_up_at: Instant },
    Up { dialog: sip::DialogId, since: Instant, last_heard: Instant },
    Stopped,
}

impl Uacsta {
    /// A session that will open its dialog at the first [`Input::Timeout`], or when its phone has registered.
    #[must_use]
    pub fn new(mut config: Config, now: Instant) -> Self {
        let monitors = config.lines.iter().map(|line| Monitor::new(line.clone(), now)).collect();
        let phase = Phase::Down { retry_at: Some(now), why: "not connected yet".into() };
        // A phone without a name may be another one by now.
        let known =
            config.known.take().filter(|known| !known.agent.is_empty()).map_or_else(Known::default, |known| *known);
        let dialect = config.dialect.or_else(|| Dialect::of_agent(&known.agent)).unwrap_or(Dialect::generic());
        Self {
            config,
            monitors,
            phase,
            binding: None,
            worked: None,
            detour: None,
            not_before: None,
            told: None,
            failures: 0,
            flaps: 0,
            pending: BTreeMap::new(),
            next_tag: 1,
            dialect,
            known,
            unsaid: Unsaid::default(),
            doubts: BTreeSet::new(),
            lists_nothing: false,
            outside: false,
        }
    }

    /// The link's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.config.name
    }

    /// What answers its phone's challenges.
    #[must_use]
    pub fn credentials(&self) -> Option<&sip::Credentials> {
        self.config.credentials.as_ref()
    }

    /// The lines this link carries.
    pub fn lines(&self) -> impl Iterator<Item = &Arc<Line>> {
        self.config.lines.iter()
    }

    /// The dialog with the phone, while there is one: news about it belong to this session.
    #[must_use]
    pub fn dialog(&self) -> Option<sip::DialogId> {
        match self.phase {
            Phase::Inviting { dialog, .. } | Phase::Up { dialog, .. } => Some(dialog),
            Phase::Down { .. } | Phase::Reaching { .. } | Phase::Stopped => None,
        }
    }

    /// When to come back with [`Input::Timeout`] at the latest; `None` if there is nothing to wait for.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        match &self.phase {
            Phase::Down { retry_at, .. } => *retry_at,
            Phase::Reaching { give_up_at } => Some(*give_up_at),
            Phase::Inviting { give_up_at, .. } => Some(*give_up_at),
            Phase::Stopped => None,
            Phase::Up { last_heard, .. } => {
                let requests = self.pending.values().map(|pending| pending.deadline);
                let starting = self.is_starting() || self.outside;
                let monitors = self.monitors.iter().filter_map(Monitor::start_at).filter(|_| !starting);
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
            Input::Reachable(way) => self.invite(turn, way),
            Input::Unreachable(why) => self.unreachable(turn, &why),
            Input::Registered(binding) => self.registered(turn, binding),
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
        self.go_on(turn);
    }

    /// Whatever happened: a monitor that waits is started, and the link's state is told if it is another one now.
    fn go_on(&mut self, turn: &mut Turn<'_>) {
        if let Phase::Up { .. } = self.phase {
            self.start_next_monitor(turn);
            if let Some(state) = self.state_of_monitors() {
                self.tell_state(turn, state);
                self.tell_known(turn);
            }
        }
        // An emptied BTreeMap keeps room for eleven requests; most of the time there is none.
        if self.pending.is_empty() {
            self.pending = BTreeMap::new();
        }
    }

    fn tell_state(&mut self, turn: &mut Turn<'_>, state: State) {
        if self.told.as_ref() != Some(&state) {
            self.told = Some(state.clone());
            turn.out.push(Output::State(state));
        }
    }

    fn timeout(&mut self, turn: &mut Turn<'_>) {
        match self.phase {
            Phase::Down { retry_at: Some(retry_at), .. } if retry_at <= turn.now => self.reach(turn),
            Phase::Reaching { give_up_at } if give_up_at <= turn.now => {
                self.unreachable(turn, "its address is not found")
            }
            Phase::Inviting { dialog, give_up_at, .. } if give_up_at <= turn.now => {
                turn.agent.bye(turn.now, dialog, turn.wire);
                let why = if self.outside {
                    words::refusal(&sip::Failure::Timeout, self.config.credentials.is_some())
                } else {
                    "the phone neither takes nor refuses the session".into()
                };
                self.turn_back(turn, why);
            }
            Phase::Up { last_heard, .. } => {
                self.give_up_unseen_dials(turn);
                if self.pending.values().any(|pending| pending.deadline <= turn.now) {
                    // A phone that answers nothing is gone.
                    self.reopen(turn, format!("no answer within {} s", self.config.request_timeout.as_secs_f32()));
                } else if self.pending.is_empty() && last_heard + self.config.heartbeat <= turn.now {
                    self.heartbeat(turn);
                }
            }
            Phase::Down { .. } | Phase::Reaching { .. } | Phase::Inviting { .. } | Phase::Stopped => {}
        }
    }

    fn sip(&mut self, turn: &mut Turn<'_>, event: sip::Event) {
        if self.dialog() != Some(event.dialog()) {
            return; // of a session that is over
        }
        match event {
            sip::Event::Accepted { dialog, answer } => self.accepted(turn, dialog, &answer),
            sip::Event::Rejected { failure, .. } => self.rejected(turn, &failure),
            sip::Event::Answered { tag, answer, .. } => self.answered(turn, tag, &answer),
            sip::Event::Failed { tag, failure, .. } => self.failed(turn, tag, &failure),
            sip::Event::Requested { transaction, method, body, .. } => self.requested(turn, transaction, &method, body),
            sip::Event::Invited { transaction, .. } => {
                turn.agent.respond(turn.now, transaction, sip::Answer::new(403), turn.wire);
            }
            sip::Event::Ended { ending, .. } => self.reopen(turn, words::ending(ending).into()),
        }
    }

    fn heard(&mut self, now: Instant) {
        if let Phase::Up { last_heard, .. } = &mut self.phase {
            *last_heard = now;
        }
    }

    fn index_of(&self, line: &LineId) -> Option<usize> {
        self.monitors.iter().position(|monitor| monitor.line.id == *line)
    }
}
