//! `tls = { … }` of a link: whom to believe at the other end.

use std::ops::Range;
use std::sync::Arc;

use rustls::pki_types::ServerName;
use toml::Spanned;

use crate::certificates::{Authority, Identity, Trust};
use crate::config::{check::Checker, raw::RawTls};

/// What `tls = { … }` says, read and checked.
pub(super) struct CheckedTls {
    name: ServerName<'static>,
    authority: Authority,
    identity: Option<Identity>,
}

impl Checker<'_> {
    /// Whom a link believes that is reached over TLS at this host; `span` is where to say what is wrong with it.
    pub(super) fn trust(
        &mut self,
        raw: Option<&Spanned<RawTls>>,
        host: &str,
        span: &Range<usize>,
    ) -> Option<Arc<Trust>> {
        let nothing = RawTls::default();
        let span = raw.map_or(span.clone(), Spanned::span);
        let CheckedTls { name, authority, identity } = self.tls(raw.map_or(&nothing, Spanned::get_ref), host, &span)?;
        match Trust::new(name, authority, identity.as_ref()) {
            Ok(trust) => Some(Arc::new(trust)),
            Err(error) => {
                self.error(span, error.to_string()).help(error.remedy());
                None
            }
        }
    }

    /// The name is the host's unless another is given (RFC 5922 7.1); an address is a name too.
    pub(super) fn tls(&mut self, raw: &RawTls, host: &str, span: &Range<usize>) -> Option<CheckedTls> {
        let identity = self.identity(span.clone(), &raw.certificate, &raw.key);
        let authority = self.authority(raw);
        let (written, place) = match &raw.server_name {
            Some(key) => (self.text(key)?, key.span()),
            None => (host, span.clone()),
        };
        let bare = written.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(written);
        let Ok(name) = ServerName::try_from(bare.to_owned()) else {
            self.error(place, format!("no certificate can be for the name `{written}`"))
                .help("for example: server_name = \"pbx.example.com\"");
            return None;
        };
        Some(CheckedTls { name, authority: authority?, identity: identity? })
    }

    fn authority(&mut self, raw: &RawTls) -> Option<Authority> {
        match (&raw.ca, &raw.fingerprint) {
            (None, None) => Some(Authority::Native),
            (Some(key), None) => {
                let path = self.file(key)?;
                match Authority::read(&path) {
                    Ok(authority) => Some(authority),
                    Err(error) => {
                        self.error(key.span(), error.to_string())
                            .help("it must be PEM: the certificate of the authority that signed the other end's");
                        None
                    }
                }
            }
            (None, Some(key)) => match key.get_ref().parse() {
                Ok(fingerprint) => Some(Authority::Pinned(fingerprint)),
                Err(_) => {
                    self.error(key.span(), "this is no SHA-256 fingerprint of a certificate").help(
                        "sha256: and 64 hexadecimal digits; openssl x509 -in phone.pem -noout -fingerprint -sha256 shows them",
                    );
                    None
                }
            },
            (Some(_), Some(key)) => {
                self.error(key.span(), "`ca` and `fingerprint` exclude each other")
                    .help("a pinned certificate is believed by itself; leave one of the two out");
                None
            }
        }
    }
}
