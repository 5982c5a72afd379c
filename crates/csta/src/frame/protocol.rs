//! What the first bytes of a connection look like.

use super::{HIPATH_START, TPKT_START};
use crate::model::closed_set::closed_set;

closed_set! {
    /// A protocol that a connection may turn out to speak.
    pub enum Protocol {
        /// CSTA XML behind a header of 8 bytes.
        XmlHeader = "CSTA XML behind a header of 8 bytes",
        /// XML without a header.
        Xml = "XML without a header",
        /// ACSE or ROSE without any framing.
        Ber = "CSTA in BER without a length in front",
        /// BER behind its length in two bytes.
        BerLength16 = "CSTA in BER behind a length of two bytes",
        /// BER in the frames of a HiPath.
        BerHiPath = "CSTA in BER framed as a HiPath does",
        /// RFC 1006.
        Tpkt = "packets of RFC 1006 (TPKT)",
        /// HTTP.
        Http = "HTTP",
        /// SIP.
        Sip = "SIP",
        /// TLS.
        Tls = "TLS",
        /// SSH.
        Ssh = "SSH",
        /// Telnet.
        Telnet = "Telnet",
        /// A mail or file server's greeting.
        Greeting = "the greeting of a mail or file server",
    }
}

/// How many bytes are looked at.
pub(super) const LOOKED_AT: usize = 8;

impl Protocol {
    /// What a connection that begins so looks like; `None` if it is like nothing known, or too short to say.
    #[must_use]
    pub fn of(first: &[u8]) -> Option<Self> {
        let text = TEXTS.iter().find(|(begin, _)| first.starts_with(begin)).map(|(_, protocol)| *protocol);
        text.or_else(|| Self::of_binary(first))
    }

    fn of_binary(first: &[u8]) -> Option<Self> {
        match *first {
            [0x14..=0x17, 3, 0..=4, ..] => Some(Self::Tls),
            [0xFF, 0xFB..=0xFE, ..] => Some(Self::Telnet),
            [HIPATH_START, 0x80..=0xFF, ..] | [HIPATH_START, 0, 0..=0x7F, ..] => Some(Self::BerHiPath),
            [a, b, ..] if [a, b] == TPKT_START => Some(Self::Tpkt),
            [0, 0 | 1, _, _, b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', ..] => Some(Self::XmlHeader),
            [tag, length, inner, ..] if begins_apdu(tag) && (inner_of_apdu(inner) || length >= 0x80) => Some(Self::Ber),
            [_, _, tag, ..] if begins_apdu(tag) => Some(Self::BerLength16),
            _ => None,
        }
    }
}

/// The tags of ACSE (60 to 64 hex) and of ROSE (A1 to A4 hex).
pub(crate) const fn begins_apdu(tag: u8) -> bool {
    matches!(tag, 0x60..=0x64 | 0xA1..=0xA4)
}

/// What stands first in them: a context tag, or the integer of an invoke id.
const fn inner_of_apdu(tag: u8) -> bool {
    matches!(tag, 0x02 | 0x80..=0xAF)
}

/// How protocols of text begin. SIP comes first: some of its methods are HTTP's too.
const TEXTS: &[(&[u8], Protocol)] = &[
    (b"SIP/", Protocol::Sip),
    (b"INVITE ", Protocol::Sip),
    (b"REGISTER", Protocol::Sip),
    (b"OPTIONS ", Protocol::Sip),
    (b"SUBSCRIB", Protocol::Sip),
    (b"NOTIFY ", Protocol::Sip),
    (b"ACK ", Protocol::Sip),
    (b"BYE ", Protocol::Sip),
    (b"INFO ", Protocol::Sip),
    (b"HTTP/", Protocol::Http),
    (b"GET ", Protocol::Http),
    (b"HEAD ", Protocol::Http),
    (b"POST ", Protocol::Http),
    (b"PUT ", Protocol::Http),
    (b"CONNECT ", Protocol::Http),
    (b"SSH-", Protocol::Ssh),
    (b"220 ", Protocol::Greeting),
    (b"220-", Protocol::Greeting),
    (b"+OK ", Protocol::Greeting),
    (b"* OK ", Protocol::Greeting),
    (b"<", Protocol::Xml),
    (b"\xEF\xBB\xBF<", Protocol::Xml),
];
