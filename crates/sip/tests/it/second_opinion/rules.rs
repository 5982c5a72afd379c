//! Where our parser and another one differ, and who is right.

use sip::message::{Message, Raw};

use super::{Case, Reading};

/// The rule that decides a case, if there is one, and what it is about.
pub fn of(case: &Case<'_>) -> Option<(&'static str, &'static str)> {
    match &case.ours {
        Ok(_) => CLASSES.iter().find(|class| (class.holds)(case)).map(|class| (class.what, class.rule)),
        Err(error) => {
            let words = error.to_string();
            REFUSED.iter().find(|(refusal, _)| words.contains(refusal)).copied()
        }
    }
}

/// What we refuse and the other parser takes, by the words of our refusal: the rule that decides it.
const REFUSED: [(&str, &str); 29] = [
    ("the first line is neither", "RFC 3261 7.1: a request line is three words on one line"),
    ("name different methods", "RFC 3261 8.1.1.5: the method of CSeq must match that of the request"),
    ("header CSeq: its number", "RFC 3261 8.1.1.5: the number of CSeq must be less than 2**31"),
    ("header CSeq: no method", "RFC 3261 25.1: a method is a token, up to the end of the line"),
    ("header Call-ID: not one word", "RFC 3261 25.1: callid has no white space"),
    ("header Content-Length: not a number", "RFC 3261 20.14, RFC 4475 3.1.2.3: digits, and nothing but digits"),
    ("the header Content-Length stands there twice", "RFC 4475 3.3.9: as good as an invalid one"),
    ("the header Call-ID stands there twice", "RFC 4475 3.3.8: 400"),
    ("the header CSeq stands there twice", "RFC 4475 3.3.8: 400"),
    ("the header From stands there twice", "RFC 4475 3.3.8: 400"),
    ("the header To stands there twice", "RFC 4475 3.3.8: 400"),
    ("must stand in <>", "RFC 3261 20.10, 20.20, 20.39: a URI with a comma or a question mark needs brackets"),
    ("a parameter has no name", "RFC 3261 25.1 (generic-param), RFC 4475 3.1.2.1: 400"),
    ("a quoted name without its end", "RFC 3261 25.1 (quoted-string), RFC 4475 3.1.2.6: 400"),
    ("its tag is not a word", "RFC 3261 19.3, 25.1: a tag is a token, and never empty"),
    ("no > behind the URI", "RFC 3261 25.1 (name-addr): the bracket is closed"),
    ("something else than parameters follows", "RFC 3261 25.1 (from-spec, to-spec): only parameters follow"),
    ("header Via: its host", "RFC 3261 25.1 (sent-by): a host and a port, and nothing else"),
    ("header Via: white space or strange bytes", "RFC 3261 25.1 (sent-by): a host and a port, and nothing else"),
    ("no header name before a colon", "RFC 3261 7.3.1: field-name, colon, field-value"),
    ("more than 128 headers", "RFC 3261 26.3.2.4: whoever is flooded may refuse; a bound of ours"),
    ("the Request-URI carries headers", "RFC 3261 19.1.1 (table 1), RFC 4475 3.1.2.11: 400"),
    (
        "the Request-URI: it holds the byte",
        "RFC 3261 7.1, RFC 4475 3.1.2.8 and 3.1.2.9: no blanks in it or around it, 400",
    ),
    ("the Request-URI: the part before the @", "RFC 3261 25.1 (userinfo): a user has at least one character"),
    ("the version is not SIP/2.0", "RFC 3261 7.1, 25.1 (SIP-Version): 2.0, and a blank behind it"),
    ("header Via: no host", "RFC 3261 25.1 (via-parm): white space between transport and host"),
    ("a body of", "RFC 3261 18.3, 21.4.11: 413 for more than is read"),
    ("the body has", "RFC 3261 18.3, RFC 4475 3.1.2.2: 400 for a body shorter than announced"),
    ("the status code is not a number", "RFC 3261 25.1 (Status-Code), RFC 4475 3.1.2.19: dropped"),
];

/// A reason to take what the other parser refuses, or to read something else in it.
struct Class {
    what: &'static str,
    /// The rule that decides it.
    rule: &'static str,
    holds: fn(&Case<'_>) -> bool,
}

const CLASSES: [Class; 17] = [
    Class {
        what: "text that is no UTF-8",
        rule: "RFC 3261 7.3.1: what is not understood is ignored; phones send names in Latin-1",
        holds: |case| case.theirs == Err("no UTF-8") && std::str::from_utf8(case.bytes).is_err(),
    },
    Class {
        what: "a bare CR in a line",
        rule: "RFC 3261 7, 25.1: lines end with CRLF; any other CR counts as white space here",
        holds: |case| case.theirs == Err("unfinished") && has_bare_break(case.bytes),
    },
    Class {
        what: "blanks behind the request line",
        rule: "RFC 4475 3.1.2.10: they may be ignored",
        holds: |case| case.theirs == Err("start") && first_line(case.bytes).trim_ascii_end() != first_line(case.bytes),
    },
    Class {
        what: "three colons",
        rule: "RFC 5118 4.10: the grammar of RFC 3261 lets them through, so they are borne",
        holds: |case| matches!(case.theirs, Err("start" | "Via" | "From" | "To")) && has(case.bytes, b":::"),
    },
    Class {
        what: "tel in the request line",
        rule: "RFC 3261 19.1.6, RFC 3966: telephone numbers are addressed so",
        holds: |case| case.theirs == Err("start") && has(first_line(case.bytes), b" tel:"),
    },
    Class {
        what: "a request for a URI with characters beyond its grammar",
        rule: "RFC 3261 8.2.2.1: only whether it is ours counts; a host must still be a name or an address",
        holds: |case| case.theirs == Err("start") && !is_strict(request_uri(case.bytes)),
    },
    Class {
        what: "From or To with a URI that nobody looks at",
        rule: "RFC 3261 8.2.2.1: requests are taken even if the URI in To is not understood; dialogs go by tags",
        holds: |case| party(case).is_some_and(|value| !is_strict(uri_of(value))),
    },
    Class {
        what: "From or To with blanks inside the brackets",
        rule: "RFC 4475 3.1.2.14: they may be ignored",
        holds: |case| party(case).is_some_and(|value| bracketed(value) != uri_of(value)),
    },
    Class {
        what: "From or To with escapes in the name",
        rule: "RFC 3261 25.1 (quoted-pair), RFC 4475 3.1.1.1: a backslash and any character",
        holds: |case| party(case).is_some_and(|value| value.contains(&b'\\')),
    },
    Class {
        what: "a name in From or To that should stand in quotes",
        rule: "RFC 4475 3.1.2.15: the quotes may be inferred",
        holds: |case| party(case).is_some_and(|value| !is_strict_name(value)),
    },
    Class {
        what: "escapes that are no UTF-8",
        rule: "RFC 3261 19.1.2, 25.1 (escaped): any octet; nobody here looks into them",
        holds: |case| {
            let uri = party(case).map_or_else(|| request_uri(case.bytes), uri_of);
            matches!(case.theirs, Err("start" | "From" | "To")) && has_foreign_escape(uri)
        },
    },
    Class {
        what: "a host in Via that is no name to the letter",
        rule: "RFC 3261 18.2.1, 18.2.2: the answer goes to where the request came from",
        holds: |case| {
            case.theirs == Err("Via") && !is_strict_host(Message::parse(case.bytes).map_or("", |it| it.via.host))
        },
    },
    Class {
        what: "a name that begins like an IPv4 address",
        rule: "RFC 3261 25.1 (hostname): labels may be all digits but for the last",
        holds: |case| {
            case.theirs.is_err()
                && case.bytes.split(|byte| !byte.is_ascii_alphanumeric() && !b".-".contains(byte)).any(|word| {
                    let words =
                        word.split(|byte| *byte == b'.').take_while(|label| label.iter().all(u8::is_ascii_digit));
                    words.count() == 4 && word.iter().any(u8::is_ascii_alphabetic)
                })
        },
    },
    Class {
        what: "IPv6 in another spelling",
        rule: "RFC 5118 4.9, RFC 3261 19.1.4: the same address",
        holds: |case| differ(case, |one| &one.host) && case.ours.as_ref().is_ok_and(|ours| ours.host.starts_with('[')),
    },
    Class {
        what: "a method that begins like another one",
        rule: "RFC 3261 7.1, 25.1: a method is compared as a whole, and with its case",
        holds: |case| {
            matches!((&case.ours, &case.theirs), (Ok(ours), Ok(theirs)) if ours.cseq.1.starts_with(&theirs.cseq.1))
                && differ(case, |one| &one.cseq.1)
        },
    },
    Class {
        what: "a percent sign in a branch",
        rule: "RFC 4475 3.1.1.2, 3.1.1.5: it escapes nothing outside of URIs and reason phrases",
        holds: |case| differ(case, |one| &one.branch) && case.ours.as_ref().is_ok_and(|ours| ours.branch.contains('%')),
    },
    Class {
        what: "a branch that is no token, or stands behind a parameter that is none",
        rule: "RFC 3261 8.1.1.7, 17.2.3: a branch is compared and nothing else; the other parser stops where the token ends",
        holds: |case| {
            differ(case, |one| &one.branch)
                && case
                    .theirs
                    .as_ref()
                    .is_ok_and(|theirs| case.ours.as_ref().is_ok_and(|ours| ours.branch.starts_with(&theirs.branch)))
        },
    },
];

/// The two read this part otherwise, and no other one.
fn differ(case: &Case<'_>, part: fn(&Reading) -> &String) -> bool {
    let (Ok(ours), Ok(theirs)) = (&case.ours, &case.theirs) else { return false };
    let parts = [
        ours.start != theirs.start,
        ours.host != theirs.host,
        ours.cseq != theirs.cseq,
        ours.call_id != theirs.call_id,
        ours.branch != theirs.branch,
    ];
    part(ours) != part(theirs) && parts.iter().filter(|differs| **differs).count() == 1
}

/// The header that the other parser refuses, if it is From or To.
fn party<'a>(case: &Case<'a>) -> Option<&'a [u8]> {
    let name = case.theirs.as_ref().err().filter(|name| ["From", "To"].contains(name))?;
    Raw::parse(case.bytes).ok()?.values(name).next()
}

fn uri_of(value: &[u8]) -> &[u8] {
    bracketed(value).trim_ascii()
}

fn bracketed(value: &[u8]) -> &[u8] {
    let inner = value.iter().rposition(|byte| *byte == b'<').map_or(value, |open| &value[open + 1..]);
    let end = inner.iter().position(|byte| *byte == b'>').unwrap_or(inner.len());
    &inner[..end]
}

/// It has the form of a `sip:` URI, to the letter of RFC 3261 25.1.
fn is_strict(uri: &[u8]) -> bool {
    let Some((scheme, rest)) = std::str::from_utf8(uri).ok().and_then(|uri| uri.split_once(':')) else { return false };
    let (user, rest) = rest.rsplit_once('@').map_or((None, rest), |(user, rest)| (Some(user), rest));
    let (user, password) = user.and_then(|user| user.split_once(':')).map_or((user, ""), |(user, it)| (Some(user), it));
    let (rest, headers) = rest.split_once('?').unwrap_or((rest, "a=b"));
    let (authority, params) = rest.split_once(';').unwrap_or((rest, "a"));
    let port = authority.rfind(':').filter(|colon| !authority[*colon..].contains(']')).unwrap_or(authority.len());
    let (host, port) = authority.split_at(port);
    ["sip", "sips"].contains(&scheme.to_ascii_lowercase().as_str())
        && user.is_none_or(|user| !user.is_empty() && is_made_of(user, "-_.!~*'()&=+$,;?/%"))
        && is_made_of(password, "-_.!~*'()&=+$,%")
        && is_strict_host(host)
        && (port.is_empty() || port[1..].parse::<u16>().is_ok())
        && params.split(';').all(|param| {
            let named = !param.is_empty() && !param.starts_with('=') && !param.ends_with('=');
            named && is_made_of(param, "-_.!~*'()[]/:&+$%=") && param.matches('=').count() < 2
        })
        && headers.split('&').all(|one| is_made_of(one, "-_.!~*'()[]/?:+$%=") && one.matches('=').count() == 1)
}

fn is_strict_host(host: &str) -> bool {
    if let Some(inner) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        return inner.parse::<std::net::Ipv6Addr>().is_ok();
    }
    let labels = || host.trim_end_matches('.').split('.');
    let is_label =
        |label: &str| is_made_of(label, "-") && !label.is_empty() && !label.starts_with('-') && !label.ends_with('-');
    let top = labels().next_back().unwrap_or("");
    let is_name = labels().all(is_label) && top.starts_with(|first: char| first.is_ascii_alphabetic());
    is_name || host.parse::<std::net::Ipv4Addr>().is_ok()
}

fn is_made_of(text: &str, marks: &str) -> bool {
    text.chars().all(|it| it.is_ascii_alphanumeric() || marks.contains(it))
}

/// What stands before the `<` is one quoted string, or tokens.
fn is_strict_name(value: &[u8]) -> bool {
    let name = value
        .iter()
        .rposition(|byte| *byte == b'<')
        .map_or("", |open| std::str::from_utf8(&value[..open]).unwrap_or("\"").trim());
    let quoted = name.strip_prefix('"').and_then(|name| name.strip_suffix('"'));
    quoted.is_some_and(|inner| !inner.contains('"')) || is_made_of(name, "-.!%*_+`'~ \t\r\n")
}

/// It has escapes that stand for bytes which together are no UTF-8.
fn has_foreign_escape(uri: &[u8]) -> bool {
    let text = String::from_utf8_lossy(uri);
    let escaped = text.split('%').skip(1).filter_map(|it| u8::from_str_radix(it.get(..2)?, 16).ok());
    std::str::from_utf8(&escaped.collect::<Vec<_>>()).is_err()
}

fn first_line(bytes: &[u8]) -> &[u8] {
    let line = bytes.trim_ascii_start();
    let end = line.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(line.len());
    &line[..end]
}

fn request_uri(bytes: &[u8]) -> &[u8] {
    first_line(bytes).split(|byte| *byte == b' ').nth(1).unwrap_or_default()
}

fn has(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

/// A CR without its LF, or an LF without its CR.
fn has_bare_break(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes).replace("\r\n", "");
    text.contains(['\r', '\n'])
}
