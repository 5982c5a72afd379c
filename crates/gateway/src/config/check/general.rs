//! What is about the whole gateway: its folder, its zone, its numbering, its SIP sockets, its page.

use std::{net::SocketAddr, ops::RangeInclusive, path::PathBuf, sync::Arc};

use call_model::{Locale, Numbering};
use jiff::tz::TimeZone;
use rustls::ServerConfig;
use sip::Transport;
use sip::digest::Algorithm;
use toml::Spanned;

use super::{Checker, links::CheckedLink};
use crate::config::{
    SipListen, SipTls,
    error::{Finding, Severity, nearest, suggest},
    raw::{Raw, RawNumbering, RawSip},
    units,
};

/// What is kept of SIP messages unless the file says otherwise: some minutes of a hundred phones.
const TRACE: usize = 4 << 20;

/// Less than this would not hold the opening of one session with its calls; more is what a packet capture is for.
const TRACES: RangeInclusive<usize> = 64 << 10..=1 << 30;

impl Checker<'_> {
    pub(super) fn state_dir(&mut self, raw: &Raw) -> PathBuf {
        let written = raw.state_dir.as_ref().and_then(|key| self.text(key));
        self.surroundings.path(written.unwrap_or("hookswitch-state"))
    }

    pub(super) fn locale(&mut self, raw: &Raw) -> Locale {
        Locale { zone: self.zone(raw), numbering: self.numbering(raw.numbering.as_ref()) }
    }

    fn zone(&mut self, raw: &Raw) -> TimeZone {
        let Some(key) = &raw.timezone else { return self.own_zone() };
        TimeZone::get(key.get_ref()).unwrap_or_else(|_| {
            let known: Vec<String> = jiff::tz::db().available().map(|name| name.as_str().to_owned()).collect();
            let near = nearest(key.get_ref(), known.iter().map(String::as_str));
            let help =
                near.map_or("for example \"Europe/Berlin\"".to_owned(), |near| format!("did you mean `{near}`?"));
            self.error(key.span(), format!("this machine knows no time zone `{}`", key.get_ref())).help(help);
            TimeZone::UTC
        })
    }

    fn own_zone(&mut self) -> TimeZone {
        TimeZone::try_system().unwrap_or_else(|_| {
            let mut warning =
                Finding::general(Severity::Warning, "this machine does not say in which time zone it is: UTC is used");
            warning.help("for example: timezone = \"Europe/Berlin\"");
            self.note(warning);
            TimeZone::UTC
        })
    }

    fn numbering(&mut self, raw: Option<&RawNumbering>) -> Numbering {
        let Some(raw) = raw else { return Numbering::default() };
        let country = raw.country.as_ref().and_then(|key| match key.get_ref().parse() {
            Ok(country) => Some(country),
            Err(_) => {
                self.error(key.span(), format!("`{}` is no country", key.get_ref()))
                    .help("two capital letters (ISO 3166), for example \"DE\"");
                None
            }
        });
        Numbering {
            country,
            area: raw.area.as_ref().and_then(|key| self.digits(key)),
            outside_line: raw.outside_line.as_ref().and_then(|key| self.digits(key)),
        }
    }

    fn digits(&mut self, key: &Spanned<String>) -> Option<String> {
        let digits = key.get_ref();
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            self.error(key.span(), "only digits are meant here");
            return None;
        }
        Some(digits.clone())
    }

    /// `[sip]`, which links of kind uacsta need.
    pub(super) fn sip(&mut self, raw: Option<&RawSip>, links: &[CheckedLink]) -> Option<SipListen> {
        let mut heard = Heard::default();
        let written = raw.and_then(|sip| sip.listen.as_ref());
        for text in written.map(Spanned::get_ref).into_iter().flatten() {
            self.sip_listener(text, &mut heard);
        }
        for link in links {
            self.heard_by(link, &heard);
        }
        let server = self.server(raw, written, &heard);
        let Heard { udp, tcp, tls } = heard;
        let tls = server?.map(|server| SipTls { addresses: tls, server });
        Some(SipListen { udp, tcp, tls })
    }

    /// `[sip] trace`.
    pub(super) fn trace(&mut self, raw: Option<&RawSip>) -> Option<usize> {
        let Some(key) = raw.and_then(|sip| sip.trace.as_ref()) else { return Some(TRACE) };
        if key.get_ref().trim() == "off" {
            return None;
        }
        match units::size(key.get_ref()) {
            Some(size) if TRACES.contains(&size) => return Some(size),
            Some(_) => {
                self.error(key.span(), "this must be between 64KiB and 1GiB");
            }
            None => {
                self.error(key.span(), "this is no size").help("for example \"4MiB\", \"512 KiB\", or \"off\"");
            }
        }
        None
    }

    /// How the `tls:` addresses shake hands: `Some(None)` if there are none.
    fn server(
        &mut self,
        raw: Option<&RawSip>,
        listen: Option<&Spanned<Vec<Spanned<String>>>>,
        heard: &Heard,
    ) -> Option<Option<Arc<ServerConfig>>> {
        let tls = raw.and_then(|sip| sip.tls.as_ref());
        let identity = match tls {
            Some(tls) => self.identity(tls.span(), &tls.get_ref().certificate, &tls.get_ref().key)?,
            None => None,
        };
        let Some(listen) = listen.filter(|_| !heard.tls.is_empty()) else { return Some(None) };
        let Some(identity) = identity else {
            self.error(listen.span(), "a tls: address needs a certificate to show, and [sip] has none")
                .help("tls = { certificate = \"gw.pem\", key = { file = \"gw.key\" } }");
            return None;
        };
        match identity.server() {
            Ok(server) => Some(Some(server)),
            Err(error) => {
                self.error(listen.span(), error.to_string()).help(error.remedy());
                None
            }
        }
    }

    /// `[sip] nameservers`: addresses, at port 53 unless another is written.
    pub(super) fn nameservers(&mut self, raw: Option<&RawSip>) -> Vec<SocketAddr> {
        let mut servers = Vec::new();
        for text in raw.and_then(|sip| sip.nameservers.as_ref()).map(Spanned::get_ref).into_iter().flatten() {
            match units::socket_address(text.get_ref()).or_else(|| units::address_at(text.get_ref(), 53)) {
                Some(server) if servers.contains(&server) => {
                    self.error(text.span(), "this nameserver is listed twice");
                }
                Some(server) => servers.push(server),
                None => {
                    self.error(text.span(), "this is no address of a nameserver")
                        .help("for example \"10.3.20.1\" or \"127.0.0.1:5353\"");
                }
            }
        }
        servers
    }

    /// `[sip] digest`: the hashes that a phone may register with, the preferred one first.
    pub(super) fn digest(&mut self, raw: Option<&RawSip>) -> Vec<Algorithm> {
        let Some(names) = raw.and_then(|sip| sip.digest.as_ref()) else {
            return vec![Algorithm::SHA_256, Algorithm::MD5];
        };
        let mut hashes = Vec::new();
        for name in names.get_ref() {
            let hash = match name.get_ref().as_str() {
                "sha-256" => Algorithm::SHA_256,
                "md5" => Algorithm::MD5,
                _ => {
                    self.error(name.span(), "this is no hash of digest authentication here")
                        .help("\"sha-256\" or \"md5\"");
                    continue;
                }
            };
            if hashes.contains(&hash) {
                self.error(name.span(), "this hash is listed twice");
            }
            hashes.push(hash);
        }
        if names.get_ref().is_empty() {
            self.error(names.span(), "without a hash no phone can register").help("digest = [\"sha-256\", \"md5\"]");
        }
        hashes
    }

    /// A phone must find a listener for what it has to say.
    fn heard_by(&mut self, link: &CheckedLink, heard: &Heard) {
        if link.account.is_some() && heard.udp.is_empty() && heard.tcp.is_empty() && heard.tls.is_empty() {
            self.error(link.span.clone(), "the phone of this link registers here, and [sip] has no listener for it")
                .help("[sip] listen = [\"udp:0.0.0.0:5060\", \"tcp:0.0.0.0:5060\"]");
        }
        let Some(hop) = &link.first_hop else { return };
        let Heard { udp, tcp, tls } = heard;
        let (sockets, scheme, port) = match hop.transport {
            // The DNS decides, and what there is no listener for is passed over.
            None => ([udp.as_slice(), tcp], "udp", 5060),
            Some(Transport::Udp) => ([udp.as_slice(), &[]], "udp", 5060),
            Some(Transport::Tcp) => ([tcp.as_slice(), &[]], "tcp", 5060),
            Some(Transport::Tls) => ([tls.as_slice(), &[]], "tls", 5061),
        };
        let fits = |socket: &SocketAddr| hop.ip.is_none_or(|ip| ip.is_ipv4() == socket.is_ipv4());
        if sockets.into_iter().flatten().any(fits) {
            return;
        }
        let any = if hop.ip.is_some_and(|ip| ip.is_ipv6()) { "[::]" } else { "0.0.0.0" };
        let listener = format!("[sip] listen = [\"{scheme}:{any}:{port}\"]");
        if hop.transport == Some(Transport::Tls) {
            let message =
                "without a tls: listener the phone of this link can report only on the connection that it is called on";
            self.warn(link.span.clone(), message)
                .help(format!("most phones do; for one that opens its own: {listener}"));
        } else {
            let message = format!("this link needs a {scheme}: listener that can reach it, and [sip] has none");
            self.error(link.span.clone(), message).help(format!("the phone reports its calls there: {listener}"));
        }
    }

    fn sip_listener(&mut self, text: &Spanned<String>, heard: &mut Heard) {
        let example = "for example \"udp:0.0.0.0:5060\", \"tcp:[::]:5060\"";
        let Some((scheme, address)) = text.get_ref().split_once(':') else {
            self.error(text.span(), "this is no transport with an address").help(example);
            return;
        };
        let Some(address) = units::socket_address(address) else {
            self.error(text.span(), "what follows the transport is no address with a port").help(example);
            return;
        };
        let sockets: &mut Vec<SocketAddr> = match scheme {
            "udp" => &mut heard.udp,
            "tcp" => &mut heard.tcp,
            "tls" => &mut heard.tls,
            other => {
                let help = suggest(other, ["udp", "tcp", "tls"]);
                self.error(text.span(), format!("unknown transport `{other}`")).help(help);
                return;
            }
        };
        if sockets.contains(&address) {
            self.error(text.span(), "this address is listed twice");
        }
        sockets.push(address);
        if address.port() != 0 && heard.tcp.contains(&address) && heard.tls.contains(&address) {
            self.error(text.span(), "tcp: and tls: cannot share an address").help("5061 is the port for TLS");
        }
    }

    pub(super) fn web(&mut self, raw: &Raw) {
        let Some(web) = &raw.web else { return };
        if let Some(listen) = &web.get_ref().listen {
            self.addresses(listen.get_ref());
        }
        self.warn(web.span(), "the gateway's own page is not available in this version: nothing is served there");
    }
}

/// `[sip] listen`, by transport.
#[derive(Default)]
struct Heard {
    udp: Vec<SocketAddr>,
    tcp: Vec<SocketAddr>,
    tls: Vec<SocketAddr>,
}
