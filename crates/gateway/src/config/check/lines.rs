//! `[[line]]`: the monitored devices and the links that carry them.

use std::{collections::HashMap, ops::Range, sync::Arc};

use call_model::{Line, LineId, Number};
use ipnet::IpNet;
use toml::Spanned;

use super::{Checker, links::CheckedLink};
use crate::config::{
    LinkKind,
    error::suggest,
    raw::{RawLine, RawLinkKind},
};

/// A line, and the addresses bound to it.
pub struct CheckedLine {
    pub line: Arc<Line>,
    pub clients: Vec<IpNet>,
}

impl Checker<'_> {
    /// All lines that can be made sense of.
    pub(super) fn lines(&mut self, raw: &[Spanned<RawLine>], links: &[CheckedLink]) -> Vec<CheckedLine> {
        let mut ids: Vec<&str> = Vec::new();
        let mut lines = Vec::new();
        for table in raw {
            let line = table.get_ref();
            if let Some(id) = line.id.as_ref().or(line.number.as_ref()) {
                self.unique(id, &ids, "line", "id");
                ids.push(id.get_ref());
            }
            lines.extend(self.line(line, table.span(), links));
        }
        self.shared_links(raw, links);
        self.idle_links(raw, links);
        lines
    }

    fn line(&mut self, raw: &RawLine, span: Range<usize>, links: &[CheckedLink]) -> Option<CheckedLine> {
        let number_key = self.required(&raw.number, &span, "number", "\"987\"");
        let number = number_key.and_then(|key| self.text(key));
        let id = raw.id.as_ref().or(number_key).and_then(|key| self.text(key));
        let link = self.link_of(raw, &span, links);
        let domain = link.map(|link| self.domain(raw, &span, link));
        let name = raw.name.as_ref().map(|key| self.text(key));
        let clients = self.networks(&raw.clients);
        let device = raw.device.as_ref().map(|key| self.text(key));
        let (number, link, domain) = (number?, link?, domain??);
        let device = match device {
            Some(device) => device?.to_owned(),
            None => link.and_then(|link| link.device(&domain)).unwrap_or_else(|| number.to_owned()),
        };
        let line = Line {
            id: LineId(id?.into()),
            // A SIP user such as "frontdesk" is a number as well: what is not dialable stays as written.
            number: Number::dialable(number).unwrap_or_else(|_| Number::new(number)),
            domain: domain.into(),
            name: name.map_or(Some(None), |name| name.map(|name| Some(name.into())))?,
            link: link.map_or("", |link| link.config.name.as_str()).into(),
            device: device.into(),
            remote_hold: raw.remote_hold.as_ref().is_some_and(|key| *key.get_ref()),
        };
        Some(CheckedLine { line: Arc::new(line), clients })
    }

    /// `Some(None)` is a line without a link, which is allowed and warned about.
    fn link_of<'l>(
        &mut self,
        raw: &RawLine,
        span: &Range<usize>,
        links: &'l [CheckedLink],
    ) -> Option<Option<&'l CheckedLink>> {
        let Some(key) = &raw.link else {
            self.warn(span.clone(), "no link carries this line: it will see no calls and cannot dial")
                .help("name one of the links: link = \"…\"");
            return Some(None);
        };
        let Some(link) = links.iter().find(|link| link.config.name == *key.get_ref()) else {
            // A link with an error of its own is no error of its lines.
            if self
                .raw
                .link
                .iter()
                .filter_map(|link| link.get_ref().name.as_ref())
                .any(|name| name.get_ref() == key.get_ref())
            {
                return None;
            }
            let known = links.iter().map(|link| link.config.name.as_str());
            let help = suggest(key.get_ref(), known);
            self.error(key.span(), format!("there is no link `{}`", key.get_ref())).help(help);
            return None;
        };
        if let LinkKind::NotYet { .. } = link.config.kind {
            self.warn(key.span(), "the link of this line is not opened: it will see no calls and cannot dial");
        }
        Some(Some(link))
    }

    fn domain(&mut self, raw: &RawLine, span: &Range<usize>, link: Option<&CheckedLink>) -> Option<String> {
        if let Some(key) = &raw.domain {
            return self.text(key).map(str::to_owned);
        }
        let host = link.and_then(|link| link.host.clone());
        if host.is_none() {
            self.error(span.clone(), "`domain` is missing here, and no link has a host to take in its place")
                .help("for example: domain = \"example.com\"; <$local_party> is number@domain");
        }
        host
    }

    /// The several identities of one phone are told apart by their devices.
    fn shared_links(&mut self, raw: &[Spanned<RawLine>], links: &[CheckedLink]) {
        let mut carried: HashMap<&str, usize> = HashMap::new();
        for link in raw.iter().filter_map(|line| line.get_ref().link.as_ref()) {
            *carried.entry(link.get_ref()).or_default() += 1;
        }
        for line in raw.iter().filter(|line| line.get_ref().device.is_none()) {
            let Some(key) = &line.get_ref().link else { continue };
            let is_phone =
                |link: &CheckedLink| link.config.name == *key.get_ref() && link.speaks == RawLinkKind::Uacsta;
            if carried.get(key.get_ref().as_str()).is_some_and(|count| *count > 1) && links.iter().any(is_phone) {
                self.error(
                    line.span(),
                    format!("`device` is missing here: several lines share the link `{}`", key.get_ref()),
                )
                .help("name this line's identity on the phone: device = \"sip:987@pbx.example.com\"");
            }
        }
    }

    fn idle_links(&mut self, raw: &[Spanned<RawLine>], links: &[CheckedLink]) {
        let carries =
            |name: &str| raw.iter().filter_map(|line| line.get_ref().link.as_ref()).any(|key| key.get_ref() == name);
        for link in links.iter().filter(|link| !carries(&link.config.name)) {
            let LinkKind::Uacsta(_) = link.config.kind else { continue };
            self.warn(link.span.clone(), "this link carries no line: nothing is monitored on it")
                .help(format!("add a [[line]] with link = \"{}\"", link.config.name));
        }
    }

    /// The ids of lines that a filter or a caller names.
    pub(super) fn line_ids<'r>(
        &mut self,
        named: impl Iterator<Item = (Range<usize>, &'r String)>,
        lines: &[CheckedLine],
    ) -> Vec<LineId> {
        let raw = self.raw;
        let known = raw.line.iter().filter_map(|line| id_of(line.get_ref()));
        let mut ids = Vec::new();
        for (span, name) in named {
            match lines.iter().find(|line| line.line.id.0 == name.as_str()) {
                Some(line) => ids.push(line.line.id.clone()),
                // A line with an error of its own is no error of those who name it.
                None if known.clone().any(|id| id == name) => {}
                None => {
                    let help = suggest(name, known.clone());
                    self.error(span, format!("there is no line with the id `{name}`")).help(help);
                }
            }
        }
        ids
    }
}

fn id_of(line: &RawLine) -> Option<&str> {
    line.id.as_ref().or(line.number.as_ref()).map(|id| id.get_ref().as_str())
}
