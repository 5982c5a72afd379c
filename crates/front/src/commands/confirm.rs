//! The confirm gate: a browser that comes with ambient credentials may have been led here by any page.
//!
//! Over plain HTTP an `<img>`, an `<iframe>` or a `fetch` of a foreign page arrives without Origin, Referer or Fetch
//! Metadata. What it cannot do is read our page: so a navigation gets a page with a token that is good once for this
//! caller, line and number, and its form dials. Whatever else a browser fetches dials nothing.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use call_model::{LineId, Number};
use hyper::{Method, StatusCode, header};

use super::{
    Browser,
    answer::{self, Accept, Answer, Gate},
    login::User,
    mint::{Key, Mint, Worthless},
    origin::{self, Page, Site},
    request::Request,
};

/// How long the page waits for its key.
const LIFETIME: Duration = Duration::from_secs(120);

pub(super) struct Confirm(Mutex<Mint>);

/// What a request is about to bring about.
pub(super) struct Wish<'a> {
    pub(super) user: &'a User<'a>,
    pub(super) page: &'a Page,
    pub(super) line: &'a LineId,
    pub(super) number: &'a Number,
    /// What the page's form brought back.
    pub(super) confirmation: Option<&'a str>,
}

impl Confirm {
    pub(super) fn new(key: Key, now: Instant) -> Self {
        Self(Mutex::new(Mint::new(key, now, LIFETIME)))
    }

    /// Passes what somebody has confirmed, and what needs no confirmation.
    pub(super) fn check(&self, request: &Request, wish: &Wish<'_>, now: Instant) -> Gate<()> {
        let Wish { user, page, line, number, confirmation } = wish;
        let purpose = format!("{}\0{line}\0{}", user.caller.name, number.reveal());
        if let Some(token) = confirmation.filter(|_| request.method == Method::POST) {
            return self.spend(token, &purpose, now);
        }
        let may_be_led = user.ambient && user.caller.browser == Browser::Confirm && is_browser(request);
        let is_own_will = request.ends.secure && origin::site(request) == Site::Own;
        if !may_be_led || is_own_will {
            return Gate::Continue(());
        }
        match (Accept::of(&request.headers), page) {
            (Accept::Html, _) => ask(&self.mint().mint(purpose.as_bytes(), now), line, number),
            (Accept::Json | Accept::Plain, Page::Named(_)) => Gate::Continue(()),
            (Accept::Json | Accept::Plain, Page::Own) => only_navigations(&user.caller.name),
        }
    }

    fn spend(&self, token: &str, purpose: &str, now: Instant) -> Gate<()> {
        let (status, text) = match self.mint().spend(token, purpose.as_bytes(), 1, now) {
            Ok(()) => return Gate::Continue(()),
            Err(Worthless::Spent) => (StatusCode::CONFLICT, "This call was confirmed already."),
            Err(Worthless::Expired) => (StatusCode::FORBIDDEN, "The page waited too long: open the link again."),
            Err(Worthless::Foreign) => {
                (StatusCode::FORBIDDEN, "This confirmation is not from here: open the link again.")
            }
        };
        Answer::new(status, text).stop()
    }

    fn mint(&self) -> std::sync::MutexGuard<'_, Mint> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Every browser calls itself Mozilla, and no page can make it say otherwise without asking first (CORS).
fn is_browser(request: &Request) -> bool {
    request.value(header::USER_AGENT).is_some_and(|agent| agent.starts_with("Mozilla/"))
        || origin::site(request) != Site::Unsaid
        || Accept::of(&request.headers) == Accept::Html
}

/// The page: one key (Enter) dials. 202, for nothing was dialled yet.
fn ask(token: &str, line: &LineId, number: &Number) -> Gate<()> {
    let field =
        |name: &str, value: &str| format!("<input type=hidden name={name} value=\"{}\">", answer::escape(value));
    let fields = [
        field("action", "make_call"),
        field("target", number.reveal()),
        field("line", &line.0),
        field("confirm", token),
    ];
    let shown = answer::escape(number.reveal());
    let html = answer::document(
        "Call?",
        &format!("<form method=post action=\"/\">{}<button autofocus>Call {shown}</button></form>", fields.concat()),
    );
    Answer::html(StatusCode::ACCEPTED, "Confirm the call in the browser.", html).stop()
}

fn only_navigations(caller: &str) -> Gate<()> {
    let text = format!(
        "A browser fetched this without its user having opened it, so nothing was dialled. A program sends a token instead \
         (token=… or Authorization: Bearer …), or an administrator trusts whatever a browser asks:\n\n[[caller]]\nname = \
         \"{caller}\"\nbrowser = \"dial\""
    );
    Answer::new(StatusCode::FORBIDDEN, text).stop()
}
