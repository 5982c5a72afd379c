//! `[[link]]`: what can be spoken today, and an honest word about what cannot.

mod pbx;
mod tls;
mod uacsta;

use std::{net::IpAddr, ops::Range, time::Duration};

use toml::Spanned;

use super::Checker;
use crate::config::{
    LinkConfig, LinkKind, Reconnect,
    raw::{Key, RawLink, RawLinkKind, RawReconnect},
};

/// A link with what the lines and the SIP sockets need to know about it.
pub struct CheckedLink {
    pub config: LinkConfig,
    /// The header of its table.
    pub span: Range<usize>,
    pub speaks: RawLinkKind,
    /// The default domain of its lines.
    pub host: Option<String>,
    /// The URI as it is written.
    pub uri: Option<String>,
    /// Where its requests are sent, if they are.
    pub first_hop: Option<FirstHop>,
    /// What its phone registers with, if it registers here.
    pub account: Option<String>,
    /// How long its phone may take to answer.
    pub request_timeout: Duration,
}

impl CheckedLink {
    /// The default device of its lines: the phone's address as it is written, or the address of record under which it
    /// registers.
    pub fn device(&self, domain: &str) -> Option<String> {
        let registered = self.account.as_ref().map(|user| format!("sip:{user}@{domain}"));
        self.uri.clone().or(registered)
    }
}

/// The phone or the proxy: what a SIP socket must be able to reach.
pub struct FirstHop {
    /// How it is reached; `None` where the DNS says so.
    pub transport: Option<sip::Transport>,
    /// Its address, where it is written as one.
    pub ip: Option<IpAddr>,
}

impl Checker<'_> {
    /// All links that can be made sense of.
    pub(super) fn links(&mut self, raw: &[Spanned<RawLink>]) -> Vec<CheckedLink> {
        let mut names: Vec<&str> = Vec::new();
        let mut links = Vec::new();
        for table in raw {
            let link = table.get_ref();
            if let Some(name) = &link.name {
                self.unique(name, &names, "link", "name");
                names.push(name.get_ref());
            }
            links.extend(self.link(link, table.span()));
        }
        self.accounts(raw);
        links
    }

    /// Two phones with one account would take each other's place again and again.
    fn accounts(&mut self, raw: &[Spanned<RawLink>]) {
        let mut users: Vec<&str> = Vec::new();
        for link in raw.iter().map(Spanned::get_ref).filter(|link| link.registers()) {
            let Some(username) = &link.username else { continue };
            self.unique(username, &users, "phone that registers here", "username");
            users.push(username.get_ref());
        }
    }

    fn link(&mut self, raw: &RawLink, span: Range<usize>) -> Option<CheckedLink> {
        let name = self.required(&raw.name, &span, "name", "\"desk-987\"").and_then(|key| self.text(key));
        let kind = self.required(&raw.kind, &span, "kind", "\"uacsta\"")?;
        self.foreign_keys(raw, *kind.get_ref());
        let timing = Timing {
            heartbeat: self.duration(&raw.heartbeat, HEARTBEAT, SECOND..=HOUR),
            request_timeout: self.duration(&raw.request_timeout, REQUEST_TIMEOUT, TENTH..=60 * SECOND),
            reconnect: self.reconnect(raw.reconnect.as_ref().map(Spanned::get_ref)),
        };
        let checked = match kind.get_ref() {
            RawLinkKind::Uacsta => self.uacsta(raw, &span, &timing),
            RawLinkKind::CstaXml | RawLinkKind::CstaBer => self.csta_over_tcp(raw, kind, &span),
        };
        let Checked { kind: config, host, uri, first_hop, account } = checked?;
        if let LinkKind::NotYet { why } = &config {
            self.warn(span.clone(), format!("this link is not opened: {why}"));
        }
        let config = LinkConfig { name: name?.to_owned(), kind: config };
        let request_timeout = timing.request_timeout;
        Some(CheckedLink { config, span, speaks: *kind.get_ref(), host, uri, first_hop, account, request_timeout })
    }

    fn reconnect(&mut self, raw: Option<&RawReconnect>) -> Reconnect {
        let Some(raw) = raw else { return RECONNECT };
        let first = self.duration(&raw.first, RECONNECT.first, TENTH..=HOUR);
        let max = self.duration(&raw.max, RECONNECT.max.max(first), TENTH..=HOUR);
        if let Some(key) = raw.max.as_ref().or(raw.first.as_ref()).filter(|_| max < first) {
            self.error(key.span(), "the longest pause is shorter than the first");
        }
        Reconnect { first, max }
    }

    /// Keys that mean nothing to this kind of link would be ignored: that is refused.
    fn foreign_keys(&mut self, raw: &RawLink, kind: RawLinkKind) {
        for (name, place, kinds) in keys_by_kind(raw) {
            let Some(span) = place.filter(|_| !kinds.contains(&kind)) else { continue };
            let kinds: Vec<&str> = kinds.iter().map(|kind| spelled(*kind)).collect();
            let message = format!("`{name}` means nothing to a {} link", spelled(kind));
            self.error(span, message).help(format!("it is a key of links of kind {}", kinds.join(", ")));
        }
    }
}

/// A key that only some kinds of link have: its name, its place if it is there, the kinds.
type KeyOfKinds = (&'static str, Option<Range<usize>>, &'static [RawLinkKind]);

fn keys_by_kind(raw: &RawLink) -> [KeyOfKinds; 11] {
    use RawLinkKind::{CstaBer, CstaXml, Uacsta};
    [
        ("uri", place(&raw.uri), &[Uacsta]),
        ("proxy", place(&raw.proxy), &[Uacsta]),
        ("username", place(&raw.username), &[Uacsta]),
        ("password", place(&raw.password), &[Uacsta]),
        ("register", place(&raw.register), &[Uacsta]),
        ("address", place(&raw.address), &[CstaXml, CstaBer]),
        ("dialect", place(&raw.dialect), &[Uacsta, CstaXml, CstaBer]),
        ("session", place(&raw.session), &[CstaXml]),
        ("phase", place(&raw.phase), &[CstaBer]),
        ("framing", place(&raw.framing), &[CstaBer]),
        ("login", place(&raw.login), &[CstaBer]),
    ]
}

/// What came out of checking one kind.
struct Checked {
    kind: LinkKind,
    host: Option<String>,
    uri: Option<String>,
    first_hop: Option<FirstHop>,
    account: Option<String>,
}

struct Timing {
    heartbeat: Duration,
    request_timeout: Duration,
    reconnect: Reconnect,
}

const TENTH: Duration = Duration::from_millis(100);
const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);
const HEARTBEAT: Duration = Duration::from_secs(30);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
const RECONNECT: Reconnect = Reconnect { first: SECOND, max: Duration::from_secs(30) };

fn not_yet(why: &str) -> LinkKind {
    LinkKind::NotYet { why: why.to_owned() }
}

fn place<T>(key: &Key<T>) -> Option<Range<usize>> {
    key.as_ref().map(Spanned::span)
}

fn spelled(kind: RawLinkKind) -> &'static str {
    match kind {
        RawLinkKind::Uacsta => "uacsta",
        RawLinkKind::CstaXml => "csta-xml",
        RawLinkKind::CstaBer => "csta-ber",
    }
}
