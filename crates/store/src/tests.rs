//! What the store promises, one promise a test.

#[cfg(target_os = "linux")]
mod full_disk;

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use call_model::{
    CallGuid, CallOutput, CallRef, Calls, Cause, DestinationId, Event, Line, LineId, Method, Moment, News, Number,
    Parties, Profile, Rendered, SavedCall,
};
use jiff::Timestamp;
use rusqlite::Connection;
use tempfile::TempDir;
use tokio::sync::mpsc::Receiver;
use uuid::Uuid;

use crate::{
    Attempt, AuditError, CallChange, Closed, Delivery, DeliveryState, DialRecord, FeatureRecord, OpenError,
    PhoneRecord, Settings, Store, StoreEvent, Submission, Verdict, schema,
};

/// The most pages a database may have, 0 for any number; shared with the writer of a test.
#[derive(Clone, Debug, Default)]
pub(crate) struct PageLimit(Arc<AtomicU32>);

impl PageLimit {
    pub(crate) fn apply(&self, db: &Connection) -> rusqlite::Result<()> {
        let pages = match self.0.load(Ordering::Relaxed) {
            0 => u32::MAX - 1,
            pages => pages,
        };
        db.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))
    }
}

fn rendered(destination: &str, call: u128, sequence: u32) -> Rendered {
    let guid = CallGuid(Uuid::from_u128(call));
    Rendered {
        destination: DestinationId(destination.into()),
        event_id: format!("{guid}:{sequence}"),
        guid,
        sequence,
        method: Method::Get,
        url: format!("http://crm.example/?guid={guid}&n={sequence}"),
        content_type: None,
        body: None,
        browser: false,
        profile: Profile::Log,
    }
}

/// The state of a call that has just begun to ring, as the calls themselves give it.
fn saved(call: u8) -> SavedCall {
    let line = Line {
        id: LineId("987".into()),
        number: Number::new("987"),
        domain: "example.com".into(),
        name: None,
        link: "desk".into(),
        device: "987".into(),
        remote_hold: false,
    };
    let event = Event {
        call: CallRef("1".into()),
        news: News::Alerting { here: true },
        parties: Parties::default(),
        cause: Cause::default(),
        linkage: None,
    };
    let (now, mut out) = (Moment { at: Instant::now(), wall: Timestamp::UNIX_EPOCH }, Vec::new());
    let mut calls = Calls::new([Arc::new(line.clone())], Box::new(move |bytes: &mut [u8]| bytes.fill(call)));
    calls.handle(now, &line.id, &event, &mut out);
    let guid = out.iter().find_map(|output| match output {
        CallOutput::Occurred(occurrence) => Some(occurrence.facts.guid),
        CallOutput::Changed(_) | CallOutput::Snapshot(_) => None,
    });
    calls.saved(guid.unwrap()).unwrap()
}

fn submission(token: u64, deliveries: Vec<Rendered>) -> Submission {
    Submission { token, deliveries, calls: Vec::new() }
}

async fn durable(events: &mut Receiver<StoreEvent>, token: u64) {
    loop {
        match events.recv().await {
            Some(StoreEvent::Durable { up_to }) if up_to >= token => return,
            Some(StoreEvent::Durable { .. } | StoreEvent::Ready) => {}
            other => panic!("{other:?} while waiting for {token}"),
        }
    }
}

/// A store with these deliveries in it.
async fn store_with(dir: &Path, deliveries: Vec<Rendered>) -> (Store, Receiver<StoreEvent>) {
    let (store, mut events) = Store::open(dir).unwrap();
    store.submit(submission(1, deliveries)).unwrap();
    durable(&mut events, 1).await;
    (store, events)
}

async fn due(store: &Store, destination: &str) -> Vec<Delivery> {
    store.due(&DestinationId(destination.into()), Timestamp::now(), 100).await.unwrap().deliveries
}

fn sequences(deliveries: &[Delivery]) -> Vec<u32> {
    deliveries.iter().map(|delivery| delivery.rendered.sequence).collect()
}

fn attempt(delivery: &Delivery, verdict: Verdict) -> Attempt {
    Attempt { delivery: delivery.id, verdict, status: None, error: None }
}

/// Every row as (sequence, state, last error), read past the store.
fn rows(dir: &Path) -> BTreeMap<u32, (String, Option<String>)> {
    let db = Connection::open(schema::database(dir)).unwrap();
    let mut statement = db.prepare("SELECT sequence, state, last_error FROM delivery").unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?)))).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

#[tokio::test]
async fn durable_tokens_ascend_and_their_rows_are_on_disk() {
    let dir = TempDir::new().unwrap();
    let (store, mut events) = Store::open(dir.path()).unwrap();
    for token in 1..=300 {
        store.submit(submission(token, vec![rendered("a", u128::from(token), 1)])).unwrap();
    }
    let mut last = 0;
    while last < 300 {
        let Some(StoreEvent::Durable { up_to }) = events.recv().await else { panic!("no durable") };
        assert!(up_to > last, "{up_to} after {last}");
        last = up_to;
        let db = Connection::open(schema::database(dir.path())).unwrap();
        let stored: i64 = db.query_row("SELECT count(*) FROM delivery", [], |row| row.get(0)).unwrap();
        assert!(stored.unsigned_abs() >= up_to, "{stored} rows when {up_to} were acknowledged");
    }
}

#[tokio::test]
async fn the_same_event_twice_is_one_delivery() {
    let dir = TempDir::new().unwrap();
    let again = || vec![rendered("a", 1, 1), rendered("b", 1, 1)];
    let (store, mut events) = store_with(dir.path(), again()).await;
    store.submit(submission(2, again())).unwrap();
    durable(&mut events, 2).await;
    assert_eq!((due(&store, "a").await.len(), due(&store, "b").await.len()), (1, 1));
    store.settle(attempt(&due(&store, "a").await[0], Verdict::Delivered)).await.unwrap();
    store.submit(submission(3, again())).unwrap();
    durable(&mut events, 3).await;
    assert!(due(&store, "a").await.is_empty(), "a delivered event came back");
}

#[tokio::test]
async fn only_the_head_of_a_lane_is_due() {
    let dir = TempDir::new().unwrap();
    let all = (1..=3).flat_map(|sequence| [rendered("a", 1, sequence), rendered("a", 2, sequence)]).collect();
    let (store, _events) = store_with(dir.path(), all).await;
    let heads = due(&store, "a").await;
    assert_eq!(sequences(&heads), [1, 1]);

    let later = Timestamp::now() + Duration::from_secs(3_600);
    store.settle(attempt(&heads[0], Verdict::Retry(later))).await.unwrap();
    store.settle(attempt(&heads[1], Verdict::Delivered)).await.unwrap();
    let next = store.due(&DestinationId("a".into()), Timestamp::now(), 100).await.unwrap();
    assert_eq!(sequences(&next.deliveries), [2], "the lane that waits must not overtake itself");
    assert_eq!(next.next.map(Timestamp::as_second), Some(later.as_second()));

    store.hasten(&DestinationId("a".into())).await.unwrap();
    assert_eq!(sequences(&due(&store, "a").await), [1, 2], "in the order of the events");
    store.settle(attempt(&heads[0], Verdict::Dead)).await.unwrap();
    assert_eq!(sequences(&due(&store, "a").await), [2, 2], "a dead letter lets its lane go on");
}

#[tokio::test]
async fn a_burial_is_no_attempt_and_keeps_the_last_error() {
    let dir = TempDir::new().unwrap();
    let (store, _events) = store_with(dir.path(), vec![rendered("a", 1, 1)]).await;
    let head = due(&store, "a").await.remove(0);
    let error = Some("answered 500".to_owned());
    let failed = Attempt { status: Some(500), error, ..attempt(&head, Verdict::Retry(Timestamp::MAX)) };
    store.settle(failed).await.unwrap();
    let next = store.due(&DestinationId("a".into()), Timestamp::now(), 1).await.unwrap().next.unwrap();
    assert_eq!(next, head.expires, "it is looked at again when it expires");
    store.settle(attempt(&head, Verdict::Buried)).await.unwrap();
    let dead = store.deliveries(DeliveryState::Dead, 9).await.unwrap();
    assert_eq!((dead[0].attempts, dead[0].last_status), (1, Some(500)));
    assert_eq!(dead[0].last_error.as_deref(), Some("answered 500"));
}

#[tokio::test]
async fn a_restart_finds_what_was_left() {
    let dir = TempDir::new().unwrap();
    let (store, mut events) = store_with(dir.path(), vec![rendered("a", 1, 1), rendered("a", 1, 2)]).await;
    store.settle(attempt(&due(&store, "a").await[0], Verdict::Delivered)).await.unwrap();
    let calls = vec![CallChange::Open(saved(1)), CallChange::Open(saved(2)), CallChange::Ended(saved(1).guid)];
    store.submit(Submission { token: 2, deliveries: Vec::new(), calls }).unwrap();
    store.note_dialog("desk", Some("<sip:987>;tag=1".into()));
    store.note_dialog("lobby", Some("<sip:1>".into()));
    store.note_dialog("lobby", None);
    durable(&mut events, 2).await;
    store.close().await;
    assert_eq!(store.settle(attempt_of_nothing()).await, Err(Closed));

    let (store, _events) = Store::open(dir.path()).unwrap();
    assert_eq!(sequences(&due(&store, "a").await), [2]);
    assert_eq!(store.open_calls().unwrap(), [saved(2)]);
    assert_eq!(store.noted_dialogs(), [("desk".to_owned(), "<sip:987>;tag=1".to_owned())]);
}

fn attempt_of_nothing() -> Attempt {
    Attempt { delivery: crate::DeliveryId(0), verdict: Verdict::Dead, status: None, error: None }
}

#[tokio::test]
async fn a_dial_without_an_outcome_becomes_unknown() {
    let dir = TempDir::new().unwrap();
    let (store, _events) = Store::open(dir.path()).unwrap();
    let dial = |line: &str| DialRecord {
        at: Timestamp::now(),
        caller: "crm".into(),
        source: IpAddr::V4(Ipv4Addr::LOCALHOST),
        line: LineId(line.into()),
        number: Number::new("+4930123"),
        rule: "+49*".into(),
    };
    let answered = store.audit_dial(dial("1")).await.unwrap();
    store.audit_dial(dial("2")).await.unwrap();
    store.audit_outcome(answered, "accepted");
    store.close().await;
    let _reopened = Store::open(dir.path()).unwrap();
    let db = Connection::open(schema::database(dir.path())).unwrap();
    let mut statement = db.prepare("SELECT line, number, outcome FROM dial ORDER BY id").unwrap();
    let found = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    let found: Vec<(String, String, String)> = found.collect::<Result<_, _>>().unwrap();
    let row = |line: &str, outcome: &str| (line.to_owned(), "+4930123".to_owned(), outcome.to_owned());
    assert_eq!(found, [row("1", "accepted"), row("2", "unknown")]);
}

#[tokio::test]
async fn newer_tables_and_second_openers_are_refused() {
    let dir = TempDir::new().unwrap();
    let (store, _events) = Store::open(dir.path()).unwrap();
    let Err(second) = Store::open(dir.path()) else { panic!("two gateways on one folder") };
    assert!(matches!(second, OpenError::InUse { .. }) && second.to_string().contains("another gateway"), "{second}");
    store.close().await;
    Connection::open(schema::database(dir.path())).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let Err(newer) = Store::open(dir.path()) else { panic!("opened a newer store") };
    assert!(newer.to_string().contains("version 99"), "{newer}");
}

#[cfg(unix)]
#[tokio::test]
async fn the_database_is_for_its_owner_alone_in_a_folder_for_everybody() {
    use std::{fs, os::unix::fs::PermissionsExt};

    let dir = TempDir::new().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let (_store, _events) = store_with(dir.path(), vec![rendered("a", 1, 1)]).await;
    for name in ["hookswitch.db", "hookswitch.db-wal", "hookswitch.db-shm"] {
        let mode = fs::metadata(dir.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name} has mode {mode:o}");
    }
}

#[tokio::test]
async fn a_damaged_record_costs_itself_alone() {
    for damage in ["url = url || 'x'", "sequence = 7", "method = 'BREW'", "checksum = 0", "expires_ms = expires_ms + 1"]
    {
        let dir = TempDir::new().unwrap();
        let (store, _events) =
            store_with(dir.path(), vec![rendered("a", 1, 1), rendered("a", 1, 2), rendered("a", 2, 3)]).await;
        let past_the_store = Connection::open(schema::database(dir.path())).unwrap();
        past_the_store.execute(&format!("UPDATE delivery SET {damage} WHERE sequence = 1"), []).unwrap();
        assert_eq!(sequences(&due(&store, "a").await), [3], "{damage}");
        assert_eq!(sequences(&due(&store, "a").await), [2, 3], "{damage}");
        let dead: Vec<_> = rows(dir.path()).into_values().filter(|(state, _)| state == "dead").collect();
        let [(_, Some(reason))] = &dead[..] else { panic!("{damage}: {dead:?}") };
        assert!(reason.starts_with("damaged"), "{reason}");
    }
}

#[tokio::test]
async fn a_damaged_call_costs_itself_alone() {
    let dir = TempDir::new().unwrap();
    let (store, mut events) = Store::open(dir.path()).unwrap();
    let calls = vec![CallChange::Open(saved(1)), CallChange::Open(saved(2))];
    store.submit(Submission { token: 1, deliveries: Vec::new(), calls }).unwrap();
    durable(&mut events, 1).await;
    let past_the_store = Connection::open(schema::database(dir.path())).unwrap();
    let damage = "UPDATE open_call SET json = replace(json, '987', '988') WHERE guid = ?1";
    assert_eq!(past_the_store.execute(damage, [saved(1).guid.0.as_bytes()]), Ok(1));
    assert_eq!(store.open_calls().unwrap(), [saved(2)]);
}

#[tokio::test]
async fn a_full_disk_is_waited_out() {
    let dir = TempDir::new().unwrap();
    let settings = Settings { queue: 4, ..Settings::default() };
    let limit = settings.page_limit.clone();
    let (store, mut events) = Store::open_with(dir.path(), settings).unwrap();
    limit.0.store(1, Ordering::Relaxed);
    let large = || vec![Rendered { url: "x".repeat(100_000), ..rendered("a", 1, 1) }];
    store.submit(submission(1, large())).unwrap();
    let Some(StoreEvent::Full { reason }) = events.recv().await else { panic!("not full") };
    assert!(reason.contains("free some space"), "{reason}");

    let dial = DialRecord {
        at: Timestamp::now(),
        caller: "crm".into(),
        source: IpAddr::V4(Ipv4Addr::LOCALHOST),
        line: LineId("1".into()),
        number: Number::new("1"),
        rule: "*".into(),
    };
    assert_eq!(store.audit_dial(dial).await, Err(AuditError::Full));
    let refused = (2..).find_map(|token| store.submit(submission(token, Vec::new())).err()).unwrap();
    assert!(events.try_recv().is_err(), "acknowledged without room");
    assert!(due(&store, "a").await.is_empty());

    limit.0.store(0, Ordering::Relaxed);
    assert_eq!(events.recv().await, Some(StoreEvent::Ready));
    durable(&mut events, refused.token - 1).await;
    assert_eq!(due(&store, "a").await.len(), 1);
    store.submit(refused).unwrap();
}

#[tokio::test]
async fn any_other_error_is_final() {
    let dir = TempDir::new().unwrap();
    let (store, mut events) = Store::open(dir.path()).unwrap();
    Connection::open(schema::database(dir.path())).unwrap().execute_batch("DROP TABLE delivery").unwrap();
    store.submit(submission(1, vec![rendered("a", 1, 1)])).unwrap();
    assert!(matches!(events.recv().await, Some(StoreEvent::Fatal { .. })));
    assert_eq!(events.recv().await, None, "something was acknowledged after the end");
    assert_eq!(store.submit(submission(2, Vec::new())).unwrap_err().token, 2);
}

#[tokio::test]
async fn what_waits_for_a_destination_can_be_buried() {
    let dir = TempDir::new().unwrap();
    let all = (1..=1_200).map(|n| rendered("gone", u128::from(n % 400), n)).chain([rendered("a", 1, 1)]).collect();
    let (store, _events) = store_with(dir.path(), all).await;
    let mut waiting = store.waiting_destinations().await.unwrap();
    waiting.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(waiting, [DestinationId("a".into()), DestinationId("gone".into())]);
    assert_eq!(store.abandon(&DestinationId("gone".into()), "no longer configured").await, Ok(1_200));
    assert_eq!(store.waiting_destinations().await.unwrap(), [DestinationId("a".into())]);
}

#[tokio::test]
async fn old_rows_are_pruned_and_waiting_ones_never() {
    let dir = TempDir::new().unwrap();
    let (store, _events) =
        store_with(dir.path(), vec![rendered("a", 1, 1), rendered("a", 2, 2), rendered("a", 3, 3)]).await;
    let heads = due(&store, "a").await;
    store.settle(attempt(&heads[0], Verdict::Delivered)).await.unwrap();
    store.settle(attempt(&heads[1], Verdict::Dead)).await.unwrap();
    store.close().await;
    let db = Connection::open(schema::database(dir.path())).unwrap();
    let pruned = |days: i64| {
        let now = Timestamp::now().as_millisecond() + days * 86_400_000;
        crate::outbox::prune(&db, now, &Settings::default(), 10).unwrap()
    };
    assert_eq!([pruned(6), pruned(8), pruned(89), pruned(91), pruned(999)], [0, 1, 0, 1, 0]);
    assert_eq!(rows(dir.path()).into_keys().collect::<Vec<_>>(), [3]);
}

fn phone(agent: &str) -> PhoneRecord {
    let feature = |is_event, name: &str, can| FeatureRecord { is_event, name: name.into(), can, by: "tried".into() };
    PhoneRecord {
        line: LineId("987".into()),
        link: "desk".into(),
        agent: agent.into(),
        dialect: "yealink".into(),
        edition: "ed3".into(),
        features: vec![feature(false, "MakeCall", true), feature(true, "Held", false)],
        since: "2026-11-24T10:00:00Z".parse().unwrap(),
    }
}

#[tokio::test]
async fn what_a_phone_can_do_outlives_a_restart_and_the_last_word_counts() {
    let dir = TempDir::new().unwrap();
    assert_eq!(crate::phones(dir.path()).unwrap(), [], "no store, nothing known");
    let (store, _events) = Store::open(dir.path()).unwrap();
    store.note_phone(phone("Yealink 1"));
    store.note_phone(phone("Yealink 2"));
    store.close().await;
    assert_eq!(crate::phones(dir.path()).unwrap(), [phone("Yealink 2")]);
    let (store, _events) = Store::open(dir.path()).unwrap();
    assert_eq!(store.phones(), [phone("Yealink 2")]);
    store.close().await;
}

#[tokio::test]
async fn a_store_of_the_first_version_is_brought_to_this_one_with_all_that_is_in_it() {
    let dir = TempDir::new().unwrap();
    let (store, _events) = Store::open(dir.path()).unwrap();
    store.note_dialog("desk", Some("a dialog".into()));
    store.close().await;
    let db = Connection::open(schema::database(dir.path())).unwrap();
    db.execute_batch("DROP TABLE phone; PRAGMA user_version = 1").unwrap();
    drop(db);
    assert_eq!(crate::phones(dir.path()).unwrap(), [], "it has no such table");
    let (store, _events) = Store::open(dir.path()).unwrap();
    assert_eq!(store.noted_dialogs(), [("desk".to_owned(), "a dialog".to_owned())]);
    store.note_phone(phone("Yealink"));
    store.close().await;
    assert_eq!(crate::phones(dir.path()).unwrap(), [phone("Yealink")]);
}
