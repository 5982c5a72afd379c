//! The records in which a domain says where its SIP is, and the order they are meant in.

use crate::Transport;

/// Gives a number from 0 to its argument, both included, each as likely as the others.
pub type Random<'a> = dyn FnMut(u32) -> u32 + 'a;

/// A NAPTR record (RFC 3403 4.1), but for its regular expression, which SIP does not use (RFC 3263 4.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Naptr {
    /// Lower ones come first.
    pub order: u16,
    /// Among those of the same order, lower ones come first.
    pub preference: u16,
    /// `s`: the replacement has SRV records; `a`: it has addresses.
    pub flags: String,
    /// `SIP+D2U`, for example.
    pub service: String,
    /// The name to go on with.
    pub replacement: String,
}

/// An SRV record (RFC 2782).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Srv {
    /// Lower ones come first.
    pub priority: u16,
    /// The share among those of the same priority.
    pub weight: u16,
    /// Where the target listens.
    pub port: u16,
    /// A host; `.` or nothing where the service is not offered.
    pub target: String,
}

impl Naptr {
    /// It leads to a host, and not to more records.
    pub(super) fn is_host(&self) -> bool {
        self.flags.eq_ignore_ascii_case("a")
    }

    fn transport(&self) -> Option<(Transport, bool)> {
        match self.service.to_ascii_uppercase().as_str() {
            "SIP+D2U" => Some((Transport::Udp, false)),
            "SIP+D2T" => Some((Transport::Tcp, false)),
            "SIPS+D2T" => Some((Transport::Tls, true)),
            _ => None,
        }
    }
}

/// The records that mean something to us, in their order; for a `sips:` URI the secure ones only (RFC 3263 4.1).
pub(super) fn in_order(mut records: Vec<Naptr>, secure: bool) -> Vec<(Transport, Naptr)> {
    const MOST: usize = 8;
    records.retain(|record| ["s", "a"].iter().any(|flag| record.flags.eq_ignore_ascii_case(flag)));
    records.sort_by_key(|record| (record.order, record.preference));
    let known = records.into_iter().filter_map(|record| {
        let (transport, is_secure) = record.transport()?;
        let leads_on = !matches!(record.replacement.as_str(), "" | ".");
        (leads_on && (is_secure || !secure)).then_some((transport, record))
    });
    known.take(MOST).collect()
}

/// In the order of their priorities, and within one by lot, in which a record's weight is its number of tickets (RFC 2782).
pub(super) fn shuffled(mut records: Vec<Srv>, random: &mut Random<'_>) -> Vec<Srv> {
    // Those without weight go first, so that they have the small chance that a lot of 0 gives them.
    records.sort_by_key(|record| (record.priority, record.weight != 0));
    let mut drawn = Vec::with_capacity(records.len());
    while let Some(first) = records.first() {
        let priority = first.priority;
        let rivals = records.iter().take_while(|record| record.priority == priority);
        let lot = match rivals.clone().count() {
            1 => 0,
            _ => random(rivals.clone().map(|record| u32::from(record.weight)).sum()),
        };
        let sums = rivals.scan(0, |sum, record| {
            *sum += u32::from(record.weight);
            Some(*sum)
        });
        let winner = sums.take_while(|sum| *sum < lot).count().min(records.len() - 1);
        drawn.push(records.remove(winner));
    }
    drawn
}
