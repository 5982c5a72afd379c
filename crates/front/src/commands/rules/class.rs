//! What a number is, before any rule of the administrator's: the defaults allow or deny by class.

use call_model::Numbering;
use phonenumber::{
    Metadata, Type,
    country::Id,
    metadata::{DATABASE, Descriptor},
};

/// More digits than this is no telephone number (E.164 ends at 15, extensions at a few more).
const MOST_DIGITS: usize = 32;
/// These reach an emergency desk in whatever country: mobile networks forward them.
const EMERGENCY_ANYWHERE: [&str; 4] = ["110", "112", "911", "999"];
/// A number up to this long is taken for an extension or a local short number; it only names the rule.
const LONGEST_INTERNAL: usize = 6;
/// No number that costs more is shorter, short codes aside.
const SHORTEST_COSTLY: usize = 5;
/// ITU-T E.164 6.2.1.
const LONGEST_E164: usize = 15;
/// What is dialled before an international number in most of the world, in North America, and in Japan.
const INTERNATIONAL_PREFIXES: [&str; 3] = ["00", "011", "010"];
/// What is dialled before an outside number at most sites: a site that names no outside line may still have one.
const USUAL_OUTSIDE_LINES: [char; 2] = ['0', '9'];
/// Hardly a national number is longer, with its trunk prefix.
const LONGEST_NATIONAL: usize = 12;
/// Country codes that no country owns and that cost most (ITU-T E.164.1).
const SHARED_CODES: [(&str, &str); 4] =
    [("979", "premium +979"), ("881", "satellite +881"), ("882", "networks +882"), ("883", "networks +883")];

/// The classes that the default rules know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Internal,
    National,
    Emergency,
    Premium(&'static str),
    International(Option<&'static str>),
    ServiceCode,
    OverLong,
}

impl Class {
    /// Classifies the number as the exchange will dial it: behind `outside_line`, what is left of it.
    pub(super) fn of(number: &str, numbering: &Numbering) -> Self {
        let digits = number.strip_prefix('+').unwrap_or(number);
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Self::ServiceCode;
        }
        if digits.len() > MOST_DIGITS {
            return Self::OverLong;
        }
        let country = numbering.country;
        let outside = numbering.outside_line.as_deref().filter(|prefix| !prefix.is_empty());
        let trunk = outside.and_then(|prefix| number.strip_prefix(prefix)).filter(|rest| !rest.is_empty());
        let usual = if outside.is_none() { number.strip_prefix(USUAL_OUTSIDE_LINES) } else { None };
        if is_emergency(digits, country)
            || trunk.is_some_and(|rest| reaches_emergency(rest, country))
            || usual.is_some_and(|rest| is_emergency(rest, None))
        {
            return Self::Emergency;
        }
        match (trunk, country) {
            (Some(rest), Some(country)) => match premium(number, country) {
                Some(kind) => Self::Premium(kind), // in case the exchange needs no prefix after all
                None => Self::in_country(rest, country),
            },
            (None, Some(country)) => Self::in_country(number, country),
            (Some(rest), None) => Self::by_digits(rest),
            (None, None) => Self::by_digits(number),
        }
    }

    /// For the rule's name and the audit: `default: international (satellite +881)`.
    pub(super) fn name(self) -> String {
        match self {
            Self::Internal => "internal".to_owned(),
            Self::National => "national".to_owned(),
            Self::Emergency => "emergency".to_owned(),
            Self::Premium(kind) => format!("premium ({kind})"),
            Self::International(None) => "international".to_owned(),
            Self::International(Some(kind)) => format!("international ({kind})"),
            Self::ServiceCode => "service code".to_owned(),
            Self::OverLong => "over-long".to_owned(),
        }
    }

    /// The default verdict.
    pub(super) const fn is_allowed(self) -> bool {
        match self {
            Self::Internal | Self::National => true,
            Self::Emergency | Self::Premium(_) | Self::International(_) | Self::ServiceCode | Self::OverLong => false,
        }
    }

    /// Without a country: what the digits alone tell.
    fn by_digits(number: &str) -> Self {
        if let Some(international) = number.strip_prefix('+') {
            return Self::International(shared_code(international));
        }
        let international = |number: &str| INTERNATIONAL_PREFIXES.iter().any(|prefix| number.starts_with(prefix));
        let behind = number.strip_prefix(USUAL_OUTSIDE_LINES).filter(|_| number.len() > LONGEST_NATIONAL);
        match INTERNATIONAL_PREFIXES.iter().find_map(|prefix| number.strip_prefix(prefix)) {
            None if behind.is_some_and(international) => Self::International(None),
            Some(rest) => Self::International(shared_code(rest)),
            None if number.len() <= LONGEST_INTERNAL => Self::Internal,
            None => Self::National,
        }
    }

    /// In a country, with its numbering plan.
    fn in_country(number: &str, country: Id) -> Self {
        let meta = DATABASE.by_id(country.as_ref());
        match number.strip_prefix('+').or_else(|| after_international_prefix(number, meta)) {
            Some(rest) => {
                let own_code = meta.map(|meta| meta.country_code().to_string());
                match own_code.and_then(|code| rest.strip_prefix(&code)) {
                    Some(national) if is_emergency(national, Some(country)) => Self::Emergency,
                    Some(_) => Self::in_own_plan(number, country),
                    None => Self::International(shared_code(rest)),
                }
            }
            None if number.starts_with("00") => Self::International(None),
            // Call by call: the carrier that 010… names dials on from there, wherever to.
            None if country == Id::DE && number.starts_with("010") => {
                Self::International(Some("carrier selection 010"))
            }
            None if is_directory_enquiry(number, country) => Self::Premium("directory enquiries"),
            None => Self::in_own_plan(number, country),
        }
    }

    /// A number with the own country's code, or with none.
    fn in_own_plan(number: &str, country: Id) -> Self {
        if let Some(class) = costly(number, country) {
            return class;
        }
        let parsed = phonenumber::parse(Some(country), number).ok();
        // Eighteen countries share +1: a number that the plan cannot place may be in any of them.
        let unplaced = parsed.is_some_and(|parsed| {
            parsed.code().value() == 1 && parsed.country().id().is_none() && parsed.national().value() >= 1_000_000_000
        });
        match number.len() {
            _ if unplaced => Self::International(None),
            0..=LONGEST_INTERNAL => Self::Internal,
            _ => Self::National,
        }
    }
}

/// What follows the country's international prefix; the parser alone would let one pass that leads nowhere it knows.
fn after_international_prefix<'n>(number: &'n str, meta: Option<&Metadata>) -> Option<&'n str> {
    let prefix = meta.and_then(Metadata::international_prefix)?;
    let found = prefix.find(number).filter(|found| found.start() == 0 && found.end() < number.len())?;
    number.get(found.end()..)
}

fn shared_code(international: &str) -> Option<&'static str> {
    SHARED_CODES.iter().find(|(code, _)| international.starts_with(code)).map(|(_, name)| *name)
}

fn is_emergency(digits: &str, country: Option<Id>) -> bool {
    EMERGENCY_ANYWHERE.contains(&digits)
        || country.is_some_and(|country| emergency_numbers(country).any(|number| number == digits))
}

/// Behind the outside line an exchange may connect as soon as the digits are enough: no subscriber's number begins so.
fn reaches_emergency(rest: &str, country: Option<Id>) -> bool {
    is_emergency(rest, country) || rest.starts_with("110") || rest.starts_with("112")
}

fn emergency_numbers(country: Id) -> impl Iterator<Item = &'static str> {
    let lines = include_str!("emergency.txt").lines();
    let line = lines.map(str::split_whitespace).find_map(|mut words| {
        let is_it = words.next() == Some(country.as_ref());
        is_it.then_some(words)
    });
    line.into_iter().flatten()
}

/// Directory enquiries connect on, at any price: 118 and two or three digits in most of Europe.
fn is_directory_enquiry(number: &str, country: Id) -> bool {
    let national = number.strip_prefix('0').unwrap_or(number);
    let european = [Id::AT, Id::CH, Id::DE, Id::ES, Id::FR, Id::GB, Id::IE, Id::PL, Id::SE];
    european.contains(&country) && national.starts_with("118") && (5..=6).contains(&national.len())
}

/// The class that the number, or its first digits, must not have: an exchange connects once the digits are enough and
/// ignores what follows.
fn costly(number: &str, country: Id) -> Option<Class> {
    let longest = number.len().min(LONGEST_E164 + 4);
    let is_ordinary = region(number, country) == Some(country);
    let shortest = if is_ordinary { longest } else { SHORTEST_COSTLY.min(longest) };
    (shortest..=longest).find_map(|length| {
        let prefix = number.get(..length)?;
        let foreign =
            || region(prefix, country).filter(|region| *region != country).map(|_| Class::International(None));
        premium(prefix, country).map(Class::Premium).or_else(foreign)
    })
}

/// The country of a number that its numbering plan knows, as seen from `country`.
fn region(number: &str, country: Id) -> Option<Id> {
    let parsed = phonenumber::parse(Some(country), number).ok()?;
    (parsed.number_type(&DATABASE) != Type::Unknown).then(|| parsed.country().id()).flatten()
}

/// What makes a number of the own country cost more than a call. The parser strips a trunk prefix even where none was
/// dialled (`+7 809…`), so every reading is tried.
fn premium(number: &str, country: Id) -> Option<&'static str> {
    let meta = DATABASE.by_id(country.as_ref())?;
    let code = meta.country_code().to_string();
    let international = number.strip_prefix('+').or_else(|| after_international_prefix(number, Some(meta)));
    let national = match international {
        Some(rest) => rest.strip_prefix(&code)?,
        None => number,
    };
    let parsed = phonenumber::parse(Some(country), number).ok().map(|parsed| parsed.national().to_string());
    let readings =
        [Some(national), meta.national_prefix().and_then(|trunk| national.strip_prefix(trunk)), parsed.as_deref()];
    let kinds = [
        (meta.descriptors().premium_rate(), "premium rate"),
        (meta.descriptors().shared_cost(), "shared cost"),
        (meta.descriptors().personal_number(), "personal number"),
        (meta.descriptors().pager(), "pager"),
    ];
    let is =
        |kind: Option<&Descriptor>| kind.is_some_and(|kind| readings.iter().flatten().any(|text| kind.is_match(text)));
    kinds.into_iter().find(|(kind, _)| is(*kind)).map(|(_, name)| name)
}
