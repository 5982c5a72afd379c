//! A desk phone: called at its own address or through a proxy, or one that registers here.

use std::ops::Range;
use std::sync::Arc;

use secrecy::SecretString;
use session::{Dialect, Reach};
use sip::{Scheme, Transport};
use toml::Spanned;

use super::{Checked, FirstHop, Timing, place};
use crate::certificates::Trust;
use crate::config::{LinkKind, UacstaLink, check::Checker, error::suggest, raw::RawLink};

impl Checker<'_> {
    pub(super) fn uacsta(&mut self, raw: &RawLink, span: &Range<usize>, timing: &Timing) -> Option<Checked> {
        if raw.registers() {
            return self.registering(raw, span, timing);
        }
        let dialect = self.dialect(raw);
        let credentials = self.credentials(raw, span);
        let uri_key = self.required(&raw.uri, span, "uri", "\"sip:987@10.3.20.10\"")?;
        let uri = self.sip_uri(uri_key);
        let proxy = raw.proxy.as_ref().map(|key| self.sip_uri(key));
        let (uri, proxy, (username, password)) =
            (uri?, proxy.map_or(Some(None), |proxy| proxy.map(Some))?, credentials?);
        if let (Scheme::Sips, Some(key), Some(proxy)) = (uri.uri.scheme(), &raw.proxy, &proxy)
            && proxy.transport != Some(Transport::Tls)
        {
            self.error(key.span(), "a sips: phone is reached over TLS all the way, and this proxy is not")
                .help("write the proxy with sips: too");
        }
        let first = proxy.as_ref().unwrap_or(&uri);
        let tls = self.believed(raw, first, raw.proxy.as_ref().unwrap_or(uri_key))?;
        let first_hop = Some(FirstHop { transport: first.transport, ip: first.uri.ip() });
        let (host, written) = (Some(uri.uri.host().to_owned()), Some(uri_key.get_ref().clone()));
        let kind = LinkKind::Uacsta(UacstaLink {
            reach: Reach::At { uri: uri.uri, proxy: proxy.map(|proxy| proxy.uri) },
            tls,
            username,
            password,
            heartbeat: timing.heartbeat,
            request_timeout: timing.request_timeout,
            reconnect: timing.reconnect,
            dialect,
        });
        Some(Checked { kind, host, uri: written, first_hop, account: None })
    }

    /// Whom to believe at the first hop, which `key` names: `Some(None)` if that is not reached over TLS.
    fn believed(&mut self, raw: &RawLink, first: &HopUri, key: &Spanned<String>) -> Option<Option<Arc<Trust>>> {
        match (first.transport, &raw.tls) {
            // Where the DNS decides, TLS counts only for those who say whom to believe.
            (Some(Transport::Tls), _) | (None, Some(_)) => {
                self.trust(raw.tls.as_ref(), first.uri.host(), &key.span()).map(Some)
            }
            (Some(Transport::Udp | Transport::Tcp) | None, None) => Some(None),
            (Some(Transport::Udp | Transport::Tcp), Some(tls)) => {
                self.error(tls.span(), "`tls` means nothing to a link that does not use TLS").help("a sips: URI does");
                Some(None)
            }
        }
    }

    /// A phone that registers here: where it is, it says itself.
    fn registering(&mut self, raw: &RawLink, span: &Range<usize>, timing: &Timing) -> Option<Checked> {
        let dialect = self.dialect(raw);
        let username = self.required(&raw.username, span, "username", "\"988\"").and_then(|key| self.sip_user(key));
        let password = self.required(&raw.password, span, "password", "{ file = \"988.secret\" }");
        let password = password.and_then(|key| self.secret(key));
        for (name, place) in [("uri", place(&raw.uri)), ("proxy", place(&raw.proxy)), ("tls", place(&raw.tls))] {
            let Some(span) = place else { continue };
            self.error(span, format!("`{name}` means nothing to a phone that registers here"))
                .help("it says itself where it is; or leave `register` out, and the phone is called at its `uri`");
        }
        let (user, password) = (username?.to_owned(), password?);
        let kind = LinkKind::Uacsta(UacstaLink {
            reach: Reach::Registered { user: user.clone() },
            tls: None,
            username: Some(user.clone()),
            password: Some(password),
            heartbeat: timing.heartbeat,
            request_timeout: timing.request_timeout,
            reconnect: timing.reconnect,
            dialect,
        });
        Some(Checked { kind, host: None, uri: None, first_hop: None, account: Some(user) })
    }

    /// How the phone speaks, where an administrator says so.
    fn dialect(&mut self, raw: &RawLink) -> Option<&'static Dialect> {
        let key = raw.dialect.as_ref()?;
        let dialect = Dialect::named(key.get_ref());
        if dialect.is_none() {
            let help = suggest(key.get_ref(), Dialect::names());
            self.error(key.span(), format!("there is no dialect `{}` of phones", key.get_ref())).help(help);
        }
        dialect
    }

    /// The user of a SIP address, as it stands there.
    fn sip_user<'k>(&mut self, key: &'k Spanned<String>) -> Option<&'k str> {
        let user = self.text(key)?;
        let address = format!("sip:{user}@example.com").parse::<sip::Uri>();
        if address.is_ok_and(|address| address.user() == Some(user)) {
            return Some(user);
        }
        self.error(key.span(), "a phone cannot register with this as its user")
            .help("letters, digits and - _ . ! ~ * + are safe, for example \"988\"");
        None
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
                let transport = self.transport(&uri, key)?;
                Some(HopUri { uri, transport })
            }
            Err(error) => {
                self.error(key.span(), format!("this is no SIP URI: {error}")).help(SIP_EXAMPLE);
                None
            }
        }
    }

    fn transport(&mut self, uri: &sip::Uri, key: &Spanned<String>) -> Option<Option<Transport>> {
        match sip::locate::transport(uri) {
            Ok(transport) => Some(transport),
            Err(error) => {
                let known = "known here: `udp`, `tcp`, `tls`";
                self.error(key.span(), error.to_string()).help(if uri.scheme() == Scheme::Tel {
                    SIP_EXAMPLE
                } else {
                    known
                });
                None
            }
        }
    }
}

/// A URI and how it is reached.
struct HopUri {
    uri: sip::Uri,
    /// `None` where the DNS says so.
    transport: Option<Transport>,
}

const SIP_EXAMPLE: &str = "for example \"sip:987@10.3.20.10\" or \"sip:987@pbx.example.com;transport=tcp\"";
