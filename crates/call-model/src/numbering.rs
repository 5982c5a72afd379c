//! The numbering plan around the gateway: what a delivered number is in the world outside.

use crate::Number;

/// A country, by its two letters (`"DE".parse()`).
pub use phonenumber::country::Id as Country;

/// Where the lines stand, as far as an administrator says so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Numbering {
    /// The country whose rules a number without `+` follows.
    pub country: Option<Country>,
    /// The area code, without its trunk prefix (`30` for Berlin).
    pub area: Option<String>,
    /// What is dialled to reach the world outside (`0`): a number that lacks it is an extension.
    pub outside_line: Option<String>,
}

/// A subscriber number shorter than this may as well be an extension, so an area code does not decide it.
const SHORTEST_SUBSCRIBER: usize = 5;

/// E.164 knows no longer number (ITU-T E.164 6.2.1); the prefixes before it are few.
const LONGEST: usize = 24;

impl Numbering {
    /// `<$remote_party_e164>`: `+…` where the number itself or the configured country and area decide it.
    #[must_use]
    pub fn e164(&self, number: &Number) -> Option<String> {
        let text = number.reveal();
        let digits = text.strip_prefix('+').unwrap_or(text);
        // The library reads `*21*030123#` as a number: only digits and a leading plus ever reach it.
        if digits.is_empty() || digits.len() > LONGEST || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        if text.starts_with('+') {
            return valid(None, text);
        }
        let country = self.country?;
        let outside = match self.outside_line.as_deref() {
            Some(prefix) if !prefix.is_empty() => digits.strip_prefix(prefix)?,
            _ => digits,
        };
        self.subscriber(country, outside)
    }

    /// A number without plus: with its trunk or international prefix it stands by itself, a bare one is a subscriber
    /// of the configured area.
    fn subscriber(&self, country: Country, digits: &str) -> Option<String> {
        let rules = phonenumber::metadata::DATABASE.by_id(country.as_ref())?;
        // In North America the trunk prefix `1` may be left out, and some countries have none.
        let trunk = rules.national_prefix().filter(|prefix| *prefix != "1");
        let prefixed = digits.starts_with('0') || trunk.is_some_and(|trunk| digits.starts_with(trunk));
        let local = || {
            let area = self.area.as_deref().filter(|area| area.bytes().all(|b| b.is_ascii_digit()))?;
            let bare = !prefixed && digits.len() >= SHORTEST_SUBSCRIBER;
            bare.then(|| valid(None, &format!("+{}{area}{digits}", rules.country_code()))).flatten()
        };
        let national = || (prefixed || trunk.is_none()).then(|| valid(Some(country), digits)).flatten();
        local().or_else(national)
    }
}

fn valid(country: Option<Country>, text: &str) -> Option<String> {
    let number = phonenumber::parse(country, text).ok()?;
    number.is_valid().then(|| number.format().mode(phonenumber::Mode::E164).to_string())
}
