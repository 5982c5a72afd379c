//! What is known of a phone, between the session that learns it, the store that keeps it, and people.

use call_model::LineId;
use jiff::Timestamp;
use session::{Dialect, Finding, Known, Report, Service, Source, edition_name, edition_named};
use store::{FeatureRecord, PhoneRecord};

/// What the store keeps for each line of a link.
#[must_use]
pub fn record(line: LineId, link: &str, known: &Known, since: Timestamp) -> PhoneRecord {
    let feature = |is_event, name: String, finding: &Finding| FeatureRecord {
        is_event,
        name,
        can: finding.can,
        by: finding.by.as_str().to_owned(),
    };
    let services = known.services.iter().map(|(service, finding)| feature(false, service.to_string(), finding));
    let events = known.events.iter().map(|(event, finding)| feature(true, event.to_string(), finding));
    PhoneRecord {
        line,
        link: link.to_owned(),
        agent: known.agent.to_string(),
        dialect: known.dialect.to_owned(),
        edition: known.edition.map(edition_name).unwrap_or_default().to_owned(),
        features: services.chain(events).collect(),
        since,
    }
}

/// What a session begins with after a restart: what the phone said and did. What is said of its make is in the program.
#[must_use]
pub fn known(record: &PhoneRecord) -> Known {
    let mut known = Known {
        agent: record.agent.as_str().into(),
        dialect: Dialect::named(&record.dialect).map(|dialect| dialect.name).unwrap_or_default(),
        edition: edition_named(&record.edition),
        ..Known::default()
    };
    for feature in &record.features {
        let Some(by) = Source::named(&feature.by).filter(|by| *by != Source::Make) else { continue };
        let finding = Finding { can: feature.can, by };
        if feature.is_event {
            known.events.extend(Report::named(&feature.name).map(|name| (name, finding)));
        } else {
            known.services.extend(Service::named(&feature.name).map(|name| (name, finding)));
        }
    }
    known
}

/// The features that a phone has, or has not, as a list for people.
#[must_use]
pub fn names(record: &PhoneRecord, is_event: bool, can: bool) -> String {
    let fits = record.features.iter().filter(|feature| feature.is_event == is_event && feature.can == can);
    let by = |feature: &FeatureRecord| match Source::named(&feature.by) {
        Some(Source::Make) => format!("{} (make)", feature.name),
        Some(Source::Phone) => format!("{} (phone)", feature.name),
        Some(Source::Tried) | None => feature.name.clone(),
    };
    fits.map(by).collect::<Vec<_>>().join(", ")
}

/// The services, or events, of which nothing is known, as a list for people.
#[must_use]
pub fn unknown(record: &PhoneRecord, is_event: bool) -> String {
    let all: Vec<String> = match is_event {
        true => Report::all().map(|event| event.to_string()).collect(),
        false => Service::all().map(|service| service.to_string()).collect(),
    };
    let known = |name: &String| record.features.iter().any(|f| f.is_event == is_event && f.name == *name);
    all.into_iter().filter(|name| !known(name)).collect::<Vec<_>>().join(", ")
}
