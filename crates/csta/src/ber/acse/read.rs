//! Reads ACSE.

use compact_str::CompactString;

use super::*;
use crate::ber::{DecodeError, read::Element};

/// Reads an APDU of ACSE; `None` if it is none.
pub(in crate::ber) fn read(apdu: &Element<'_>) -> Result<Option<Acse>, DecodeError> {
    Ok(Some(match apdu.tag {
        REQUEST => Acse::Request(request(apdu)?),
        RESPONSE => Acse::Response(response(apdu)?),
        RELEASE_REQUEST => Acse::ReleaseRequest,
        RELEASE_RESPONSE => Acse::ReleaseResponse,
        ABORT => Acse::Abort,
        _ => return Ok(None),
    }))
}

fn request(apdu: &Element<'_>) -> Result<AssociationRequest, DecodeError> {
    let (mut context, mut says_version, mut login, mut information) = (None, false, None, None);
    let mut parts = apdu.inner();
    while let Some(part) = parts.next()? {
        match part.tag {
            PROTOCOL_VERSION => says_version = true,
            CONTEXT => context = oid(&part)?,
            AUTHENTICATION => login = read_login(&part)?,
            USER_INFORMATION => information = read_information(&part)?,
            _ => {}
        }
    }
    let missing = DecodeError::Missing { what: "the application context", offset: parts.offset() };
    Ok(AssociationRequest { context: context.ok_or(missing)?, says_version, login, information })
}

fn response(apdu: &Element<'_>) -> Result<AssociationResponse, DecodeError> {
    let (mut context, mut result, mut diagnostic, mut information) = (None, None, (true, 0), None);
    let mut parts = apdu.inner();
    while let Some(part) = parts.next()? {
        match part.tag {
            CONTEXT => context = oid(&part)?,
            RESULT => result = part.integer()?,
            DIAGNOSTIC => diagnostic = read_diagnostic(&part)?,
            USER_INFORMATION => information = read_information(&part)?,
            _ => {}
        }
    }
    let missing = DecodeError::Missing { what: "the result of an association", offset: parts.offset() };
    let (by_user, diagnostic) = diagnostic;
    let result = match result.ok_or(missing)? {
        0 => AssociationResult::Accepted,
        number => AssociationResult::Rejected { transient: number == 2, by_user, diagnostic },
    };
    Ok(AssociationResponse { context, result, information })
}

fn oid(part: &Element<'_>) -> Result<Option<Oid>, DecodeError> {
    Ok(match part.first()? {
        Some(inner) if inner.tag == Tag::OBJECT_IDENTIFIER => Some(Oid::of(&inner.octets()?)),
        Some(_) | None => None,
    })
}

/// acse-service-user [1] or acse-service-provider [2], and the reason.
fn read_diagnostic(part: &Element<'_>) -> Result<(bool, i64), DecodeError> {
    let source = part.first()?;
    let by_user = source.is_none_or(|source| source.tag.context_number() != Some(2));
    Ok((by_user, source.map(|source| source.integer()).transpose()?.flatten().unwrap_or_default()))
}

/// The first two strings, however deep: name and password.
fn read_login(part: &Element<'_>) -> Result<Option<Login>, DecodeError> {
    let mut strings = Vec::new();
    collect_strings(part, &mut strings)?;
    Ok(match <[_; 2]>::try_from(strings) {
        Ok([user, password]) => Some(Login { user, password }),
        Err(_) => None,
    })
}

fn collect_strings(part: &Element<'_>, found: &mut Vec<CompactString>) -> Result<(), DecodeError> {
    let mut inner = part.inner();
    while let Some(element) = inner.next()? {
        match element.tag {
            Tag::OCTET_STRING | Tag::IA5_STRING if found.len() < 2 => found.push(element.text()?),
            _ => collect_strings(&element, found)?,
        }
    }
    Ok(())
}

/// The EXTERNAL, which may be inside of a SEQUENCE.
fn read_information(part: &Element<'_>) -> Result<Option<UserInformation>, DecodeError> {
    let Some(external) = find(part, &|element| element.tag == Tag::EXTERNAL)? else { return Ok(None) };
    let mut inner = external.inner();
    let syntax = inner.next_if(Tag::OBJECT_IDENTIFIER)?.map(|oid| oid.octets().map(|octets| Oid::of(&octets)));
    let holds_versions =
        |element: &Element<'_>| matches!(element.first(), Ok(Some(first)) if first.tag == Tag::BIT_STRING);
    let Some(information) = find(&external, &holds_versions)? else { return Ok(None) };
    let mut parts = information.inner();
    let versions = parts.next()?.map(|versions| versions.bits()).transpose()?.unwrap_or_default();
    let form = match information.tag {
        Tag::SEQUENCE => InformationForm::Old {
            required: parts.next()?.map(|functions| read_functions(&functions)).transpose()?.unwrap_or_default(),
            supplied: parts.next()?.map(|functions| read_functions(&functions)).transpose()?.unwrap_or_default(),
        },
        _ => InformationForm::New,
    };
    Ok(Some(UserInformation { versions: Versions::of_bits(versions as u32), form, syntax: syntax.transpose()? }))
}

/// The first element inside of another, however deep, that is meant.
fn find<'a>(part: &Element<'a>, is_meant: &impl Fn(&Element<'a>) -> bool) -> Result<Option<Element<'a>>, DecodeError> {
    let mut inner = part.inner();
    while let Some(element) = inner.next()? {
        if is_meant(&element) {
            return Ok(Some(element));
        }
        if let Some(found) = find(&element, is_meant)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

fn read_functions(part: &Element<'_>) -> Result<Functions, DecodeError> {
    let mut functions = Functions::default();
    let mut sets = part.inner();
    while let Some(set) = sets.next()? {
        let number = set.tag.context_number().and_then(|number| usize::try_from(number).ok());
        if let Some(place) = number.and_then(|number| functions.0.get_mut(number)) {
            *place = set.bits()?;
        }
    }
    Ok(functions)
}
