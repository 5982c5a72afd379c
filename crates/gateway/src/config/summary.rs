//! A configuration in one paragraph, for `hookswitch check`.

use std::fmt::{self, Display};

use super::{Config, LinkKind};

impl Config {
    /// What would be started: links, lines, action URLs, listeners. No number, no secret.
    #[must_use]
    pub fn summary(&self) -> String {
        let open = self.links.iter().filter(|link| matches!(link.kind, LinkKind::Uacsta(_))).count();
        let closed = match self.links.len() - open {
            0 => String::new(),
            closed => format!(" ({closed} more not available in this version)"),
        };
        let heard = self.sip.udp.iter().map(|address| format!("udp:{address}"));
        let heard = heard.chain(self.sip.tcp.iter().map(|address| format!("tcp:{address}")));
        let secure = self.sip.tls.iter().flat_map(|tls| &tls.addresses).map(|address| format!("tls:{address}"));
        let heard: Vec<String> = heard.chain(secure).collect();
        format!(
            "{}{closed}, {}, {}. SIP on {}. {} State in {}.",
            count(open, "link"),
            count(self.lines.len(), "line"),
            count(self.destinations.len(), "action URL"),
            listed(&heard),
            self.commands_summary(),
            self.state_dir.display(),
        )
    }

    fn commands_summary(&self) -> String {
        let Some(commands) = &self.commands else { return "Commands are switched off.".to_owned() };
        let http = commands.listen.iter().map(|address| format!("http://{address}"));
        let https = commands.https.iter().flat_map(|https| &https.listen).map(|address| format!("https://{address}"));
        let heard: Vec<String> = http.chain(https).collect();
        let make_call = if commands.make_call { "make_call is on" } else { "make_call is off" };
        format!("Commands on {}, {make_call}, {}.", listed(&heard), count(commands.callers.len(), "caller"))
    }
}

fn count(number: usize, what: &str) -> impl Display {
    fmt::from_fn(move |f| match number {
        0 => write!(f, "no {what}"),
        1 => write!(f, "1 {what}"),
        _ => write!(f, "{number} {what}s"),
    })
}

fn listed(items: &[String]) -> String {
    if items.is_empty() { "nothing".to_owned() } else { items.join(", ") }
}
