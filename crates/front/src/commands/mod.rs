//! Command URLs coming in: who may ask a line to dial, and what comes of it.
//!
//! ```text
//! accept → crowd → (TLS) → head → hyper → gates: host → origin → route → login → authorise → number → rules
//!                                                → confirm → admission → audit → hub → status
//! ```
//!
//! Each stage stands in the file of its name; `gates.rs` is the one that reads like the list above. A connection serves
//! one request and is closed: there is one head to rewrite, and nothing behind it can pass for a second request.

mod admission;
mod answer;
mod authorise;
mod confirm;
mod crowd;
mod gates;
mod head;
mod host;
mod login;
mod mint;
mod origin;
mod request;
mod route;
mod rules;
mod server;
mod settings;
mod source;
mod status;
mod tls;
mod window;

use std::{io, net::SocketAddr};

use call_model::{Command, Outcome};
use ipnet::IpNet;
use secrecy::ExposeSecret;
use store::Store;
use tokio::sync::{mpsc, oneshot};

pub use self::{
    rules::{DialRule, DialRules, PatternError, Verdict},
    server::CommandServer,
    settings::{Browser, Caller, Https, Identity, Limits, LineAccess, Proof, Rate, Settings},
    tls::IdentityError,
};

/// A command on its way to the hub, and where its outcome goes.
pub type Dial = (Command, oneshot::Sender<Outcome>);

/// Takes the addresses and reads the certificate; [`CommandServer::run`] then answers.
///
/// # Errors
/// Each names what is wrong and what to change in the configuration.
pub async fn bind(settings: Settings, store: Store, hub: mpsc::Sender<Dial>) -> Result<CommandServer, BindError> {
    for caller in &settings.callers {
        check_caller(caller)?;
    }
    DialRules::unpack(&settings.numbering);
    CommandServer::bind(settings, store, hub)
}

/// Why command URLs cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// An address cannot be had.
    #[error("cannot listen on {address} for commands: {source}; {}", advice(.source))]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// Neither HTTP nor HTTPS.
    #[error("commands have no address to listen on: set `listen` or `https` in [commands]")]
    NoAddress,
    /// The certificate or its key.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// A caller without credentials whose network is too wide.
    #[error(
        "caller \"{caller}\" has auth = \"none\" and the network {network}: without credentials a network is at most a /24 (IPv4) or a /64 (IPv6); name a narrower one, or give the caller a token"
    )]
    OpenCaller {
        /// Its name.
        caller: String,
        /// The network.
        network: IpNet,
    },
    /// An empty secret proves nothing.
    #[error("caller \"{caller}\" has an empty token, username or password: its file or variable is empty")]
    EmptySecret {
        /// Its name.
        caller: String,
    },
    /// The system's generator.
    #[error("the system gives no random bytes: {0}")]
    Entropy(#[from] getrandom::Error),
}

#[allow(clippy::wildcard_enum_match_arm)] // foreign enum
fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => "another program has it: stop that, or choose another port",
        io::ErrorKind::AddrNotAvailable => "this machine has no such address: `ip address` shows those it has",
        io::ErrorKind::PermissionDenied => {
            "ports below 1024 need a privilege (CAP_NET_BIND_SERVICE): choose a higher one"
        }
        _ => "choose another address in [commands]",
    }
}

fn check_caller(caller: &Caller) -> Result<(), BindError> {
    let empty = match &caller.proof {
        Proof::Nothing => {
            let wide = caller.networks.iter().copied().find(|network| match network {
                IpNet::V4(network) => network.prefix_len() < 24,
                IpNet::V6(network) => network.prefix_len() < 64,
            });
            if let Some(network) = wide {
                return Err(BindError::OpenCaller { caller: caller.name.clone(), network });
            }
            false
        }
        Proof::Token(token) => token.expose_secret().is_empty(),
        Proof::Basic { username, password } | Proof::Digest { username, password } => {
            username.is_empty() || password.expose_secret().is_empty()
        }
    };
    if empty { Err(BindError::EmptySecret { caller: caller.name.clone() }) } else { Ok(()) }
}
