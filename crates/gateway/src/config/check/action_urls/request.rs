//! How an action URL is requested: headers, signature, addresses, or a browser instead.

use std::{net::IpAddr, ops::Range};

use base64::{Engine, engine::general_purpose::STANDARD};
use call_model::Destination;
use front::delivery::Endpoint;
use secrecy::{ExposeSecret, SecretString};
use toml::Spanned;

use super::super::Checker;
use crate::config::{raw::RawActionUrl, secret::RawSecret, source::has_credentials};

/// The sender writes these itself.
const OWN_HEADERS: [&str; 9] = [
    "host",
    "content-length",
    "content-type",
    "connection",
    "transfer-encoding",
    "expect",
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
];

impl Checker<'_> {
    pub(super) fn endpoint(&mut self, raw: &RawActionUrl, destination: &Destination) -> Option<Endpoint> {
        let mut headers = Vec::new();
        for (name, value) in &raw.headers {
            headers.extend(self.header(name, value, destination));
        }
        let sign = raw.sign.as_ref().map(|key| self.signing_key(key));
        self.credentials_in_url(raw, destination);
        let allow = raw.allow.as_ref().map(|key| self.networks(key.get_ref())).unwrap_or_default();
        if let Some(key) = raw.allow.as_ref().filter(|key| key.get_ref().is_empty()) {
            self.error(key.span(), "an empty list lets no address through")
                .help("leave `allow` out for any address but link-local, metadata and loopback");
        }
        let sign = match sign {
            Some(secret) => Some(secret?),
            None => None,
        };
        Some(Endpoint { id: destination.id.clone(), host: host(destination.url.as_str()), headers, sign, allow })
    }

    fn header(
        &mut self,
        name: &Spanned<String>,
        value: &Spanned<RawSecret>,
        destination: &Destination,
    ) -> Option<(String, SecretString)> {
        let text = name.get_ref();
        let is_token = !text.is_empty()
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte));
        if !is_token {
            self.error(name.span(), "this is no name of a header");
            return None;
        }
        if OWN_HEADERS.contains(&text.to_ascii_lowercase().as_str()) {
            self.error(name.span(), format!("`{text}` is written by the gateway itself"));
            return None;
        }
        let secret = self.secret(value)?;
        if secret.expose_secret().chars().any(|c| c.is_control() && c != '\t') {
            self.error(value.span(), "this value holds a line end or another control character, which no header can");
            return None;
        }
        if text.eq_ignore_ascii_case("authorization") && in_the_clear(destination.url.as_str()) {
            self.warn(value.span(), "these credentials cross public networks in the clear")
                .help("use https:// in the URL");
        }
        Some((text.clone(), secret))
    }

    /// Standard Webhooks: `whsec_` and base64, or the bytes themselves.
    fn signing_key(&mut self, key: &Spanned<RawSecret>) -> Option<SecretString> {
        let secret = self.secret(key)?;
        let encoded = secret.expose_secret().strip_prefix("whsec_");
        if encoded.is_some_and(|encoded| STANDARD.decode(encoded).is_err()) {
            self.error(key.span(), "this key begins with whsec_, but no base64 follows");
            return None;
        }
        Some(secret)
    }

    /// `https://user:password@host/…` is a secret in the file itself, and in every request that waits in the store.
    fn credentials_in_url(&mut self, raw: &RawActionUrl, destination: &Destination) {
        let Some(key) = raw.url.as_ref().filter(|key| has_credentials(key.get_ref())) else { return };
        if let Some((message, help)) = self.surroundings.plain_warning() {
            self.warn(key.span(), message).help(help);
        }
        self.warn(key.span(), "the credentials in this URL are stored with every request, in state_dir").help(
            "keep them in a header, which is not: headers = { Authorization = { file = \"crm-authorization.secret\" } }",
        );
        if in_the_clear(destination.url.as_str()) {
            self.warn(key.span(), "the password in this URL crosses public networks in the clear")
                .help("use https:// in the URL");
        }
    }

    /// A browser opens an address: it sends no body and no headers of ours.
    pub(super) fn browser_conflicts(&mut self, raw: &RawActionUrl, open_in_browser: bool) {
        if !open_in_browser {
            return;
        }
        let header = raw.headers.keys().next().map(Spanned::span);
        let conflicts: [(&str, Option<Range<usize>>); 4] = [
            ("method", raw.method.as_ref().filter(|key| *key.get_ref() == super::RawMethod::Post).map(Spanned::span)),
            ("headers", header),
            ("sign", raw.sign.as_ref().map(Spanned::span)),
            ("allow", raw.allow.as_ref().map(Spanned::span)),
        ];
        for (name, place) in conflicts {
            let Some(place) = place else { continue };
            self.error(place, format!("a URL that is opened in a browser has no use for `{name}`"))
                .help("leave it out, or leave out open_in_browser");
        }
    }
}

/// `https://crm.example.com:8443`: enough to recognise a destination by, and nothing secret.
fn host(url: &str) -> String {
    url.split_once("://").map_or_else(String::new, |(scheme, rest)| format!("{scheme}://{}", host_and_port(rest)))
}

/// Of what follows `://`.
fn host_and_port(rest: &str) -> &str {
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit_once('@').map_or(authority, |(_credentials, host)| host)
}

/// Plain HTTP to a host that is not plainly on this machine or network.
fn in_the_clear(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("http://") else { return false };
    let host = host_and_port(rest);
    let bracketed = host.strip_prefix('[').and_then(|rest| rest.split_once(']')).map(|(inner, _)| inner);
    let host = bracketed.unwrap_or_else(|| host.split(':').next().unwrap_or_default());
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(ip)) => !(ip.is_private() || ip.is_loopback() || ip.is_link_local()),
        Ok(IpAddr::V6(ip)) => !(ip.is_unique_local() || ip.is_loopback() || ip.is_unicast_link_local()),
        Err(_) => {
            let private = [".local", ".lan", ".internal", ".home.arpa", "localhost"];
            host.contains('.') && !private.iter().any(|end| host.ends_with(end))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_destination_is_called_by_its_host() {
        for (url, name) in [
            ("https://crm.example.com/call?number=<$remote_party>", "https://crm.example.com"),
            ("http://user:p@ss@crm.example.com:8080?a=b@c", "http://crm.example.com:8080"),
            ("http://[::1]:61#top", "http://[::1]:61"),
        ] {
            assert_eq!(host(url), name, "{url}");
        }
    }
}
