//! What many phones cost: memory, the time until all are monitored, processor time for an event.
//!
//! `cargo bench -p tests --bench scale [-- memory|flat|opening|processor …]`; without a word all but `flat`.
//!
//! - `memory [udp|tcp|tls]`: resident memory for each phone, once its link is up and it is idle.
//! - `flat [SECONDS]`: the memory of 10,000 phones while they report 1,000 events a second (600 s).
//! - `opening`: how long until 10,000 links are up, from the first INVITE on.
//! - `processor`: processor time for an event, with 10,000 phones and with 10.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use simulator::{Fleet, PhoneConfig};
use tests::certificates::Authority;
use tests::load::{Crowd, Receiver, Subject, Wire, allow_open_files, events, median};

/// The phones of a small house, as a measure for what a gateway costs without any.
const FEW: usize = 10;

/// The phones of a large one, over UDP.
const MANY: usize = 10_000;

/// Connections stand for less.
const MANY_CONNECTED: usize = 5_000;

/// Events a second, of all phones.
const RATE: u32 = 1_000;

/// For whatever has to come.
const PATIENCE: Duration = Duration::from_secs(60);

/// As in the daemon.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["gateway", config] => return Subject::be_the_gateway(&PathBuf::from(config)),
        _ => allow_open_files(2 * MANY_CONNECTED),
    }
    match words[..] {
        [] => {
            memory(&["udp", "tcp", "tls"]);
            opening();
            processor();
        }
        ["memory"] => memory(&["udp", "tcp", "tls"]),
        ["memory", transport] => memory(&[transport]),
        ["flat"] => flat(Duration::from_secs(600)),
        ["flat", seconds] => flat(Duration::from_secs(seconds.parse().expect("seconds"))),
        ["opening"] => opening(),
        ["processor"] => processor(),
        _ => panic!("memory [udp|tcp|tls], flat [SECONDS], opening, processor"),
    }
}

// ── memory ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/// After this time nothing of the opening is kept any more: transactions end after 64·T1 (RFC 3261 17).
const OVER: Duration = Duration::from_secs(34);

fn memory(transports: &[&str]) {
    println!("resident memory, idle:");
    for transport in transports {
        let many = if *transport == "udp" { MANY } else { MANY_CONNECTED };
        let wanted = match *transport {
            "udp" => 2.0,
            "tcp" => 8.0,
            "tls" => 30.0,
            other => panic!("{other} is none of udp, tcp, tls"),
        };
        let [few, all] = [FEW, many].map(|phones| {
            let (subject, mut crowd, _authority) = house(transport, phones, "");
            crowd.wait_monitored(phones, PATIENCE);
            let opened = subject.resident();
            crowd.serve(Instant::now() + if phones == many { OVER } else { Duration::from_secs(2) });
            (opened, subject.resident())
        });
        let each = |all: u64, few: u64| all.saturating_sub(few) as f64 / (many - FEW) as f64 / 1024.0;
        println!(
            "{transport}: {:.2} KiB a phone (wanted: {wanted}); {many} phones {:.1} MiB, {FEW} phones {:.1} MiB; right after the opening {:.2} KiB",
            each(all.1, few.1),
            mebibytes(all.1),
            mebibytes(few.1),
            each(all.0, few.0),
        );
    }
}

fn flat(length: Duration) {
    let receiver = Receiver::start(|_| {});
    let (subject, mut crowd, _) = house("udp", MANY, &actions(receiver.address()));
    crowd.wait_monitored(MANY, PATIENCE);
    println!("{MANY} phones, {RATE} events/s for {} s:", length.as_secs());
    let mut load = Load::default();
    let (start, parts) = (Instant::now(), 20);
    for _ in 0..parts {
        load.run(&mut crowd, length / parts);
        println!("{:5.0} s: {:.1} MiB", start.elapsed().as_secs_f64(), mebibytes(subject.resident()));
    }
    println!("{:?}", crowd.count);
}

// ── opening ──────────────────────────────────────────────────────────────────────────────────────────────────────────

fn opening() {
    let times: Vec<f64> = (0..3).map(|_| open_all()).collect();
    println!("{MANY} links up after {:.2} s (wanted: 2; rounds: {times:.2?})", median(times.clone()));
}

/// Seconds from the first INVITE until all phones of the simulator are monitored.
fn open_all() -> f64 {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let config = PhoneConfig { user: "1000".to_owned(), ..PhoneConfig::default() };
        let fleet = Fleet::start(MANY, config).await.expect("a socket");
        let phones = fleet.handsets();
        let _subject = Subject::gateway(phones.iter().map(|phone| phone.uri().to_string()), "udp", None, "");
        let session = phones[0].wait_for(|phone| phone.has_session().then(Instant::now));
        let start = tokio::time::timeout(PATIENCE, session).await.expect("an INVITE");
        for phone in phones {
            tokio::time::timeout(PATIENCE, phone.wait_monitored()).await.expect("a monitor");
        }
        start.elapsed().as_secs_f64()
    })
}

// ── processor time ───────────────────────────────────────────────────────────────────────────────────────────────────

fn processor() {
    const ROUNDS: usize = 5;
    const ROUND: Duration = Duration::from_secs(5);
    let receiver = Receiver::start(|_| {});
    let mut houses = [FEW, MANY].map(|phones| {
        let (subject, mut crowd, _) = house("udp", phones, &actions(receiver.address()));
        crowd.wait_monitored(phones, PATIENCE);
        (subject, crowd, Load::default(), Vec::new())
    });
    for (_, crowd, load, _) in &mut houses {
        load.run(crowd, Duration::from_secs(2));
    }
    for _ in 0..ROUNDS {
        for (subject, crowd, load, costs) in &mut houses {
            let before = subject.processor_time();
            let events = load.run(crowd, ROUND);
            let used = subject.processor_time() - before;
            costs.push(used.as_secs_f64() * 1e6 / events as f64);
        }
    }
    let [few, many] = houses.map(|(_, crowd, _, costs)| {
        assert_eq!((crowd.count.failed, crowd.count.ended), (0, 0), "{:?}", crowd.count);
        median(costs)
    });
    println!(
        "processor time for an event (to its URL): {many:.0} µs with {MANY} phones, {few:.0} µs with {FEW}: {:.2} (wanted: 1.2)",
        many / few
    );
}

// ── houses and their load ────────────────────────────────────────────────────────────────────────────────────────────

/// A gateway and its phones, and the authority whose certificate it reads.
fn house(transport: &str, phones: usize, actions: &str) -> (Subject, Crowd, Authority) {
    let authority = Authority::new("Authority of the phones");
    let (wire, trusted) = match transport {
        "udp" => (Wire::udp(), None),
        "tcp" => (Wire::tcp(), None),
        _ => {
            let shown = authority.issue("phones.example.com").phone(None, &authority);
            (Wire::tls(shown.acceptor), Some(authority.file()))
        }
    };
    let uris = (0..phones).map(|n| wire.uri(n, 1000 + n));
    let subject = Subject::gateway(uris, transport, trusted.as_deref(), actions);
    (subject, Crowd::new(wire), authority)
}

fn actions(receiver: SocketAddr) -> String {
    format!(
        "[[action_url]]\non = [\"inbound\", \"disconnected\"]\n\
         url = \"http://{receiver}/call?action=<$action>&remote=<$remote_party>\"\n"
    )
}

/// Calls that ring and end, at an even pace, one phone after the other.
#[derive(Default)]
struct Load {
    events: usize,
}

impl Load {
    /// Says how many events it were.
    fn run(&mut self, crowd: &mut Crowd, length: Duration) -> usize {
        let phones = crowd.dialogs().len();
        let (start, before) = (Instant::now(), self.events);
        let count = (length.as_secs_f64() * f64::from(RATE)) as usize & !1;
        for n in 0..count {
            crowd.serve(start + Duration::from_secs(1) * n as u32 / RATE);
            // Both events of a call come from the same phone.
            let call = self.events / 2;
            let begins = self.events.is_multiple_of(2);
            let event = if begins { events::delivered } else { events::cleared };
            crowd.report(call % phones, |user| event(user, 100_000_000 + call));
            self.events += 1;
        }
        crowd.wait_taken(self.events, PATIENCE);
        self.events - before
    }
}

fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
