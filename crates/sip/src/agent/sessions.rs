//! Session timers (RFC 4028): a dialog that one side forgot does not stand for ever on the other.

use std::time::{Duration, Instant};

use super::{Agent, Output, Plan, Purpose};
use crate::dialog::{DialogId, Phase, Refresher, Terms};
use crate::transaction::Timed;
use crate::{Body, Method};

/// How much before its end a session is given up (RFC 4028 10), at the most.
const MARGIN: Duration = Duration::from_secs(32);

/// A refresh that could not be sent, or was refused for now, waits at least so long.
const RETRY: Duration = Duration::from_secs(3);

/// A session that does not last for ever.
pub(super) struct SessionTimer {
    interval: Duration,
    /// We refresh it; else the peer does.
    ours: bool,
    /// Given up then.
    ends_at: Instant,
    /// Our next refresh; none while one is under way.
    refresh_at: Option<Instant>,
    /// The peer takes UPDATE, which needs no handshake.
    updates: bool,
    /// What our INVITE carried: a refresh by INVITE carries it again.
    body: Option<Body>,
}

impl Agent {
    /// The header lines about session timers in a request of ours that opens or refreshes a dialog.
    pub(super) fn session_headers(&self, id: Option<DialogId>) -> Vec<(String, String)> {
        let current = id.and_then(|id| self.sessions.get(id)).map(|session| Terms {
            interval: session.interval,
            refresher: if session.ours { Refresher::Uac } else { Refresher::Uas },
        });
        let wanted = self.requests.config.session_expires.filter(|_| id.is_none());
        let expires = current.map(|terms| terms.to_string()).or(wanted.map(|interval| interval.as_secs().to_string()));
        let mut headers = vec![("Supported".to_owned(), Terms::OPTION.to_owned())];
        if let Some(expires) = expires {
            headers.push(("Session-Expires".to_owned(), expires));
            headers.push(("Min-SE".to_owned(), Terms::SHORTEST.as_secs().to_string()));
        }
        headers
    }

    /// A 2xx to an INVITE or UPDATE came or went: what it says holds from now on, and what it does not say does not
    /// (RFC 4028 7.2, 9). `from_peer` is the message in which the peer says what it allows.
    pub(super) fn session_agreed(
        &mut self,
        now: Instant,
        id: DialogId,
        (terms, we_asked): (Option<Terms>, bool),
        (from_peer, body): (Option<bool>, Option<Body>),
    ) {
        let before = self.sessions.remove(id);
        let (Some(Terms { interval, refresher }), true) = (terms, self.dialogs.contains_key(&id)) else { return };
        let interval = interval.max(Terms::SHORTEST);
        let ours = (refresher == Refresher::Uac) == we_asked;
        let updates = from_peer.or(before.as_ref().map(|before| before.updates)).unwrap_or(false);
        let session = SessionTimer {
            interval,
            ours,
            ends_at: now + interval - MARGIN.min(interval / 3),
            refresh_at: ours.then(|| now + interval / 2),
            updates,
            body: body.or(before.and_then(|before| before.body)),
        };
        self.sessions.insert(id, session);
    }

    /// A session is to be refreshed now, or is over.
    pub(super) fn session_timeout(&mut self, now: Instant, id: DialogId, out: &mut Vec<Output>) {
        let Some(session) = self.sessions.get(id) else { return };
        if session.ends_at <= now {
            self.sessions.remove(id);
            return self.lose(now, id, out);
        }
        let (method, body) = match session.updates {
            true => (Method::UPDATE, None),
            false => (Method::INVITE, session.body.clone()),
        };
        let headers = self.session_headers(Some(id));
        let is_full = self.requests.is_full();
        let is_invite = method == Method::INVITE;
        let Some(dialog) = self.dialogs.get_mut(&id) else { return drop(self.sessions.remove(id)) };
        match &mut dialog.phase {
            Phase::Up { inviting, .. } if !is_full && (!is_invite || !*inviting) => *inviting |= is_invite,
            Phase::Up { .. } | Phase::Starting | Phase::Calling(_) | Phase::Ringing(_) => {
                return self.refresh_later(now, id);
            }
        }
        let plan = Plan { headers, ..Plan::new(method, body) };
        let key = self.requests.send(now, dialog, &plan, out);
        self.requests.keep(key, Purpose::Request { dialog: id, tag: None, plan });
        self.sessions.update(id, |session| session.refresh_at = None);
    }

    /// A refresh of ours was refused. Where UPDATE is not known, an INVITE does it.
    pub(super) fn refresh_refused(&mut self, now: Instant, id: DialogId, method: &Method, status: u16) {
        if *method == Method::UPDATE && matches!(status, 405 | 501) {
            self.sessions.update(id, |session| {
                session.updates = false;
                session.refresh_at = Some(now);
            });
            return;
        }
        self.refresh_later(now, id);
    }

    /// The next attempt comes in the middle of the time that is left.
    pub(super) fn refresh_later(&mut self, now: Instant, id: DialogId) {
        self.sessions.update(id, |session| {
            let left = session.ends_at.saturating_duration_since(now);
            session.refresh_at = session.ours.then(|| now + (left / 2).max(RETRY));
        });
    }
}

impl Timed for SessionTimer {
    fn deadline(&self) -> Option<Instant> {
        Some(self.refresh_at.map_or(self.ends_at, |refresh| refresh.min(self.ends_at)))
    }
}
