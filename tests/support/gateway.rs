//! A real gateway: its own sockets, clock and store, in a folder that goes with it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use gateway::config::Config;
use gateway::run::Gateway;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// So long a gateway may take to answer, or to end.
const PATIENCE: Duration = Duration::from_secs(20);

/// The part of a configuration that lets the test dial on these lines, as often as it likes.
#[must_use]
pub fn dialling(lines: &[&str]) -> String {
    format!(
        r#"
        [commands]
        enabled = true
        listen = ["127.0.0.1:0"]
        make_call = {{ enabled = true }}
        [limits]
        dials_per_line = "100000/min"
        dials = "100000/min"
        [[caller]]
        name = "test"
        networks = ["127.0.0.1/32"]
        auth = "none"
        lines = {lines:?}
        commands = ["make_call"]
        "#
    )
}

/// A gateway inside the test's own process.
pub struct RunningGateway {
    gateway: Gateway,
    folder: TempDir,
}

impl RunningGateway {
    /// Starts from the text of a configuration file, but for its state folder and its zone.
    ///
    /// # Panics
    /// The configuration is wrong, or the gateway does not start.
    pub async fn start(config: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let state = folder.path().join("state");
        let text = format!("state_dir = {state:?}\ntimezone = \"UTC\"\n{config}");
        std::fs::write(folder.path().join("hookswitch.toml"), text).expect("a file in it");
        Self::start_in(folder).await
    }

    async fn start_in(folder: TempDir) -> Self {
        let config = Config::load(&folder.path().join("hookswitch.toml")).unwrap_or_else(|error| panic!("{error}"));
        let gateway = Gateway::start(config).await.unwrap_or_else(|error| panic!("{error}"));
        Self { gateway, folder }
    }

    /// Stops it, and starts another one with its file and its store.
    ///
    /// # Panics
    /// It does not end in good time, or does not start again.
    pub async fn restart(self) -> Self {
        let Self { gateway, folder } = self;
        end(gateway).await;
        Self::start_in(folder).await
    }

    /// Where its store is.
    #[must_use]
    pub fn state_dir(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    /// Its folder: the configuration is `hookswitch.toml` in it, and its state is in `state`.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where it hears SIP over UDP and over TCP.
    #[must_use]
    pub fn sip(&self) -> (&[SocketAddr], &[SocketAddr]) {
        (&self.gateway.udp, &self.gateway.tcp)
    }

    /// Where it hears SIP over TLS.
    #[must_use]
    pub fn sip_over_tls(&self) -> &[SocketAddr] {
        &self.gateway.tls
    }

    /// Requests a command URL: the status, and what is said to it.
    ///
    /// # Panics
    /// It has no command listener, or gives no answer.
    pub async fn get(&self, target: &str) -> (u16, String) {
        let address = *self.gateway.http.first().expect("the configuration has no command listener");
        let answer = tokio::time::timeout(PATIENCE, get(address, target)).await;
        answer.expect("no answer in good time").expect("no answer")
    }

    /// Stops it, and waits until it has ended.
    ///
    /// # Panics
    /// It ended with an error, or not in good time.
    pub async fn stop(self) {
        end(self.gateway).await;
    }
}

async fn end(gateway: Gateway) {
    gateway.stopper().cancel();
    let ended = tokio::time::timeout(PATIENCE, gateway.ended()).await;
    ended.expect("it does not end").unwrap_or_else(|error| panic!("{error}"));
}

async fn get(address: SocketAddr, target: &str) -> std::io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET {target} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
    let (_, text) = answer.split_once("\r\n\r\n").unwrap_or_default();
    Ok((status, text.to_owned()))
}
