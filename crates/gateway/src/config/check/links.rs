//! `[[link]]`: what can be spoken today, and an honest word about what cannot.

use std::{ops::Range, time::Duration};

use secrecy::SecretString;
use sip::Scheme;
use toml::Spanned;

use super::Checker;
use crate::config::{
    LinkConfig, LinkKind, Reconnect, UacstaLink,
    raw::{Key, RawLink, RawLinkKind, RawLogin, RawReconnect, RawTls},
    secret::RawSecret,
};

/// A link with what the lines and the SIP sockets need to know about it.
pub struct CheckedLink {
    pub config: LinkConfig,
    /// The header of its table.
    pub span: Range<usize>,
    pub speaks: RawLinkKind,
    /// The default domain of its lines.
    pub host: Option<String>,
    /// The default device of its lines: the URI as it is written.
    pub uri: Option<String>,
    /// Its first hop is reached over TCP.
    pub over_tcp: bool,
    /// How long its phone may take to answer.
    pub request_timeout: Duration,
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
        links
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
        let Checked { kind: config, host, uri, over_tcp } = checked?;
        if let LinkKind::NotYet { why } = &config {
            self.warn(span.clone(), format!("this link is not opened: {why}"));
        }
        let config = LinkConfig { name: name?.to_owned(), kind: config };
        let request_timeout = timing.request_timeout;
        Some(CheckedLink { config, span, speaks: *kind.get_ref(), host, uri, over_tcp, request_timeout })
    }

    fn uacsta(&mut self, raw: &RawLink, span: &Range<usize>, timing: &Timing) -> Option<Checked> {
        let credentials = self.credentials(raw, span);
        if raw.register.as_ref().is_some_and(|key| *key.get_ref()) {
            let why = "phones cannot register here in this version; give the phone's own address as `uri`";
            return Some(Checked { kind: not_yet(why), host: None, uri: None, over_tcp: false });
        }
        let uri_key = self.required(&raw.uri, span, "uri", "\"sip:987@10.3.20.10\"")?;
        let uri = self.sip_uri(uri_key);
        let proxy = raw.proxy.as_ref().map(|key| self.sip_uri(key));
        let (uri, proxy, (username, password)) =
            (uri?, proxy.map_or(Some(None), |proxy| proxy.map(Some))?, credentials?);
        let (host, written) = (Some(uri.uri.host().to_owned()), Some(uri_key.get_ref().clone()));
        if uri.hop == Hop::Tls || proxy.as_ref().is_some_and(|proxy| proxy.hop == Hop::Tls) {
            raw.tls.as_ref().map(|tls| self.tls(tls));
            let why = "SIP over TLS is not available in this version, and nothing is sent in the clear instead";
            return Some(Checked { kind: not_yet(why), host, uri: written, over_tcp: false });
        }
        if let Some(tls) = &raw.tls {
            self.error(tls.span(), "`tls` means nothing to a link that does not use TLS").help("a sips: URI does");
        }
        let over_tcp = proxy.as_ref().unwrap_or(&uri).hop == Hop::Tcp;
        let kind = LinkKind::Uacsta(UacstaLink {
            uri: uri.uri,
            proxy: proxy.map(|proxy| proxy.uri),
            username,
            password,
            heartbeat: timing.heartbeat,
            request_timeout: timing.request_timeout,
            reconnect: timing.reconnect,
        });
        Some(Checked { kind, host, uri: written, over_tcp })
    }

    /// Both or neither.
    fn credentials(&mut self, raw: &RawLink, span: &Range<usize>) -> Option<(Option<String>, Option<SecretString>)> {
        match (&raw.username, &raw.password) {
            (None, None) => Some((None, None)),
            (Some(username), Some(password)) => {
                let (username, password) = (self.text(username), self.secret(password));
                Some((Some(username?.to_owned()), Some(password?)))
            }
            (Some(_), None) => {
                self.required(&raw.password, span, "password", "{ file = \"987.secret\" }");
                None
            }
            (None, Some(_)) => {
                self.required(&raw.username, span, "username", "\"987\"");
                None
            }
        }
    }

    fn sip_uri(&mut self, key: &Spanned<String>) -> Option<HopUri> {
        let text = self.text(key)?;
        match text.parse::<sip::Uri>() {
            Ok(uri) => {
                let hop = self.hop(&uri, key)?;
                Some(HopUri { uri, hop })
            }
            Err(error) => {
                self.error(key.span(), format!("this is no SIP URI: {error}")).help(SIP_EXAMPLE);
                None
            }
        }
    }

    /// RFC 3261 26.2.2: a sips: URI is reached over TLS and nothing else.
    fn hop(&mut self, uri: &sip::Uri, key: &Spanned<String>) -> Option<Hop> {
        let transport = uri.param("transport").map(str::to_ascii_lowercase);
        match (uri.scheme(), transport.as_deref()) {
            (Scheme::Tel, _) => {
                self.error(key.span(), "a tel: URI has no host to send to").help(SIP_EXAMPLE);
                None
            }
            (Scheme::Sips, _) | (Scheme::Sip, Some("tls")) => Some(Hop::Tls),
            (Scheme::Sip, None | Some("udp")) => Some(Hop::Udp),
            (Scheme::Sip, Some("tcp")) => Some(Hop::Tcp),
            (Scheme::Sip, Some(other)) => {
                self.error(key.span(), format!("unknown transport `{other}`")).help("known here: `udp`, `tcp`, `tls`");
                None
            }
        }
    }

    /// The two kinds that are not built yet: what can be checked is checked.
    fn csta_over_tcp(&mut self, raw: &RawLink, kind: &Spanned<RawLinkKind>, span: &Range<usize>) -> Option<Checked> {
        let address = self.required(&raw.address, span, "address", "\"pbx.example.com:4722\"");
        let host = address.and_then(|key| self.host_of(key));
        if let Some(tls) = &raw.tls {
            self.tls(tls);
        }
        if let Some(session) = raw.session.as_ref().map(Spanned::get_ref) {
            session.password.as_ref().map(|password| self.secret(password));
        }
        if let Some(login) = &raw.login {
            self.login(login);
        }
        if let Some(phase) = raw.phase.as_ref().filter(|phase| !(1..=3).contains(phase.get_ref())) {
            self.error(phase.span(), "CSTA has the phases 1, 2 and 3");
        }
        let why = match kind.get_ref() {
            RawLinkKind::CstaXml => "CSTA XML over TCP is not available in this version",
            RawLinkKind::CstaBer => "CSTA in BER over TCP is not available in this version",
            RawLinkKind::Uacsta => return None,
        };
        Some(Checked { kind: not_yet(why), host: Some(host?), uri: None, over_tcp: false })
    }

    fn host_of(&mut self, key: &Spanned<String>) -> Option<String> {
        let written = self.text(key)?;
        let port = |text: &str| text.parse::<u16>().is_ok_and(|port| port != 0);
        match written.rsplit_once(':') {
            Some((host, after)) if !host.is_empty() && port(after) => Some(host.to_owned()),
            Some(_) | None => {
                self.error(key.span(), "this is no host with a port").help("for example \"pbx.example.com:4722\"");
                None
            }
        }
    }

    fn tls(&mut self, tls: &Spanned<RawTls>) {
        let raw = tls.get_ref();
        self.identity(tls.span(), &raw.certificate, &raw.key);
        if let Some(ca) = &raw.ca {
            self.file(ca);
        }
    }

    /// A certificate with its key.
    pub(super) fn identity(&mut self, span: Range<usize>, certificate: &Key<String>, key: &Key<RawSecret>) {
        if certificate.is_some() != key.is_some() {
            self.error(span, "`certificate` and `key` belong together");
        }
        certificate.as_ref().map(|certificate| self.file(certificate));
        key.as_ref().map(|key| self.secret(key));
    }

    /// A username with its password.
    pub(super) fn login(&mut self, login: &Spanned<RawLogin>) -> Option<(String, SecretString)> {
        let raw = login.get_ref();
        let username =
            self.required(&raw.username, &login.span(), "username", "\"987\"").and_then(|key| self.text(key));
        let password = self.required(&raw.password, &login.span(), "password", "{ file = \"987.secret\" }");
        let password = password.and_then(|key| self.secret(key));
        Some((username?.to_owned(), password?))
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
        use RawLinkKind::{CstaBer, CstaXml, Uacsta};
        let keys: [(&str, Option<Range<usize>>, &[RawLinkKind]); 10] = [
            ("uri", place(&raw.uri), &[Uacsta]),
            ("proxy", place(&raw.proxy), &[Uacsta]),
            ("username", place(&raw.username), &[Uacsta]),
            ("password", place(&raw.password), &[Uacsta]),
            ("register", place(&raw.register), &[Uacsta]),
            ("address", place(&raw.address), &[CstaXml, CstaBer]),
            ("dialect", place(&raw.dialect), &[CstaXml, CstaBer]),
            ("session", place(&raw.session), &[CstaXml]),
            ("phase", place(&raw.phase), &[CstaBer]),
            ("login", place(&raw.login), &[CstaBer]),
        ];
        let framing = ("framing", place(&raw.framing), [CstaBer].as_slice());
        for (name, place, kinds) in keys.into_iter().chain([framing]) {
            let Some(span) = place.filter(|_| !kinds.contains(&kind)) else { continue };
            let kinds: Vec<&str> = kinds.iter().map(|kind| spelled(*kind)).collect();
            let message = format!("`{name}` means nothing to a {} link", spelled(kind));
            self.error(span, message).help(format!("it is a key of links of kind {}", kinds.join(", ")));
        }
    }
}

/// What came out of checking one kind.
struct Checked {
    kind: LinkKind,
    host: Option<String>,
    uri: Option<String>,
    over_tcp: bool,
}

struct Timing {
    heartbeat: Duration,
    request_timeout: Duration,
    reconnect: Reconnect,
}

struct HopUri {
    uri: sip::Uri,
    hop: Hop,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Hop {
    Udp,
    Tcp,
    Tls,
}

const SIP_EXAMPLE: &str = "for example \"sip:987@10.3.20.10\" or \"sip:987@pbx.example.com;transport=tcp\"";
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
