//! A gateway that is killed under load loses nothing that it acknowledged.
#![allow(clippy::unwrap_used)] // all of this is a test

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
};

use call_model::{CallGuid, DestinationId, Method, Profile, Rendered};
use store::{DeliveryState, Store, StoreEvent, Submission};
use tempfile::TempDir;
use uuid::Uuid;

/// Set for the process that is killed: the folder of its store.
const VICTIM: &str = "HOOKSWITCH_TEST_VICTIM";

#[test]
fn a_kill_loses_nothing_that_was_acknowledged() {
    if let Some(dir) = std::env::var_os(VICTIM) {
        return accept_for_ever(Path::new(&dir));
    }
    let dir = TempDir::new().unwrap();
    let mut acknowledged = 0;
    for round in 1..=3 {
        acknowledged = kill_after(dir.path(), acknowledged + 500 * round);
        let stored = sequences(dir.path());
        let found = stored.iter().filter(|&&sequence| sequence <= acknowledged).count();
        assert_eq!(found, acknowledged as usize, "round {round}: {} rows", stored.len());
        acknowledged = stored.into_iter().max().unwrap();
    }
}

/// Runs a victim until it has acknowledged this much, kills it, and returns what it acknowledged last.
fn kill_after(dir: &Path, enough: u32) -> u32 {
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_kill_loses_nothing_that_was_acknowledged", "--nocapture"])
        .env(VICTIM, dir)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(victim.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut acknowledged = lines.filter_map(|line| line.strip_prefix("durable ")?.parse().ok());
    let seen: Option<u32> = acknowledged.by_ref().find(|&token| token >= enough);
    victim.kill().unwrap();
    victim.wait().unwrap();
    acknowledged.last().or(seen).expect("the victim acknowledged something")
}

/// Goes on after what is there, and says what is durable.
#[allow(clippy::print_stdout)] // its parent listens
fn accept_for_ever(dir: &Path) {
    let last = sequences(dir).into_iter().max().unwrap_or(0);
    let (store, mut events) = Store::open(dir).unwrap();
    std::thread::spawn(move || {
        for sequence in last + 1.. {
            let mut submission =
                Submission { token: sequence.into(), deliveries: vec![rendered(sequence)], calls: Vec::new() };
            while let Err(refused) = store.submit(submission) {
                submission = refused;
                std::thread::yield_now();
            }
        }
    });
    while let Some(StoreEvent::Durable { up_to }) = events.blocking_recv() {
        println!("durable {up_to}");
        std::io::stdout().flush().unwrap();
    }
}

/// What is stored, read by opening it as the next gateway would.
fn sequences(dir: &Path) -> Vec<u32> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (store, _events) = Store::open(dir).unwrap();
        let records = store.deliveries(DeliveryState::Pending, u32::MAX).await.unwrap();
        store.close().await;
        records.iter().map(|record| record.event_id.rsplit(':').next().unwrap().parse().unwrap()).collect()
    })
}

fn rendered(sequence: u32) -> Rendered {
    let guid = CallGuid(Uuid::from_u128(u128::from(sequence / 4)));
    Rendered {
        destination: DestinationId("a".into()),
        event_id: format!("{guid}:{sequence}"),
        guid,
        sequence,
        method: Method::Get,
        url: format!("http://crm.example/?n={sequence}"),
        content_type: None,
        body: None,
        browser: false,
        profile: Profile::Log,
    }
}
