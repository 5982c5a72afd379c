//! Deliveries from a store on disk to an endpoint of our own.

mod receiver;

use std::{
    collections::{BTreeMap, HashMap},
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use call_model::{CallGuid, DestinationId, Method, Profile, Rendered};
use store::{DeliveryRecord, DeliveryState, Settings, Store, StoreEvent, Submission};
use tempfile::TempDir;
use tokio::{
    sync::mpsc,
    task::{JoinHandle, JoinSet},
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Endpoint, Options, Schedule, run, sign::SigningKey};
use receiver::{Answer, PATIENCE, Received, Receiver};

const HOUR: Duration = Duration::from_secs(3_600);

/// A store and the task that delivers from it.
struct Rig {
    dir: TempDir,
    settings: Settings,
    store: Store,
    events: mpsc::Receiver<StoreEvent>,
    token: u64,
    running: Option<(JoinHandle<()>, CancellationToken)>,
}

impl Rig {
    fn new() -> Self {
        Self::expiring(Settings::default().log_expires)
    }

    fn expiring(after: Duration) -> Self {
        let dir = TempDir::new().unwrap();
        let settings = Settings { log_expires: after, pop_expires: after, ..Settings::default() };
        let (store, events) = Store::open_with(dir.path(), settings.clone()).unwrap();
        Self { dir, settings, store, events, token: 0, running: None }
    }

    async fn submit(&mut self, deliveries: Vec<Rendered>) {
        self.token += 1;
        self.store.submit(Submission { token: self.token, deliveries, calls: Vec::new() }).unwrap();
        let durable = self.events.recv();
        assert_eq!(durable.await, Some(StoreEvent::Durable { up_to: self.token }));
    }

    fn run(&mut self, endpoints: Vec<Endpoint>, options: Options) {
        let stop = CancellationToken::new();
        let task = tokio::spawn(run(self.store.clone(), endpoints, options, stop.clone()));
        self.running = Some((task, stop));
    }

    async fn restart(&mut self) {
        if let Some((task, stop)) = self.running.take() {
            stop.cancel();
            task.await.unwrap();
        }
        self.store.close().await;
        (self.store, self.events) = Store::open_with(self.dir.path(), self.settings.clone()).unwrap();
    }

    /// What became of each event, by `call:n`, once nothing waits any more.
    async fn ends(&self) -> BTreeMap<String, DeliveryRecord> {
        let settled = async {
            while !self.store.waiting_destinations().await.unwrap().is_empty() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, settled).await.expect("everything delivered or given up in time");
        let mut ends = BTreeMap::new();
        for state in [DeliveryState::Delivered, DeliveryState::Dead] {
            for record in self.store.deliveries(state, 1_000).await.unwrap() {
                ends.insert(format!("{}/{}", record.destination.0, record.event_id), record);
            }
        }
        ends
    }

    async fn all_delivered(&self, count: usize) {
        let ends = self.ends().await;
        let delivered = ends.values().filter(|record| record.state == DeliveryState::Delivered).count();
        assert_eq!((delivered, ends.len()), (count, count), "{ends:?}");
    }

    /// The reason why the only delivery was given up.
    async fn why_dead(&self) -> String {
        let ends: Vec<_> = self.ends().await.into_values().collect();
        let [DeliveryRecord { state: DeliveryState::Dead, last_error: Some(reason), .. }] = &ends[..] else {
            panic!("not one dead letter: {ends:?}")
        };
        reason.clone()
    }
}

fn endpoint(name: &str) -> Endpoint {
    Endpoint {
        id: DestinationId(name.into()),
        host: "http://crm.example".to_owned(),
        headers: Vec::new(),
        sign: None,
        allow: Vec::new(),
    }
}

fn rendered(destination: &str, url: impl Into<String>, call: u32, sequence: u32) -> Rendered {
    let guid = CallGuid(Uuid::from_u128(call.into()));
    Rendered {
        destination: DestinationId(destination.into()),
        event_id: format!("{guid}:{sequence}"),
        guid,
        sequence,
        method: Method::Get,
        url: url.into(),
        content_type: None,
        body: None,
        browser: false,
        profile: Profile::Log,
    }
}

/// To the receiver; the query names call and sequence.
fn to(receiver: &Receiver, destination: &str, call: u32, sequence: u32) -> Rendered {
    rendered(destination, format!("http://{}/?call={call}&n={sequence}", receiver.address), call, sequence)
}

/// As the defaults, but hundreds of times as fast.
fn quick() -> Options {
    let schedule = |down_after| Schedule {
        pauses: [5, 20].map(Duration::from_millis).into(),
        timeout: Duration::from_secs(2),
        down_after,
    };
    Options { log: schedule(2), pop: schedule(5), probe_every: Duration::from_millis(10), ..Options::default() }
}

/// A retry by schedule comes too late for any test.
fn no_retries() -> Options {
    Options { log: Schedule { pauses: vec![HOUR], ..quick().log }, ..quick() }
}

/// The sequences of each call, in the order they arrived.
fn by_call(all: &[Received]) -> HashMap<u32, Vec<u32>> {
    let mut calls: HashMap<u32, Vec<u32>> = HashMap::new();
    for received in all {
        calls.entry(received.query("call")).or_default().push(received.query("n"));
    }
    calls
}

#[tokio::test]
async fn each_call_is_in_order_under_errors_and_slow_answers() {
    let count = AtomicU32::new(0);
    let mut receiver = Receiver::start(move |_| match count.fetch_add(1, Ordering::Relaxed) % 5 {
        0 => Answer::Status(500),
        1 => Answer::After(Duration::from_millis(5)),
        2 => Answer::Reset,
        3 => Answer::Status(404),
        _ => Answer::Status(204),
    })
    .await;
    let mut rig = Rig::new();
    rig.run(vec![endpoint("a")], quick());
    for sequence in 1..=4 {
        rig.submit((1..=10).map(|call| to(&receiver, "a", call, sequence)).collect()).await;
    }
    rig.all_delivered(40).await;
    for (call, mut sequences) in by_call(&receiver.rest()) {
        assert!(sequences.is_sorted(), "call {call}: {sequences:?}");
        sequences.dedup();
        assert_eq!(sequences, [1, 2, 3, 4], "call {call}");
    }
}

#[tokio::test]
async fn calls_go_in_parallel_up_to_a_bound() {
    let mut receiver =
        Receiver::start(|received| if received.query("call") == 0 { Answer::Status(200) } else { Answer::Hang }).await;
    let patient = Schedule { timeout: HOUR, ..quick().log };
    let mut rig = Rig::new();
    rig.run(vec![endpoint("a")], Options { log: patient, concurrency: 3, ..quick() });
    rig.submit(vec![to(&receiver, "a", 0, 1)]).await;
    receiver.next().await;
    rig.submit((1..=9).flat_map(|call| [to(&receiver, "a", call, 1), to(&receiver, "a", call, 2)]).collect()).await;
    let calls = by_call(&receiver.take(3).await);
    assert_eq!(calls.len(), 3, "none of them is answered before the others are asked: {calls:?}");
    assert!(receiver.rest().is_empty(), "more than the bound, or an event before its predecessor");
}

#[tokio::test]
async fn a_hanging_destination_delays_nobody_else() {
    let hanging = Receiver::start(|_| Answer::Hang).await;
    let mut well = Receiver::start(|_| Answer::Status(200)).await;
    let mut rig = Rig::new();
    let patient = Schedule { timeout: HOUR, ..quick().log };
    rig.run(vec![endpoint("hanging"), endpoint("well")], Options { log: patient, ..quick() });
    for call in 1..=50 {
        rig.submit(vec![to(&hanging, "hanging", call, 1), to(&well, "well", call, 1)]).await;
    }
    assert_eq!(by_call(&well.take(50).await).len(), 50);
}

/// An endpoint that fails like this until it is told to work.
async fn failing(how: Answer) -> (Receiver, Arc<AtomicBool>) {
    let is_up = Arc::new(AtomicBool::new(false));
    let up = Arc::clone(&is_up);
    let answer = move |_: &Received| if up.load(Ordering::Relaxed) { Answer::Status(200) } else { how.clone() };
    (Receiver::start(answer).await, is_up)
}

#[tokio::test]
async fn a_recovery_lets_the_backlog_flow_in_order() {
    for how in [
        Answer::Status(500),
        Answer::Status(404),
        Answer::Reset,
        Answer::With(302, "Location: http://127.0.0.1:1/\r\n"),
    ] {
        let (mut receiver, is_up) = failing(how).await;
        let mut rig = Rig::new();
        rig.submit((1..=60).map(|n| to(&receiver, "a", n % 20, n)).collect()).await;
        // By schedule each would be tried again after an hour: the probes find out.
        rig.run(vec![endpoint("a")], no_retries());
        receiver.take(5).await;
        is_up.store(true, Ordering::Relaxed);
        rig.all_delivered(60).await;
        for (call, sequences) in by_call(&receiver.rest()) {
            assert!(sequences.is_sorted(), "call {call}: {sequences:?}");
        }
    }
}

#[tokio::test]
async fn a_restart_delivers_the_rest_at_once() {
    let (mut receiver, is_up) = failing(Answer::Status(500)).await;
    let mut rig = Rig::new();
    rig.submit((1..=20).flat_map(|n| [to(&receiver, "a", 1, n), to(&receiver, "a", 2, n)]).collect()).await;
    rig.run(vec![endpoint("a")], Options { probe_every: HOUR, ..no_retries() });
    receiver.next().await;
    rig.restart().await;
    is_up.store(true, Ordering::Relaxed);
    rig.run(vec![endpoint("a")], Options { probe_every: HOUR, ..no_retries() });
    rig.all_delivered(40).await;
}

#[tokio::test]
async fn retry_after_is_obeyed_and_capped() {
    for (status, header) in [
        (429, "Retry-After: 0\r\n"),
        (503, "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n"),
        (503, "Retry-After: 9999999\r\n"),
    ] {
        let asked = AtomicBool::new(false);
        let receiver = Receiver::start(move |_| match asked.swap(true, Ordering::Relaxed) {
            false => Answer::With(status, header),
            true => Answer::Status(200),
        });
        let receiver = receiver.await;
        let mut rig = Rig::new();
        // Nothing but the header's pause, or its bound, brings a second attempt within an hour.
        let longest_pause = Duration::from_millis(20);
        rig.run(vec![endpoint("a")], Options { longest_pause, ..no_retries() });
        rig.submit(vec![to(&receiver, "a", 1, 1)]).await;
        rig.all_delivered(1).await;
    }
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let mut elsewhere = Receiver::start(|_| Answer::Status(200)).await;
    let location: &'static str = format!("Location: http://{}/\r\n", elsewhere.address).leak();
    let receiver = Receiver::start(move |_| Answer::With(302, location)).await;
    let mut rig = Rig::expiring(Duration::from_millis(300));
    rig.run(vec![endpoint("a")], quick());
    rig.submit(vec![to(&receiver, "a", 1, 1)]).await;
    let reason = rig.why_dead().await;
    assert!(reason.contains("302"), "{reason}");
    assert!(elsewhere.rest().is_empty(), "the redirect was followed");
}

#[tokio::test]
async fn the_resolved_address_is_held_against_the_rule() {
    let mut cases = JoinSet::new();
    cases.spawn(check_rule("localhost", None, None));
    cases.spawn(check_rule("127.0.0.1", None, None));
    cases.spawn(check_rule("127.1", Some("127.0.0.0/8"), None));
    cases.spawn(check_rule("127.1", None, Some("127.1 is at 127.0.0.1: a loopback address is allowed only where")));
    let elsewhere = Some("127.0.0.1 is at 127.0.0.1: it is not in the networks of `allow`");
    cases.spawn(check_rule("127.0.0.1", Some("10.0.0.0/8"), elsewhere));
    let metadata = Some("link-local, metadata and multicast addresses are never allowed");
    cases.spawn(check_rule("169.254.169.254", Some("0.0.0.0/0"), metadata));
    cases.join_all().await;
}

/// Sends one delivery to this host, under this `allow`; it arrives, or is given up for the expected reason.
async fn check_rule(host: &str, allow: Option<&str>, refused: Option<&str>) {
    let mut receiver = Receiver::start(|_| Answer::Status(200)).await;
    let mut rig = Rig::expiring(if refused.is_some() { Duration::from_secs(1) } else { HOUR });
    let allow = allow.map(|network| network.parse().unwrap()).into_iter().collect();
    rig.run(vec![Endpoint { allow, ..endpoint("a") }], Options { probe_every: HOUR, ..no_retries() });
    rig.submit(vec![rendered("a", format!("http://{host}:{}/", receiver.address.port()), 1, 1)]).await;
    match refused {
        None => rig.all_delivered(1).await,
        Some(expected) => {
            let reason = rig.why_dead().await;
            assert!(reason.contains(expected), "{host}: {reason}");
        }
    }
    assert_eq!(receiver.rest().len(), usize::from(refused.is_none()), "{host}");
}

#[tokio::test]
async fn a_request_is_signed_and_carries_what_was_configured() {
    let mut receiver = Receiver::start(|_| Answer::Status(200)).await;
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let own = [("Authorization", "Bearer crm"), ("X-Two", "1"), ("X-Two", "2")];
    let headers = own.map(|(name, value)| (name.to_owned(), value.into())).into();
    let mut rig = Rig::new();
    rig.run(vec![Endpoint { headers, sign: Some(secret.into()), ..endpoint("a") }], quick());
    let post = Rendered {
        method: Method::Post,
        url: format!("http://user:password@{}/in#frag", receiver.address),
        content_type: Some("application/json".into()),
        body: Some(r#"{"name":"Jürgen"}"#.into()),
        ..to(&receiver, "a", 1, 7)
    };
    rig.submit(vec![post.clone()]).await;
    let received = receiver.next().await;
    assert_eq!((received.method.as_str(), received.target.as_str()), ("POST", "/in"));
    assert_eq!(received.body, post.body.unwrap());
    let header = |name: &str| received.headers.get(name).map_or("", String::as_str);
    assert_eq!(header("authorization"), "Bearer crm", "a configured header replaces the URL's credentials");
    assert_eq!(header("host"), receiver.address.to_string());
    assert_eq!(header("content-type"), "application/json");
    assert!(header("user-agent").starts_with("hookswitch/"));
    assert_eq!(header("webhook-id"), post.event_id);
    let timestamp = header("webhook-timestamp").parse().unwrap();
    let expected = SigningKey::new(&secret.into()).unwrap().sign(&post.event_id, timestamp, received.body.as_bytes());
    assert_eq!(Some(header("webhook-signature")), expected.as_deref());
}

#[tokio::test]
async fn the_url_is_sent_as_rendered() {
    let mut receiver = Receiver::start(|_| Answer::Status(200)).await;
    let mut rig = Rig::new();
    rig.run(vec![endpoint("a")], quick());
    for (sequence, (path, sent)) in (1..).zip([
        (
            "/c.php?calldirection=inboundcalldirectionINT=0&remote=%2B49%2030",
            "/c.php?calldirection=inboundcalldirectionINT=0&remote=%2B49%2030",
        ),
        ("?name=J%C3%BCrgen#frag=%23", "/?name=J%C3%BCrgen"),
        ("", "/"),
        ("/a//../b/%2e/?&&x=y&", "/a//../b/%2e/?&&x=y&"),
    ]) {
        rig.submit(vec![rendered("a", format!("http://{}{path}", receiver.address), 1, sequence)]).await;
        assert_eq!(receiver.next().await.target, sent);
    }
}

#[tokio::test]
async fn a_url_that_cannot_be_sent_is_given_up_and_its_call_goes_on() {
    let receiver = Receiver::start(|_| Answer::Status(200)).await;
    let mut rig = Rig::new();
    rig.run(vec![endpoint("a")], quick());
    rig.submit(vec![rendered("a", "http://crm.example/a b", 1, 1), to(&receiver, "a", 1, 2)]).await;
    let ends: Vec<_> = rig.ends().await.into_values().collect();
    assert_eq!([ends[0].state, ends[1].state], [DeliveryState::Dead, DeliveryState::Delivered]);
    assert!(ends[0].last_error.as_ref().unwrap().contains("percent-encoded"), "{ends:?}");
}

#[tokio::test]
async fn gone_stops_the_destination_until_the_next_start() {
    let mut receiver =
        Receiver::start(|received| Answer::Status(if received.query("n") == 1 { 410 } else { 200 })).await;
    let mut rig = Rig::new();
    rig.run(vec![endpoint("a")], quick());
    rig.submit(vec![to(&receiver, "a", 1, 1), to(&receiver, "a", 1, 2)]).await;
    receiver.next().await;
    rig.restart().await;
    assert!(receiver.rest().is_empty(), "asked again after 410");
    rig.run(vec![endpoint("a")], quick());
    let ends: Vec<_> = rig.ends().await.into_values().collect();
    assert_eq!([ends[0].state, ends[1].state], [DeliveryState::Dead, DeliveryState::Delivered]);
    assert_eq!(ends[0].last_status, Some(410));
}

#[tokio::test]
async fn an_endless_answer_is_an_answer() {
    let receiver = Receiver::start(|_| Answer::Endless).await;
    let mut rig = Rig::new();
    rig.run(vec![endpoint("a")], quick());
    rig.submit((1..=3).map(|n| to(&receiver, "a", 1, n)).collect()).await;
    rig.all_delivered(3).await;
}

#[tokio::test]
async fn what_waits_for_an_unknown_destination_is_given_up() {
    let receiver = Receiver::start(|_| Answer::Status(200)).await;
    let mut rig = Rig::new();
    rig.submit(vec![to(&receiver, "gone", 1, 1)]).await;
    rig.run(vec![endpoint("a")], quick());
    assert_eq!(rig.why_dead().await, "destination is no longer configured");
}

#[tokio::test]
async fn a_screen_pop_expires() {
    let receiver = Receiver::start(|_| Answer::Status(500)).await;
    let mut rig = Rig::expiring(Duration::from_millis(100));
    rig.run(vec![endpoint("a")], quick());
    rig.submit(vec![Rendered { profile: Profile::Pop, ..to(&receiver, "a", 1, 1) }]).await;
    let reason = rig.why_dead().await;
    assert!(reason.contains("500"), "{reason}");
}

#[tokio::test]
async fn a_browser_opens_what_is_for_a_browser() {
    let opened = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&opened);
    let opener: super::Opener = Arc::new(move |url| {
        seen.lock().unwrap().push(url.to_owned());
        if url.contains("refuse") { Err(io::Error::other("no desktop")) } else { Ok(()) }
    });
    let mut rig = Rig::expiring(Duration::from_millis(500));
    rig.run(vec![endpoint("a")], Options { opener, ..quick() });
    let show = |url: &str, sequence| Rendered { browser: true, ..rendered("a", url, sequence, sequence) };
    rig.submit(vec![show("http://crm/#c=1", 1), show("http://refuse/", 2), show("file:///etc/passwd", 3)]).await;
    let ends: Vec<_> = rig.ends().await.into_values().collect();
    assert_eq!(ends[0].state, DeliveryState::Delivered);
    assert!(ends[1..].iter().all(|record| record.state == DeliveryState::Dead), "{ends:?}");
    let opened = opened.lock().unwrap();
    assert_eq!(opened[0], "http://crm/#c=1");
    assert!(!opened.iter().any(|url| url.starts_with("file")), "{opened:?}");
}
