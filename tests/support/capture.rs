//! What goes over loopback, captured with dumpcap and judged by tshark.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::io::AsyncReadExt;
use tokio::net::UdpSocket;
use tokio::process::{ChildStdout, Command};

use crate::peer::{self, Process};

/// So long dumpcap may take to hand over what is on the wire.
const PATIENCE: Duration = Duration::from_secs(20);

/// The requests of a whole session.
pub const SESSION: [&str; 4] = ["INVITE", "ACK", "INFO", "BYE"];

/// A running capture.
pub struct Capture {
    process: Process,
    output: ChildStdout,
    packets: Vec<u8>,
    marker: UdpSocket,
    tshark: PathBuf,
    ports: Ports,
}

/// Ports of 127.0.0.1 where SIP is spoken.
struct Ports {
    /// Over UDP and TCP.
    clear: Vec<u16>,
    tls: Vec<u16>,
}

/// What was captured.
pub struct Seen {
    tshark: PathBuf,
    ports: Ports,
    keys: Option<PathBuf>,
    folder: TempDir,
}

impl Capture {
    /// Captures all that goes from or to these ports of 127.0.0.1, where SIP is spoken in the clear, and to those where it is
    /// spoken inside TLS. `None`, after a line that says so, where there is nothing to capture with.
    ///
    /// # Panics
    /// There is no loopback.
    pub async fn start(clear: &[u16], tls: &[u16]) -> Option<Self> {
        let tshark = peer::find("tshark", "tshark")?;
        let dumpcap = peer::find("dumpcap", "wireshark-common")?;
        let marker = UdpSocket::bind("127.0.0.1:0").await.expect("a port of loopback");
        let address = marker.local_addr().expect("its address");
        marker.connect(address).await.expect("a way to itself");
        let filter = clear.iter().chain(tls).map(|port| format!("port {port} or ")).collect::<String>();
        let filter = format!("{filter}udp port {}", address.port());
        let mut command = Command::new(dumpcap);
        command.args(["-q", "-i", "lo", "-f", &filter, "-w", "-"]).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = Process::start(&mut command);
        let output = process.output()?;
        let ports = Ports { clear: clear.to_vec(), tls: tls.to_vec() };
        let mut capture = Self { process, output, packets: Vec::new(), marker, tshark, ports };
        let runs = capture.reaches("the capture begins").await;
        if !runs {
            peer::absent("dumpcap may not capture on loopback");
        }
        runs.then_some(capture)
    }

    /// Waits until all that was sent so far is captured, and ends.
    ///
    /// # Panics
    /// dumpcap lost something.
    pub async fn stop(mut self) -> Seen {
        assert!(self.reaches("the capture ends").await, "dumpcap lost what it captured");
        self.process.interrupt().await;
        let rest = tokio::time::timeout(PATIENCE, self.output.read_to_end(&mut self.packets)).await;
        assert!(matches!(rest, Ok(Ok(_))), "dumpcap does not end");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let seen = Seen { tshark: self.tshark, ports: self.ports, keys: None, folder };
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
    /// Decrypts TLS with the secrets that one of its ends wrote down.
    #[must_use]
    pub fn with_keys(self, keys: &Path) -> Self {
        Self { keys: Some(keys.to_owned()), ..self }
    }

    /// The root elements of CSTA that tshark finds from or to this port: those that name their namespace. A TCP segment may
    /// hold several messages.
    ///
    /// # Panics
    /// tshark cannot read the capture.
    pub async fn elements(&self, port: u16) -> Vec<String> {
        let filter = format!("xml && sip.resend == 0 && (udp.port == {port} || tcp.port == {port})");
        let rows = self.fields(&filter, &["xml.tag"]).await;
        let tags = rows.iter().flat_map(|row| row.split('<'));
        let roots = tags.filter(|tag| tag.contains("ecma-323/csta/")).filter_map(|tag| tag.split([' ', '>']).next());
        roots.map(str::to_owned).collect()
    }

    /// Every packet is what it should be, every request has its answer, and there are requests of these methods.
    ///
    /// # Panics
    /// tshark finds a packet malformed, does not take it for SIP, or misses something.
    pub async fn assert_sound(&self, methods: &[&str]) {
        assert_eq!(self.malformed().await, Vec::<String>::new(), "malformed");
        assert_eq!(self.unrecognised().await, Vec::<String>::new(), "not SIP");
        let messages = self.messages().await;
        let of = |is_request: bool| {
            let some = messages.iter().filter(|message| message.is_request == is_request);
            some.map(|message| (message.branch.as_str(), message.method.as_str())).collect::<BTreeSet<_>>()
        };
        let (requests, answers) = (of(true), of(false));
        let unanswered: Vec<_> = requests.difference(&answers).filter(|(_, method)| *method != "ACK").collect();
        assert_eq!(unanswered, Vec::<&(&str, &str)>::new(), "never answered");
        assert_eq!(answers.difference(&requests).collect::<Vec<_>>(), Vec::<&(&str, &str)>::new(), "never asked");
        for method in methods {
            assert!(requests.iter().any(|(_, seen)| seen == method), "no {method} in {requests:?}");
        }
    }

    /// What tshark complains about.
    ///
    /// # Panics
    /// tshark cannot read the capture.
    pub async fn malformed(&self) -> Vec<String> {
        // 6291456 is a warning; TCP by itself may have some.
        let filter = "_ws.malformed || xml.unrecognized_text || xml.closing_unopened_tag || (sip && _ws.expert.severity >= 6291456)";
        self.fields(filter, &["frame.number", "_ws.expert.message"]).await
    }

    /// Packets with something in them that is no SIP. Line breaks alone keep a connection or a NAT open (RFC 5626 4.4.1, RFC 6223),
    /// what is a part is shown with its whole, and a repetition is shown as such.
    async fn unrecognised(&self) -> Vec<String> {
        let ports = self.ports.clear.iter().chain(&self.ports.tls);
        let ours: Vec<String> = ports.map(|port| format!("udp.port=={port} || tcp.port=={port}")).collect();
        let filter = format!(
            "({}) && (udp.length > 12 || tcp.len > 4) && !sip && !tls && !tcp.reassembled_in && !tcp.analysis.retransmission",
            ours.join(" || ")
        );
        self.fields(&filter, &["frame.number", "_ws.col.Protocol", "_ws.col.Info"]).await
    }

    async fn messages(&self) -> Vec<Message> {
        let json = self.read("sip", &["-T", "json", "-J", "sip", "--no-duplicate-keys"]).await;
        let packets: Value = serde_json::from_str(&json).expect("JSON of tshark");
        let layers =
            packets.as_array().into_iter().flatten().filter_map(|packet| packet.pointer("/_source/layers/sip"));
        layers.flat_map(one_or_many).map(Message::read).collect()
    }

    async fn fields(&self, filter: &str, fields: &[&str]) -> Vec<String> {
        let options: Vec<&str> =
            ["-T", "fields"].into_iter().chain(fields.iter().flat_map(|field| ["-e", *field])).collect();
        self.read(filter, &options).await.lines().map(str::to_owned).collect()
    }

    async fn read(&self, filter: &str, options: &[&str]) -> String {
        let mut command = Command::new(&self.tshark);
        command.arg("-r").arg(self.file()).args(["-d", "media_type==application/csta+xml,xml", "-Y", filter]);
        // With several processors, packets may be captured in another order than they were sent.
        command.args(["-o", "tcp.reassemble_out_of_order:TRUE"]);
        for port in &self.ports.clear {
            command.args(["-d", &format!("udp.port=={port},sip"), "-d", &format!("tcp.port=={port},sip")]);
        }
        for port in &self.ports.tls {
            command.args(["-d", &format!("tcp.port=={port},tls"), "-d", &format!("tls.port=={port},sip")]);
        }
        if let Some(keys) = &self.keys {
            command.arg("-o").arg(format!("tls.keylog_file:{}", keys.display()));
        }
        let output = command.args(options).output().await.expect("tshark starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("session.pcapng")
    }
}

/// One SIP message: the transaction it belongs to (RFC 3261 17.1.3), seen on one hop.
#[derive(Debug)]
struct Message {
    is_request: bool,
    branch: String,
    method: String,
}

impl Message {
    fn read(sip: &Value) -> Self {
        let text =
            |name: &str| find(sip, name).and_then(Value::as_str).unwrap_or_else(|| panic!("no {name} in {sip:#}"));
        Self {
            is_request: sip.get("sip.Request-Line").is_some(),
            branch: text("sip.Via.branch").to_owned(),
            method: text("sip.CSeq.method").to_owned(),
        }
    }
}

/// The first value of this name, at any depth.
fn find<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    match value {
        Value::Object(fields) => {
            let here = fields.get(name).and_then(|found| one_or_many(found).next());
            here.or_else(|| fields.values().find_map(|value| find(value, name)))
        }
        Value::Array(values) => values.iter().find_map(|value| find(value, name)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

/// tshark writes a list where there are several, and the thing itself where there is one.
fn one_or_many(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice).iter()
}
