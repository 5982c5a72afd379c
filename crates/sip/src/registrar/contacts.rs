//! What a REGISTER asks for (RFC 3261 10.3, steps 6 and 7).

use std::time::Duration;

use super::RegistrarConfig;
use crate::message::{Address, Message, text};
use crate::{Answer, Scheme, Uri};

/// More contacts in one request are refused.
const MOST: usize = 8;

/// What a REGISTER asks for.
pub(super) enum Asked {
    /// Only what is bound.
    Nothing,
    /// All bindings are to go: `Contact: *`.
    RemoveAll,
    /// These are to be bound, or to go.
    Contacts(Vec<Contact>),
}

/// One contact and how long it is to be bound: zero, if it is to go.
pub(super) struct Contact {
    pub(super) uri: Uri,
    pub(super) expires: Duration,
}

/// Why a REGISTER is refused.
pub(super) enum Fault {
    /// It cannot be read, or asks for more than is kept.
    Malformed,
    /// A contact is to be bound for less than the shortest time.
    TooBrief,
}

/// Reads the request.
pub(super) fn read(request: &Message<'_>, config: &RegistrarConfig) -> Result<Asked, Fault> {
    let values: Vec<_> = request.list("Contact").take(MOST + 1).collect();
    let general = request.header("Expires");
    if values.iter().any(|value| *value == b"*") {
        let all = values.len() == 1 && general.and_then(text::number) == Some(0);
        return if all { Ok(Asked::RemoveAll) } else { Err(Fault::Malformed) };
    }
    if values.len() > MOST {
        return Err(Fault::Malformed);
    }
    let contacts: Result<Vec<_>, _> = values.into_iter().map(|value| contact(value, general, config)).collect();
    contacts.map(|contacts| if contacts.is_empty() { Asked::Nothing } else { Asked::Contacts(contacts) })
}

fn contact(value: &[u8], general: Option<&[u8]>, config: &RegistrarConfig) -> Result<Contact, Fault> {
    let address = Address::parse(value).map_err(|_| Fault::Malformed)?;
    let uri = address.uri().ok().filter(|uri| uri.scheme() != Scheme::Tel);
    let uri = uri.ok_or(Fault::Malformed)?;
    // What cannot be read is as good as nothing (RFC 3261 10.2.1.1).
    let asked = address.params.value("expires").or(general).and_then(text::number);
    let expires = asked.map_or(config.longest, |seconds| Duration::from_secs(u64::from(seconds)));
    if !expires.is_zero() && expires < config.shortest {
        return Err(Fault::TooBrief);
    }
    Ok(Contact { uri, expires: expires.min(config.longest) })
}

impl Fault {
    pub(super) fn answer(&self, config: &RegistrarConfig) -> Answer {
        match self {
            Self::Malformed => Answer::new(400),
            Self::TooBrief => Answer::new(423).with_header("Min-Expires", config.shortest.as_secs()),
        }
    }
}
