//! The audit of dials: who asked for which number, and what came of it.

use std::net::IpAddr;

use call_model::{LineId, Number};
use jiff::Timestamp;
use rusqlite::{Connection, params};

/// A dial that is about to be sent to a phone.
#[derive(Clone, Debug)]
pub struct DialRecord {
    /// When it was asked for.
    pub at: Timestamp,
    /// The configured caller that asked.
    pub caller: String,
    /// The address it asked from.
    pub source: IpAddr,
    /// The line that dials.
    pub line: LineId,
    /// The number, as the dial rules saw it.
    pub number: Number,
    /// The dial rule that allowed it.
    pub rule: String,
}

/// A dial in the audit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DialId(pub(crate) i64);

/// A dial that could not be recorded. It must not be sent: nobody could tell later that it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuditError {
    /// The disk is full, or was when the dial came.
    #[error("the dial cannot be recorded because the disk of state_dir is full: free some space and dial again")]
    Full,
    /// The disk did not answer in time.
    #[error("the dial was not recorded in time because the disk of state_dir is too slow")]
    Slow,
    /// The store is closed.
    #[error("the dial cannot be recorded because the store is closed")]
    Closed,
}

pub(crate) fn record(db: &Connection, dial: &DialRecord) -> rusqlite::Result<DialId> {
    db.prepare_cached("INSERT INTO dial (at, caller, source, line, number, rule) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
        .execute(params![
            dial.at.to_string(),
            dial.caller,
            dial.source.to_string(),
            dial.line.0.as_str(),
            dial.number.reveal(),
            dial.rule
        ])?;
    Ok(DialId(db.last_insert_rowid()))
}

pub(crate) fn conclude(db: &Connection, dial: DialId, outcome: &str) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE dial SET outcome = ?2 WHERE id = ?1")?.execute(params![dial.0, outcome])?;
    Ok(())
}
