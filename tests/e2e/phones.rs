//! The gateway on real sockets with simulated phones: logins, lives of calls, and all the ways a phone can be away.

mod capabilities;
mod lives;
mod outages;
mod two_lines;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use simulator::{Handset, PhoneConfig};
use tests::gateway::{RunningGateway, dialling};
use tests::receiver::Receiver;

/// So long anything may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// What every phone here has on its link: a gateway that notices and tries again within a second or two.
const QUICK: &str = r#"
heartbeat = "1s"
request_timeout = "3s"
reconnect = { first = "200ms", max = "1s" }
"#;

/// A gateway for some phones, and what its action URLs reach.
struct House {
    gateway: RunningGateway,
    receiver: Receiver,
    /// Dials that were only tried; each goes to another number, for a repeat would not be sent.
    tries: AtomicU32,
}

/// One `[[link]]` with its line.
struct Desk {
    line: String,
    uri: String,
    link: String,
}

impl Desk {
    fn of(phone: &Handset) -> Self {
        let line = phone.look(|phone| phone.config().user.clone());
        Self { line, uri: phone.uri().to_string(), link: QUICK.to_owned() }
    }

    fn login(self, username: &str, password: &str) -> Self {
        Self { link: format!("{}username = {username:?}\npassword = {password:?}\n", self.link), ..self }
    }

    fn config(&self) -> String {
        let Self { line, uri, link } = self;
        format!(
            "[[link]]\nname = \"desk-{line}\"\nkind = \"uacsta\"\nuri = \"{uri}\"\n{link}\n\
             [[line]]\nnumber = \"{line}\"\ndomain = \"example.com\"\nlink = \"desk-{line}\"\n"
        )
    }
}

impl House {
    async fn open(desks: &[Desk]) -> Self {
        let receiver = Receiver::start().await;
        let lines: Vec<&str> = desks.iter().map(|desk| desk.line.as_str()).collect();
        let desks: String = desks.iter().map(Desk::config).collect();
        let config = format!(
            r#"
            [sip]
            listen = ["udp:127.0.0.1:0", "tcp:127.0.0.1:0"]
            {desks}
            [[action_url]]
            on = ["inbound", "outbound", "connected", "hold", "disconnected"]
            url = "http://{receiver}/<$line>/<$action>?remote=<$remote_party>&hold=<$hold_state>&result=<$call_result>&synthetic=<$synthetic>"
            {dialling}
            "#,
            dialling = dialling(&lines),
            receiver = receiver.address,
        );
        Self { gateway: RunningGateway::start(&config).await, receiver, tries: AtomicU32::new(0) }
    }

    /// Waits until the phone is monitored and its calls are compared. A dial that the phone refuses is answered behind
    /// the snapshot that was asked for before.
    async fn wait_up(&self, phone: &Handset) {
        within("the session", phone.wait_monitored()).await;
        self.dial_until(&phone.look(|phone| phone.config().user.clone()), "invalidCalledDeviceID").await;
    }

    /// The next requests must be these: `101/inbound 0301`, with what else is worth saying behind.
    async fn expect(&mut self, requests: &[&str]) {
        let came: Vec<String> = self.receiver.next(requests.len()).await.iter().map(|line| shortened(line)).collect();
        assert_eq!(came, requests);
    }

    /// Dials again and again until the answer has this text.
    async fn dial_until(&self, line: &str, text: &str) {
        let mut answer = (0, String::new());
        let answered = async {
            while !answer.1.contains(text) {
                let number = tried_number(self.tries.fetch_add(1, Ordering::Relaxed));
                answer = self.gateway.get(&format!("/?action=make_call&line={line}&target={number}")).await;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let _ = tokio::time::timeout(PATIENCE, answered).await;
        assert!(answer.1.contains(text), "no dial was answered {text:?}, the last one {answer:?}");
    }

    /// Stops the gateway; nothing more than what was expected has come.
    async fn close(mut self) {
        self.gateway.stop().await;
        assert_eq!(self.receiver.rest(), Vec::<String>::new());
    }
}

async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("{what} did not happen within {PATIENCE:?}"))
}

/// A phone that refuses to dial the numbers that are only tried.
fn phone_of(user: &str) -> PhoneConfig {
    PhoneConfig { refuse: (0..2_000).map(tried_number).collect(), ..PhoneConfig::new(user) }
}

fn tried_number(number: u32) -> String {
    format!("0309{number:06}")
}

/// `GET /101/hold?remote=0301&hold=on_hold&result=&synthetic=0` is `101/hold 0301 on_hold`.
fn shortened(request: &str) -> String {
    let (path, query) = request.trim_start_matches("GET /").split_once('?').unwrap();
    let mut words = vec![path.to_owned()];
    for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        match (name, value) {
            (_, "") | ("hold", "off_hold") | ("synthetic", "0") => {}
            ("synthetic", _) => words.push("synthetic".to_owned()),
            (_, value) => words.push(value.to_owned()),
        }
    }
    words.join(" ")
}
