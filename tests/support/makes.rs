//! Phones of some make from a text file (`fixtures/phones/*.txt`; the grammar stands in `fixtures/README.md`), played in the
//! virtual [`Office`] and compared with what the gateway must do and know.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use call_model::{Line, LineId, Locale, Number, Numbering};
use session::Dialect;
use simulator::Phone;

use crate::office::{Desk, Office};
use crate::scenario::{destination, matches, seconds};

/// What is requested for each action.
const URL: &str = "http://h/<$action>?dir=<$call_direction>&remote=<$remote_party>&hold=<$hold_state>\
    &res=<$call_result>&call=<$call_guid>";

/// After the last line nothing more may happen for so long.
const AFTERMATH: Duration = Duration::from_secs(60);

/// What the gateway must do, and when: the row of the file, the time, the words.
type Expected = (usize, Duration, String);

/// A file as it was read.
#[derive(Default)]
struct Story {
    desks: Vec<Desk>,
    steps: Vec<(usize, Duration, String)>,
    expected: Vec<Expected>,
    /// What must be known of the phone of a line at the end, row by row.
    known: Vec<(String, String)>,
    /// How often something may have been asked in all.
    asked: Vec<(String, usize)>,
    /// How often the gateway may ask it when it was restarted, and the phone was not.
    asked_again: Vec<(String, usize)>,
}

/// Plays a file; the error says what should have happened and what did.
///
/// # Errors
/// The file cannot be read, or the gateway did something else.
pub fn check(text: &str) -> Result<(), String> {
    let story = Story::parse(text)?;
    let zone = jiff::tz::TimeZone::UTC;
    let locale = Locale { zone, numbering: Numbering::default() };
    let mut office = Office::new(story.desks.clone(), vec![destination(0, URL)], locale.clone());
    office.start();
    for (row, at, step) in &story.steps {
        office.advance_to(*at);
        act(&mut office, step).map_err(|error| format!("row {row}: {error}: {step}"))?;
    }
    let last = story.expected.iter().map(|(_, at, _)| *at).max().unwrap_or_default();
    office.advance_to(last.max(office.time()) + AFTERMATH);
    let mut faults = compare(&story.expected, &office.noticed);
    for (line, wanted) in &story.known {
        let found = office.known.get(&LineId(line.as_str().into())).map(known).unwrap_or_default();
        if found.trim() != wanted.trim() {
            let _ = writeln!(faults, "of the phone of {line} should be known\n{wanted}\nknown is\n{found}");
        }
    }
    faults += &asked(&story.asked, &office);
    faults += &asked(&story.asked_again, &restarted(story.desks, &office, locale));
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

/// The gateway is started anew with what it knew.
fn restarted(mut desks: Vec<Desk>, before: &Office, locale: Locale) -> Office {
    for desk in &mut desks {
        desk.known = before.known.get(&desk.line.id).map(gateway::phones::known);
    }
    let mut office = Office::new(desks, Vec::new(), locale);
    office.start();
    office.advance_to(AFTERMATH);
    office
}

fn asked(limits: &[(String, usize)], office: &Office) -> String {
    let mut faults = String::new();
    for (what, times) in limits {
        let found = office.asked.get(what).copied().unwrap_or_default();
        if found != *times {
            let _ = writeln!(faults, "{what} was asked {found} times, not {times}");
        }
    }
    faults
}

/// What `hookswitch lines` would tell.
fn known(phone: &store::PhoneRecord) -> String {
    let rows = [
        ("phone", phone.agent.clone()),
        ("dialect", phone.dialect.clone()),
        ("edition", phone.edition.clone()),
        ("can", gateway::phones::names(phone, false, true)),
        ("cannot", gateway::phones::names(phone, false, false)),
        ("reports", gateway::phones::names(phone, true, true)),
        ("never", gateway::phones::names(phone, true, false)),
    ];
    let rows = rows.into_iter().filter(|(_, value)| !value.is_empty());
    rows.map(|(name, value)| format!("{name} {value}")).collect::<Vec<_>>().join("\n")
}

/// What people and the world do.
fn act(office: &mut Office, step: &str) -> Result<(), String> {
    let mut words = step.split(' ');
    let (verb, number) = (words.next().unwrap_or_default(), words.next().ok_or("who?")?);
    let other = words.next().unwrap_or_default();
    let name = words.collect::<Vec<_>>().join(" ");
    let done = match verb {
        "rings" => {
            let name = (!name.is_empty()).then_some(name.as_str());
            office.act(number, |phone, now| phone.ring(now, other, name));
            true
        }
        "make_call" => {
            office.dial(number, other);
            true
        }
        "reboots" => {
            office.act(number, Phone::reboot);
            true
        }
        "answers" => newest(office, number, |phone, now, call| phone.answer(now, call)),
        "holds" => newest(office, number, |phone, now, call| phone.hold(now, call)),
        "retrieves" => newest(office, number, |phone, now, call| phone.retrieve(now, call)),
        "hangs_up" => newest(office, number, |phone, now, call| phone.hang_up(now, call)),
        "is_left" => newest(office, number, |phone, now, call| phone.caller_hangs_up(now, call)),
        "is_answered" => newest(office, number, |phone, now, call| phone.far_answers(now, call)),
        _ => return Err("nobody can do that".into()),
    };
    if done { Ok(()) } else { Err("the phone could not do that".into()) }
}

/// Does something to the newest call of a phone; false if there is none, or its state does not allow it.
fn newest(office: &mut Office, number: &str, act: impl FnOnce(&mut Phone, Instant, simulator::CallId) -> bool) -> bool {
    office.act(number, |phone, now| {
        let call = phone.calls().last().map(|call| call.id);
        call.is_some_and(|call| act(phone, now, call))
    })
}

fn compare(expected: &[Expected], noticed: &[(Duration, String)]) -> String {
    /// Sessions are opened one millisecond after the other.
    const SLACK: Duration = Duration::from_millis(5);
    let mut guids = HashMap::new();
    let mut faults = String::new();
    for n in 0..expected.len().max(noticed.len()) {
        match (expected.get(n), noticed.get(n)) {
            (Some((row, from, wanted)), Some((at, found))) => {
                let on_time = *at + SLACK >= *from && *at <= *from + SLACK;
                if !on_time || !matches(wanted, found, &mut guids) {
                    let _ = writeln!(faults, "row {row}: wanted {wanted}\n        came   {found}\n        at {at:?}");
                }
            }
            (Some((row, _, wanted)), None) => {
                let _ = writeln!(faults, "row {row}: wanted {wanted}\n        nothing came");
            }
            (None, Some((at, found))) => {
                let _ = writeln!(faults, "not in the file: at {at:?} came {found}");
            }
            (None, None) => {}
        }
    }
    faults
}

impl Story {
    fn parse(text: &str) -> Result<Self, String> {
        let mut story = Self::default();
        let mut rows = text.lines().enumerate().map(|(n, row)| (n + 1, row)).peekable();
        while let Some((row, content)) = rows.next() {
            if content.trim().is_empty() || content.starts_with('#') {
                continue;
            }
            let mut block = Vec::new();
            while let Some((_, more)) = rows.next_if(|(_, next)| next.starts_with("   ")) {
                block.push(more.trim());
            }
            story.read(row, content, &block).map_err(|error| format!("row {row}: {error}: {content}"))?;
        }
        Ok(story)
    }

    fn read(&mut self, row: usize, content: &str, block: &[&str]) -> Result<(), String> {
        if let Some(rest) = content.strip_prefix('@') {
            let (time, rest) = rest.split_once(' ').ok_or("no step")?;
            match rest.split_once(' ') {
                Some((">", step)) => self.steps.push((row, seconds(time)?, step.trim().to_owned())),
                Some(("<", wanted)) => self.expected.push((row, seconds(time)?, wanted.trim().to_owned())),
                _ => return Err("unknown step".into()),
            }
            return Ok(());
        }
        match content.split_once(' ') {
            Some(("phone", rest)) => self.desks.push(desk(rest)?),
            Some(("known", line)) => self.known.push((line.trim().to_owned(), block.join("\n"))),
            Some(("asked", rest)) => {
                let (list, rest) = match rest.strip_prefix("again ") {
                    Some(rest) => (&mut self.asked_again, rest),
                    None => (&mut self.asked, rest),
                };
                let (what, times) = rest.split_once(' ').ok_or("how often?")?;
                list.push((what.to_owned(), times.trim().parse().map_err(|_| "no number")?));
            }
            _ => return Err("unknown setting".into()),
        }
        Ok(())
    }
}

/// `yealink 987 dialect=generic registers`
fn desk(text: &str) -> Result<Desk, String> {
    let mut words = text.split_whitespace();
    let (make, number) = (words.next().ok_or("no make")?, words.next().ok_or("no number")?);
    let phone = simulator::makes::phone(make, number, "example.com").ok_or("no such make is played")?;
    let (mut password, mut dialect) = (None, None);
    for word in words {
        match word.split_once('=') {
            Some(("dialect", name)) => dialect = Some(Dialect::named(name).ok_or("no such dialect")?),
            None if word == "registers" => password = Some(format!("secret of {number}")),
            _ => return Err(format!("unknown setting {word}")),
        }
    }
    let host = if password.is_some() { "example.com" } else { "192.0.2.20" };
    let line = Line {
        id: LineId(number.into()),
        number: Number::new(number),
        domain: "example.com".into(),
        name: None,
        link: format!("desk-{number}").into(),
        device: format!("sip:{number}@{host}").into(),
        remote_hold: false,
    };
    Ok(Desk { password, dialect, ..Desk::new(line, phone) })
}
