//! A session on loopback, captured with dumpcap and read by tshark.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tempfile::TempDir;
use tests::peer::{self, Process};
use tokio::io::AsyncReadExt;
use tokio::net::UdpSocket;
use tokio::process::{ChildStdout, Command};

/// So long dumpcap may take to hand over what is on the wire.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running capture.
pub(super) struct Capture {
    process: Process,
    output: ChildStdout,
    packets: Vec<u8>,
    marker: UdpSocket,
    port: u16,
}

/// What was captured.
pub(super) struct Seen {
    tshark: PathBuf,
    port: u16,
    folder: TempDir,
}

impl Capture {
    /// Captures all that goes from or to this port of 127.0.0.1; `None` where capturing is not allowed.
    pub(super) async fn start(dumpcap: &Path, port: u16) -> Option<Self> {
        let marker = UdpSocket::bind("127.0.0.1:0").await.expect("a port of loopback");
        let address = marker.local_addr().expect("its address");
        marker.connect(address).await.expect("a way to itself");
        let filter = format!("port {port} or udp port {}", address.port());
        let mut command = Command::new(dumpcap);
        command.args(["-q", "-i", "lo", "-f", &filter, "-w", "-"]).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = Process::start(&mut command);
        let output = process.output()?;
        let mut capture = Self { process, output, packets: Vec::new(), marker, port };
        let runs = capture.reaches("the capture begins").await;
        if !runs {
            peer::absent("dumpcap may not capture on loopback");
        }
        runs.then_some(capture)
    }

    /// Waits until all that was sent so far is captured, and ends.
    pub(super) async fn stop(mut self, tshark: &Path) -> Seen {
        assert!(self.reaches("the capture ends").await, "dumpcap lost what it captured");
        self.process.interrupt().await;
        let rest = tokio::time::timeout(PATIENCE, self.output.read_to_end(&mut self.packets)).await;
        assert!(matches!(rest, Ok(Ok(_))), "dumpcap does not end");
        let seen = Seen {
            tshark: tshark.to_owned(),
            port: self.port,
            folder: tempfile::tempdir().expect("a temporary folder"),
        };
        std::fs::write(seen.file(), &self.packets).expect("a file in it");
        seen
    }

    /// Sends a datagram of its own, again and again, until it is captured.
    async fn reaches(&mut self, mark: &str) -> bool {
        let captured = async {
            while !self.packets.windows(mark.len()).any(|window| window == mark.as_bytes()) {
                let _ = self.marker.send(mark.as_bytes()).await;
                let read = self.output.read_buf(&mut self.packets);
                if let Ok(Ok(0) | Err(_)) = tokio::time::timeout(Duration::from_millis(100), read).await {
                    return false;
                }
            }
            true
        };
        tokio::time::timeout(PATIENCE, captured).await.unwrap_or(false)
    }
}

impl Seen {
    /// The root elements that tshark finds: those that name their namespace. A TCP segment may hold several messages.
    pub(super) async fn elements(&self) -> Vec<String> {
        let rows = self.read("xml && sip.resend == 0", &["xml.tag"]).await;
        let tags = rows.iter().flat_map(|row| row.split('<'));
        let roots = tags.filter(|tag| tag.contains("ecma-323/csta/")).filter_map(|tag| tag.split([' ', '>']).next());
        roots.map(str::to_owned).collect()
    }

    /// What tshark complains about.
    pub(super) async fn malformed(&self) -> Vec<String> {
        // 6291456 is a warning; TCP by itself may have some.
        let filter = "_ws.malformed || xml.unrecognized_text || xml.closing_unopened_tag || (sip && _ws.expert.severity >= 6291456)";
        self.read(filter, &["frame.number", "_ws.expert.message"]).await
    }

    async fn read(&self, filter: &str, fields: &[&str]) -> Vec<String> {
        let mut command = Command::new(&self.tshark);
        command.arg("-r").arg(self.file());
        for protocol in ["udp", "tcp"] {
            command.args(["-d", &format!("{protocol}.port=={},sip", self.port)]);
        }
        command.args(["-d", "media_type==application/csta+xml,xml", "-Y", filter, "-T", "fields"]);
        command.args(fields.iter().flat_map(|field| ["-e", *field]));
        let output = command.output().await.expect("tshark starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("session.pcapng")
    }
}
