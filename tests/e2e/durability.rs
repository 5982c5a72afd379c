//! A disk that is full: what cannot be kept is not acknowledged, and nothing is lost or done twice.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use gateway::config::Config;
use gateway::run::Gateway;
use rusqlite::{Connection, OpenFlags};
use simulator::{CallId, Handset, Outcome, PhoneConfig};
use tempfile::TempDir;
use tests::peer;
use tests::receiver::Receiver;

/// So long anything may take: a refused phone comes again after five seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// Calls of each patient phone while the disk fills up.
const CALLS: usize = 20;

/// What each of them fires.
const WHOLE: &[&str] = &["inbound", "connected", "hold", "hold", "disconnected"];

/// A call that is answered and ended.
const SHORT: &[&str] = &["inbound", "connected", "disconnected"];

#[tokio::test]
async fn a_full_disk_refuses_events_and_loses_none() {
    let Some(disk) = TinyDisk::mount() else { return };
    let mut receiver = Receiver::start().await;
    let patient = [phone(101, u32::MAX).await, phone(102, u32::MAX).await, phone(103, u32::MAX).await];
    let impatient = phone(104, 1).await;
    let phones: Vec<_> = patient.iter().chain([&impatient]).cloned().collect();
    let gateway = Gateway::start(configuration(disk.path(), &phones, &receiver)).await.unwrap();
    let all_up = async {
        while disk.count("link_dialog") < phones.len() as u64 {
            tokio::task::yield_now().await;
        }
    };
    within("the sessions", all_up).await;

    disk.fill();
    patient.iter().for_each(|phone| (0..CALLS).for_each(|_| live(phone)));
    let rung = ring_until_refused(&impatient).await;
    let acknowledged: u64 = phones.iter().map(acknowledged).sum();
    let kept = disk.count("delivery");
    assert!(acknowledged <= kept, "acknowledged {acknowledged}, kept {kept}");

    disk.make_room();
    for phone in &patient {
        within("the acknowledgements", phone.wait_acknowledged((CALLS * WHOLE.len()) as u64)).await;
        assert!(phone.look(|phone| phone.reports().any(|report| report.attempts > 1)), "never asked to come again");
    }
    assert!(rung.iter().all(|call| impatient.answer(*call) && impatient.hang_up(*call)));
    let whole = patient.len() * CALLS;
    check(receiver.next(whole * WHOLE.len() + rung.len() * SHORT.len()).await, whole, rung.len());
    gateway.stopper().cancel();
    within("the end", gateway.ended()).await.unwrap();
    assert_eq!(receiver.rest(), Vec::<String>::new());
}

/// Calls come in, one after the other, until the gateway cannot take one. This phone sends nothing again.
async fn ring_until_refused(phone: &Handset) -> Vec<CallId> {
    let mut rung = Vec::new();
    loop {
        rung.push(phone.ring("0309999", None));
        let settled = phone.wait_for(|phone| phone.reports().nth(rung.len() - 1).map(|report| report.outcome));
        match within("an answer", settled).await {
            Outcome::Answered(200) => {}
            Outcome::Answered(503) => return rung,
            outcome @ (Outcome::Answered(_) | Outcome::Unanswered) => panic!("{outcome:?}"),
        }
    }
}

/// Each event came once and in its call's order; so many calls were whole, so many answered and hung up only.
fn check(requests: Vec<String>, whole: usize, short: usize) {
    let mut calls: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for request in &requests {
        let mut parts = request.trim_start_matches("GET /").split('/').map(str::to_owned);
        let [guid, sequence, action] = [(); 3].map(|()| parts.next().unwrap());
        let call = calls.entry(guid).or_default();
        call.push(action);
        assert_eq!(call.len().to_string(), sequence, "{request}");
    }
    let of_kind = |kind: &[&str]| calls.values().filter(|actions| *actions == kind).count();
    let found = (of_kind(WHOLE), of_kind(SHORT));
    let others: Vec<_> = calls.values().filter(|actions| *actions != WHOLE && *actions != SHORT).collect();
    assert_eq!((found, others), ((whole, short), Vec::new()));
}

fn live(phone: &Handset) {
    let call = phone.ring("0301234", None);
    assert!(phone.answer(call) && phone.hold(call) && phone.retrieve(call) && phone.hang_up(call));
}

fn acknowledged(phone: &Handset) -> u64 {
    phone.look(|phone| phone.counters().acknowledged)
}

async fn phone(number: u32, max_attempts: u32) -> Handset {
    let config = PhoneConfig { max_attempts, max_calls: 1000, ..PhoneConfig::new(number.to_string()) };
    Handset::udp(config).await.unwrap()
}

fn configuration(folder: &Path, phones: &[Handset], receiver: &Receiver) -> Config {
    let (state, receiver) = (folder.join("state"), receiver.address);
    let mut text = format!(
        r#"
        state_dir = {state:?}
        [sip]
        listen = ["udp:127.0.0.1:0"]
        [[action_url]]
        on = ["inbound", "outbound", "connected", "hold", "disconnected"]
        url = "http://{receiver}/<$call_guid>/<$event_sequence>/<$action>"
        "#
    );
    for phone in phones {
        let (number, uri) = (phone.look(|phone| phone.config().user.clone()), phone.uri());
        text += &format!(
            "[[link]]\nname = \"{number}\"\nkind = \"uacsta\"\nuri = \"{uri}\"\n\
             [[line]]\nnumber = \"{number}\"\ndomain = \"example.com\"\nlink = \"{number}\"\n"
        );
    }
    let file = folder.join("hookswitch.toml");
    fs::write(&file, text).unwrap();
    Config::load(&file).unwrap_or_else(|error| panic!("{error}"))
}

async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("{what} did not happen within {PATIENCE:?}"))
}

/// A file system of 4 MiB, gone when dropped.
struct TinyDisk(TempDir);

impl TinyDisk {
    /// `None` where mounting is not permitted.
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", "size=4m", "hookswitch"]).arg(folder.path()).status();
        if !mounted.is_ok_and(|status| status.success()) {
            peer::absent("no file system of 4 MiB can be mounted here (it takes root)");
            return None;
        }
        Some(Self(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Not a byte is left.
    fn fill(&self) {
        let mut file = File::create(self.path().join("filler")).unwrap();
        while file.write_all(&[0; 4096]).is_ok() {}
    }

    fn make_room(&self) {
        fs::remove_file(self.path().join("filler")).unwrap();
    }

    /// How many rows of this table the store holds, as anybody sees who opens it.
    fn count(&self, table: &str) -> u64 {
        let file = self.path().join("state/hookswitch.db");
        let db = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        let count: i64 = db.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap();
        count.unsigned_abs()
    }
}

impl Drop for TinyDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.path()).status();
    }
}
