//! A gateway with one line, and what it does when the session stands.

use std::time::Duration;

use simulator::Handset;
use tests::gateway::{RunningGateway, dialling};
use tests::receiver::Receiver;

/// So long anything may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The line 987 of a gateway.
pub(super) struct Desk {
    pub(super) gateway: RunningGateway,
    receiver: Receiver,
    tries: u32,
}

impl Desk {
    /// Starts a gateway with these keys of `[sip]` and `[[link]]`.
    pub(super) async fn open(sip: &str, link: &str) -> Self {
        let receiver = Receiver::start().await;
        let config = format!(
            r#"
            [sip]
            {sip}
            [[link]]
            name = "desk"
            kind = "uacsta"
            heartbeat = "1s"
            request_timeout = "3s"
            reconnect = {{ first = "200ms", max = "1s" }}
            {link}
            [[line]]
            number = "987"
            domain = "example.com"
            link = "desk"
            [[action_url]]
            on = ["inbound", "outbound", "connected", "disconnected"]
            url = "http://{receiver}/<$action>?remote=<$remote_party>&result=<$call_result>"
            {dialling}
            "#,
            receiver = receiver.address,
            dialling = dialling(&["987"]),
        );
        Self { gateway: RunningGateway::start(&config).await, receiver, tries: 0 }
    }

    /// Dials [numbers that are only tried](tried) until the answer has these words.
    pub(super) async fn says(&mut self, words: &str) {
        let mut answer = (0, String::new());
        let asked = tokio::time::timeout(PATIENCE, async {
            while !answer.1.contains(words) {
                self.tries += 1;
                answer = self.gateway.get(&format!("/?action=make_call&target={}", tried(self.tries))).await;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        assert!(asked.await.is_ok(), "no dial is answered {words:?}, the last one {answer:?}");
    }

    /// The phone is monitored, and its calls are compared: a dial that it refuses is answered after the snapshot. It must know
    /// [the numbers that are tried](tried).
    pub(super) async fn is_up(&mut self, phone: &Handset) {
        within("the session", phone.wait_monitored()).await;
        self.says("invalidCalledDeviceID").await;
    }

    /// A call to the phone and one from a command URL are told from begin to end.
    pub(super) async fn plays(&mut self, phone: &Handset) {
        let call = phone.ring("0301234567", None);
        assert!(phone.answer(call) && phone.hang_up(call));
        self.expects("inbound?remote=0301234567&result=").await;
        self.expects("connected?remote=0301234567&result=").await;
        self.expects("disconnected?remote=0301234567&result=answered").await;

        self.tries += 1;
        let number = format!("0308{:06}", self.tries);
        let url = format!("/?action=make_call&target={number}");
        let (dialled, call) = tokio::join!(self.gateway.get(&url), phone.wait_dialled());
        assert_eq!(dialled.0, 200, "{}", dialled.1);
        assert!(phone.far_answers(call) && phone.hang_up(call));
        self.expects(&format!("outbound?remote={number}&result=")).await;
        self.expects(&format!("connected?remote={number}&result=")).await;
        self.expects(&format!("disconnected?remote={number}&result=answered")).await;
    }

    /// Stops the gateway in order. No request came but those that were expected.
    pub(super) async fn close(mut self) {
        self.gateway.stop().await;
        assert_eq!(self.receiver.rest(), Vec::<String>::new());
    }

    /// The next request is this one.
    pub(super) async fn expects(&mut self, request: &str) {
        assert_eq!(self.receiver.next(1).await, [format!("GET /{request}")]);
    }
}

/// A number that a phone refuses to dial, if it was told to.
pub(super) fn tried(number: u32) -> String {
    format!("0309{number:06}")
}

/// Waits, but not for ever.
pub(super) async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("{what} did not happen within {PATIENCE:?}"))
}
