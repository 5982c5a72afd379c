//! Calls that are still open, and SIP dialogs to end after a crash.

use call_model::{CallGuid, SavedCall};
use rusqlite::{Connection, Row, params};

use crate::checksum::Checksum;

/// What became of a call that is worth keeping over a restart.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant)] // nearly every change is the large one, and each is on its way to the disk
pub enum CallChange {
    /// The call is open: its state replaces the one saved before.
    Open(SavedCall),
    /// The call has ended: nothing of it needs to be restored.
    Ended(CallGuid),
}

pub(crate) fn change(db: &Connection, change: &CallChange) -> rusqlite::Result<()> {
    match change {
        CallChange::Open(call) => save(db, call),
        CallChange::Ended(guid) => {
            db.prepare_cached("DELETE FROM open_call WHERE guid = ?1")?.execute([guid.0.as_bytes()])?;
            Ok(())
        }
    }
}

fn save(db: &Connection, call: &SavedCall) -> rusqlite::Result<()> {
    let guid = call.guid.0.as_bytes();
    let json = serde_json::to_string(call).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    db.prepare_cached(
        "INSERT INTO open_call (guid, line, json, checksum) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (guid) DO UPDATE SET line = excluded.line, json = excluded.json, checksum = excluded.checksum",
    )?
    .execute(params![guid, call.line.0.as_str(), json, checksum(guid, &json)])?;
    Ok(())
}

/// The open calls, oldest first. A damaged one costs itself alone: resynchronisation finds that call anew.
pub(crate) fn open_calls(db: &Connection) -> rusqlite::Result<Vec<SavedCall>> {
    let mut statement = db.prepare("SELECT guid, json, checksum FROM open_call ORDER BY guid")?;
    let mut rows = statement.query([])?;
    let mut calls = Vec::new();
    while let Some(row) = rows.next()? {
        match decode(row) {
            Some(call) => calls.push(call),
            None => tracing::error!("a saved call is damaged and was left out"),
        }
    }
    Ok(calls)
}

fn decode(row: &Row<'_>) -> Option<SavedCall> {
    let guid: Vec<u8> = row.get(0).ok()?;
    let json: String = row.get(1).ok()?;
    let stored: u32 = row.get(2).ok()?;
    (stored == checksum(&guid, &json)).then(|| serde_json::from_str(&json).ok())?
}

fn checksum(guid: &[u8], json: &str) -> u32 {
    Checksum::default().field(guid).field(json.as_bytes()).finish()
}

pub(crate) fn note_dialog(db: &Connection, link: &str, text: Option<&str>) -> rusqlite::Result<()> {
    match text {
        Some(text) => db
            .prepare_cached(
                "INSERT INTO link_dialog (link, text) VALUES (?1, ?2) ON CONFLICT (link) DO UPDATE SET text = excluded.text",
            )?
            .execute([link, text])?,
        None => db.prepare_cached("DELETE FROM link_dialog WHERE link = ?1")?.execute([link])?,
    };
    Ok(())
}

pub(crate) fn noted_dialogs(db: &Connection) -> rusqlite::Result<Vec<(String, String)>> {
    let mut statement = db.prepare("SELECT link, text FROM link_dialog ORDER BY link")?;
    statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}
