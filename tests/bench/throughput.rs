//! What the gateway takes and passes on, against a bare echo and against Kamailio.
//!
//! `cargo bench -p tests --bench throughput [-- info|url]`
//!
//! - `info`: INFO requests of 1,200 bytes answered a second, over UDP: the gateway, a tokio UDP echo of the same bytes, and
//!   Kamailio's `tm` with two children.
//! - `url`: INFO requests that become a URL request, read by the receiver: the gateway, durable and in order, and Kamailio
//!   with `http_client`. How many a second, and how long one takes at 500 a second.
//!
//! Each is a process of its own; they take turns.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tests::load::{Crowd, Receiver, Shooter, Subject, Wire, events, folder, free_port, median};
use tests::peer;

/// So many phones have one INFO under way each.
const PHONES: usize = 64;

/// The length of each INFO.
const LENGTH: usize = 1_200;

const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(2);

/// Events a second where the time of one is taken.
const RATE: u32 = 500;

/// As in the daemon.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["gateway", config] => Subject::be_the_gateway(&PathBuf::from(config)),
        ["echo", address] => be_the_echo(address.parse().expect("an address")),
        [] => {
            info();
            url();
        }
        ["info"] => info(),
        ["url"] => url(),
        _ => panic!("info, url"),
    }
}

// ── INFO to 200 ──────────────────────────────────────────────────────────────────────────────────────────────────────

fn info() {
    let address = || SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
    let (echoing, kamailio_at) = (address(), address());
    let _echo = Subject::again(&["echo", &echoing.to_string()]);
    let kamailio = kamailio(kamailio_at, "", "");
    let (_gateway, crowd) = gateway("");
    let mut echo = Shooter::strangers(PHONES, echoing, LENGTH);
    let mut tm = kamailio.as_ref().map(|_| Shooter::strangers(PHONES, kamailio_at, LENGTH));
    let mut phones = Shooter::phones(crowd, LENGTH);
    let mut rates: [Vec<f64>; 4] = Default::default();
    for _ in 0..ROUNDS {
        rates[0].push(rate(&mut echo, |user, _| events::do_not_disturb(user)));
        rates[1].push(rate(&mut phones, |user, _| events::do_not_disturb(user)));
        rates[2].extend(tm.as_mut().map(|tm| rate(tm, |user, _| events::do_not_disturb(user))));
        rates[3].push(rate(&mut phones, call));
    }
    let [echo, gateway, tm, durable] = rates.map(|rates| if rates.is_empty() { f64::NAN } else { median(rates) });
    println!("INFO requests of {LENGTH} bytes answered a second, {PHONES} under way:");
    println!("gateway {gateway:.0}, echo {echo:.0}: {:.2} (wanted: 0.6)", gateway / echo);
    println!("gateway {gateway:.0}, Kamailio's tm {tm:.0}: {:.2} (wanted: 3)", gateway / tm);
    println!("gateway, each event on disk before its 200: {durable:.0}");
}

fn rate(shooter: &mut Shooter, event: impl Fn(usize, usize) -> String) -> f64 {
    shooter.shoot(ROUND, event) as f64 / ROUND.as_secs_f64()
}

/// Calls that ring and end, one after the other at each phone.
fn call(user: usize, number: usize) -> String {
    let call = number_of_call(user, number);
    let text = if number.is_multiple_of(2) { events::cleared(user, call) } else { events::delivered(user, call) };
    String::from_utf8(text).expect("text")
}

/// A phone's events are its calls' beginnings and ends.
fn number_of_call(user: usize, number: usize) -> usize {
    10_000_000 + (user - 1000) * 10_000_000 + number.div_ceil(2)
}

fn be_the_echo(address: SocketAddr) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let socket = tokio::net::UdpSocket::bind(address).await.expect("a port");
        let echo = tokio::spawn(async move {
            let mut buffer = vec![0; 65_535];
            while let Ok((length, remote)) = socket.recv_from(&mut buffer).await {
                let _ = socket.send_to(&buffer[..length], remote).await;
            }
        });
        let _ = echo.await;
    });
}

// ── INFO to URL ──────────────────────────────────────────────────────────────────────────────────────────────────────

fn url() {
    let board = Arc::new(Board::default());
    let noted = board.clone();
    let receiver = Receiver::start(move |head| noted.note(head));
    let kamailio_at = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
    let query = format!("http_client_query(\"http://{}/call?event=$fU-$cs\", \"$var(result)\");", receiver.address());
    let kamailio = kamailio(kamailio_at, "loadmodule \"http_client.so\"\n", &query);
    let (_gateway, crowd) = gateway(&format!(
        "[[action_url]]\non = [\"inbound\", \"disconnected\"]\n\
         url = \"http://{}/call?action=<$action>&remote=<$remote_party>\"\n",
        receiver.address()
    ));
    let mut shooters = [
        Some(Shooter::phones(crowd, LENGTH)),
        kamailio.as_ref().map(|_| Shooter::strangers(PHONES, kamailio_at, LENGTH)),
    ];
    let (mut rates, mut times): ([Vec<f64>; 2], [Vec<f64>; 2]) = Default::default();
    for _ in 0..ROUNDS {
        for (n, shooter) in shooters.iter_mut().enumerate() {
            let Some(shooter) = shooter else { continue };
            let before = board.count.load(Ordering::Acquire);
            let start = Instant::now();
            shooter.shoot(ROUND, call);
            let wait = Instant::now() + Duration::from_secs(20);
            while board.is_busy() && Instant::now() < wait {
                shooter.serve(Instant::now() + Duration::from_millis(50));
            }
            let last = Duration::from_nanos(board.latest.load(Ordering::Acquire)).saturating_sub(board.since(start));
            rates[n].push((board.count.load(Ordering::Acquire) - before) as f64 / last.as_secs_f64());
            times[n].push(board.pace(shooter));
        }
    }
    let middle = |values: [Vec<f64>; 2]| values.map(|one| if one.is_empty() { f64::NAN } else { median(one) });
    let ([gateway, kamailio], [slow, fast]) = (middle(rates), middle(times));
    println!("INFO requests that became a URL request a second:");
    println!("gateway {gateway:.0}, Kamailio {kamailio:.0}: {:.2} (wanted: 4)", gateway / kamailio);
    println!("from an INFO to its URL at {RATE} a second, p50:");
    println!("gateway {slow:.0} µs, Kamailio {fast:.0} µs: {:.2} (wanted: 0.5)", slow / fast);
}

/// What the receiver saw.
struct Board {
    start: Instant,
    count: AtomicUsize,
    /// When the last request came, in nanoseconds from the start.
    latest: AtomicU64,
    /// When the URL of an event that is timed came, by its place.
    came: Vec<AtomicU64>,
    /// The events that are timed are those of each phone from this number on.
    timed: Vec<AtomicUsize>,
}

const TIMED: usize = RATE as usize * 2;

impl Default for Board {
    fn default() -> Self {
        Self {
            start: Instant::now(),
            count: AtomicUsize::new(0),
            latest: AtomicU64::new(0),
            came: (0..TIMED).map(|_| AtomicU64::new(0)).collect(),
            timed: (0..PHONES).map(|_| AtomicUsize::new(usize::MAX)).collect(),
        }
    }
}

impl Board {
    fn since(&self, start: Instant) -> Duration {
        start.saturating_duration_since(self.start)
    }

    fn now(&self) -> u64 {
        self.start.elapsed().as_nanos() as u64
    }

    /// Requests still come in.
    fn is_busy(&self) -> bool {
        self.now() - self.latest.load(Ordering::Acquire) < 300_000_000
    }

    fn note(&self, head: &str) {
        let now = self.now();
        self.latest.store(now, Ordering::Release);
        self.count.fetch_add(1, Ordering::AcqRel);
        let Some((phone, number)) = event_of(head) else { return };
        let first = self.timed[phone].load(Ordering::Acquire);
        if let Some(slot) = number.checked_sub(first).and_then(|n| self.came.get(n * PHONES + phone)) {
            slot.store(now, Ordering::Release);
        }
    }

    /// The median of the microseconds from an INFO to its URL, at an even pace.
    fn pace(&self, shooter: &mut Shooter) -> f64 {
        self.came.iter().for_each(|slot| slot.store(0, Ordering::Release));
        for (phone, first) in self.timed.iter().enumerate() {
            first.store(shooter.next_number(phone), Ordering::Release);
        }
        let start = Instant::now();
        let sent: Vec<u64> = (0..TIMED)
            .map(|n| {
                shooter.serve(start + Duration::from_secs(1) * n as u32 / RATE);
                let at = self.now();
                shooter.send(n % PHONES, &call);
                at
            })
            .collect();
        shooter.serve(Instant::now() + Duration::from_secs(1));
        self.timed.iter().for_each(|first| first.store(usize::MAX, Ordering::Release));
        let came = self.came.iter().map(|slot| slot.load(Ordering::Acquire));
        let times = sent.iter().zip(came).filter(|(_, came)| *came > 0);
        let times: Vec<f64> = times.map(|(sent, came)| came.saturating_sub(*sent) as f64 / 1000.0).collect();
        assert!(times.len() * 10 >= TIMED * 9, "{} of {TIMED} URLs came", times.len());
        median(times)
    }
}

/// The phone and the number of an event, from the URL it became.
fn event_of(head: &str) -> Option<(usize, usize)> {
    let target = head.split(' ').nth(1)?;
    let value = |key: &str| target.split(['?', '&']).find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='));
    if let Some(event) = value("event") {
        let (user, number) = event.split_once('-')?;
        return Some((user.parse::<usize>().ok()?.checked_sub(1000)?, number.parse().ok()?));
    }
    let call = value("remote")?.parse::<usize>().ok()?.checked_sub(10_000_000)?;
    let (phone, nth) = (call / 10_000_000, call % 10_000_000);
    let ended = value("action")? == "disconnected";
    (phone < PHONES).then_some((phone, 2 * nth - usize::from(!ended)))
}

// ── subjects ─────────────────────────────────────────────────────────────────────────────────────────────────────────

fn gateway(actions: &str) -> (Subject, Crowd) {
    let wire = Wire::udp();
    let subject = Subject::gateway((0..PHONES).map(|n| wire.uri(n, 1000 + n)), "udp", None, actions);
    let mut crowd = Crowd::new(wire);
    crowd.wait_monitored(PHONES, Duration::from_secs(60));
    (subject, crowd)
}

/// Kamailio with two children that answers each INFO statefully, after what `script` does. It ends with the value.
fn kamailio(at: SocketAddr, modules: &str, script: &str) -> Option<Ending> {
    let program = peer::find("kamailio", "kamailio, kamailio-utils-modules")?;
    let folder = folder();
    let config = folder.path().join("kamailio.cfg");
    let text = format!(
        "debug=-3\nlog_stderror=yes\nchildren=2\ndisable_tcp=yes\nauto_aliases=no\ndns=no\nrev_dns=no\nlisten=udp:{at}\n\
         loadmodule \"tm.so\"\nloadmodule \"pv.so\"\n{modules}\
         request_route {{\n  if (method == \"INFO\") {{\n    t_newtran();\n    {script}\n    t_reply(\"200\", \"OK\");\n  }}\n}}\n"
    );
    std::fs::write(&config, text).expect("a configuration file");
    let mut command = Command::new(program);
    // Memory for all transactions that tm keeps for five seconds after their answer.
    command.args(["-DD", "-E", "-m", "4096", "-M", "8", "-f"]).arg(&config);
    command.arg("-w").arg(folder.path()).arg("-Y").arg(folder.path());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let subject = Subject::start(command, folder);
    let mut probe = Shooter::strangers(1, at, LENGTH);
    let deadline = Instant::now() + Duration::from_secs(20);
    while probe.shoot(Duration::from_millis(100), |user, _| events::do_not_disturb(user)) == 0 {
        assert!(Instant::now() < deadline, "Kamailio does not answer");
    }
    Some(Ending(subject))
}

/// A program that ends its children when it is asked to end.
struct Ending(Subject);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.ask_to_end(Duration::from_secs(10));
    }
}
