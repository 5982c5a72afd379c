//! Disks of a few MiB, filled to the last byte.

use std::{
    fs::{self, File},
    io::Write,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use tempfile::TempDir;
use tokio::sync::mpsc::Receiver;

use super::{attempt, due, durable, rendered, rows, submission};
use crate::{Settings, Store, StoreEvent, Verdict, reserve, wal};

/// A file system of 4 MiB, gone when dropped.
struct TinyDisk(TempDir);

impl TinyDisk {
    /// `None` where mounting is not permitted.
    #[allow(clippy::print_stdout)] // a test that does not run says so
    fn mount() -> Option<Self> {
        let folder = TempDir::new().unwrap();
        let mount =
            Command::new("mount").args(["-t", "tmpfs", "-o", "size=4m", "hookswitch"]).arg(folder.path()).status();
        if mount.is_ok_and(|status| status.success()) {
            return Some(Self(folder));
        }
        assert!(std::env::var_os("HOOKSWITCH_REQUIRE_PEERS").is_none_or(|it| it != "1"), "mounting takes root");
        println!("skipped: no file system of 4 MiB can be mounted here (it takes root)");
        None
    }

    fn state(&self) -> PathBuf {
        self.0.path().join("state")
    }

    /// Not a byte is left.
    fn fill(&self) {
        let mut file = File::create(self.0.path().join("filler")).unwrap();
        while file.write_all(&[0; 4096]).is_ok() {}
    }

    fn make_room(&self) {
        fs::remove_file(self.0.path().join("filler")).unwrap();
    }
}

impl Drop for TinyDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.0.path()).status();
    }
}

fn len(dir: &Path, file: &str) -> u64 {
    fs::metadata(dir.join(file)).map_or(0, |file| file.len())
}

/// Submits one event after the other until the store is full; returns the token that waits.
async fn submit_until_full(store: &Store, events: &mut Receiver<StoreEvent>, from: u64) -> u64 {
    for token in from.. {
        store.submit(submission(token, vec![rendered("a", token.into(), 1)])).unwrap();
        match events.recv().await {
            Some(StoreEvent::Durable { up_to }) => assert_eq!(up_to, token),
            Some(StoreEvent::Full { .. }) => return token,
            other => panic!("{other:?}"),
        }
    }
    unreachable!("a disk without an end")
}

/// Each try of the writer gives the reserve away for a moment, and takes it again.
async fn reserve_lies_there(disk: &TinyDisk) {
    let there = async {
        while len(&disk.state(), "reserve") != reserve::SIZE {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), there).await.expect("no reserve for the next time");
}

async fn until_ready(events: &mut Receiver<StoreEvent>, token: u64) {
    let ready = async {
        assert_eq!(events.recv().await, Some(StoreEvent::Ready));
        durable(events, token).await;
    };
    tokio::time::timeout(Duration::from_secs(60), ready).await.expect("nothing goes on although there is room");
}

#[tokio::test]
async fn a_disk_that_others_fill_is_waited_out_again_and_again() {
    let Some(disk) = TinyDisk::mount() else { return };
    let (store, mut events) = Store::open(&disk.state()).unwrap();
    let mut waiting = 0;
    for _ in 0..5 {
        disk.fill();
        waiting = submit_until_full(&store, &mut events, waiting + 1).await;
        reserve_lies_there(&disk).await;
        disk.make_room();
        until_ready(&mut events, waiting).await;
    }
    assert_eq!(due(&store, "a").await.len() as u64, waiting.min(100));
    store.close().await;
    let db = rusqlite::Connection::open(crate::schema::database(&disk.state())).unwrap();
    let kept: i64 = db.query_row("SELECT count(*) FROM delivery", [], |row| row.get(0)).unwrap();
    assert_eq!(kept.unsigned_abs(), waiting);
}

#[tokio::test]
async fn a_disk_that_the_store_fills_holds_rows_and_not_their_log() {
    let Some(disk) = TinyDisk::mount() else { return };
    let (store, mut events) = Store::open(&disk.state()).unwrap();
    let waiting = submit_until_full(&store, &mut events, 1).await;
    let (db, log) = (len(&disk.state(), "hookswitch.db"), len(&disk.state(), "hookswitch.db-wal"));
    assert!(db > 2 << 20 && log < 1 << 19, "{db} bytes of database, {log} of log after {waiting} events");
    reserve_lies_there(&disk).await;
}

#[tokio::test]
async fn a_burst_larger_than_the_disk_is_taken_as_far_as_it_fits() {
    let Some(disk) = TinyDisk::mount() else { return };
    let (store, mut events) = Store::open(&disk.state()).unwrap();
    for token in 1..=60 {
        let large = crate::Rendered { url: "x".repeat(100_000), ..rendered("a", token.into(), 1) };
        store.submit(submission(token, vec![large])).unwrap();
    }
    let mut taken = 0;
    while let Some(StoreEvent::Durable { up_to }) = events.recv().await {
        taken = up_to;
    }
    assert!((10..=40).contains(&taken), "{taken} of 60 events of 100 kB on a disk of 4 MiB");
}

#[tokio::test]
async fn a_small_disk_works_on_in_the_pages_of_pruned_rows() {
    let Some(disk) = TinyDisk::mount() else { return };
    let settings = Settings { keep_delivered: Duration::ZERO, ..Settings::default() };
    let (store, mut events) = Store::open_with(&disk.state(), settings).unwrap();
    // Five times what the disk can hold, each delivered at once, and nobody deletes a file.
    for token in 1..=200 {
        let url = "x".repeat(100_000);
        store.submit(submission(token, vec![crate::Rendered { url, ..rendered("a", token.into(), 1) }])).unwrap();
        let delivered = async {
            durable(&mut events, token).await;
            store.settle(attempt(&due(&store, "a").await[0], Verdict::Delivered)).await.unwrap();
        };
        tokio::time::timeout(Duration::from_secs(60), delivered).await.expect("stuck on a disk of old rows");
    }
    assert!(rows(&disk.state()).len() <= 200);
}

#[tokio::test]
async fn a_full_disk_can_be_opened() {
    let Some(disk) = TinyDisk::mount() else { return };
    let (store, mut events) = Store::open(&disk.state()).unwrap();
    store.submit(submission(1, vec![rendered("a", 1, 1)])).unwrap();
    durable(&mut events, 1).await;
    store.close().await;
    disk.fill();
    let (store, mut events) = Store::open(&disk.state()).unwrap();
    assert_eq!(due(&store, "a").await.len(), 1);
    let waiting = submit_until_full(&store, &mut events, 2).await;
    disk.make_room();
    until_ready(&mut events, waiting).await;
}

#[test]
fn the_reserve_occupies_what_it_says() {
    let dir = TempDir::new().unwrap();
    let reserve = reserve::Reserve::of(dir.path());
    fs::write(dir.path().join("reserve"), "a torn one").unwrap();
    assert!(reserve.hold());
    assert!(fs::metadata(dir.path().join("reserve")).unwrap().blocks() * 512 >= reserve::SIZE);
    reserve.release();
    assert!(!dir.path().join("reserve").exists());
}

#[tokio::test]
async fn a_log_that_grew_is_cut_again() {
    let dir = TempDir::new().unwrap();
    let (store, mut events) = Store::open(dir.path()).unwrap();
    let bound = (wal::LONG * 4_096).unsigned_abs() + 4_096 * 64;
    let url = "x".repeat(2 * usize::try_from(bound).unwrap());
    store.submit(submission(1, vec![crate::Rendered { url, ..rendered("a", 1, 1) }])).unwrap();
    durable(&mut events, 1).await;
    assert!(len(dir.path(), "hookswitch.db-wal") > bound, "one transaction cannot be cut in two");
    for token in 2.. {
        store.submit(submission(token, vec![rendered("a", token.into(), 1)])).unwrap();
        durable(&mut events, token).await;
        if len(dir.path(), "hookswitch.db-wal") <= bound {
            break;
        }
        assert!(token < 10_000, "the log stays long");
    }
}
