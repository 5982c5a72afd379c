//! Finding the next hop (RFC 3263): from a URI to the transports and addresses at which it may be reached, best first.
//!
//! A [`Search`] knows which question comes next and what an answer means; whoever owns a resolver asks.
//!
//! ```text
//!   sip:example.com ─► NAPTR ─► SRV of each service ─► addresses of each target ─► candidates
//!   …;transport=tcp ────────────────┘                      ▲
//!   …:5070 ────────────────────────────────────────────────┤
//!   no SRV anywhere: the name itself ──────────────────────┘
//! ```

mod boundary;
mod records;

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};

pub use boundary::{Answer, Candidate, Families, Family, Question, Skip, Sockets, Unroutable};
pub use records::{Naptr, Random, Srv};

use crate::message::host::address;
use crate::{Scheme, Transport, Uri};

/// So many candidates are enough for anybody; whoever publishes more is not followed to the end.
const MOST: usize = 32;

/// The search for one next hop.
#[derive(Debug)]
pub struct Search {
    /// The transport, where the URI settles it.
    settled: Option<Transport>,
    /// The name that is looked for.
    domain: String,
    sockets: Sockets,
    todo: VecDeque<Todo>,
    /// SRV records were found: the name is a domain then, and its own addresses mean nothing (RFC 3263 4.2).
    is_domain: bool,
    /// The name's own addresses are still to be asked for, should it be no domain.
    may_be_host: bool,
    candidates: Vec<Candidate>,
    skipped: Vec<Skip>,
}

/// A question to come.
#[derive(Debug)]
enum Todo {
    Naptr,
    Srv(Transport, String),
    Addresses(Transport, String, u16),
}

/// The transport that a URI asks for (RFC 3261 19.1.1); `None` if it leaves the choice to the DNS. A `sips:` URI asks for
/// TLS, and `transport=tcp` in it means what is below (RFC 3261 26.2.2).
///
/// # Errors
/// There is no such transport.
pub fn transport(uri: &Uri) -> Result<Option<Transport>, Unroutable> {
    let asked = uri.param("transport").map(str::to_ascii_lowercase);
    match (uri.scheme(), asked.as_deref()) {
        (Scheme::Sip, Some("udp")) => Ok(Some(Transport::Udp)),
        (Scheme::Sip, Some("tcp")) => Ok(Some(Transport::Tcp)),
        (Scheme::Sip, Some("tls")) | (Scheme::Sips, None | Some("tcp" | "tls")) => Ok(Some(Transport::Tls)),
        (Scheme::Sips, Some("udp")) => Err(Unroutable::SipsOverUdp),
        (Scheme::Sip | Scheme::Sips, Some(other)) => Err(Unroutable::Transport(other.to_owned())),
        (Scheme::Sip, None) if has_fixed_place(uri) => Ok(Some(Transport::Udp)),
        (Scheme::Sip, None) => Ok(None),
        (Scheme::Tel, _) => Err(Unroutable::Tel),
    }
}

/// Its host is an address, or its port is written: where it is is not left to the DNS (RFC 3263 4.1).
fn has_fixed_place(uri: &Uri) -> bool {
    uri.port().is_some() || address(target(uri)).is_some()
}

/// The host to send to (RFC 3263 4: TARGET).
fn target(uri: &Uri) -> &str {
    uri.param("maddr").filter(|maddr| !maddr.is_empty()).unwrap_or(uri.host())
}

impl Search {
    /// Begins to look for a URI.
    ///
    /// # Errors
    /// Nothing can be sent to it.
    pub fn new(uri: &Uri, sockets: Sockets) -> Result<Self, Unroutable> {
        let transport = transport(uri)?;
        let mut search = Self {
            settled: transport,
            domain: target(uri).to_owned(),
            sockets,
            todo: VecDeque::new(),
            is_domain: false,
            may_be_host: uri.port().is_none(),
            candidates: Vec::new(),
            skipped: Vec::new(),
        };
        match (transport, address(&search.domain)) {
            (Some(transport), Some(ip)) => search.found(transport, ip, uri.port().unwrap_or(port(transport))),
            (Some(transport), None) if let Some(port) = uri.port() => {
                search.todo.push_back(Todo::Addresses(transport, search.domain.clone(), port));
            }
            (Some(transport), None) if uri.param("transport").is_some() => search.ask_for(transport),
            // `sips:` alone says how, and not where.
            (Some(_), None) | (None, _) => search.todo.push_back(Todo::Naptr),
        }
        Ok(search)
    }

    /// The name that is looked for: the URI's `maddr`, or else its host (RFC 3263 4).
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// What is to be asked next; `None` once everything is known.
    #[must_use]
    pub fn question(&self) -> Option<Question<'_>> {
        self.todo.front().map(|todo| match todo {
            Todo::Naptr => Question::Naptr(&self.domain),
            Todo::Srv(_, service) => Question::Srv(service),
            Todo::Addresses(_, host, _) => Question::Addresses(host),
        })
    }

    /// The answer to the [`question`](Self::question). `random` gives a number from 0 to its argument, both included.
    pub fn answer(&mut self, answer: Answer, random: &mut Random<'_>) {
        let Some(asked) = self.todo.pop_front() else { return };
        match (asked, answer) {
            (Todo::Naptr, Answer::Naptr(records)) => self.services(records),
            (Todo::Naptr, _) => self.services(Vec::new()),
            (Todo::Srv(transport, service), Answer::Srv(records)) => self.targets(transport, &service, records, random),
            (Todo::Addresses(transport, host, port), Answer::Addresses(found)) => {
                if found.is_empty() {
                    self.skip(Skip::NoAddress(host));
                }
                found.into_iter().for_each(|ip| self.found(transport, ip, port));
            }
            (Todo::Srv(_, name) | Todo::Addresses(_, name, _), Answer::Failed(why)) => {
                self.skip(Skip::Failed(name, why))
            }
            (Todo::Srv(..) | Todo::Addresses(..), Answer::Naptr(_) | Answer::Srv(_) | Answer::Addresses(_)) => {}
        }
        if self.todo.is_empty() && self.may_be_host && !self.is_domain {
            self.may_be_host = false;
            self.ask_for_the_host();
        }
    }

    /// What was found so far, best first, and why the rest is not among it.
    #[must_use]
    pub fn finish(self) -> (Vec<Candidate>, Vec<Skip>) {
        (self.candidates, self.skipped)
    }

    /// The services of the domain, in its own order (RFC 3263 4.1). Without any that means something to us, those that it
    /// could have are tried.
    fn services(&mut self, records: Vec<Naptr>) {
        let mut any = false;
        let secure = self.settled == Some(Transport::Tls);
        for (transport, record) in records::in_order(records, secure) {
            if !self.sockets.any(transport) {
                self.skip(Skip::NoSocket { transport, family: Family::Any });
                continue;
            }
            any = true;
            self.todo.push_back(if record.is_host() {
                Todo::Addresses(transport, record.replacement, port(transport))
            } else {
                Todo::Srv(transport, record.replacement)
            });
            self.is_domain |= matches!(self.todo.back(), Some(Todo::Addresses(..)));
        }
        if !any {
            let usual: &[_] = if secure { &[Transport::Tls] } else { &[Transport::Udp, Transport::Tcp] };
            let possible = usual.iter().filter(|transport| self.sockets.any(**transport));
            possible.copied().collect::<Vec<_>>().into_iter().for_each(|transport| self.ask_for(transport));
        }
    }

    fn ask_for(&mut self, transport: Transport) {
        let service = match transport {
            Transport::Udp => "_sip._udp",
            Transport::Tcp => "_sip._tcp",
            Transport::Tls => "_sips._tcp",
        };
        self.todo.push_back(Todo::Srv(transport, format!("{service}.{}", self.domain)));
    }

    /// The hosts that offer a service come before the services after it.
    fn targets(&mut self, transport: Transport, service: &str, records: Vec<Srv>, random: &mut Random<'_>) {
        self.is_domain |= !records.is_empty();
        let targets = records::shuffled(records, random);
        for Srv { target, port, .. } in targets.into_iter().take(MOST).rev() {
            if target.is_empty() || target == "." {
                self.skip(Skip::NotOffered(service.to_owned()));
            } else {
                self.todo.push_front(Todo::Addresses(transport, target, port));
            }
        }
    }

    /// The domain publishes no service: it is the name of a host then, which is spoken to over UDP unless the URI says
    /// otherwise (RFC 3263 4.1, 4.2).
    fn ask_for_the_host(&mut self) {
        let has_stream_alone = !self.sockets.any(Transport::Udp) && self.sockets.any(Transport::Tcp);
        let usual = if has_stream_alone { Transport::Tcp } else { Transport::Udp };
        let transport = self.settled.unwrap_or(usual);
        self.todo.push_back(Todo::Addresses(transport, self.domain.clone(), port(transport)));
    }

    fn found(&mut self, transport: Transport, ip: IpAddr, port: u16) {
        let candidate = Candidate { transport, address: SocketAddr::new(ip, port) };
        let (family, families) = (Family::of(ip), self.sockets.of(transport));
        let has_socket = if ip.is_ipv4() { families.ipv4 } else { families.ipv6 };
        if !has_socket {
            self.skip(Skip::NoSocket { transport, family });
        } else if self.candidates.len() < MOST && !self.candidates.contains(&candidate) {
            self.candidates.push(candidate);
        }
    }

    fn skip(&mut self, skip: Skip) {
        if self.skipped.len() < MOST && !self.skipped.contains(&skip) {
            self.skipped.push(skip);
        }
    }
}

/// The port of a transport where none is written (RFC 3261 19.1.2).
fn port(transport: Transport) -> u16 {
    match transport {
        Transport::Udp | Transport::Tcp => 5060,
        Transport::Tls => 5061,
    }
}
