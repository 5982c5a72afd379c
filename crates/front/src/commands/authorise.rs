//! The authorisation gate: whether the caller may dial, and from which line.

use std::net::IpAddr;

use call_model::Line;
use hyper::StatusCode;

use super::{
    LineAccess,
    answer::{Answer, Gate},
    login::User,
};

/// Decides the line; the first of these that names one: the request, the user, the client's address, there being
/// only one.
pub(super) fn line<'s>(
    named: Option<&str>,
    user: &User<'_>,
    source: IpAddr,
    lines: &'s [LineAccess],
) -> Gate<&'s Line> {
    if !user.caller.make_call {
        let text = format!(
            "The caller \"{}\" may not dial. An administrator allows it in the configuration:\n\n[[caller]]\nname = \
             \"{0}\"\ncommands = [\"make_call\"]",
            user.caller.name
        );
        return Answer::new(StatusCode::FORBIDDEN, text).stop();
    }
    let line = match named {
        Some(name) => named_line(name, user, lines)?,
        None => match bound_to_user(user, lines).or_else(|| bound_to_address(source, lines)).or_else(|| only(lines)) {
            Some(line) => line,
            None => return undecided(),
        },
    };
    if user.caller.lines.contains(&line.id) {
        return Gate::Continue(line);
    }
    let text = format!(
        "The caller \"{}\" may not use the line {}. An administrator allows it in the configuration:\n\n[[caller]]\nname = \
         \"{0}\"\nlines = [\"{1}\"]",
        user.caller.name, line.id
    );
    Answer::new(StatusCode::FORBIDDEN, text).stop()
}

/// Two lines may share a number on different domains: the caller's own goes first.
fn named_line<'s>(name: &str, user: &User<'_>, lines: &'s [LineAccess]) -> Gate<&'s Line> {
    let named: Vec<&Line> = each(lines).filter(|line| line.is_named_by(name)).collect();
    let own: Vec<&Line> = named.iter().copied().filter(|line| user.caller.lines.contains(&line.id)).collect();
    match (own.as_slice(), named.as_slice()) {
        ([line], _) | ([], [line]) => Gate::Continue(line),
        ([], []) => {
            let text = "There is no such line: line= takes a line's id, its number, number@domain or sip:number@domain. A line that \
                 is missing is added to the configuration as a [[line]].";
            Answer::new(StatusCode::NOT_FOUND, text).stop()
        }
        ([..], [..]) => {
            let text = "Several lines have this name: line= takes the id, which is unique.";
            Answer::new(StatusCode::BAD_REQUEST, text).stop()
        }
    }
}

fn bound_to_user<'s>(user: &User<'_>, lines: &'s [LineAccess]) -> Option<&'s Line> {
    if let [only] = user.caller.lines.as_slice() {
        return each(lines).find(|line| line.id == *only);
    }
    let username = user.username?;
    single(each(lines).filter(|line| line.id.0 == username || line.number.reveal() == username))
}

fn bound_to_address(source: IpAddr, lines: &[LineAccess]) -> Option<&Line> {
    let source = source.to_canonical();
    let bound = lines.iter().filter(|access| access.clients.iter().any(|client| client.contains(&source)));
    single(bound.map(|access| access.line.as_ref()))
}

fn only(lines: &[LineAccess]) -> Option<&Line> {
    single(each(lines))
}

fn each(lines: &[LineAccess]) -> impl Iterator<Item = &Line> {
    lines.iter().map(|access| access.line.as_ref())
}

fn single<T>(mut all: impl Iterator<Item = T>) -> Option<T> {
    let first = all.next();
    first.filter(|_| all.next().is_none())
}

fn undecided<T>() -> Gate<T> {
    let text = "Which line shall dial? Say so with line= (a line's id or number). Or an administrator binds one: a caller \
                with one line, a caller whose username is the line's number, or the client's address:\n\n[[line]]\n\
                clients = [\"10.3.20.17\"]";
    Answer::new(StatusCode::BAD_REQUEST, text).stop()
}
