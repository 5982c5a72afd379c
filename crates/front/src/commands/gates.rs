//! The way of a command: every gate it passes, in order, and the dial behind the last.

use std::{
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use call_model::{Command, LineId, Number, Outcome};
use hyper::StatusCode;
use jiff::Timestamp;
use store::{DialId, DialRecord, Store};
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};
use tokio_util::task::TaskTracker;

use super::{
    Dial, Settings, Verdict,
    admission::{Admission, Place},
    answer::{Answer, Gate},
    authorise,
    confirm::{Confirm, Wish},
    host,
    login::Login,
    mint::Key,
    origin::{self, Page},
    request::Request,
    route, status,
};

/// Everything the gates need between requests.
pub(super) struct Gates {
    pub(super) settings: Settings,
    login: Login,
    confirm: Confirm,
    admission: Admission,
    store: Store,
    hub: mpsc::Sender<Dial>,
    /// Dials on their way: a client that goes away stops none of them.
    pub(super) dials: TaskTracker,
}

/// What the log says about a request: as much as its gates have found out.
#[derive(Default)]
struct Trail {
    caller: Option<String>,
    line: Option<LineId>,
    number: Option<Number>,
    rule: Option<String>,
}

/// A dial that passed every gate.
struct Cleared {
    caller: String,
    source: IpAddr,
    line: LineId,
    number: Number,
    rule: String,
    place: Place,
}

impl Gates {
    /// `keys` are fresh random bytes, for nonces and for confirmations.
    pub(super) fn new(settings: Settings, store: Store, hub: mpsc::Sender<Dial>, keys: [Key; 2]) -> Self {
        let (now, [nonces, confirmations]) = (Instant::now(), keys);
        Self {
            login: Login::new(nonces, settings.limits.logins, now),
            confirm: Confirm::new(confirmations, now),
            admission: Admission::new(settings.limits),
            settings,
            store,
            hub,
            dials: TaskTracker::new(),
        }
    }

    /// Answers a request, and writes the one line about it into the log.
    pub(super) async fn answer(self: &Arc<Self>, request: &Request) -> Answer {
        let mut trail = Trail::default();
        let answer = self.command(request, &mut trail).await;
        tracing::info!(
            source = %request.ends.source.to_canonical(),
            caller = trail.caller,
            line = trail.line.as_ref().map(|line| line.0.as_str()),
            number = trail.number.as_ref().map(tracing::field::debug),
            rule = trail.rule,
            status = answer.status.as_u16(),
            "command"
        );
        answer
    }

    async fn command(self: &Arc<Self>, request: &Request, trail: &mut Trail) -> Answer {
        let page = match self.page(request) {
            Gate::Continue(page) => page,
            Gate::Break(answer) => return answer,
        };
        if let Some(answer) = origin::preflight(request, &page) {
            return origin::readable(answer, &page);
        }
        let answer = match self.clear(request, &page, Instant::now(), trail) {
            Gate::Continue(cleared) => self.dial(cleared).await,
            Gate::Break(answer) => answer,
        };
        origin::readable(answer, &page)
    }

    /// Is it for us, and from whose page?
    fn page(&self, request: &Request) -> Gate<Page> {
        host::check(request, &self.settings.server_names)?;
        origin::check(request, &self.settings.callers)
    }

    /// The gates. Each says whether a request may go on, or how it is answered.
    fn clear(&self, request: &Request, page: &Page, now: Instant, trail: &mut Trail) -> Gate<Cleared> {
        let Settings { callers, lines, rules, numbering, .. } = &self.settings;
        let source = request.ends.source;

        route::check(request, self.settings.make_call)?;
        let user = self.login.authenticate(request, callers, now)?;
        trail.caller = Some(user.caller.name.clone());
        let order = route::order(request)?;
        origin::check_caller(page, user.caller)?;
        let line = &authorise::line(order.line.as_deref(), &user, source, lines)?.id;
        trail.line = Some(line.clone());
        let number = dialable(&order.number)?;
        trail.number = Some(number.clone());
        let verdict = rules.judge(&number, numbering);
        trail.rule = Some(verdict.rule().to_owned());
        let rule = allowed(verdict, &number)?;
        let wish = Wish { user: &user, page, line, number: &number, confirmation: order.confirmation.as_deref() };
        self.confirm.check(request, &wish, now)?;
        let place = self.admission.admit(line, &number, now)?;

        let (caller, line) = (user.caller.name.clone(), line.clone());
        Gate::Continue(Cleared { caller, source: source.to_canonical(), line, number, rule, place })
    }

    /// Dials in a task of its own, so that it ends by itself whatever becomes of the client.
    async fn dial(self: &Arc<Self>, cleared: Cleared) -> Answer {
        let gates = Arc::clone(self);
        let dial = self.dials.spawn(async move { gates.record_and_send(cleared).await });
        dial.await.unwrap_or_else(|_| {
            let text = "The gateway failed while it dialled; what became of the call is unknown.";
            Answer::new(StatusCode::INTERNAL_SERVER_ERROR, text)
        })
    }

    /// The record is durable before anything is sent: at most once, whatever happens in between.
    async fn record_and_send(&self, cleared: Cleared) -> Answer {
        let Cleared { caller, source, line, number, rule, place } = cleared;
        let at = Timestamp::now();
        let record = DialRecord { at, caller, source, line: line.clone(), number: number.clone(), rule };
        let dial = match self.store.audit_dial(record).await {
            Ok(dial) => dial,
            Err(error) => {
                self.admission.give_back(&place);
                return Answer::new(StatusCode::SERVICE_UNAVAILABLE, format!("Nothing was dialled: {error}."));
            }
        };
        self.send(Command::MakeCall { line: line.clone(), number }, &line, dial, &place).await
    }

    async fn send(&self, command: Command, line: &LineId, dial: DialId, place: &Place) -> Answer {
        let (reply, outcome) = oneshot::channel();
        if self.hub.try_send((command, reply)).is_err() {
            self.admission.give_back(place);
            self.store.audit_outcome(dial, "not sent: the gateway is busy");
            let text = "The gateway is busy or shutting down: nothing was dialled.";
            return Answer::new(StatusCode::SERVICE_UNAVAILABLE, text).retry_after(Duration::from_secs(1));
        }
        let waited = self.settings.answer_timeout;
        // A hub that drops the reply knows no more than one that is late.
        let outcome = timeout(waited, outcome).await.ok().and_then(Result::ok).unwrap_or(Outcome::NoAnswer);
        if !status::was_sent(&outcome) {
            self.admission.give_back(place);
        }
        self.store.audit_outcome(dial, &status::audit(&outcome));
        status::answer(&outcome, line, waited)
    }
}

/// Normalised once: the number that the rules see is byte for byte the number that is dialled.
fn dialable(raw: &str) -> Gate<Number> {
    match Number::dialable(raw) {
        Ok(number) => Gate::Continue(number),
        Err(error) => Answer::new(StatusCode::BAD_REQUEST, format!("This cannot be dialled: {error}.")).stop(),
    }
}

fn allowed(verdict: Verdict, number: &Number) -> Gate<String> {
    match verdict {
        Verdict::Allowed { rule } => Gate::Continue(rule),
        Verdict::Denied { rule } => {
            let pattern = number.reveal().replace('*', "\\\\*").replace('#', "\\\\#");
            let text = format!(
                "The rule `{rule}` does not let this number be dialled. If it should be, an administrator allows it in the \
                 configuration, in front of any rule that denies it:\n\n[[dial_rule]]\nmatch = \"{pattern}\"\naction = \"allow\""
            );
            Answer::new(StatusCode::FORBIDDEN, text).stop()
        }
    }
}
