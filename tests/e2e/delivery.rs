//! Several destinations at once: one that is in trouble delays no other, and each call keeps its order.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use simulator::{Handset, PhoneConfig};
use tests::gateway::RunningGateway;
use tests::receiver::Receiver;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// So long anything may take: a hanging request counts as failed after ten seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// What an endpoint in trouble does with a request.
#[derive(Clone, Copy)]
enum Trouble {
    /// Takes it and says nothing.
    Hang,
    /// Answers 500.
    Fail,
}

/// What a call at the phone must lead to, at each destination.
const STORY: [&str; 4] = ["inbound", "connected", "hold", "disconnected"];

#[tokio::test]
async fn a_destination_that_hangs_delays_no_other() {
    check(Trouble::Hang).await;
}

#[tokio::test]
async fn a_destination_that_fails_delays_no_other_and_gets_all_in_order_later() {
    check(Trouble::Fail).await;
}

/// While one endpoint is in trouble the other one gets whole calls; once it is well it gets the same, in order.
async fn check(trouble: Trouble) {
    let mut well = Receiver::start().await;
    let mut troubled = Troubled::start(trouble).await;
    let phone = Handset::udp(PhoneConfig::new("987")).await.unwrap();
    let config = configuration(&phone, well.address, troubled.address);
    let gateway = RunningGateway::start(&config).await;
    tokio::time::timeout(PATIENCE, phone.wait_monitored()).await.unwrap();

    for remote in ["0301", "0302", "0303"] {
        let call = phone.ring(remote, None);
        assert!(phone.answer(call) && phone.hold(call) && phone.hang_up(call));
        let expected = STORY.map(|action| format!("GET /{action}?remote={remote}"));
        assert_eq!(well.next(STORY.len()).await, expected);
    }
    assert!(troubled.reached().await, "nothing was tried");
    troubled.recover();
    for remote in ["0301", "0302", "0303"] {
        let expected = STORY.map(|action| format!("/{action}?remote={remote}"));
        assert_eq!(troubled.of_call(remote).await, expected);
    }
    assert_eq!(well.rest(), Vec::<String>::new());
    gateway.stop().await;
}

fn configuration(phone: &Handset, well: SocketAddr, troubled: SocketAddr) -> String {
    let mut text = format!(
        r#"
        [sip]
        listen = ["udp:127.0.0.1:0"]
        [[link]]
        name = "desk"
        kind = "uacsta"
        uri = "{uri}"
        [[line]]
        number = "987"
        domain = "example.com"
        link = "desk"
        "#,
        uri = phone.uri()
    );
    for address in [troubled, well] {
        text +=
            &format!("[[action_url]]\non = {STORY:?}\nurl = \"http://{address}/<$action>?remote=<$remote_party>\"\n");
    }
    text
}

/// An endpoint that is in trouble until it recovers.
struct Troubled {
    address: SocketAddr,
    is_well: Arc<AtomicBool>,
    /// Each request, and whether it was answered with 204.
    requests: mpsc::UnboundedReceiver<(String, bool)>,
    taken: Vec<String>,
}

impl Troubled {
    async fn start(trouble: Trouble) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, is_well) = (listener.local_addr().unwrap(), Arc::new(AtomicBool::new(false)));
        let (sender, requests) = mpsc::unbounded_channel();
        let well = is_well.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, trouble, well.clone(), sender.clone()));
            }
        });
        Self { address, is_well, requests, taken: Vec::new() }
    }

    /// A request has come that was not taken.
    async fn reached(&mut self) -> bool {
        matches!(self.requests.recv().await, Some((_, false)))
    }

    fn recover(&self) {
        self.is_well.store(true, Ordering::Relaxed);
    }

    /// The requests of one call that were taken, in order; waits for as many as there must be.
    async fn of_call(&mut self, remote: &str) -> Vec<String> {
        loop {
            let of_call = self.taken.iter().filter(|target| target.ends_with(remote));
            let of_call: Vec<String> = of_call.cloned().collect();
            if of_call.len() == STORY.len() {
                return of_call;
            }
            match tokio::time::timeout(PATIENCE, self.requests.recv()).await {
                Ok(Some((target, true))) => self.taken.push(target),
                Ok(Some((_, false))) => {}
                Ok(None) | Err(_) => return of_call,
            }
        }
    }
}

async fn serve(
    stream: TcpStream,
    trouble: Trouble,
    is_well: Arc<AtomicBool>,
    sender: mpsc::UnboundedSender<(String, bool)>,
) {
    let mut stream = BufReader::new(stream);
    let mut target = String::new();
    let mut line = String::new();
    while let Ok(1..) = stream.read_line(&mut line).await {
        if target.is_empty() {
            target = line.split(' ').nth(1).unwrap_or_default().to_owned();
        }
        if line.trim().is_empty() {
            let well = is_well.load(Ordering::Relaxed);
            let _ = sender.send((std::mem::take(&mut target), well));
            let answer = match (well, trouble) {
                (true, _) => "HTTP/1.1 204 No Content\r\n\r\n",
                (false, Trouble::Fail) => "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n",
                (false, Trouble::Hang) => return std::future::pending().await,
            };
            if stream.write_all(answer.as_bytes()).await.is_err() {
                return;
            }
        }
        line.clear();
    }
}
