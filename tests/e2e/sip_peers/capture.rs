//! tshark: captures a session on loopback, and reads it.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tempfile::TempDir;
use tests::peer::{self, Process};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::net::UdpSocket;
use tokio::process::{ChildStdout, Command};

/// So long tshark may take to show what is on the wire.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running capture.
pub(super) struct Capture {
    process: Process,
    shown: Lines<BufReader<ChildStdout>>,
    marker: UdpSocket,
    seen: Seen,
}

/// What was captured.
pub(super) struct Seen {
    tshark: PathBuf,
    port: u16,
    folder: TempDir,
}

impl Capture {
    /// Captures all that goes from or to this port of 127.0.0.1; `None` where capturing is not allowed.
    pub(super) async fn start(tshark: &Path, port: u16) -> Option<Self> {
        let seen = Seen { tshark: tshark.to_owned(), port, folder: tempfile::tempdir().expect("a temporary folder") };
        let marker = UdpSocket::bind("127.0.0.1:0").await.expect("a port of loopback");
        let address = marker.local_addr().expect("its address");
        marker.connect(address).await.expect("a way to itself");
        let filter = format!("port {port} or udp port {}", address.port());
        let mut command = Command::new(tshark);
        command.args(["-i", "lo", "-f", &filter, "-P", "-l", "-T", "fields", "-e", "udp.payload", "-w"]);
        command.arg(seen.file()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = Process::start(&mut command);
        let shown = BufReader::new(process.output()?).lines();
        let mut capture = Self { process, shown, marker, seen };
        let runs = capture.reaches("begin").await;
        if !runs {
            peer::absent("tshark may not capture on loopback");
        }
        runs.then_some(capture)
    }

    /// Waits until all that was sent so far is captured, and ends.
    pub(super) async fn stop(mut self) -> Seen {
        assert!(self.reaches("end").await, "tshark lost what it captured");
        self.process.interrupt().await;
        assert!(self.process.ended(PATIENCE).await.is_some(), "tshark does not end");
        self.seen
    }

    /// Sends a datagram of its own, again and again, until tshark shows it.
    async fn reaches(&mut self, mark: &str) -> bool {
        let hex: String = mark.bytes().map(|byte| format!("{byte:02x}")).collect();
        let seen = async {
            loop {
                let _ = self.marker.send(mark.as_bytes()).await;
                match tokio::time::timeout(Duration::from_millis(100), self.shown.next_line()).await {
                    Ok(Ok(Some(line))) if line.contains(&hex) => return true,
                    Ok(Ok(Some(_))) | Err(_) => {}
                    Ok(Ok(None) | Err(_)) => return false,
                }
            }
        };
        tokio::time::timeout(PATIENCE, seen).await.unwrap_or(false)
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
