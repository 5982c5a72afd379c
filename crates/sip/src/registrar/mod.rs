//! A registrar (RFC 3261 10.3) for the phones that are configured, and for nobody else.
//!
//! ```text
//!   REGISTER ─► guard ─► contacts ─► record ─► 200 with the bindings
//!               who?     asks what?  bound      and, where the phone is reached otherwise than before, a Registration
//! ```

mod attempts;
mod contacts;
mod guard;
mod nonces;
mod record;
mod unanswered;

use std::collections::HashMap;
use std::fmt;
use std::time::{Duration, Instant};

use crate::digest::Algorithm;
use crate::message::Message;
use crate::transaction::Table;
use crate::{Answer, Flow, Uri};
use guard::Guard;
use record::Record;

/// A phone that may register. `Debug` hides the password.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// The user of its address of record, and the username of its login.
    pub user: String,
    /// The password in clear.
    pub password: String,
}

/// The settings of the registrar.
#[derive(Clone, Debug)]
pub struct RegistrarConfig {
    /// Who may register. Without an account there is no registrar: a REGISTER is refused with 405.
    pub accounts: Vec<Account>,
    /// The realm of the challenges.
    pub realm: String,
    /// The hashes that are offered, in this order, the preferred one first (RFC 8760 2.3).
    pub algorithms: Vec<Algorithm>,
    /// The shortest registration; what asks for less is refused with 423.
    pub shortest: Duration,
    /// The longest registration, and the one of whoever asks for none.
    pub longest: Duration,
    /// So many wrong passwords a minute are looked at from one source.
    pub bad_logins: u32,
}

impl Default for RegistrarConfig {
    fn default() -> Self {
        Self {
            accounts: Vec::new(),
            realm: "hookswitch".to_owned(),
            algorithms: vec![Algorithm::SHA_256, Algorithm::MD5],
            shortest: Duration::from_secs(60),
            longest: Duration::from_secs(3600),
            bad_logins: 10,
        }
    }
}

/// Where the phone of an account is reached from now on. A plain refresh is no news.
#[derive(Clone, PartialEq, Eq)]
pub struct Registration {
    /// The account.
    pub user: String,
    /// The phone's latest binding that is new or changed; `None`: the last one is gone.
    pub binding: Option<Binding>,
}

/// A contact that is bound to an account (RFC 3261 10).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// What the phone wants to be asked for: the Request-URI.
    pub contact: Uri,
    /// The address of record, as the phone wrote it: To. Several accounts of one phone may have one contact.
    pub account: Uri,
    /// The way the registration came, which is the way back: the contact may be an address behind a NAT.
    pub flow: Flow,
    /// Gone then, unless it is refreshed.
    pub expires_at: Instant,
    /// The registration's Call-ID. A phone keeps it until it restarts (RFC 3261 10.2).
    pub call_id: String,
}

/// Accounts and their bindings.
pub(crate) struct Registrar {
    config: RegistrarConfig,
    by_user: HashMap<String, AccountIndex>,
    records: Table<AccountIndex, Record>,
    guard: Guard,
}

/// An account of the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct AccountIndex(usize);

/// Why a request is not looked at any further: what may be said to it, each shorter than the one before.
pub(crate) struct Refusal(pub(crate) Vec<Answer>);

impl Registrar {
    /// A registrar whose challenges nobody can foresee who does not know the key.
    pub(crate) fn new(config: RegistrarConfig, key: [u8; 32]) -> Self {
        let users = config.accounts.iter().map(|account| account.user.clone());
        let by_user = users.enumerate().map(|(n, user)| (user, AccountIndex(n))).collect();
        let guard = Guard::new(&config, key);
        Self { config, by_user, records: Table::new(), guard }
    }

    /// Somebody may register.
    pub(crate) fn is_open(&self) -> bool {
        !self.by_user.is_empty()
    }

    /// Whose bindings the request may change (RFC 3261 10.3, steps 3 to 5). To name an account that does not exist
    /// looks like a wrong password.
    pub(crate) fn admit(&mut self, now: Instant, flow: Flow, request: &Message<'_>) -> Result<AccountIndex, Refusal> {
        let record = request.to.uri().ok();
        let index = record.as_ref().and_then(Uri::user).and_then(|user| self.by_user.get(user)).copied();
        let account = index.and_then(|index| self.config.accounts.get(index.0));
        self.guard.check(now, flow, request, account)?;
        index.ok_or(Refusal(vec![Answer::new(404)]))
    }

    /// Does what an admitted request asks (RFC 3261 10.3, steps 6 to 8).
    pub(crate) fn register(
        &mut self,
        now: Instant,
        index: AccountIndex,
        flow: Flow,
        request: &Message<'_>,
    ) -> (Answer, Option<Registration>) {
        let asked = match contacts::read(request, &self.config) {
            Ok(asked) => asked,
            Err(fault) => return (fault.answer(&self.config), None),
        };
        if self.records.get(index).is_none() {
            self.records.insert(index, Record::default());
        }
        let change = |record: &mut Record| {
            let done = record.apply(now, flow, request, &asked);
            if done { record.listed(now) } else { Answer::new(500) }
        };
        let (answer, news) = self.change(index, change);
        (answer.unwrap_or_default(), news)
    }

    /// A connection is lost, and with it whoever was reached on it (RFC 5626 5.3).
    pub(crate) fn flow_failed(&mut self, flow: Flow) -> Vec<Registration> {
        let using = self.records.iter().filter(|(_, record)| record.uses(flow)).map(|(index, _)| index);
        let using: Vec<_> = using.filter(|_| flow.transport.is_reliable()).collect();
        using.into_iter().filter_map(|index| self.change(index, |record| record.forget_flow(flow)).1).collect()
    }

    /// Forgets what was not refreshed.
    pub(crate) fn timeout(&mut self, now: Instant) -> Vec<Registration> {
        let mut news = Vec::new();
        while let Some(index) = self.records.due(now) {
            news.extend(self.change(index, |record| record.expire(now)).1);
        }
        news
    }

    /// When [`timeout`](Self::timeout) is to be called next.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.records.deadline()
    }

    /// Changes a record; it is news if the phone is reached otherwise than before.
    fn change<R>(
        &mut self,
        index: AccountIndex,
        change: impl FnOnce(&mut Record) -> R,
    ) -> (Option<R>, Option<Registration>) {
        let before = self.records.get(index).and_then(Record::current).cloned();
        let result = self.records.update(index, change);
        let after = self.records.get(index).and_then(Record::current);
        let same = before.as_ref().zip(after).map_or(before.is_none() && after.is_none(), |(a, b)| a.is_like(b));
        let user = self.config.accounts.get(index.0).map(|account| account.user.clone());
        let news = user.filter(|_| !same).map(|user| Registration { user, binding: after.cloned() });
        (result, news)
    }
}

impl Binding {
    /// The same phone on the same way, and not restarted since: only the time of its end may differ.
    fn is_like(&self, other: &Self) -> bool {
        self.contact == other.contact && self.flow == other.flow && self.call_id == other.call_id
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Account(***)")
    }
}

/// A user is a telephone number, as a rule: it is not shown.
impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Registration(…, {:?})", self.binding)
    }
}
