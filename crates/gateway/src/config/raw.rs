//! The configuration file as it is written: one struct a table, every key optional, nothing judged.
//!
//! Keys whose function is not built yet stand here too, so that a file written from the documentation loads and
//! the check can say what it leaves out. What a key means, its default and its limits are the business of
//! [`check`](super::check).

use std::{collections::BTreeMap, fmt, marker::PhantomData, ops::Range};

use serde::{
    Deserialize, Deserializer,
    de::{self, IntoDeserializer, SeqAccess, Visitor},
};
use toml::Spanned;

use super::secret::RawSecret;

/// A key that may be absent; present, it knows its place in the file.
pub type Key<T> = Option<Spanned<T>>;

/// The whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Raw {
    pub state_dir: Key<String>,
    pub timezone: Key<String>,
    pub numbering: Option<RawNumbering>,
    pub sip: Option<RawSip>,
    pub link: Vec<Spanned<RawLink>>,
    pub line: Vec<Spanned<RawLine>>,
    pub action_urls: Option<RawActionUrls>,
    pub action_url: Vec<Spanned<RawActionUrl>>,
    pub commands: Option<Spanned<RawCommands>>,
    pub caller: Vec<Spanned<RawCaller>>,
    pub dial_rule: Vec<Spanned<RawDialRule>>,
    pub limits: Option<RawLimits>,
    pub web: Option<Spanned<RawWeb>>,
}

/// `numbering`: what turns a local number into an international one.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawNumbering {
    pub country: Key<String>,
    pub area: Key<String>,
    pub outside_line: Key<String>,
}

/// `[sip]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawSip {
    pub listen: Key<Vec<Spanned<String>>>,
    pub tls: Key<RawIdentity>,
    pub nameservers: Key<Vec<Spanned<String>>>,
    pub digest: Key<Vec<Spanned<String>>>,
    pub trace: Key<String>,
}

/// `tls = { … }` of `[sip]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawIdentity {
    pub certificate: Key<String>,
    pub key: Key<RawSecret>,
}

/// `tls = { … }` of a link.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawTls {
    pub certificate: Key<String>,
    pub key: Key<RawSecret>,
    pub ca: Key<String>,
    pub server_name: Key<String>,
    pub fingerprint: Key<String>,
}

/// `[[link]]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawLink {
    pub name: Key<String>,
    pub kind: Key<RawLinkKind>,
    pub uri: Key<String>,
    pub proxy: Key<String>,
    pub username: Key<String>,
    pub password: Key<RawSecret>,
    pub register: Key<bool>,
    pub address: Key<String>,
    pub tls: Key<RawTls>,
    pub dialect: Key<String>,
    pub session: Key<RawSession>,
    pub phase: Key<u8>,
    pub framing: Key<RawFraming>,
    pub login: Key<RawLogin>,
    pub heartbeat: Key<String>,
    pub request_timeout: Key<String>,
    pub reconnect: Key<RawReconnect>,
}

impl RawLink {
    /// The phone registers here.
    pub fn registers(&self) -> bool {
        self.register.as_ref().is_some_and(|key| *key.get_ref())
    }
}

/// What a link speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RawLinkKind {
    /// CSTA XML inside a SIP dialog with a desk phone.
    Uacsta,
    /// ECMA-323 over TCP.
    CstaXml,
    /// ECMA-285, ECMA-218 or ECMA-180 over TCP.
    CstaBer,
}

/// How a csta-ber link cuts its stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RawFraming {
    /// Two bytes of length.
    Length16,
    /// The HiPath header.
    Hipath,
    /// RFC 1006.
    Tpkt,
}

/// `session = { … }` of a csta-xml link (ECMA-354).
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawSession {
    pub application: Key<String>,
    pub username: Key<String>,
    pub password: Key<RawSecret>,
}

/// A user name and a password: `login` of a link, `basic` and `digest` of a caller.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawLogin {
    pub username: Key<String>,
    pub password: Key<RawSecret>,
}

/// `reconnect = { … }` of a link.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawReconnect {
    pub first: Key<String>,
    pub max: Key<String>,
}

/// `[[line]]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawLine {
    pub id: Key<String>,
    pub number: Key<String>,
    pub domain: Key<String>,
    pub link: Key<String>,
    pub name: Key<String>,
    pub device: Key<String>,
    pub remote_hold: Key<bool>,
    pub clients: Vec<Spanned<String>>,
}

/// `[action_urls]`: the switch for both directions.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawActionUrls {
    pub enabled: Key<bool>,
}

/// `[[action_url]]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawActionUrl {
    pub on: Key<OneOrMany<call_model::Action>>,
    pub url: Key<String>,
    pub enabled: Key<bool>,
    pub open_in_browser: Key<bool>,
    pub profile: Key<RawProfile>,
    pub lines: Key<OneOrMany<String>>,
    pub direction: Key<call_model::Direction>,
    pub remote: Key<OneOrMany<String>>,
    pub result: Key<OneOrMany<call_model::CallResult>>,
    pub method: Key<RawMethod>,
    pub body: Key<String>,
    pub headers: BTreeMap<Spanned<String>, Spanned<RawSecret>>,
    pub sign: Key<RawSecret>,
    pub allow: Key<Vec<Spanned<String>>>,
}

/// How long an action URL is worth delivering.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RawProfile {
    /// Retried for days.
    Log,
    /// Expires in seconds.
    Pop,
}

/// The HTTP method of an action URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum RawMethod {
    /// No body.
    Get,
    /// With a body.
    Post,
}

/// `[commands]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawCommands {
    pub enabled: Key<bool>,
    pub listen: Key<Vec<Spanned<String>>>,
    pub https: Key<RawHttps>,
    pub server_names: Vec<Spanned<String>>,
    pub make_call: Option<RawSwitch>,
}

/// `https = { … }` of `[commands]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawHttps {
    pub listen: Key<Vec<Spanned<String>>>,
    pub certificate: Key<String>,
    pub key: Key<RawSecret>,
    pub self_signed: Key<bool>,
}

/// `make_call = { enabled = … }`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawSwitch {
    pub enabled: Key<bool>,
}

/// `[[caller]]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawCaller {
    pub name: Key<String>,
    pub networks: Key<Vec<Spanned<String>>>,
    pub token: Key<RawSecret>,
    pub basic: Key<RawLogin>,
    pub digest: Key<RawLogin>,
    pub auth: Key<RawAuth>,
    pub lines: Vec<Spanned<String>>,
    pub commands: Vec<Spanned<RawCommand>>,
    pub browser: Key<RawBrowser>,
    pub origins: Vec<Spanned<String>>,
}

/// `auth` has one value: the proof that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RawAuth {
    /// The source network is all there is.
    None,
}

/// The commands a caller can be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RawCommand {
    /// Dial a number.
    MakeCall,
}

/// What a browser without a token of its own gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RawBrowser {
    /// A page with one button.
    Confirm,
    /// The call.
    Dial,
}

/// `[[dial_rule]]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawDialRule {
    pub r#match: Key<String>,
    pub action: Key<RawVerdict>,
}

/// What a dial rule says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RawVerdict {
    /// Dial it.
    Allow,
    /// Refuse it.
    Deny,
}

/// `[limits]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawLimits {
    pub dials_per_line: Key<String>,
    pub dials: Key<String>,
    pub logins: Key<String>,
}

/// `[web]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawWeb {
    pub listen: Key<Vec<Spanned<String>>>,
    pub users: Vec<RawUser>,
}

/// One of `[web] users`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawUser {
    pub name: Key<String>,
    pub password_hash: Key<RawSecret>,
    pub role: Key<String>,
}

/// `"one"` or `["one", "two"]`.
#[derive(Debug)]
pub enum OneOrMany<T> {
    /// The key's own place is the place of its value.
    One(T),
    /// Each with its place.
    Many(Vec<Spanned<T>>),
}

impl<T> OneOrMany<T> {
    /// Every value with its place; none where the key is absent.
    pub fn items(key: &Key<Self>) -> impl Iterator<Item = (Range<usize>, &T)> {
        let (one, many) = match key.as_ref().map(|key| (key.span(), key.get_ref())) {
            Some((span, Self::One(value))) => (Some((span, value)), [].as_slice()),
            Some((_, Self::Many(values))) => (None, values.as_slice()),
            None => (None, [].as_slice()),
        };
        one.into_iter().chain(many.iter().map(|value| (value.span(), value.get_ref())))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrManyVisitor(PhantomData))
    }
}

/// serde's untagged enums lose both places and messages.
struct OneOrManyVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for OneOrManyVisitor<T> {
    type Value = OneOrMany<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or an array of strings")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        T::deserialize(text.into_deserializer()).map(OneOrMany::One)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Self::Value, A::Error> {
        let mut many = Vec::new();
        while let Some(value) = values.next_element()? {
            many.push(value);
        }
        Ok(OneOrMany::Many(many))
    }
}
