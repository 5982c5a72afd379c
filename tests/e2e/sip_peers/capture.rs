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

/// Every CSTA message of `inbound_call.xml`: how it travels, and its root element.
pub(super) const INBOUND_CALL: &[&str] = &[
    "INVITE RequestSystemStatus",
    "200 RequestSystemStatusResponse",
    "INFO MonitorStart",
    "200 MonitorStartResponse",
    "INFO SnapshotDevice",
    "200 SnapshotDeviceResponse",
    "INFO DeliveredEvent",
    "INFO EstablishedEvent",
    "INFO HeldEvent",
    "INFO RetrievedEvent",
    "INFO ConnectionClearedEvent",
    "INFO MonitorStop",
    "200 MonitorStopResponse",
];

/// The same of `make_call.xml`.
pub(super) const MAKE_CALL: &[&str] = &[
    "INVITE RequestSystemStatus",
    "200 RequestSystemStatusResponse",
    "INFO MonitorStart",
    "200 MonitorStartResponse",
    "INFO SnapshotDevice",
    "200 SnapshotDeviceResponse",
    "INFO MakeCall",
    "200 MakeCallResponse",
    "INFO ServiceInitiatedEvent",
    "INFO OriginatedEvent",
    "INFO DeliveredEvent",
    "INFO EstablishedEvent",
    "INFO ConnectionClearedEvent",
    "INFO MonitorStop",
    "200 MonitorStopResponse",
];

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
        let seen = Seen { tshark: tshark.to_owned(), port, folder: tempfile::tempdir().unwrap() };
        let marker = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        marker.connect(marker.local_addr().unwrap()).await.unwrap();
        let filter = format!("port {port} or udp port {}", marker.local_addr().unwrap().port());
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
    /// The CSTA messages that tshark finds: the method or status, and the root element.
    pub(super) async fn csta(&self) -> Vec<String> {
        let fields = ["sip.Method", "sip.Status-Code", "xml.tag"];
        let rows = self.read("xml && sip.resend == 0", &fields).await;
        let message = |row: String| {
            let (how, tags) = row.split_at(row.find('<').unwrap_or(row.len()));
            let root = tags.trim_start_matches('<').split([' ', '>', '/']).next().unwrap_or_default();
            format!("{} {root}", how.trim())
        };
        rows.into_iter().map(message).collect()
    }

    /// What tshark complains about.
    pub(super) async fn malformed(&self) -> Vec<String> {
        self.read("_ws.malformed || _ws.expert.severity >= 6291456", &["frame.number", "_ws.expert.message"]).await
    }

    async fn read(&self, filter: &str, fields: &[&str]) -> Vec<String> {
        let mut command = Command::new(&self.tshark);
        command.arg("-r").arg(self.file());
        for protocol in ["udp", "tcp"] {
            command.args(["-d", &format!("{protocol}.port=={},sip", self.port)]);
        }
        command.args(["-d", "media_type==application/csta+xml,xml", "-Y", filter, "-T", "fields"]);
        command.args(fields.iter().flat_map(|field| ["-e", *field]));
        let output = command.output().await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("session.pcapng")
    }
}
