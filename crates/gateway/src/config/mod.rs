//! The configuration: one TOML file, raw → checked.
//!
//! [`Config::load`] is the only way in. What it returns is whole and consistent: every line names an existing link,
//! every URL is parsed, every secret is fetched. What is wrong is told all at once, with its place in the file
//! ([`ConfigError`]); what an administrator should know beside that is in [`Config::warnings`].

mod check;
mod error;
mod raw;
mod read;
mod secret;
mod source;
mod summary;
mod units;

use std::{fmt, fs, net::SocketAddr, path::Path, path::PathBuf, sync::Arc, time::Duration};

use call_model::{Destination, Line, Locale};
use rustls::ServerConfig;
use secrecy::SecretString;
use session::{Dialect, Reach, Reconnect};

pub use error::{ConfigError, Finding, Place, Severity};

use crate::certificates::Trust;
use secret::Surroundings;
use source::Source;

/// A configuration that can be used.
#[derive(Debug)]
pub struct Config {
    /// The folder of the embedded store; absolute, or relative to the working folder.
    pub state_dir: PathBuf,
    /// Zone and numbering of the rendered values.
    pub locale: Locale,
    /// Where SIP is heard.
    pub sip: SipListen,
    /// Who is asked where the phones and proxies are; empty: whom the machine asks.
    pub nameservers: Vec<SocketAddr>,
    /// The hashes that a phone may register with, the preferred one first.
    pub digest: Vec<sip::digest::Algorithm>,
    /// So many bytes of SIP messages are kept in memory for `hookswitch sip-trace`; `None` keeps none.
    pub trace: Option<usize>,
    /// The links, in the order of the file.
    pub links: Vec<LinkConfig>,
    /// The lines, in the order of the file. [`Line::link`] is empty where the file names none.
    pub lines: Vec<Arc<Line>>,
    /// The action URLs that are switched on.
    pub destinations: Vec<Destination>,
    /// How each of the destinations is requested.
    pub endpoints: Vec<front::delivery::Endpoint>,
    /// The command listener; `None` while commands are switched off.
    pub commands: Option<front::commands::Settings>,
    /// What an administrator should know, in the order of the file.
    pub warnings: Vec<Finding>,
}

/// `[sip] listen`, by transport.
#[derive(Clone, Debug, Default)]
pub struct SipListen {
    /// UDP sockets.
    pub udp: Vec<SocketAddr>,
    /// TCP listeners.
    pub tcp: Vec<SocketAddr>,
    /// TLS listeners, if there are any.
    pub tls: Option<SipTls>,
}

/// The `tls:` addresses of `[sip] listen`, and the certificate that is shown there.
#[derive(Clone)]
pub struct SipTls {
    /// TLS listeners.
    pub addresses: Vec<SocketAddr>,
    /// How the handshake is made.
    pub server: Arc<ServerConfig>,
}

impl fmt::Debug for SipTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SipTls").field("addresses", &self.addresses).finish_non_exhaustive()
    }
}

/// One `[[link]]`.
#[derive(Debug)]
pub struct LinkConfig {
    /// Unique in the file.
    pub name: String,
    /// What it speaks.
    pub kind: LinkKind,
}

/// What a link speaks.
#[derive(Debug)]
pub enum LinkKind {
    /// CSTA XML inside a SIP dialog with a desk phone.
    Uacsta(UacstaLink),
    /// Valid, but not built in this version: its lines are known and have no link.
    NotYet {
        /// In words for an administrator.
        why: String,
    },
}

/// A desk phone: one that is called at its own address or through a proxy, or one that registers here.
#[derive(Clone, Debug)]
pub struct UacstaLink {
    /// The phone's address, and that of its proxy. Or the account it registers with, which is the username below.
    pub reach: Reach,
    /// Whom to believe there; present if the first of them is reached over TLS.
    pub tls: Option<Arc<Trust>>,
    /// Answers digest challenges; always together with the password.
    pub username: Option<String>,
    /// The password to the username.
    pub password: Option<SecretString>,
    /// A silent phone is asked this often whether it is still there.
    pub heartbeat: Duration,
    /// How long a CSTA service may take.
    pub request_timeout: Duration,
    /// The pauses between attempts to get through.
    pub reconnect: Reconnect,
    /// How it speaks; `None`: it is recognised by what it calls itself.
    pub dialect: Option<&'static Dialect>,
}

impl Config {
    /// Reads and checks the file, the secrets it points to, and the environment variables it names.
    ///
    /// # Errors
    /// Everything that is wrong with it, together.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        Self::load_with(path, &|name| std::env::var(name).ok())
    }

    /// As [`load`](Self::load), with the environment given.
    ///
    /// # Errors
    /// Everything that is wrong with it, together.
    pub fn load_with(path: &Path, env: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let text = fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
        let mut source = Source::new(path.display().to_string(), text);
        let surroundings = Surroundings {
            folder: path.parent().map(Path::to_path_buf).unwrap_or_default(),
            exposed: secret::mode(path).is_some_and(|mode| mode & 0o077 != 0),
            env,
        };
        let raw = read::read(&mut source).map_err(|findings| ConfigError { findings: in_order(findings) })?;
        let (config, findings) = check::check(&raw, &source, &surroundings);
        let findings = in_order(findings);
        match config {
            Some(config) if findings.iter().all(|finding| finding.severity == Severity::Warning) => {
                Ok(Self { warnings: findings, ..config })
            }
            Some(_) | None => Err(ConfigError { findings }),
        }
    }
}

/// As they stand in the file; what has no place comes last.
fn in_order(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_by_key(|finding| finding.place.as_ref().map_or(usize::MAX, |place| place.offset));
    findings
}

fn unreadable(path: &Path, error: &std::io::Error) -> ConfigError {
    let mut finding = Finding::general(Severity::Error, format!("cannot read {}: {error}", path.display()));
    finding.help("name the configuration file with --config");
    ConfigError { findings: vec![finding] }
}
