//! Via: the way back (RFC 3261 20.42, RFC 3581).

use super::{Params, host, text};
use crate::Flow;

/// One Via value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Via<'a> {
    /// `UDP`, `TCP`, `TLS`, or anything else.
    pub transport: &'a str,
    /// The sender's own idea of its host.
    pub host: &'a str,
    /// The sender's own idea of its port.
    pub port: Option<u16>,
    /// Branch, received, rport and the others.
    pub params: Params<'a>,
    sent: &'a [u8],
    value: &'a [u8],
}

impl<'a> Via<'a> {
    /// The start of every branch that RFC 3261 made unique (8.1.1.7).
    pub(crate) const COOKIE: &'static str = "z9hG4bK";

    /// Reads one value: `SIP/2.0/UDP host:port;branch=…`.
    pub(crate) fn parse(value: &'a [u8]) -> Result<Self, &'static str> {
        let (sent, params) = value.split_at(text::outside(value, b';').unwrap_or(value.len()));
        let shape = "not of the form SIP/2.0/transport host";
        let (protocol, rest) = text::cut(sent, b'/').ok_or(shape)?;
        let (version, rest) = text::cut(rest, b'/').ok_or(shape)?;
        if !text::trim(protocol).eq_ignore_ascii_case(b"SIP") || text::trim(version) != b"2.0" {
            return Err("not of the form SIP/2.0/transport host");
        }
        let rest = text::trim(rest);
        let space = rest.iter().position(|byte| text::is_space(*byte)).ok_or("no host")?;
        let (transport, sent_by) = rest.split_at(space);
        let sent_by = text::word(text::trim(sent_by)).ok_or("white space or strange bytes in its host")?;
        let (host, port) = host::host_port(sent_by).map_err(|_| "its host is neither a name nor an address")?;
        Ok(Self {
            transport: text::token(transport).ok_or("its transport is not a word")?,
            host,
            port,
            params: Params::parse(params)?,
            sent,
            value,
        })
    }

    /// The branch, if it is one of RFC 3261: unique to its transaction.
    #[must_use]
    pub fn branch(&self) -> Option<&'a str> {
        let branch = text::word(self.params.value("branch")?)?;
        let cookie = branch.get(..Self::COOKIE.len())?;
        (cookie.eq_ignore_ascii_case(Self::COOKIE) && branch.len() > Self::COOKIE.len()).then_some(branch)
    }

    /// The sender asks for answers to the port it sent from (RFC 3581 3).
    #[must_use]
    pub fn wants_rport(&self) -> bool {
        self.params.value("rport").is_some()
    }

    /// Host and port of the sender, for comparing (RFC 3261 17.2.3).
    pub(crate) fn sent_by(&self) -> String {
        let default = if self.transport.eq_ignore_ascii_case("TLS") { 5061 } else { 5060 };
        format!("{}:{}", self.host.to_ascii_lowercase(), self.port.unwrap_or(default))
    }

    /// The value as it goes back in an answer: with the address it really came from (RFC 3261 18.2.1, RFC 3581 4).
    pub(crate) fn answered(&self, flow: &Flow) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.value.len() + 48);
        text::unfold(text::trim(self.sent), &mut out);
        for (name, value) in self.params.iter() {
            if name.eq_ignore_ascii_case(b"rport") || name.eq_ignore_ascii_case(b"received") {
                continue;
            }
            out.push(b';');
            out.extend_from_slice(name);
            if !value.is_empty() {
                out.push(b'=');
                text::unfold(value, &mut out);
            }
        }
        let source = flow.remote.ip().to_canonical();
        if self.wants_rport() {
            out.extend_from_slice(format!(";received={source};rport={}", flow.remote.port()).as_bytes());
        } else if host::address(self.host).map(|ip| ip.to_canonical()) != Some(source) {
            out.extend_from_slice(format!(";received={source}").as_bytes());
        }
        out
    }

    /// Where an answer over UDP goes: to the port it came from if the sender asks for that, else to the port it
    /// says it listens on; always to the host it came from (RFC 3261 18.2.2).
    pub(crate) fn way_back(&self, flow: Flow) -> Flow {
        let mut back = flow;
        if !flow.transport.is_reliable() && !self.wants_rport() {
            back.remote.set_port(self.port.unwrap_or(5060));
        }
        back
    }
}
