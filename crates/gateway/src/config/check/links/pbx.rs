//! PBXs: not built yet, but what stands in the file is checked.

use std::ops::Range;

use toml::Spanned;

use super::{Checked, not_yet};
use crate::config::{
    check::Checker,
    raw::{RawLink, RawLinkKind},
};

impl Checker<'_> {
    /// The two kinds that are not built yet: what can be checked is checked.
    pub(super) fn csta_over_tcp(
        &mut self,
        raw: &RawLink,
        kind: &Spanned<RawLinkKind>,
        span: &Range<usize>,
    ) -> Option<Checked> {
        let address = self.required(&raw.address, span, "address", "\"pbx.example.com:4722\"");
        let host = address.and_then(|key| self.host_of(key));
        if let (Some(tls), Some(host)) = (&raw.tls, &host) {
            self.tls(tls.get_ref(), host, &tls.span());
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
        Some(Checked { kind: not_yet(why), host: Some(host?), uri: None, first_hop: None, account: None })
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
}
