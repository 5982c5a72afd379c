//! TLS for a program that has none: socat, which is OpenSSL, speaks it on the program's behalf.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use tempfile::TempDir;
use tests::certificates::{Authority, Issued};
use tests::peer::{self, Process};
use tokio::process::Command;

/// So long it may take to start.
const PATIENCE: Duration = Duration::from_secs(20);

/// Carries one connection.
pub(super) struct Terminator {
    port: u16,
    _process: Process,
    _folder: TempDir,
}

impl Terminator {
    /// TLS outside, with this certificate, and a program that listens at this port inside.
    pub(super) async fn before(inside: u16, certificate: &Issued) -> Self {
        let Issued { certificate, key, .. } = certificate;
        let files = format!("cert={},key={}", certificate.display(), key.display());
        Self::start(|port| {
            [
                format!("OPENSSL-LISTEN:{port},bind=127.0.0.1,reuseaddr,verify=0,{files}"),
                format!("TCP:127.0.0.1:{inside}"),
            ]
        })
        .await
    }

    /// TLS to this server, whose certificate must be of this authority, for a program that connects to the port. socat knows no
    /// names but common ones, so none is looked for.
    pub(super) async fn towards(server: SocketAddr, authority: &Authority) -> Self {
        let believed = authority.file();
        Self::start(|port| {
            [
                format!("TCP-LISTEN:{port},bind=127.0.0.1,reuseaddr"),
                format!("OPENSSL:{server},verify=1,cafile={},commonname=,nosni", believed.display()),
            ]
        })
        .await
    }

    /// Where it is connected to.
    pub(super) fn port(&self) -> u16 {
        self.port
    }

    async fn start(addresses: impl FnOnce(u16) -> [String; 2]) -> Self {
        let (port, folder) = (peer::free_port(), tempfile::tempdir().expect("a temporary folder"));
        let log = folder.path().join("log");
        let mut command = Command::new("socat");
        command.args(["-d", "-d"]).args(addresses(port)).stdout(Stdio::null());
        command.stderr(std::fs::File::create(&log).expect("a file in it"));
        let process = Process::start(&mut command);
        let read = || std::fs::read_to_string(&log).unwrap_or_default();
        let listening = tokio::time::timeout(PATIENCE, async {
            while !read().contains("listening on") {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        });
        assert!(listening.await.is_ok(), "socat does not listen: {}", read());
        Self { port, _process: process, _folder: folder }
    }
}
