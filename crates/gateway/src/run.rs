//! The daemon: the hub on real sockets, a real clock and a real store.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use front::commands::CommandServer;
use store::Store;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::driver::{Driver, Sources};
use crate::links::{self, Links};
use crate::trace::Recorder;

/// So many commands may wait for the hub.
const COMMANDS: usize = 64;

/// So long open deliveries and commands get when the gateway stops.
const DRAIN: Duration = Duration::from_secs(10);

/// Why the gateway did not start, or stopped by itself.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] store::OpenError),
    /// What the store kept cannot be read.
    #[error(transparent)]
    Read(#[from] store::ReadError),
    /// A SIP listener cannot be opened.
    #[error(transparent)]
    Links(#[from] links::BindError),
    /// A command listener cannot be opened.
    #[error(transparent)]
    Commands(#[from] front::commands::BindError),
    /// The store failed in a way that must not be retried: nothing more was acknowledged.
    #[error(
        "the store failed and the gateway has stopped acknowledging: {0}. Check the disk; events that were not acknowledged will be sent again by the phones"
    )]
    StoreFailed(String),
}

/// A gateway that runs.
pub struct Gateway {
    /// Where SIP datagrams are received.
    pub udp: Vec<SocketAddr>,
    /// Where SIP streams are accepted.
    pub tcp: Vec<SocketAddr>,
    /// Where SIP streams inside TLS are accepted.
    pub tls: Vec<SocketAddr>,
    /// Where command URLs are accepted over HTTP.
    pub http: Vec<SocketAddr>,
    /// Where command URLs are accepted over HTTPS.
    pub https: Vec<SocketAddr>,
    stop: CancellationToken,
    task: JoinHandle<Result<(), RunError>>,
}

impl RunError {
    /// What the process exits with: 74 (EX_IOERR) where the store failed, so that a supervisor can tell a broken disk
    /// from a wrong configuration; else 1.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::StoreFailed(_) => 74,
            Self::Store(_) | Self::Read(_) | Self::Links(_) | Self::Commands(_) => 1,
        }
    }
}

impl Gateway {
    /// Opens the store and the listeners and begins to work.
    ///
    /// # Errors
    /// The store or a listener cannot be opened; nothing runs then.
    pub async fn start(mut config: Config) -> Result<Self, RunError> {
        raise_descriptor_limit();
        let (store, store_events) = Store::open(&config.state_dir)?;
        let stop = CancellationToken::new();
        let sockets = CancellationToken::new();
        let (links, arrivals) = Links::bind(&config.sip, &config.nameservers, &sockets)?;
        let (commands, command_queue) = mpsc::channel(COMMANDS);
        let server = match config.commands.take() {
            Some(settings) => Some(front::commands::bind(settings, store.clone(), commands).await?),
            None => None,
        };
        let (udp, tcp) = (links.udp_addresses().collect(), links.tcp_addresses().to_vec());
        let tls = links.tls_addresses().to_vec();
        let http = server.as_ref().map(CommandServer::local_addrs).unwrap_or_default();
        let https = server.as_ref().map(CommandServer::https_addrs).unwrap_or_default();

        // Whatever can fail has been done before anything runs.
        let endpoints = std::mem::take(&mut config.endpoints);
        let trace = Recorder::new(config.trace);
        let state_dir = config.state_dir.clone();
        let driver = Driver::new(config, store.clone(), links, trace.clone())?;
        // It answers until the last BYE is sent.
        let control = answer(&state_dir, trace, &sockets);
        let served = server.map(|server| tokio::spawn(server.run(stop.clone().cancelled_owned())));
        let delivery = tokio::spawn(front::delivery::run(
            store.clone(),
            endpoints,
            front::delivery::Options::default(),
            stop.clone(),
        ));
        let sources = Sources { arrivals, store_events, commands: command_queue };
        let stopping = stop.clone();
        let task = tokio::spawn(async move {
            let result = driver.run(sources, &stopping).await;
            stopping.cancel();
            sockets.cancel();
            let _ = tokio::time::timeout(DRAIN, async {
                let _ = delivery.await;
                if let Some(control) = control {
                    let _ = control.await;
                }
                if let Some(served) = served {
                    let _ = served.await;
                }
                store.close().await;
            })
            .await;
            result
        });
        Ok(Self { udp, tcp, tls, http, https, stop, task })
    }

    /// Asks the gateway to end: sessions are closed in order, open deliveries are finished or left to the next start.
    #[must_use]
    pub fn stopper(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Waits until the gateway has ended.
    ///
    /// # Errors
    /// The store failed; see [`RunError::StoreFailed`].
    pub async fn ended(self) -> Result<(), RunError> {
        match self.task.await {
            Ok(result) => result,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }
}

/// Opens the control socket. Phones and URLs do not need it, so a gateway that cannot open it runs all the same.
fn answer(state_dir: &Path, trace: Recorder, stop: &CancellationToken) -> Option<JoinHandle<()>> {
    #[cfg(unix)]
    match crate::control::Control::open(state_dir, trace) {
        Ok(control) => return Some(tokio::spawn(control.run(stop.clone()))),
        Err(error) => {
            let path = crate::control::path(state_dir);
            tracing::warn!(path = %path.display(), %error, "no control socket: `hookswitch sip-trace` will find nobody");
        }
    }
    #[cfg(not(unix))]
    let _ = (state_dir, trace, stop);
    None
}

/// Runs the gateway until SIGINT or SIGTERM.
///
/// # Errors
/// It does not start, or its store failed.
pub async fn run(config: Config) -> Result<(), RunError> {
    let gateway = Gateway::start(config).await?;
    for (what, addresses) in [
        ("SIP over UDP", &gateway.udp),
        ("SIP over TCP", &gateway.tcp),
        ("SIP over TLS", &gateway.tls),
        ("command URLs over HTTP", &gateway.http),
        ("command URLs over HTTPS", &gateway.https),
    ] {
        for address in addresses {
            tracing::info!(%address, "listening for {what}");
        }
    }
    let stop = gateway.stopper();
    tokio::spawn(async move {
        wait_for_signal().await;
        tracing::info!("stopping");
        stop.cancel();
    });
    gateway.ended().await
}

async fn wait_for_signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let (Ok(mut terminate), Ok(mut reload)) = (signal(SignalKind::terminate()), signal(SignalKind::hangup())) {
            loop {
                tokio::select! {
                    _ = terminate.recv() => return,
                    _ = tokio::signal::ctrl_c() => return,
                    // Whoever asks for it must not end the gateway by it.
                    _ = reload.recv() => tracing::warn!("SIGHUP: a reload is not available in this version; restart instead"),
                }
            }
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}

/// Every phone on a stream takes a descriptor. The soft limit that programs start with is meant for others.
fn raise_descriptor_limit() {
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        tracing::warn!(%error, "the limit of open files stays as it is: few phones over TCP and TLS may fit (ulimit -n)");
    }
}
