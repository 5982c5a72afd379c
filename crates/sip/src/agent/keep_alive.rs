//! Keep-alives: a flow that carries a dialog and says nothing is forgotten by the NATs and firewalls on its way, and then the
//! phone's next event is lost. A connection is sent a ping (RFC 5626 4.4.1). Over UDP an OPTIONS inside the dialog is more
//! than that: whatever the answer, it says whether the peer still has the dialog.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::{Agent, Config, Output, Plan, Purpose};
use crate::dialog::DialogId;
use crate::transaction::{Table, Timed};
use crate::{Flow, Method, Transport};

/// What asks for a pong.
const PING: &[u8] = b"\r\n\r\n";

/// The pong.
const PONG: &[u8] = b"\r\n";

/// A pong comes within this time, or the connection has failed (RFC 5626 4.4.1).
const PONG_PATIENCE: Duration = Duration::from_secs(10);

/// The connections of dialogs that are up.
pub(super) struct KeepAlives {
    /// A connection that was silent for so long is sent a ping.
    interval: Duration,
    watched: Table<DialogId, Watch>,
    /// What is known of each connection.
    heard: HashMap<Flow, Heard>,
    /// A dialog over UDP that was silent for so long is sent an OPTIONS.
    patience: Option<Duration>,
    /// Those that are up, by the time at which to look at them: every one stands here once, and is dropped at its time should
    /// it be over by then. What is said in a dialog does not move it; it is noted at the dialog alone.
    quiet: BTreeMap<Instant, Vec<DialogId>>,
    /// Those times are so many [`STEP`]s after this.
    origin: Option<Instant>,
}

/// Dialogs are looked at together within this time: ten thousand of them then cost hardly more than their names.
const STEP: Duration = Duration::from_millis(100);

/// A connection.
struct Heard {
    /// When something last came in, or a ping went out.
    at: Instant,
    /// It is the ping, and nothing came in since.
    is_asked: bool,
    /// It has answered a ping before. Many phones never do, and mean nothing by it.
    answers: bool,
}

/// The connection of one dialog, and when it is to be looked at.
struct Watch {
    flow: Flow,
    at: Instant,
}

impl KeepAlives {
    pub(super) fn new(config: &Config) -> Self {
        let (interval, patience) = (config.keep_alive, config.keep_alive_datagrams);
        Self { interval, watched: Table::new(), heard: HashMap::new(), patience, quiet: BTreeMap::new(), origin: None }
    }

    /// The dialog is up on this flow: true if that is a connection, and news.
    pub(super) fn watch(&mut self, now: Instant, id: DialogId, flow: Flow) -> bool {
        let known = self.watched.get(id).is_some_and(|watch| watch.flow == flow);
        let news = flow.transport.is_reliable() && !known;
        if news {
            self.forget(id);
            self.heard.insert(flow, Heard { at: now, is_asked: false, answers: false });
            self.watched.insert(id, Watch { flow, at: now + self.interval });
        }
        news
    }

    /// The dialogs over UDP that are to be looked at.
    pub(super) fn quiet(&mut self, now: Instant) -> Option<Vec<DialogId>> {
        self.quiet.first_entry().filter(|first| *first.key() <= now).map(|first| first.remove())
    }

    /// Looks at a dialog then, or a little later.
    fn look(&mut self, now: Instant, at: Instant, id: DialogId) {
        let origin = *self.origin.get_or_insert(now);
        let steps = at.saturating_duration_since(origin).as_nanos().div_ceil(STEP.as_nanos());
        let at = origin + STEP * u32::try_from(steps).unwrap_or(u32::MAX);
        self.quiet.entry(at).or_default().push(id);
    }

    /// The dialog is over. Should another one have the same connection, that is only looked at as if it had been silent.
    pub(super) fn forget(&mut self, id: DialogId) {
        if let Some(watch) = self.watched.remove(id) {
            self.heard.remove(&watch.flow);
        }
    }

    /// Something came in.
    pub(super) fn heard(&mut self, now: Instant, flow: Flow, bytes: &[u8]) {
        if let Some(heard) = self.heard.get_mut(&flow) {
            let answers = heard.answers || (heard.is_asked && bytes == PONG);
            *heard = Heard { at: now, is_asked: false, answers };
        }
    }

    /// Asks the connections that were silent for too long, and gives up those that always answered and do not any more.
    pub(super) fn timeout(&mut self, now: Instant, out: &mut Vec<Output>) {
        while let Some(id) = self.watched.due(now) {
            let Some(flow) = self.watched.get(id).map(|watch| watch.flow) else { return };
            let fresh = Heard { at: now, is_asked: false, answers: false };
            let heard = self.heard.entry(flow).or_insert(fresh);
            if heard.is_asked && heard.answers && heard.at + PONG_PATIENCE <= now {
                *heard = Heard { at: now, is_asked: false, answers: false };
                out.push(Output::Disconnect { flow });
            } else if heard.at + self.interval <= now {
                (heard.at, heard.is_asked) = (now, true);
                out.push(Output::Transmit { flow, bytes: Bytes::from_static(PING) });
            }
            let wait = if heard.is_asked && heard.answers { PONG_PATIENCE } else { self.interval };
            let next = heard.at + wait;
            self.watched.update(id, |watch| watch.at = next);
        }
    }

    /// When [`timeout`](Self::timeout) is to be called next.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.watched.deadline().into_iter().chain(self.quiet.keys().next().copied()).min()
    }
}

impl Timed for Watch {
    fn deadline(&self) -> Option<Instant> {
        Some(self.at)
    }
}

impl Agent {
    /// The dialog is up.
    pub(super) fn keep_alive(&mut self, now: Instant, id: DialogId, out: &mut Vec<Output>) {
        let Some(dialog) = self.dialogs.get(&id).filter(|dialog| dialog.is_up()) else { return };
        match (dialog.flow.transport, self.keep_alives.patience) {
            (Transport::Tcp | Transport::Tls, _) => self.keep_alive_there(now, id, out),
            (Transport::Udp, Some(patience)) => self.keep_alives.look(now, now + with_jitter(patience, id), id),
            (Transport::Udp, None) => {}
        }
    }

    /// The dialog may have moved to another connection, whose peer is no stranger then.
    pub(super) fn keep_alive_there(&mut self, now: Instant, id: DialogId, out: &mut Vec<Output>) {
        let up = self.dialogs.get(&id).filter(|dialog| dialog.is_up());
        if let Some(flow) = up.map(|dialog| dialog.flow)
            && self.keep_alives.watch(now, id, flow)
        {
            out.push(Output::Recognised { flow });
        }
    }

    /// A dialog over UDP was silent for long, or was when it was looked at last.
    pub(super) fn stir(&mut self, now: Instant, id: DialogId, out: &mut Vec<Output>) {
        let up = self.dialogs.get_mut(&id).filter(|dialog| dialog.is_up());
        let (Some(dialog), Some(patience)) = (up, self.keep_alives.patience) else { return };
        let patience = with_jitter(patience, id);
        let silent = dialog.stirred.is_none_or(|stirred| stirred + patience <= now);
        // Without room for one more request there is talk enough.
        if silent && !self.requests.is_full() {
            let plan = Plan::new(Method::OPTIONS, None);
            let key = self.requests.send(now, dialog, &plan, out);
            self.requests.keep(key, Purpose::Request { dialog: id, tag: None, plan });
        }
        let since = dialog.stirred.filter(|stirred| *stirred + patience > now).unwrap_or(now);
        self.keep_alives.look(now, since + patience, id);
    }
}

/// Up to a tenth longer, so that ten thousand dialogs that were opened at once are not asked at once. Never shorter: whoever
/// asks the peer something of its own at this interval comes first, and then this is not needed.
fn with_jitter(patience: Duration, id: DialogId) -> Duration {
    let lot = (id.0 & 0xff) as u32 + 1;
    patience + patience / 10 * lot / 256
}

/// Line breaks between messages: those of a ping are answered. Over UDP there are none to answer.
pub(super) fn answer(flow: Flow, bytes: &[u8], out: &mut Vec<Output>) {
    if bytes.starts_with(PING) && flow.transport.is_reliable() {
        out.push(Output::Transmit { flow, bytes: Bytes::from_static(PONG) });
    }
}
