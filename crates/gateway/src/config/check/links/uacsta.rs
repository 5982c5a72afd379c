//! A desk phone, called at its own address or through a proxy.

use std::ops::Range;

use secrecy::SecretString;
use sip::Scheme;
use toml::Spanned;

use super::{Checked, FirstHop, Timing, not_yet};
use crate::config::{LinkKind, UacstaLink, check::Checker, raw::RawLink};

impl Checker<'_> {
    pub(super) fn uacsta(&mut self, raw: &RawLink, span: &Range<usize>, timing: &Timing) -> Option<Checked> {
        let credentials = self.credentials(raw, span);
        if raw.register.as_ref().is_some_and(|key| *key.get_ref()) {
            let why = "phones cannot register here in this version; give the phone's own address as `uri`";
            return Some(Checked { kind: not_yet(why), host: None, uri: None, first_hop: None });
        }
        let uri_key = self.required(&raw.uri, span, "uri", "\"sip:987@10.3.20.10\"")?;
        let uri = self.sip_uri(uri_key);
        let proxy = raw.proxy.as_ref().map(|key| self.sip_uri(key));
        let (uri, proxy, (username, password)) =
            (uri?, proxy.map_or(Some(None), |proxy| proxy.map(Some))?, credentials?);
        let (host, written) = (Some(uri.uri.host().to_owned()), Some(uri_key.get_ref().clone()));
        if uri.hop == Hop::Tls || proxy.as_ref().is_some_and(|proxy| proxy.hop == Hop::Tls) {
            if let Some(tls) = &raw.tls {
                self.tls(tls);
            }
            let why = "SIP over TLS is not available in this version, and nothing is sent in the clear instead";
            return Some(Checked { kind: not_yet(why), host, uri: written, first_hop: None });
        }
        if let Some(tls) = &raw.tls {
            self.error(tls.span(), "`tls` means nothing to a link that does not use TLS").help("a sips: URI does");
        }
        let first = proxy.as_ref().unwrap_or(&uri);
        let first_hop = Some(FirstHop { over_tcp: first.hop == Hop::Tcp, ip: first.uri.ip() });
        let kind = LinkKind::Uacsta(UacstaLink {
            uri: uri.uri,
            proxy: proxy.map(|proxy| proxy.uri),
            username,
            password,
            heartbeat: timing.heartbeat,
            request_timeout: timing.request_timeout,
            reconnect: timing.reconnect,
        });
        Some(Checked { kind, host, uri: written, first_hop })
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
}

/// A URI and how it is reached.
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
