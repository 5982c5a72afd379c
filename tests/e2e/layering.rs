//! The map of the house, held against the manifests and the sources.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Who may use whom, as the README prints it.
const MAY_USE: [(&str, &[&str]); 8] = [
    ("csta", &[]),
    ("sip", &[]),
    ("call-model", &[]),
    ("session", &["csta", "sip", "call-model"]),
    ("store", &["call-model"]),
    ("front", &["call-model", "store"]),
    ("simulator", &["csta", "sip"]),
    ("gateway", &["csta", "sip", "call-model", "session", "store", "front", "simulator"]),
];

#[test]
fn crates_use_only_what_the_map_allows() {
    let map: BTreeMap<_, _> = MAY_USE.into_iter().collect();
    for (name, allowed) in &map {
        let manifest = read(&tests::root().join("crates").join(name).join("Cargo.toml"));
        let dependencies = manifest.split("[dependencies]").nth(1).unwrap().split("\n[").next().unwrap();
        for other in map.keys() {
            let used = dependencies.lines().any(|line| line.split(['.', ' ', '=']).next() == Some(*other));
            assert!(!used || allowed.contains(other), "{name} must not use {other}");
        }
    }
    let rooms = fs::read_dir(tests::root().join("crates")).unwrap().count();
    assert_eq!(rooms, map.len(), "a room that the map does not show");
}

#[test]
fn the_readme_prints_the_same_map() {
    let readme = read(&tests::root().join("README.md"));
    for (name, allowed) in MAY_USE {
        let uses = if allowed.is_empty() { "nothing of ours".to_owned() } else { allowed.join(", ") };
        let row = format!("| `{name}` | {uses} |");
        assert!(readme.contains(&row), "README.md lacks the row {row}");
    }
}

#[test]
fn only_normalise_names_both_a_csta_event_and_a_call_model_event() {
    for path in rust_files(&tests::root().join("crates/session/src")) {
        let text = read(&path);
        let both = text.contains("csta::Event") && text.contains("call_model::Event");
        let both = both || (text.contains("EventKind") && text.contains("News::"));
        assert!(!both || path.ends_with("normalise.rs"), "{} meets both words", path.display());
    }
}

#[test]
fn one_file_maps_outcomes_to_http_status() {
    // Naming one outcome (no answer came in time) is no mapping; telling them apart is.
    const OUTCOMES: [&str; 6] = ["Accepted", "Refused", "NotSupported", "NoLine", "NoLink", "NoAnswer"];
    let tells_apart =
        |text: &str| OUTCOMES.iter().filter(|name| text.contains(&format!("Outcome::{name}"))).count() > 1;
    let files = rust_files(&tests::root().join("crates/front/src"));
    let mapping: Vec<_> = files.into_iter().filter(|path| tells_apart(&read(path))).collect();
    assert!(mapping.len() == 1 && mapping[0].ends_with("status.rs"), "these files decide on outcomes: {mapping:?}");
}

#[test]
fn pure_crates_have_the_lint_that_keeps_them_so() {
    for name in ["csta", "sip", "call-model", "session"] {
        let lints = read(&tests::root().join("crates").join(name).join("clippy.toml"));
        for call in ["std::time::Instant::now", "std::time::SystemTime::now", "std::env::var", "std::net::UdpSocket"] {
            assert!(lints.contains(call), "{name} may call {call}");
        }
    }
}

#[test]
fn no_queue_is_unbounded() {
    sources(&["csta", "sip", "call-model", "session", "store", "front", "simulator", "gateway"], |path, text| {
        for unbounded in ["unbounded_channel", "std::sync::mpsc::channel", "mpsc::Unbounded"] {
            assert!(!text.contains(unbounded), "{} makes an {unbounded}", path.display());
        }
    });
}

#[test]
fn what_decides_about_calls_holds_no_lock() {
    sources(&["csta", "sip", "call-model", "session", "gateway/src/hub"], |path, text| {
        for lock in ["Mutex<", "RwLock<"] {
            assert!(!text.contains(lock), "{} holds a {lock}…>", path.display());
        }
    });
    let hub = read(&tests::root().join("crates/gateway/src/hub.rs"));
    assert!(!hub.contains("Mutex") && !hub.contains("RwLock"), "the hub owns the calls: it needs no lock");
}

#[test]
fn a_telephone_number_has_no_display() {
    sources(&["call-model"], |path, text| {
        assert!(!text.contains("Display for Number "), "{} shows numbers", path.display());
    });
}

/// What somebody has written outside of tests, file by file.
fn sources(rooms: &[&str], judge: impl Fn(&Path, &str)) {
    for room in rooms {
        let files = rust_files(&tests::root().join("crates").join(room));
        let files: Vec<_> = files.into_iter().filter(|path| !path.iter().any(|part| part == "tests")).collect();
        assert!(!files.is_empty(), "there is no {room}");
        files.iter().for_each(|path| judge(path, &read(path)));
    }
}

fn rust_files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| match path.is_dir() {
            true => rust_files(&path),
            false => vec![path],
        })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
