//! The command itself beside a gateway with a phone.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use simulator::{Challenge, Handset, PhoneConfig};
use sip::Transport;
use sip::digest::Algorithm;
use tests::certificates::Authority;
use tests::gateway::RunningGateway;
use tests::peer;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::UdpSocket;
use tokio::process::Command;

/// So long anything may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a call does to the trace of its phone, in this order.
const STORY: [&str; 11] = [
    "INVITE 1 RequestSystemStatus",
    "401 Unauthorized (INVITE 1)",
    "INVITE 2 RequestSystemStatus",
    "200 OK (INVITE 2) RequestSystemStatusResponse",
    "ACK 2",
    " MonitorStart ",
    " MonitorStartResponse ",
    " SnapshotDevice ",
    " DeliveredEvent ",
    " EstablishedEvent ",
    " ConnectionClearedEvent ",
];

/// A gateway with one phone that wants a password.
struct House {
    gateway: RunningGateway,
    phone: Handset,
    /// Its certificates are read at the start.
    _authority: Authority,
}

async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("{what} did not happen within {PATIENCE:?}"))
}

impl House {
    async fn open(transport: Transport, at: &str, trace: &str) -> Self {
        let challenge = Challenge {
            algorithm: Algorithm::SHA_256,
            username: "987".into(),
            password: "correct horse".into(),
            every_request: false,
        };
        let config = PhoneConfig { digest: Some(challenge), ..PhoneConfig::new("987") };
        let (authority, at): (_, SocketAddr) = (Authority::new("an authority"), at.parse().unwrap());
        let identity = authority.issue("127.0.0.1");
        let phone = match transport {
            Transport::Udp | Transport::Tcp => Handset::start(config, transport, at).await.unwrap(),
            Transport::Tls => Handset::tls(config, identity.phone(None, &authority), at).await.unwrap(),
        };
        let tls = match transport {
            Transport::Udp | Transport::Tcp => String::new(),
            Transport::Tls => format!("tls = {{ ca = {:?} }}", authority.file()),
        };
        let config = format!(
            "[sip]\nlisten = [\"udp:127.0.0.1:0\", \"udp:[::1]:0\", \"tcp:127.0.0.1:0\"]\ntrace = \"{trace}\"\n\
             [[link]]\nname = \"desk\"\nkind = \"uacsta\"\nuri = \"{}\"\nusername = \"987\"\npassword = \"correct horse\"\n{tls}\n\
             [[line]]\nnumber = \"987\"\ndomain = \"example.com\"\nlink = \"desk\"\n",
            phone.uri()
        );
        let gateway = RunningGateway::start(&config).await;
        within("the session", phone.wait_monitored()).await;
        Self { gateway, phone, _authority: authority }
    }

    async fn call(&self) {
        let call = self.phone.ring("0301234567", Some("Erika Mustermann"));
        assert!(self.phone.answer(call) && self.phone.hang_up(call));
        within("the acknowledgement", self.phone.wait_acknowledged(3)).await;
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hookswitch"));
        command.arg("sip-trace").args(arguments).current_dir(self.gateway.folder()).kill_on_drop(true);
        command
    }

    async fn trace(&self, arguments: &[&str]) -> (Output, String) {
        let output = within("the trace", self.command(arguments).output()).await.unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        (output, text)
    }
}

fn in_order(text: &str, words: &[&str]) {
    let mut rest = text;
    for word in words {
        let at = rest.find(word).unwrap_or_else(|| panic!("no {word:?} in its place:\n{text}"));
        rest = &rest[at + word.len()..];
    }
}

#[tokio::test]
async fn a_call_over_udp() {
    check(Transport::Udp, "127.0.0.1:0").await;
}

#[tokio::test]
async fn a_call_over_udp_and_ipv6() {
    check(Transport::Udp, "[::1]:0").await;
}

#[tokio::test]
async fn a_call_over_tcp() {
    check(Transport::Tcp, "127.0.0.1:0").await;
}

#[tokio::test]
async fn a_call_inside_tls() {
    check(Transport::Tls, "127.0.0.1:0").await;
}

async fn check(transport: Transport, at: &str) {
    let house = House::open(transport, at, "4MiB").await;
    house.call().await;
    let (output, text) = house.trace(&["--line", "987", "--last", "10m"]).await;
    assert!(output.status.success());
    in_order(&text, &STORY);
    assert!(text.contains(&house.phone.address().to_string()) && text.contains(transport.name()), "{text}");
    assert!(text.contains("desk") && text.contains("it stands") && !text.contains("0301234567"), "{text}");

    let (_, full) = house.trace(&["--link", "desk", "--full"]).await;
    in_order(&full, &["response=\"xxxxxxxx", "0301234567"]);
    packets(&house).await;
    let folder = house.gateway.folder().to_owned();
    let socket = folder.join("state/control.sock");
    assert!(socket.exists());
    house.gateway.stop().await;
    assert!(!socket.exists());
}

/// tshark takes every packet for SIP and finds nothing wrong with it, and every INFO's body is there.
async fn packets(house: &House) {
    let Some(tshark) = peer::find("tshark", "tshark") else { return };
    let (output, _) = house.trace(&["--pcap", "trace.pcap"]).await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (piped, _) = house.trace(&["--pcap", "-"]).await;
    let file = house.gateway.folder().join("trace.pcap");
    assert!(piped.stdout.starts_with(&std::fs::read(&file).unwrap()), "the same packets, and later ones");

    let frames = read(&tshark, &file, "frame", &["frame.protocols", "sip.auth.digest.response", "xml.tag"]).await;
    assert!(frames.len() >= STORY.len());
    assert!(frames.iter().all(|frame| frame.contains(":sip")), "{frames:#?}");
    let responses: Vec<&str> = frames.iter().filter_map(|frame| frame.split('\t').nth(1)).collect();
    assert!(responses.iter().any(|response| response.starts_with("\"xxxx")), "{responses:?}");
    assert!(responses.iter().all(|response| response.trim_matches(['"', 'x']).is_empty()), "{responses:?}");
    for event in ["DeliveredEvent", "EstablishedEvent", "ConnectionClearedEvent"] {
        assert!(frames.iter().any(|frame| frame.contains(event)), "{event}: {frames:#?}");
    }
    let wrong = "_ws.malformed || _ws.expert.severity >= 6291456 || ip.checksum.status == 0 || udp.checksum.status == 0 \
                 || tcp.checksum.status == 0";
    assert_eq!(read(&tshark, &file, wrong, &["frame.number", "_ws.expert.message"]).await, Vec::<String>::new());
}

async fn read(tshark: &Path, file: &Path, filter: &str, fields: &[&str]) -> Vec<String> {
    let mut command = Command::new(tshark);
    command.arg("-r").arg(file).args(["-d", "media_type==application/csta+xml,xml", "-Y", filter]);
    for protocol in ["ip", "udp", "tcp"] {
        command.args(["-o", &format!("{protocol}.check_checksum:TRUE")]);
    }
    command.args(["-T", "fields"]).args(fields.iter().flat_map(|field| ["-e", *field]));
    let output = within("tshark", command.output()).await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn followed_it_shows_what_comes() {
    let house = House::open(Transport::Udp, "127.0.0.1:0", "4MiB").await;
    let mut command = house.command(&["--link", "desk", "--follow"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut wait = async |word: &str| {
        while let Some(line) = within(word, lines.next_line()).await.unwrap() {
            if line.contains(word) {
                return;
            }
        }
        panic!("it ended before {word}");
    };
    wait("it stands").await;
    house.phone.ring("0301234567", None);
    wait("INFO").await;
    wait("200 OK (INFO").await;
    house.gateway.stop().await;
    wait("ended: the gateway sent BYE").await;
    assert!(within("its end", child.wait()).await.unwrap().success());
}

#[tokio::test]
async fn a_flood_of_strangers_does_not_push_out_the_phone_nor_the_bound() {
    let house = House::open(Transport::Udp, "127.0.0.1:0", "128KiB").await;
    let gateway = house.gateway.sip().0[0];
    let stranger = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    for number in 0..10_000 {
        let text = format!("OPTIONS sip:a@b SIP/2.0\r\nCall-ID: flood-{number}\r\nX: {:0>1000}\r\n\r\n", number);
        stranger.send_to(text.as_bytes(), gateway).await.unwrap();
    }
    house.call().await;
    let (_, text) = house.trace(&[]).await;
    assert!(text.contains("flood-"), "{text}");
    let (_, text) = house.trace(&["--link", "desk"]).await;
    assert!(!text.contains("flood-"), "{text}");
    in_order(&text, &STORY);
    let (output, _) = house.trace(&["--pcap", "-"]).await;
    assert!((64 << 10..128 << 10).contains(&output.stdout.len()), "{}", output.stdout.len());
    house.gateway.stop().await;
}

#[tokio::test]
async fn what_cannot_be_shown_is_said_in_words() {
    let house = House::open(Transport::Udp, "127.0.0.1:0", "off").await;
    let said = async |arguments: &[&str]| {
        let (output, _) = house.trace(arguments).await;
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(said(&[]).await.contains("[sip] trace = \"off\""));
    assert!(said(&["--link", "desc"]).await.contains("did you mean `desk`?"));
    assert!(said(&["--line", "989"]).await.contains("there is no line `989`"));
    std::fs::write(house.gateway.folder().join("other.toml"), "state_dir = \"other\"\n").unwrap();
    let nobody = said(&["--config", "other.toml"]).await;
    assert!(nobody.contains("no gateway is running") && nobody.contains("hookswitch run"), "{nobody}");
    house.gateway.stop().await;
}
