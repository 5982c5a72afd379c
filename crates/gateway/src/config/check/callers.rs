//! `[[caller]]`: who may command, from where, and how that is proven.

use std::ops::Range;

use front::commands::{Browser, Caller, Proof};
use toml::Spanned;

use super::{Checker, lines::CheckedLine};
use crate::config::{
    raw::{RawBrowser, RawCaller, RawCommand},
    units,
};

impl Checker<'_> {
    /// In the order of the file; a caller with an error is left out.
    pub(super) fn callers(&mut self, raw: &[Spanned<RawCaller>], lines: &[CheckedLine]) -> Vec<Caller> {
        let mut names: Vec<&str> = Vec::new();
        let mut callers = Vec::new();
        for table in raw {
            let caller = table.get_ref();
            if let Some(name) = &caller.name {
                self.unique(name, &names, "caller", "name");
                names.push(name.get_ref());
            }
            callers.extend(self.caller(caller, table.span(), lines));
        }
        callers
    }

    fn caller(&mut self, raw: &RawCaller, span: Range<usize>, lines: &[CheckedLine]) -> Option<Caller> {
        let name = self.required(&raw.name, &span, "name", "\"crm\"").and_then(|key| self.text(key));
        let written = self.required(&raw.networks, &span, "networks", "[\"10.3.20.0/24\"]");
        let networks = written.map(|key| self.networks(key.get_ref())).unwrap_or_default();
        let proof = self.proof(raw, &span);
        if let Some(written) = written {
            self.judge_networks(written, matches!(proof, Some(Proof::Nothing)));
        }
        let named = raw.lines.iter().map(|line| (line.span(), line.get_ref()));
        let line_ids = self.line_ids(named, lines);
        let make_call = raw.commands.iter().any(|command| match command.get_ref() {
            RawCommand::MakeCall => true,
        });
        let origins = self.origins(&raw.origins);
        if raw.lines.is_empty() {
            self.warn(span.clone(), "this caller has no line: it may not dial from any").help("add lines = [\"…\"]");
        }
        if raw.commands.is_empty() {
            self.warn(span, "this caller has no command: it may do nothing").help("add commands = [\"make_call\"]");
        }
        let browser = match raw.browser.as_ref().map(Spanned::get_ref) {
            Some(RawBrowser::Dial) => Browser::Dial,
            Some(RawBrowser::Confirm) | None => Browser::Confirm,
        };
        Some(Caller { name: name?.to_owned(), networks, proof: proof?, lines: line_ids, make_call, browser, origins })
    }

    /// Exactly one.
    fn proof(&mut self, raw: &RawCaller, span: &Range<usize>) -> Option<Proof> {
        let given = [
            raw.token.as_ref().map(Spanned::span),
            raw.basic.as_ref().map(Spanned::span),
            raw.digest.as_ref().map(Spanned::span),
            raw.auth.as_ref().map(Spanned::span),
        ];
        let mut given = given.into_iter().flatten();
        if given.next().is_none() {
            self.error(span.clone(), "this caller proves nothing").help(
                "give it a token, basic or digest; auth = \"none\" lets everybody in its networks command, \
                 which must be narrow then",
            );
            return None;
        }
        if let Some(second) = given.next() {
            self.error(second, "this caller has two proofs").help("keep one; a second way in is a second [[caller]]");
            return None;
        }
        if let Some(token) = &raw.token {
            return self.secret(token).map(Proof::Token);
        }
        if let Some(basic) = &raw.basic {
            return self.login(basic).map(|(username, password)| Proof::Basic { username, password });
        }
        if let Some(digest) = &raw.digest {
            return self.login(digest).map(|(username, password)| Proof::Digest { username, password });
        }
        Some(Proof::Nothing)
    }

    /// A network that proves something must be narrow; one that does not had better not be everybody's.
    fn judge_networks(&mut self, written: &Spanned<Vec<Spanned<String>>>, unproven: bool) {
        if written.get_ref().is_empty() {
            self.error(written.span(), "from nowhere, this caller can never command")
                .help("for example [\"10.3.20.0/24\"]");
        }
        for text in written.get_ref() {
            let Some(net) = units::network(text.get_ref()) else { continue };
            if unproven && !units::is_narrow(&net) {
                self.error(text.span(), format!("{net} is too wide for auth = \"none\": everybody in it could dial"))
                    .help("at most /24 (IPv4) or /64 (IPv6); for a wider network give the caller a token, basic or digest");
            } else if units::is_open(&net) {
                self.warn(text.span(), format!("{net} is an open network: this caller may come from nearly anywhere"))
                    .help("name the networks it comes from");
            }
        }
    }

    /// RFC 6454: scheme, host, and a port unless it is the scheme's own.
    fn origins(&mut self, written: &[Spanned<String>]) -> Vec<String> {
        let mut origins = Vec::new();
        for key in written {
            let text = key.get_ref();
            let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
            let plain = |host: &str| !host.is_empty() && !host.contains(['/', '?', '#', '@', '*', ' ']);
            if !host.is_some_and(plain) {
                self.error(key.span(), "this is no web origin")
                    .help("for example \"https://crm.example.com\", without a path");
            }
            origins.push(text.to_ascii_lowercase());
        }
        origins
    }
}
