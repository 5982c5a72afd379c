//! How long from an event to its URL: the gateway against the floor, in one run.
//!
//! `cargo bench -p tests --bench latency [-- ROUNDS SECONDS]`
//!
//! Phones send 1,000 INFO requests a second over UDP; the time runs from just before an INFO is sent until the request
//! for its URL is read by the receiver. Gateway and floor run one after the other, each as a process of its own, and
//! the rounds alternate, so that both meet the same machine.

mod floor;
mod phones;
mod receiver;

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::Path;
use std::process::{Child, Command};
use std::sync::Arc;
use std::time::Duration;

use self::phones::Phones;
use self::receiver::Receiver;

/// Events a second.
const RATE: u32 = 1000;

/// Events of the first seconds are not counted: connections are opened and caches filled.
const WARM_UP: Duration = Duration::from_secs(2);

/// The phones that share the events.
const PHONES: usize = 100;

/// The two that are compared.
#[derive(Clone, Copy, PartialEq)]
enum Subject {
    Floor,
    Gateway,
}

/// One round's latencies in microseconds, ascending.
struct Round(Vec<u64>);

/// As in the daemon.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.first().map(String::as_str) {
        Some("floor") => be_the_floor(&arguments[1..]),
        Some("gateway") => be_the_gateway(Path::new(&arguments[1])),
        _ => compare(&arguments),
    }
}

fn be_the_floor(arguments: &[String]) {
    let [address, file, receiver] = arguments else { panic!("floor ADDRESS FILE RECEIVER") };
    floor::run(address.parse().unwrap(), file.into(), receiver.parse().unwrap()).unwrap();
}

fn be_the_gateway(config: &Path) {
    let config = gateway::config::Config::load(config).unwrap_or_else(|error| panic!("{error}"));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(gateway::run::run(config)).unwrap();
}

fn compare(arguments: &[String]) {
    let number = |n: usize, default: u32| arguments.get(n).map_or(default, |text| text.parse().unwrap());
    let (rounds, seconds) = (number(0, 3), number(1, 10));
    println!("{rounds} rounds of {seconds} s each, {RATE} events/s from {PHONES} phones, times in µs");
    let (mut floor, mut gateway) = (Vec::new(), Vec::new());
    for n in 1..=rounds {
        for (subject, name, list) in
            [(Subject::Floor, "floor", &mut floor), (Subject::Gateway, "gateway", &mut gateway)]
        {
            let round = measure(subject, Duration::from_secs(seconds.into()));
            println!(
                "round {n} {name:8} p50 {:6}  p99 {:6}  ({} events)",
                round.at(0.50),
                round.at(0.99),
                round.0.len()
            );
            list.push(round);
        }
    }
    for share in [0.50, 0.99] {
        let (low, high) = (median(&floor, share), median(&gateway, share));
        println!("p{:.0}: gateway {high} µs, floor {low} µs, ratio {:.2}", share * 100.0, high as f64 / low as f64);
    }
}

fn median(rounds: &[Round], share: f64) -> u64 {
    let mut all: Vec<u64> = rounds.iter().map(|round| round.at(share)).collect();
    all.sort_unstable();
    all[all.len() / 2]
}

fn measure(subject: Subject, length: Duration) -> Round {
    let count = (RATE as usize) * (WARM_UP + length).as_secs() as usize;
    let receiver = Receiver::start(count);
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let phones = Phones::bind(count, receiver.arrivals());
    let mut child = start(subject, folder.path(), port, phones.address(), receiver.address());
    let target = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let latencies = match subject {
        Subject::Floor => phones.load_floor(target, count),
        Subject::Gateway => phones.load_gateway(count, PHONES),
    };
    child.kill().unwrap();
    child.wait().unwrap();
    let skip = RATE as usize * WARM_UP.as_secs() as usize;
    let mut counted: Vec<u64> =
        latencies.into_iter().skip(skip).map(|latency| latency.expect("an event got lost")).collect();
    counted.sort_unstable();
    Round(counted)
}

impl Round {
    fn at(&self, share: f64) -> u64 {
        self.0[((self.0.len() - 1) as f64 * share) as usize]
    }
}

fn start(subject: Subject, folder: &Path, port: u16, phones: SocketAddr, receiver: SocketAddr) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    match subject {
        Subject::Floor => {
            let file = folder.join("floor.log");
            command.args(["floor", &format!("127.0.0.1:{port}"), &file.display().to_string(), &receiver.to_string()]);
        }
        Subject::Gateway => {
            let file = folder.join("hookswitch.toml");
            std::fs::write(&file, configuration(folder, port, phones, receiver)).unwrap();
            command.args(["gateway", &file.display().to_string()]);
        }
    }
    command.spawn().unwrap()
}

fn configuration(folder: &Path, port: u16, phones: SocketAddr, receiver: SocketAddr) -> String {
    let mut text = format!(
        "state_dir = {:?}\n[sip]\nlisten = [\"udp:127.0.0.1:{port}\"]\n[[action_url]]\n\
         on = [\"inbound\", \"disconnected\"]\n\
         url = \"http://{receiver}/call?action=<$action>&remote=<$remote_party>\"\n",
        folder.join("state")
    );
    for n in 0..PHONES {
        let user = 1000 + n;
        text += &format!("[[link]]\nname = \"p{user}\"\nkind = \"uacsta\"\nuri = \"sip:{user}@{phones}\"\n");
        text += &format!("[[line]]\nnumber = \"{user}\"\nlink = \"p{user}\"\n");
    }
    text
}

fn free_port() -> u16 {
    UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// When each event's URL arrived, by the event's number: nanoseconds on the clock of [`phones`].
type Arrivals = Arc<Vec<std::sync::atomic::AtomicU64>>;
