//! What an administrator decides about command URLs, checked by the configuration before it gets here.

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use call_model::{Line, LineId, Numbering};
use ipnet::IpNet;
use secrecy::SecretString;

use super::DialRules;

/// Everything the command listener needs to know.
#[derive(Debug)]
pub struct Settings {
    /// Plain HTTP listeners, each explicit: `[::]` takes IPv6 alone. Port 0 takes a free one.
    pub listen: Vec<SocketAddr>,
    /// HTTPS listeners, if any.
    pub https: Option<Https>,
    /// Host names (with or without a port) that requests may be addressed to, besides the own addresses and `localhost`.
    pub server_names: Vec<String>,
    /// The switch of `make_call`: off, every dial is refused and the answer names the switch.
    pub make_call: bool,
    /// Who may command. Empty: nobody.
    pub callers: Vec<Caller>,
    /// What may be dialled.
    pub rules: DialRules,
    /// How often.
    pub limits: Limits,
    /// How long a dial waits for the phone's answer before it is 504.
    pub answer_timeout: Duration,
    /// Every line of the gateway.
    pub lines: Vec<LineAccess>,
    /// How this site writes its numbers: decides what is international, premium, or an emergency.
    pub numbering: Numbering,
}

/// HTTPS listeners and who they are.
#[derive(Debug)]
pub struct Https {
    /// The listeners, each explicit like [`Settings::listen`].
    pub listen: Vec<SocketAddr>,
    /// Certificate and key.
    pub identity: Identity,
}

/// The server's certificate.
#[derive(Debug)]
pub enum Identity {
    /// Given by the administrator.
    Files {
        /// Path of the certificate chain, PEM, the server's own first.
        certificate: PathBuf,
        /// The private key, PEM.
        key: SecretString,
    },
    /// Made at the first start and kept.
    SelfSigned {
        /// Folder of `self-signed.pem` and `self-signed.key` (mode 0600).
        dir: PathBuf,
        /// Host names and addresses for the certificate, besides `localhost`.
        names: Vec<String>,
    },
}

/// Somebody who may command: from where, how proven, which lines and commands.
#[derive(Debug)]
pub struct Caller {
    /// For logs and the audit.
    pub name: String,
    /// Source networks. Empty: none.
    pub networks: Vec<IpNet>,
    /// What the caller shows besides its address.
    pub proof: Proof,
    /// The lines it may use. Empty: none.
    pub lines: Vec<LineId>,
    /// Whether it may dial.
    pub make_call: bool,
    /// What a browser gets that navigates here with credentials it adds by itself.
    pub browser: Browser,
    /// Foreign web origins (`https://crm.example.com`) whose pages may command in this caller's name.
    pub origins: Vec<String>,
}

/// What a caller shows besides its address.
#[derive(Debug)]
pub enum Proof {
    /// Nothing: the network is the proof. Refused for networks wider than /24 (IPv4) or /64 (IPv6).
    Nothing,
    /// `Authorization: Bearer …` or `token=…`.
    Token(SecretString),
    /// Basic authentication (RFC 7617); Digest with the same credentials is as good.
    Basic {
        /// User name; a line's id or number binds that line.
        username: String,
        /// Password.
        password: SecretString,
    },
    /// Digest authentication (RFC 7616) and nothing weaker.
    Digest {
        /// User name; a line's id or number binds that line.
        username: String,
        /// Password.
        password: SecretString,
    },
}

/// What a browser gets that navigates here over plain HTTP with ambient credentials: it may have been led here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Browser {
    /// A page that asks once; its POST dials.
    Confirm,
    /// The dial at once, whoever led it here.
    Dial,
}

/// How often something may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Dials sent to one line.
    pub dials_per_line: Rate,
    /// Dials in all.
    pub dials: Rate,
    /// Bad log-ins of one source.
    pub logins: Rate,
}

impl Default for Limits {
    /// 6 dials a line, 60 in all, 10 bad log-ins a source, each per minute.
    fn default() -> Self {
        let per_minute = |count| Rate { count, per: Duration::from_secs(60) };
        Self { dials_per_line: per_minute(6), dials: per_minute(60), logins: per_minute(10) }
    }
}

/// At most `count` in any stretch of `per`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub count: u32,
    /// In how long.
    pub per: Duration,
}

/// A line and the addresses bound to it.
#[derive(Clone, Debug)]
pub struct LineAccess {
    /// The line.
    pub line: Arc<Line>,
    /// Commands from these addresses mean this line unless they name another.
    pub clients: Vec<IpNet>,
}
