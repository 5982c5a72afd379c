//! `[commands]`, `[[dial_rule]]`, `[limits]`: what may be commanded, and where it is heard.

use std::{net::SocketAddr, path::Path, time::Duration};

use call_model::Locale;
use front::commands::{DialRule, DialRules, Https, Identity, Limits, LineAccess, Rate, Settings};
use toml::Spanned;

use super::{Checker, lines::CheckedLine, links::CheckedLink};
use crate::config::{
    raw::{Key, Raw, RawBrowser, RawCommands, RawDialRule, RawHttps, RawLimits, RawVerdict},
    units,
};

impl Checker<'_> {
    /// `None` while commands are switched off; what stands in the file is checked either way.
    pub(super) fn commands(
        &mut self,
        raw: &Raw,
        links: &[CheckedLink],
        lines: &[CheckedLine],
        locale: &Locale,
        state_dir: &Path,
        both: bool,
    ) -> Option<Settings> {
        let nothing = RawCommands::default();
        let table = raw.commands.as_ref().map_or(&nothing, Spanned::get_ref);
        let enabled = both && table.enabled.as_ref().is_some_and(|key| *key.get_ref());
        let make_call =
            table.make_call.as_ref().and_then(|switch| switch.enabled.as_ref()).is_some_and(|on| *on.get_ref());
        let callers = self.callers(&raw.caller, lines);
        let settings = Settings {
            listen: self.listen(table),
            https: table.https.as_ref().and_then(|https| self.https(https, table, state_dir)),
            server_names: self.server_names(&table.server_names),
            make_call,
            callers,
            rules: self.dial_rules(&raw.dial_rule),
            limits: self.limits(raw.limits.as_ref()),
            answer_timeout: links.iter().map(|link| link.request_timeout).max().unwrap_or(ANSWER_TIMEOUT),
            lines: lines
                .iter()
                .map(|line| LineAccess { line: line.line.clone(), clients: line.clients.clone() })
                .collect(),
            numbering: locale.numbering.clone(),
        };
        self.both_schemes(table, &settings);
        self.command_lints(raw, &settings, enabled);
        enabled.then_some(settings)
    }

    fn listen(&mut self, table: &RawCommands) -> Vec<SocketAddr> {
        let Some(key) = &table.listen else { return vec![DEFAULT_LISTEN] };
        if key.get_ref().is_empty() && table.https.is_none() {
            self.error(key.span(), "commands would be heard nowhere")
                .help("leave `listen` out for 127.0.0.1:61234, or give `https` some addresses");
        }
        self.addresses(key.get_ref())
    }

    fn https(&mut self, key: &Spanned<RawHttps>, table: &RawCommands, state_dir: &Path) -> Option<Https> {
        let raw = key.get_ref();
        let listen = self.required(&raw.listen, &key.span(), "listen", "[\"0.0.0.0:61235\"]");
        let listen = listen.map(|listen| self.addresses(listen.get_ref()));
        let self_signed = raw.self_signed.as_ref().is_some_and(|key| *key.get_ref());
        let identity = match (&raw.certificate, &raw.key) {
            (None, None) if self_signed => {
                let names = table.server_names.iter().map(|name| name.get_ref().clone()).collect();
                Some(Identity::SelfSigned { dir: state_dir.to_path_buf(), names })
            }
            (Some(certificate), Some(secret)) if !self_signed => {
                let (certificate, key) = (self.file(certificate), self.secret(secret));
                certificate.zip(key).map(|(certificate, key)| Identity::Files { certificate, key })
            }
            _ => {
                self.error(key.span(), "HTTPS needs either `certificate` and `key`, or `self_signed = true`");
                None
            }
        };
        Some(Https { listen: listen?, identity: identity? })
    }

    /// One address speaks one of the two.
    fn both_schemes(&mut self, table: &RawCommands, settings: &Settings) {
        let (Some(key), Some(https)) = (&table.https, &settings.https) else { return };
        if let Some(address) =
            https.listen.iter().find(|address| address.port() != 0 && settings.listen.contains(address))
        {
            self.error(key.span(), format!("{address} is listed for plain HTTP as well"));
        }
    }

    fn server_names(&mut self, written: &[Spanned<String>]) -> Vec<String> {
        let mut names = Vec::new();
        for key in written {
            let Some(name) = self.text(key) else { continue };
            if name.contains(|c: char| c == '/' || c == '*' || c.is_whitespace()) {
                self.error(key.span(), "this is no host name")
                    .help("for example \"gw.example.com\", without https:// and path");
            }
            names.push(name.to_owned());
        }
        names
    }

    fn dial_rules(&mut self, raw: &[Spanned<RawDialRule>]) -> DialRules {
        let mut rules = Vec::new();
        for table in raw {
            let rule = table.get_ref();
            let pattern =
                self.required(&rule.r#match, &table.span(), "match", "\"+49*\"").and_then(|key| self.text(key));
            let action = self.required(&rule.action, &table.span(), "action", "\"allow\"");
            let Some((pattern, action)) = pattern.zip(action) else { continue };
            let written = DialRule { pattern: pattern.to_owned(), allow: *action.get_ref() == RawVerdict::Allow };
            match DialRules::new(vec![written.clone()]) {
                Ok(_) => rules.push(written),
                Err(error) => self.bad_pattern(rule.r#match.as_ref(), &error.cause),
            }
        }
        DialRules::new(rules).unwrap_or_default()
    }

    fn bad_pattern(&mut self, key: Option<&Spanned<String>>, cause: &str) {
        let span = key.map(Spanned::span).unwrap_or_default();
        self.error(span, format!("this pattern can match no number: {cause}")).help(
            "write digits, a leading `+`, `*` for any digits, `?` for one; '\\*' and '\\#' (in single quotes) mean themselves",
        );
    }

    fn limits(&mut self, raw: Option<&RawLimits>) -> Limits {
        let default = Limits::default();
        let Some(raw) = raw else { return default };
        Limits {
            dials_per_line: self.rate(&raw.dials_per_line, default.dials_per_line),
            dials: self.rate(&raw.dials, default.dials),
            logins: self.rate(&raw.logins, default.logins),
        }
    }

    fn rate(&mut self, key: &Key<String>, default: Rate) -> Rate {
        let Some(key) = key else { return default };
        match units::rate(key.get_ref()) {
            Some((count, per)) => Rate { count, per },
            None => {
                self.error(key.span(), "this is no rate").help("for example \"6/min\", \"60/h\", \"100 / 5 min\"");
                default
            }
        }
    }

    fn command_lints(&mut self, raw: &Raw, settings: &Settings, enabled: bool) {
        let Some(commands) = &raw.commands else {
            if let Some(caller) = raw.caller.first() {
                self.warn(caller.span(), "callers are named, but commands are switched off")
                    .help("[commands] enabled = true switches them on");
            }
            return;
        };
        if !enabled {
            return;
        }
        if raw.caller.is_empty() {
            self.warn(commands.span(), "commands are switched on, but nobody may command").help("add a [[caller]]");
        } else if !settings.make_call {
            self.warn(commands.span(), "commands are switched on, but `make_call` is not: every dial is refused")
                .help("make_call = { enabled = true } switches it on");
        }
        self.country_lint(commands.get_ref(), settings);
        if !settings.listen.is_empty() {
            let browsers = raw.caller.iter().filter_map(|caller| caller.get_ref().browser.as_ref());
            browsers.for_each(|browser| self.browser_lint(browser));
        }
    }

    /// Which numbers are expensive is a country's own affair.
    fn country_lint(&mut self, commands: &RawCommands, settings: &Settings) {
        let switch = commands.make_call.as_ref().and_then(|table| table.enabled.as_ref());
        let Some(switch) = switch.filter(|_| settings.make_call && settings.numbering.country.is_none()) else {
            return;
        };
        self.warn(
            switch.span(),
            "without numbering.country premium and service numbers cannot be told from others: they are dialled",
        )
        .help("at the top of the file, for Germany: numbering = { country = \"DE\" }");
    }

    /// Measured in a browser: over plain HTTP a foreign page's request cannot be told from the user's own.
    fn browser_lint(&mut self, browser: &Spanned<RawBrowser>) {
        let span = browser.span();
        let RawBrowser::Dial = browser.get_ref() else { return };
        self.warn(span, "over plain HTTP any web page that a user opens can make this caller dial")
            .help("keep \"confirm\", or use HTTPS alone: listen = [] and https = { … }");
    }
}

const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 61234);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
