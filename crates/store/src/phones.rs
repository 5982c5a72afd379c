//! What is known of the phones: what each calls itself, and what it can do.

use std::path::Path;

use call_model::LineId;
use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

use crate::{ReadError, schema};

/// What is known of the phone of one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhoneRecord {
    /// The line.
    pub line: LineId,
    /// The link that carries it.
    pub link: String,
    /// What the phone calls itself; empty if it does not say.
    pub agent: String,
    /// What it is taken for.
    pub dialect: String,
    /// The edition of ECMA-323 it answered in; empty if that is not known.
    pub edition: String,
    /// Its services and events.
    pub features: Vec<FeatureRecord>,
    /// When the last of this was learnt.
    pub since: Timestamp,
}

/// One service or event of a phone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeatureRecord {
    /// It is an event, else a service.
    pub is_event: bool,
    /// Its name in ECMA-269: one word.
    pub name: String,
    /// The phone has it.
    pub can: bool,
    /// Who says so: one word.
    pub by: String,
}

/// What is known of the phones of this state folder, by line. It only reads, also beside a gateway that runs.
///
/// # Errors
/// The database cannot be read. A folder without one knows nothing, and that is no error.
pub fn phones(dir: &Path) -> Result<Vec<PhoneRecord>, ReadError> {
    if !schema::database(dir).exists() {
        return Ok(Vec::new());
    }
    let db = schema::connect_to_read(dir)?;
    if schema::version(&db)? < schema::WITH_PHONES {
        return Ok(Vec::new());
    }
    Ok(all(&db)?)
}

pub(crate) fn note(db: &Connection, phone: &PhoneRecord) -> rusqlite::Result<()> {
    let features: Vec<String> = phone.features.iter().map(FeatureRecord::to_line).collect();
    db.prepare_cached(
        "INSERT INTO phone (line, link, agent, dialect, edition, features, since) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (line) DO UPDATE SET link = excluded.link, agent = excluded.agent, dialect = excluded.dialect,
             edition = excluded.edition, features = excluded.features, since = excluded.since",
    )?
    .execute(params![
        phone.line.0.as_str(),
        phone.link,
        phone.agent,
        phone.dialect,
        phone.edition,
        features.join("\n"),
        phone.since.to_string()
    ])?;
    Ok(())
}

fn all(db: &Connection) -> rusqlite::Result<Vec<PhoneRecord>> {
    let mut statement =
        db.prepare("SELECT line, link, agent, dialect, edition, features, since FROM phone ORDER BY line")?;
    let rows = statement.query_map([], read)?;
    // What is damaged is learnt anew.
    Ok(rows.collect::<rusqlite::Result<Vec<_>>>()?.into_iter().flatten().collect())
}

fn read(row: &Row<'_>) -> rusqlite::Result<Option<PhoneRecord>> {
    let (line, features, since): (String, String, String) = (row.get(0)?, row.get(5)?, row.get(6)?);
    let Ok(since) = since.parse() else { return Ok(None) };
    Ok(Some(PhoneRecord {
        line: LineId(line.into()),
        link: row.get(1)?,
        agent: row.get(2)?,
        dialect: row.get(3)?,
        edition: row.get(4)?,
        features: features.lines().filter_map(FeatureRecord::of_line).collect(),
        since,
    }))
}

impl FeatureRecord {
    /// `service MakeCall yes tried`
    fn to_line(&self) -> String {
        let Self { is_event, name, can, by } = self;
        format!("{} {name} {} {by}", if *is_event { "event" } else { "service" }, if *can { "yes" } else { "no" })
    }

    fn of_line(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let (kind, name, can, by) = (words.next()?, words.next()?, words.next()?, words.next()?);
        let known = matches!(kind, "event" | "service") && matches!(can, "yes" | "no");
        known.then(|| Self { is_event: kind == "event", name: name.into(), can: can == "yes", by: by.into() })
    }
}
