//! [`Raw`] → [`Config`]: one file a part of the configuration file.
//!
//! A check that fails notes why and returns `None`; its caller goes on with the rest, so that everything that is wrong
//! is told at once. `None` anywhere means that an error was noted.

mod action_urls;
mod callers;
mod commands;
mod general;
mod lines;
mod links;
mod values;

use std::ops::Range;

use toml::Spanned;

use super::{
    Config,
    error::{Finding, Severity},
    raw::{Key, Raw},
    secret::Surroundings,
    source::Source,
};

/// Checks everything; a `Config` only means something if no error was found.
pub fn check(raw: &Raw, source: &Source, surroundings: &Surroundings) -> (Option<Config>, Vec<Finding>) {
    let mut checker = Checker { raw, source, surroundings, findings: Vec::new() };
    let config = checker.config();
    (config, checker.findings)
}

/// What every part of the check needs: the file, its surroundings, and the list of findings.
struct Checker<'a> {
    raw: &'a Raw,
    source: &'a Source,
    surroundings: &'a Surroundings<'a>,
    findings: Vec<Finding>,
}

impl Checker<'_> {
    fn config(&mut self) -> Option<Config> {
        let raw = self.raw;
        let state_dir = self.state_dir(raw);
        let locale = self.locale(raw);
        let links = self.links(&raw.link);
        let sip = self.sip(raw.sip.as_ref(), &links);
        let nameservers = self.nameservers(raw.sip.as_ref());
        let digest = self.digest(raw.sip.as_ref());
        let trace = self.trace(raw.sip.as_ref());
        let lines = self.lines(&raw.line, &links);
        let both = self.both_directions();
        let (destinations, endpoints) = self.action_urls(&raw.action_url, &lines, both);
        let commands = self.commands(raw, &links, &lines, &locale, &state_dir, both);
        self.web(raw);
        if raw.link.is_empty() {
            self.note(nothing_linked());
        }
        Some(Config {
            state_dir,
            locale,
            sip: sip?,
            nameservers,
            digest,
            trace,
            lines: lines.into_iter().map(|line| line.line).collect(),
            links: links.into_iter().map(|link| link.config).collect(),
            destinations,
            endpoints,
            commands,
            warnings: Vec::new(),
        })
    }

    /// `[action_urls] enabled`, the switch over URLs and commands.
    fn both_directions(&mut self) -> bool {
        let switch = self.raw.action_urls.as_ref().and_then(|table| table.enabled.as_ref());
        if let Some(off) = switch.filter(|on| !*on.get_ref()) {
            self.warn(off.span(), "both directions are switched off: no URL is requested and no command is heard");
            return false;
        }
        true
    }

    /// Notes an error.
    fn error(&mut self, span: Range<usize>, message: impl Into<String>) -> &mut Finding {
        self.note(Finding::error(self.source, span, message))
    }

    /// Notes a warning.
    fn warn(&mut self, span: Range<usize>, message: impl Into<String>) -> &mut Finding {
        self.note(Finding::warning(self.source, span, message))
    }

    fn note(&mut self, finding: Finding) -> &mut Finding {
        let index = self.findings.len();
        self.findings.push(finding);
        &mut self.findings[index]
    }

    /// A key that must be there; `table` is where it is missed, `example` how it is written.
    fn required<'r, T>(
        &mut self,
        key: &'r Key<T>,
        table: &Range<usize>,
        name: &str,
        example: &str,
    ) -> Option<&'r Spanned<T>> {
        if key.is_none() {
            self.error(table.clone(), format!("`{name}` is missing here"))
                .help(format!("for example: {name} = {example}"));
        }
        key.as_ref()
    }

    /// Notes a name that was given before.
    fn unique(&mut self, name: &Spanned<String>, before: &[&str], what: &str, handle: &str) {
        if before.contains(&name.get_ref().as_str()) {
            self.error(name.span(), format!("there is another {what} with the {handle} `{}`", name.get_ref()))
                .help(format!("every {what} needs a {handle} of its own").replace("a id", "an id"));
        }
    }
}

fn nothing_linked() -> Finding {
    let mut finding = Finding::general(Severity::Warning, "there is no link: no phone is monitored");
    finding.help("add a [[link]] and a [[line]] for each phone");
    finding
}

/// Lines are monitored, but nobody hears of their calls.
fn nothing_requested() -> Finding {
    let mut finding =
        Finding::general(Severity::Warning, "no action URL is switched on: calls are seen and nothing is requested");
    finding.help("add an [[action_url]]");
    finding
}
