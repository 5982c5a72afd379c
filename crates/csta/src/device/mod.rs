//! The text grammar of device identifiers (ECMA-269 clause 10): from `N<7868772298>Line71001;noa=nk`, `tel:+4930123` or
//! `sip:455360@pbx.example` to a number and a name.

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use nom::{
    IResult, Parser,
    branch::alt,
    bytes::complete::{tag, tag_no_case, take_till, take_until},
    character::complete::{char, one_of},
    combinator::{peek, rest, verify},
    sequence::{delimited, preceded, terminated},
};
use percent_encoding::percent_decode_str;

/// What a device identifier says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device<'a> {
    /// What can be dialled or compared: digits, or `user@host` where the user does not dial; the text itself if it has
    /// none of the known forms.
    pub number: Cow<'a, str>,
    /// The display name; empty if none.
    pub name: &'a str,
    /// What follows the first `;` of a form that has parameters, raw.
    pub parameters: &'a str,
}

/// Reads a device identifier. Text of no known form is taken for plain digits: it is the number as it stands, with any
/// `;` in it, which there means that more digits follow.
#[must_use]
pub fn parse(text: &str) -> Device<'_> {
    let plain = Device { number: Cow::Borrowed(text), name: "", parameters: "" };
    alt((named, unnamed, tel, sip, address)).parse(text).map_or(plain, |(_, device)| device)
}

/// The switching function's own form with a name: `N<number>name;parameters`.
fn named(text: &str) -> IResult<&str, Device<'_>> {
    let number = delimited(tag("N<"), take_until(">"), char('>'));
    (number, upto_parameters, rest)
        .map(|(number, name, parameters)| Device {
            number: Cow::Borrowed(number),
            name,
            parameters: behind(parameters),
        })
        .parse(text)
}

/// The same without a name: `Nnumber;parameters`.
fn unnamed(text: &str) -> IResult<&str, Device<'_>> {
    let number = preceded((char('N'), peek(one_of("0123456789+*#"))), upto_parameters);
    (number, rest)
        .map(|(number, parameters)| Device { number: Cow::Borrowed(number), name: "", parameters: behind(parameters) })
        .parse(text)
}

/// RFC 3966: `tel:number;parameters`; the number without its visual separators.
fn tel(text: &str) -> IResult<&str, Device<'_>> {
    let number = preceded(tag_no_case("tel:"), upto_parameters);
    (number, rest)
        .map(|(number, parameters)| Device { number: dialled(number), name: "", parameters: behind(parameters) })
        .parse(text)
}

/// RFC 3261 19.1: `sip:user:password@host:port;parameters`.
fn sip(text: &str) -> IResult<&str, Device<'_>> {
    let address = take_till(|c| matches!(c, ';' | '?'));
    let user = terminated(take_until("@"), char('@')); // its own parameters stand before the `@`
    let with_user = (user, address).map(|(user, host)| user_at(user, host));
    let host_only = take_till(|c| matches!(c, ';' | '?')).map(|host| Cow::Borrowed(without_port(host)));
    (preceded(alt((tag_no_case("sip:"), tag_no_case("sips:"))), alt((with_user, host_only))), rest)
        .map(|(number, parameters)| Device { number, name: "", parameters: behind(parameters) })
        .parse(text)
}

/// `user@host` without a scheme. In plain digits `@` means to wait for an answer, but there no host follows it.
fn address(text: &str) -> IResult<&str, Device<'_>> {
    let host = verify(rest, |host: &str| host.contains('.') && !host.contains(['@', ';']));
    (terminated(take_until("@"), char('@')), host)
        .map(|(user, host)| Device { number: user_at(user, host), name: "", parameters: "" })
        .parse(text)
}

fn upto_parameters(text: &str) -> IResult<&str, &str> {
    take_till(|c| c == ';').parse(text)
}

fn behind(parameters: &str) -> &str {
    parameters.strip_prefix(';').unwrap_or(parameters)
}

/// The user alone where it dials, else `user@host`.
fn user_at<'a>(user: &'a str, host: &'a str) -> Cow<'a, str> {
    let user = user.split([';', ':']).next().unwrap_or_default();
    let user = percent_decode_str(user).decode_utf8_lossy();
    let digits = dialled(&user);
    if !digits.is_empty() && digits.chars().all(|c| matches!(c, '0'..='9' | '+' | '*' | '#')) {
        return if digits == user { user } else { Cow::Owned(digits.into_owned()) };
    }
    Cow::Owned(format!("{user}@{}", without_port(host)))
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|digit| digit.is_ascii_digit()) => name,
        Some(_) | None => host,
    }
}

/// A number without its visual separators (RFC 3966 5.1.1).
fn dialled(number: &str) -> Cow<'_, str> {
    let separator = |c: char| matches!(c, '-' | '.' | '(' | ')');
    if number.contains(separator) { Cow::Owned(number.replace(separator, "")) } else { Cow::Borrowed(number) }
}
