//! The Host gate: a request is answered only under a name that is ours. DNS rebinding makes a browser send a foreign
//! page's requests here, but under the foreign page's name.

use std::net::IpAddr;

use hyper::{StatusCode, Version, header, http::uri::Authority};

use super::{
    answer::{Answer, Gate},
    request::Request,
};

/// Passes requests addressed to the own address, to `localhost`, or to one of the `server_names`.
pub(super) fn check(request: &Request, server_names: &[String]) -> Gate<()> {
    let hosts: Vec<&str> = request.values(header::HOST).collect();
    if hosts.len() > 1 || (hosts.is_empty() && request.version == Version::HTTP_11) {
        // RFC 9112 3.2
        return Answer::new(StatusCode::BAD_REQUEST, "An HTTP/1.1 request carries exactly one Host header.").stop();
    }
    // An absolute form names the host as well (RFC 9112 3.2.2); both must be ours.
    let absolute = request.uri.authority().map(Authority::as_str);
    for host in hosts.into_iter().chain(absolute) {
        if !is_own(host, request, server_names) {
            return misdirected(host, request.ends.local.port());
        }
    }
    Gate::Continue(())
}

fn is_own(host: &str, request: &Request, server_names: &[String]) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    if host.contains('@') {
        return false;
    }
    let (name, port) = (authority.host(), authority.port_u16());
    let is_named = |own: &String| own.eq_ignore_ascii_case(host) || own.eq_ignore_ascii_case(name);
    if server_names.iter().any(is_named) {
        return true;
    }
    let local = request.ends.local;
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    let is_here = address.is_ok_and(|address| address.to_canonical() == local.ip().to_canonical());
    (is_here || name.eq_ignore_ascii_case("localhost")) && port.is_none_or(|port| port == local.port())
}

fn misdirected(host: &str, port: u16) -> Gate<()> {
    let shown: String = host.chars().filter(|char| char.is_ascii_alphanumeric() || ".-:[]_".contains(*char)).collect();
    let text = format!(
        "This gateway does not answer under the name \"{shown}\": it may be a trick of a web page (DNS rebinding). Use one \
         of its own addresses with the port {port}, or, if the name is its own, an administrator adds to the configuration:\n\n\
         [commands]\nserver_names = [\"{shown}\"]"
    );
    Answer::new(StatusCode::MISDIRECTED_REQUEST, text).stop()
}
