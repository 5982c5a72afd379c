//! A gateway's front with a hub that only writes down, and a client that says exactly what it is told.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use call_model::{CallRef, Command, Line, LineId, Number, Numbering, Outcome};
use front::commands::{
    Browser, Caller, Dial, DialRule, DialRules, Https, Identity, Limits, LineAccess, Proof, Rate, Settings, bind,
};
use store::Store;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::{mpsc, oneshot},
};

/// A front at work.
pub struct Site {
    pub http: SocketAddr,
    pub http6: Option<SocketAddr>,
    pub https: SocketAddr,
    /// What the hub was asked to dial: `line>number`.
    pub dialled: mpsc::UnboundedReceiver<String>,
    _dir: TempDir,
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Reply {
    /// The values of a header, in their order.
    pub fn values(&self, name: &str) -> Vec<&str> {
        let fields = self.head.lines().filter_map(|line| line.split_once(':'));
        fields.filter(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).collect()
    }
}

/// Four lines, generous limits, and everybody on this machine may use line 987 without credentials.
pub fn settings() -> Settings {
    let often = Rate { count: 10_000, per: Duration::from_secs(60) };
    Settings {
        listen: vec![(Ipv4Addr::LOCALHOST, 0).into()],
        https: None,
        server_names: vec!["gw.example.com".to_owned()],
        make_call: true,
        callers: vec![caller("desk", Proof::Nothing, &["987"])],
        rules: rules(&[]),
        limits: Limits { dials_per_line: often, dials: often, logins: often },
        answer_timeout: Duration::from_secs(5),
        lines: ["987", "988", "reception"].map(line).into(),
        numbering: Numbering::default(),
    }
}

/// `reception` has the number 900.
pub fn line(id: &str) -> LineAccess {
    let number = if id == "reception" { "900" } else { id };
    let line = Line {
        id: LineId(id.into()),
        number: Number::new(number),
        domain: "example.com".into(),
        name: None,
        link: "desk".into(),
        device: "".into(),
        remote_hold: false,
    };
    LineAccess { line: Arc::new(line), clients: Vec::new() }
}

/// A caller on this machine, dialling at once.
pub fn caller(name: &str, proof: Proof, lines: &[&str]) -> Caller {
    Caller {
        name: name.to_owned(),
        networks: vec!["127.0.0.0/24".parse().unwrap(), "::1/128".parse().unwrap()],
        proof,
        lines: lines.iter().map(|id| LineId((*id).into())).collect(),
        make_call: true,
        browser: Browser::Confirm,
        origins: Vec::new(),
    }
}

pub fn basic(username: &str, password: &str) -> Proof {
    Proof::Basic { username: username.to_owned(), password: password.into() }
}

pub fn digest(username: &str, password: &str) -> Proof {
    Proof::Digest { username: username.to_owned(), password: password.into() }
}

pub fn rules(written: &[(&str, bool)]) -> DialRules {
    let rule = |(pattern, allow): &(&str, bool)| DialRule { pattern: (*pattern).to_owned(), allow: *allow };
    DialRules::new(written.iter().map(rule).collect()).unwrap()
}

/// What the hub answers; `None` is silence.
pub type Answering = fn() -> Option<Outcome>;

pub const ACCEPTED: Answering = || Some(Outcome::Accepted { call: CallRef("1".into()) });

impl Site {
    /// A front whose hub accepts every dial.
    pub async fn start(settings: Settings) -> Self {
        Self::start_with(settings, ACCEPTED).await
    }

    /// A front whose hub answers `outcome`, or keeps silent.
    pub async fn start_with(mut settings: Settings, outcome: Answering) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (store, mut events) = Store::open(&dir.path().join("store")).unwrap();
        tokio::spawn(async move { while events.recv().await.is_some() {} });
        let has_ipv6 = std::net::TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok();
        if has_ipv6 {
            settings.listen.push((Ipv6Addr::LOCALHOST, 0).into());
        }
        let identity = Identity::SelfSigned { dir: dir.path().join("tls"), names: Vec::new() };
        settings.https = Some(Https { listen: vec![(Ipv4Addr::LOCALHOST, 0).into()], identity });
        let (hub, asked) = mpsc::channel(8);
        let (seen, dialled) = mpsc::unbounded_channel();
        tokio::spawn(answer_dials(asked, seen, outcome));
        let server = bind(settings, store, hub).await.unwrap();
        let (plain, secure) = (server.local_addrs(), server.https_addrs());
        tokio::spawn(server.run(std::future::pending()));
        Self { http: plain[0], http6: plain.get(1).copied(), https: secure[0], dialled, _dir: dir }
    }

    /// Everything that was dialled since the last time.
    pub fn dialled(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.dialled.try_recv().ok()).collect()
    }

    /// Says `request` over plain HTTP; `HOST` in it is the right host.
    pub async fn say(&self, request: &str) -> Reply {
        say(self.http, request).await
    }

    /// `GET target` with more headers, each with its line end.
    pub async fn get(&self, target: &str, headers: &str) -> Reply {
        self.say(&format!("GET {target} HTTP/1.1\r\nHost: HOST\r\n{headers}\r\n")).await
    }
}

async fn answer_dials(mut asked: mpsc::Receiver<Dial>, seen: mpsc::UnboundedSender<String>, outcome: Answering) {
    let mut silent: Vec<oneshot::Sender<Outcome>> = Vec::new();
    while let Some((Command::MakeCall { line, number }, reply)) = asked.recv().await {
        let _ = seen.send(format!("{line}>{}", number.reveal()));
        match outcome() {
            Some(outcome) => drop(reply.send(outcome)),
            None => silent.push(reply),
        }
    }
}

/// Says `request` byte for byte and reads until the server closes.
pub async fn say(address: SocketAddr, request: &str) -> Reply {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let _ = stream.write_all(request.replace("HOST", &address.to_string()).as_bytes()).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    reply(&answer)
}

pub fn reply(answer: &[u8]) -> Reply {
    let text = String::from_utf8_lossy(answer);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    Reply { status, head: head.to_owned(), body: body.to_owned() }
}

/// The folder of corpora that others wrote; `None` with one line where it is absent.
pub fn corpora(folder: &str) -> Option<PathBuf> {
    let root = std::env::var_os("HOOKSWITCH_CORPORA").map_or_else(|| "../../../shared/corpora".into(), PathBuf::from);
    let path = root.join(folder);
    if path.is_dir() {
        return Some(path);
    }
    assert!(std::env::var_os("HOOKSWITCH_CORPORA").is_none(), "HOOKSWITCH_CORPORA names no corpora");
    eprintln!("skipped: no corpora at {}", path.display());
    None
}

/// A peer is not here: fine on a desk, an error where everything must be tested.
pub fn skip(why: &str) {
    assert!(std::env::var("HOOKSWITCH_REQUIRE_PEERS").as_deref() != Ok("1"), "required: {why}");
    eprintln!("skipped: {why}");
}

pub const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
