//! The outbox: the rows of deliveries, and the lanes they stand in.

use call_model::{CallGuid, DestinationId, Method, Profile, Rendered};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params, types::Type};
use uuid::Uuid;

use crate::{Attempt, Delivery, DeliveryId, DeliveryRecord, DeliveryState, Due, Settings, Verdict, checksum::Checksum};

/// A row that does not match its checksum.
pub(crate) struct Damaged(pub(crate) DeliveryId);

/// Adds a delivery to the end of its lane; one that is there already stays as it is.
pub(crate) fn insert(db: &Connection, rendered: &Rendered, now_ms: i64, settings: &Settings) -> rusqlite::Result<()> {
    let expires_ms = now_ms.saturating_add(settings.expiry_ms(rendered.profile));
    db.prepare_cached(
        "INSERT INTO delivery (destination, call_guid, sequence, event_id, method, url, content_type, body, browser,
                               profile, created_ms, expires_ms, checksum, next_attempt_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13,
                 CASE WHEN EXISTS (SELECT 1 FROM delivery
                                   WHERE destination = ?1 AND call_guid = ?2 AND state = 'pending')
                      THEN NULL ELSE ?11 END)
         ON CONFLICT (destination, call_guid, sequence) DO NOTHING",
    )?
    .execute(params![
        rendered.destination.0.as_str(),
        rendered.guid.0.as_bytes(),
        rendered.sequence,
        rendered.event_id,
        method_name(rendered.method),
        rendered.url,
        rendered.content_type,
        rendered.body,
        rendered.browser,
        profile_name(rendered.profile),
        now_ms,
        expires_ms,
        checksum(rendered, now_ms, expires_ms),
    ])?;
    Ok(())
}

/// The heads that are due at `horizon_ms`, sound and damaged ones apart, and when the next one is.
pub(crate) fn due(
    db: &Connection,
    destination: &DestinationId,
    horizon_ms: i64,
    limit: u32,
) -> rusqlite::Result<(Due, Vec<Damaged>)> {
    let mut due = Due { deliveries: Vec::new(), next: None };
    let mut damaged = Vec::new();
    let mut statement = db.prepare_cached(
        "SELECT id, destination, call_guid, sequence, event_id, method, url, content_type, body, browser, profile,
                created_ms, expires_ms, checksum, attempts
         FROM delivery WHERE destination = ?1 AND next_attempt_ms <= ?2 ORDER BY next_attempt_ms, id LIMIT ?3",
    )?;
    let mut rows = statement.query(params![destination.0.as_str(), horizon_ms, limit])?;
    while let Some(row) = rows.next()? {
        match decode(row) {
            Ok(delivery) => due.deliveries.push(delivery),
            Err(_) => damaged.push(Damaged(DeliveryId(row.get(0)?))),
        }
    }
    let next_ms: Option<i64> = db
        .prepare_cached(
            "SELECT next_attempt_ms FROM delivery WHERE destination = ?1 AND next_attempt_ms > ?2
             ORDER BY next_attempt_ms LIMIT 1",
        )?
        .query_row(params![destination.0.as_str(), horizon_ms], |row| row.get(0))
        .optional()?;
    due.next = next_ms.and_then(|ms| Timestamp::from_millisecond(ms).ok());
    Ok((due, damaged))
}

/// Every destination that has something waiting.
pub(crate) fn waiting_destinations(db: &Connection) -> rusqlite::Result<Vec<DestinationId>> {
    let mut statement = db.prepare("SELECT DISTINCT destination FROM delivery WHERE next_attempt_ms IS NOT NULL")?;
    statement.query_map([], |row| Ok(DestinationId(row.get::<_, String>(0)?.into())))?.collect()
}

/// The newest deliveries in a state.
pub(crate) fn newest(db: &Connection, state: DeliveryState, limit: u32) -> rusqlite::Result<Vec<DeliveryRecord>> {
    let mut statement = db.prepare_cached(
        "SELECT destination, event_id, attempts, last_status, last_error FROM delivery WHERE state = ?1
         ORDER BY id DESC LIMIT ?2",
    )?;
    let records = statement.query_map(params![state_name(state), limit], |row| {
        Ok(DeliveryRecord {
            destination: DestinationId(row.get::<_, String>(0)?.into()),
            event_id: row.get(1)?,
            state,
            attempts: row.get(2)?,
            last_status: row.get(3)?,
            last_error: row.get(4)?,
        })
    })?;
    records.collect()
}

/// Writes down an attempt. A delivery that has left its lane makes the next one its head.
pub(crate) fn settle(db: &Connection, attempt: &Attempt, now_ms: i64) -> rusqlite::Result<()> {
    let (state, next) = match attempt.verdict {
        Verdict::Delivered => (DeliveryState::Delivered, None),
        Verdict::Dead | Verdict::Buried => (DeliveryState::Dead, None),
        Verdict::Retry(at) => (DeliveryState::Pending, Some(at.as_millisecond())),
    };
    let was_tried = attempt.verdict != Verdict::Buried;
    let lane = db
        .prepare_cached(
            "UPDATE delivery SET state = ?2, next_attempt_ms = min(?3, expires_ms), attempts = attempts + ?6,
                                 last_status = iif(?6, ?4, last_status),
                                 last_error = iif(?6, ?5, coalesce(?5, last_error))
             WHERE id = ?1 AND state = 'pending' RETURNING destination, call_guid",
        )?
        .query_row(
            params![attempt.delivery.0, state_name(state), next, attempt.status, attempt.error, was_tried],
            |row| Ok((row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?)),
        )
        .optional()?;
    match lane {
        Some((destination, guid)) if next.is_none() => promote(db, &destination, &guid, now_ms),
        Some(_) | None => Ok(()),
    }
}

/// Makes the first pending delivery of a lane its head, due since it was stored: older events go first.
fn promote(db: &Connection, destination: &str, guid: &[u8], now_ms: i64) -> rusqlite::Result<()> {
    db.prepare_cached(
        "UPDATE delivery SET next_attempt_ms = min(?3, created_ms)
         WHERE id = (SELECT id FROM delivery WHERE destination = ?1 AND call_guid = ?2 AND state = 'pending'
                     ORDER BY sequence LIMIT 1)",
    )?
    .execute(params![destination, guid, now_ms])?;
    Ok(())
}

/// Lets up to `limit` heads that wait for a later attempt be due, as if none had been made; returns how many.
pub(crate) fn hasten(db: &Connection, destination: &DestinationId, now_ms: i64, limit: u32) -> rusqlite::Result<usize> {
    db.prepare_cached(
        "UPDATE delivery SET next_attempt_ms = min(?2, created_ms)
         WHERE id IN (SELECT id FROM delivery WHERE destination = ?1 AND next_attempt_ms > ?2 LIMIT ?3)",
    )?
    .execute(params![destination.0.as_str(), now_ms, limit])
}

/// Buries up to `limit` heads of a destination; the next ones of their lanes take their place. Returns how many.
pub(crate) fn abandon(
    db: &Connection,
    destination: &DestinationId,
    reason: &str,
    now_ms: i64,
    limit: u32,
) -> rusqlite::Result<usize> {
    let mut statement = db.prepare_cached(
        "SELECT id FROM delivery WHERE destination = ?1 AND next_attempt_ms IS NOT NULL ORDER BY next_attempt_ms LIMIT ?2",
    )?;
    let heads = statement.query_map(params![destination.0.as_str(), limit], |row| Ok(DeliveryId(row.get(0)?)))?;
    let heads = heads.collect::<rusqlite::Result<Vec<_>>>()?;
    for &delivery in &heads {
        settle(
            db,
            &Attempt { delivery, verdict: Verdict::Buried, status: None, error: Some(reason.to_owned()) },
            now_ms,
        )?;
    }
    Ok(heads.len())
}

/// Deletes up to `limit` deliveries that have been kept long enough; returns how many.
pub(crate) fn prune(db: &Connection, now_ms: i64, settings: &Settings, limit: u32) -> rusqlite::Result<usize> {
    let before = |kept: std::time::Duration| now_ms.saturating_sub(crate::millis(kept));
    db.prepare_cached(
        "DELETE FROM delivery WHERE id IN (
             SELECT id FROM delivery
             WHERE created_ms < ?1 AND state = 'delivered' OR created_ms < ?2 AND state = 'dead' ORDER BY id LIMIT ?3)",
    )?
    .execute(params![before(settings.keep_delivered), before(settings.keep_dead), limit])
}

fn decode(row: &Row<'_>) -> rusqlite::Result<Delivery> {
    let rendered = Rendered {
        destination: DestinationId(row.get::<_, String>(1)?.into()),
        guid: CallGuid(Uuid::from_bytes(row.get(2)?)),
        sequence: row.get(3)?,
        event_id: row.get::<_, String>(4)?,
        method: method(&row.get::<_, String>(5)?).ok_or_else(|| unreadable(5))?,
        url: row.get(6)?,
        content_type: row.get(7)?,
        body: row.get(8)?,
        browser: row.get(9)?,
        profile: profile(&row.get::<_, String>(10)?).ok_or_else(|| unreadable(10))?,
    };
    let (created, expires) = (timestamp(row, 11)?, timestamp(row, 12)?);
    if row.get::<_, u32>(13)? != checksum(&rendered, created.as_millisecond(), expires.as_millisecond()) {
        return Err(unreadable(13));
    }
    Ok(Delivery { id: DeliveryId(row.get(0)?), rendered, created, expires, attempts: row.get(14)? })
}

/// Over everything that is written once and never changes.
fn checksum(rendered: &Rendered, created_ms: i64, expires_ms: i64) -> u32 {
    Checksum::default()
        .field(rendered.destination.0.as_bytes())
        .field(rendered.guid.0.as_bytes())
        .field(&rendered.sequence.to_le_bytes())
        .field(rendered.event_id.as_bytes())
        .field(method_name(rendered.method).as_bytes())
        .field(rendered.url.as_bytes())
        .optional(rendered.content_type.as_deref().map(str::as_bytes))
        .optional(rendered.body.as_deref().map(str::as_bytes))
        .field(&[u8::from(rendered.browser)])
        .field(profile_name(rendered.profile).as_bytes())
        .field(&created_ms.to_le_bytes())
        .field(&expires_ms.to_le_bytes())
        .finish()
}

const fn state_name(state: DeliveryState) -> &'static str {
    match state {
        DeliveryState::Pending => "pending",
        DeliveryState::Delivered => "delivered",
        DeliveryState::Dead => "dead",
    }
}

const fn method_name(method: Method) -> &'static str {
    match method {
        Method::Get => "GET",
        Method::Post => "POST",
    }
}

fn method(name: &str) -> Option<Method> {
    [Method::Get, Method::Post].into_iter().find(|&method| method_name(method) == name)
}

const fn profile_name(profile: Profile) -> &'static str {
    match profile {
        Profile::Pop => "pop",
        Profile::Log => "log",
    }
}

fn profile(name: &str) -> Option<Profile> {
    [Profile::Pop, Profile::Log].into_iter().find(|&profile| profile_name(profile) == name)
}

fn timestamp(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    Timestamp::from_millisecond(row.get(column)?).map_err(|_| unreadable(column))
}

fn unreadable(column: usize) -> rusqlite::Error {
    rusqlite::Error::InvalidColumnType(column, "unreadable".into(), Type::Null)
}
