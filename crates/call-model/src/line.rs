//! A line: one monitored device.

use std::fmt;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::Number;

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
