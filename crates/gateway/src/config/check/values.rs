//! What may stand behind a key, whichever table it is in: texts, secrets, files, durations, networks, addresses.

use std::{
    net::SocketAddr,
    ops::{Range, RangeInclusive},
    path::PathBuf,
    time::Duration,
};

use ipnet::IpNet;
use secrecy::SecretString;
use toml::Spanned;

use super::Checker;
use crate::certificates::{CertificateError, Identity};
use crate::config::{
    raw::{Key, RawLogin},
    secret::RawSecret,
    units,
};

impl Checker<'_> {
    /// A text that must not be empty or have blanks around it.
    pub(super) fn text<'r>(&mut self, key: &'r Spanned<String>) -> Option<&'r str> {
        let text = key.get_ref();
        if text.trim().is_empty() {
            self.error(key.span(), "this is empty");
            return None;
        }
        if text.trim() != text || text.chars().any(char::is_control) {
            self.error(key.span(), "blanks at its ends and control characters are not meant here");
            return None;
        }
        Some(text)
    }

    pub(super) fn secret(&mut self, key: &Spanned<RawSecret>) -> Option<SecretString> {
        match self.surroundings.fetch(key.get_ref()) {
            Ok(fetched) => {
                if let Some((message, help)) = fetched.warning {
                    self.warn(key.span(), message).help(help);
                }
                Some(fetched.secret)
            }
            Err(missing) => {
                self.error(key.span(), missing.message).help(missing.help);
                None
            }
        }
    }

    pub(super) fn duration(
        &mut self,
        key: &Key<String>,
        default: Duration,
        allowed: RangeInclusive<Duration>,
    ) -> Duration {
        let Some(key) = key else { return default };
        match units::duration(key.get_ref()) {
            Some(duration) if allowed.contains(&duration) => return duration,
            Some(_) => {
                let (least, most) = allowed.into_inner();
                self.error(key.span(), format!("this must be between {least:?} and {most:?}"));
            }
            None => {
                self.error(key.span(), "this is no duration").help("for example \"30s\", \"5 min\", \"500ms\"");
            }
        }
        default
    }

    pub(super) fn networks(&mut self, written: &[Spanned<String>]) -> Vec<IpNet> {
        let mut networks = Vec::new();
        for text in written {
            match units::network(text.get_ref()) {
                Some(net) => networks.push(net),
                None => {
                    self.error(text.span(), "this is neither a network nor an address")
                        .help("for example \"10.3.20.0/24\", \"fd00::/64\", \"10.3.20.17\"");
                }
            }
        }
        networks
    }

    pub(super) fn addresses(&mut self, written: &[Spanned<String>]) -> Vec<SocketAddr> {
        let mut addresses = Vec::new();
        for text in written {
            match units::socket_address(text.get_ref()) {
                Some(address) if addresses.contains(&address) => {
                    self.error(text.span(), "this address is listed twice");
                }
                Some(address) => addresses.push(address),
                None => {
                    self.error(text.span(), "this is no address with a port")
                        .help("for example \"127.0.0.1:61234\" or \"[::1]:61234\"; names are not looked up here");
                }
            }
        }
        addresses
    }

    /// A file that must be there.
    pub(super) fn file(&mut self, key: &Spanned<String>) -> Option<PathBuf> {
        let path = self.surroundings.path(self.text(key)?);
        if !path.is_file() {
            self.error(key.span(), format!("there is no file {}", path.display()))
                .help("a relative path begins at the folder of the configuration file");
            return None;
        }
        Some(path)
    }

    /// A certificate of ours with its key, if one is given: `Some(None)` if not.
    pub(super) fn identity(
        &mut self,
        span: Range<usize>,
        certificate: &Key<String>,
        key: &Key<RawSecret>,
    ) -> Option<Option<Identity>> {
        let (certificate, key) = match (certificate, key) {
            (None, None) => return Some(None),
            (Some(certificate), Some(key)) => (certificate, key),
            (Some(_), None) | (None, Some(_)) => {
                self.error(span, "`certificate` and `key` belong together");
                return None;
            }
        };
        let (path, secret) = (self.file(certificate), self.secret(key));
        match Identity::read(&path?, &secret?) {
            Ok(identity) => Some(Some(identity)),
            Err(error) => {
                let place = match &error {
                    CertificateError::Key { .. } => key.span(),
                    CertificateError::Certificate { .. }
                    | CertificateError::NoAuthorities(_)
                    | CertificateError::Tls(_) => certificate.span(),
                };
                self.error(place, error.to_string()).help(error.remedy());
                None
            }
        }
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
}
