//! `fixtures/csta-xml`: each message beside what is read from it; each bad one beside the reason it is refused for.

use std::{fmt::Debug, fs, path::Path};

use super::root;
use crate::xml::decode;

/// Decodes `fixture` and compares what comes of it with the text file of the same name.
fn check(fixture: &Path, found: impl Fn(&[u8]) -> String) -> Result<(), String> {
    let bytes = fs::read(fixture).map_err(|error| error.to_string())?;
    let found = found(&bytes);
    let expected = fs::read_to_string(fixture.with_extension("txt")).unwrap_or_else(|error| error.to_string());
    let name = fixture.file_name().unwrap_or_default().display();
    if found.trim() == expected.trim() { Ok(()) } else { Err(format!("{name}\n{found}")) }
}

#[track_caller]
fn check_all(folder: &str, found: impl Fn(&[u8]) -> String) {
    let entries = fs::read_dir(root().join("fixtures/csta-xml").join(folder)).unwrap();
    let mut fixtures: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    fixtures.retain(|path| path.extension().is_some_and(|extension| extension == "xml"));
    fixtures.sort();
    assert!(fixtures.len() > 40, "the fixtures are gone");
    let wrong: Vec<_> = fixtures.iter().filter_map(|fixture| check(fixture, &found).err()).collect();
    assert!(wrong.is_empty(), "not as expected:\n\n{}", wrong.join("\n\n"));
}

#[test]
fn messages_are_read() {
    check_all("", |bytes| match decode(bytes) {
        Ok(message) => outline(&message),
        Err(error) => format!("refused: {error}"),
    });
}

#[test]
fn bad_messages_are_refused_for_a_reason() {
    check_all("bad", |bytes| match decode(bytes) {
        Ok(message) => format!("read:\n{}", outline(&message)),
        Err(error) => error.to_string(),
    });
}

/// The parts that are there, one a line: `Event.connection.call_id = "17"`.
pub(crate) fn outline(value: &impl Debug) -> String {
    let debug = format!("{value:#?}");
    let mut path: Vec<(String, usize)> = Vec::new(); // and how many lines there were when it was opened
    let mut lines = Vec::new();
    for line in debug.lines().map(|line| line.trim().trim_end_matches(',')) {
        let (name, value) = line.split_once(": ").filter(|(name, _)| !name.starts_with('"')).unwrap_or(("", line));
        let shown = |last: &str| {
            let parts = path.iter().map(|(part, _)| part.as_str()).chain([last]);
            parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(".")
        };
        if let Some(opened) = value.strip_suffix(['(', '{', '[']).map(str::trim) {
            let says_nothing = opened == "Some" || (value.ends_with('{') && name != "kind");
            let part = if says_nothing || opened.is_empty() { name } else { &format!("{name}.{opened}") };
            path.push((part.trim_start_matches('.').to_owned(), lines.len()));
        } else if matches!(value, ")" | "}" | "]") {
            if path.last().is_some_and(|(_, before)| *before == lines.len()) {
                lines.push(format!("{} = nothing", shown("")));
            }
            path.pop();
        } else if value != "None" {
            lines.push(format!("{} = {value}", shown(name)));
        }
    }
    lines.join("\n")
}
