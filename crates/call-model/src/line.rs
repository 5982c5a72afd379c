//! A line: one monitored device.

use std::fmt;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::{Number, Party, number::strip_scheme};

/// The administrator's name of a line, unique in the gateway (`<$line>`, `line=`).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LineId(pub CompactString);

impl fmt::Display for LineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One monitored device: a desk phone, or an extension of a PBX.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Unique in the gateway.
    pub id: LineId,
    /// Its own number.
    pub number: Number,
    /// `<$local_party>` is `number@domain`.
    pub domain: CompactString,
    /// Replaces `<$local_alias>` where an administrator sets one.
    pub name: Option<CompactString>,
    /// The link that carries it.
    pub link: CompactString,
    /// What MonitorStart names: as written by the administrator, else the number, on a uaCSTA link its URI.
    pub device: CompactString,
    /// `hold` fires for holds by the other side too.
    pub remote_hold: bool,
}

impl Line {
    /// Whether `text` means this line: its id, its number, `number@domain`, either with `sip:`, `sips:` or `tel:` in
    /// front, or the device as the administrator wrote it. URI parameters and a port say nothing about it.
    #[must_use]
    pub fn is_named_by(&self, text: &str) -> bool {
        let text = text.trim();
        text == self.id.0 || self.has_address(text)
    }

    /// Whether a party of an event is this line, compared on the normal form and on the device as delivered. The id
    /// says nothing here: it is the administrator's word, and may be somebody else's number.
    #[must_use]
    pub fn is(&self, party: &Party) -> bool {
        let raw = !party.device.is_empty() && party.device == self.device;
        raw || self.has_address(party.number.reveal())
    }

    /// Its number, `number@domain`, or its device.
    fn has_address(&self, text: &str) -> bool {
        if !self.device.is_empty() && bare(text) == bare(&self.device) {
            return true;
        }
        let (user, host) = match bare(text).split_once('@') {
            Some((user, host)) => (user, Some(host)),
            None => (bare(text), None),
        };
        let host_fits = host.is_none_or(|host| without_port(host).eq_ignore_ascii_case(&self.domain));
        host_fits && !user.is_empty() && user == self.number.reveal()
    }

    /// `<$local_party>`: `number@domain`.
    #[must_use]
    pub fn local_party(&self) -> String {
        format!("{}@{}", self.number.reveal(), self.domain)
    }
}

/// A URI or number without its scheme and parameters.
fn bare(text: &str) -> &str {
    let rest = ["sip:", "sips:", "tel:"].iter().find_map(|scheme| strip_scheme(text, scheme)).unwrap_or(text);
    rest.split([';', '?']).next().unwrap_or(rest)
}

/// A host without its port; the brackets keep an IPv6 literal's colons apart (RFC 3986 3.2.2).
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if !name.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) && !name.ends_with(':') => {
            name
        }
        _ => host,
    }
}
