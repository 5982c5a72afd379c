//! Every file of `fixtures/sip/trace`: what went by, and beside it the ladders that are drawn of it.
//! `UPDATE_FIXTURES=1` draws them anew; read the difference before you keep it.

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use gateway::config::Config;
use gateway::trace::{Entry, Ladder, Owners, What};
use jiff::tz::TimeZone;
use sip::{Flow, Transport};

/// The phones of all traces.
const CONFIG: &str = r#"
[sip]
listen = ["udp:0.0.0.0:5060", "tcp:0.0.0.0:5060"]
[[link]]
name = "desk-987"
kind = "uacsta"
uri = "sip:987@192.0.2.20"
[[link]]
name = "desk-988"
kind = "uacsta"
register = true
username = "988"
password = { file = "988.secret" }
"#;

#[test]
fn each_trace_is_drawn_as_the_text_beside_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/sip/trace");
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "trace"));
    assert!(!files.is_empty());
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let drawn = drawn(&text);
        let beside = file.with_extension("txt");
        if std::env::var_os("UPDATE_FIXTURES").is_some() {
            fs::write(&beside, &drawn).unwrap();
        }
        assert_eq!(drawn, fs::read_to_string(&beside).unwrap_or_default(), "{}", beside.display());
    }
}

fn drawn(text: &str) -> String {
    let has = |setting: &str| text.lines().any(|line| line == setting);
    let mut ladder = Ladder::new(TimeZone::UTC, has("full"), owners());
    let entries = entries(text);
    if has("follow") { entries.iter().map(|entry| ladder.next(entry)).collect() } else { ladder.kept(&entries) }
}

fn owners() -> Owners {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hookswitch.toml");
    fs::write(&file, CONFIG).unwrap();
    fs::write(folder.path().join("988.secret"), "secret").unwrap();
    Owners::new(&Config::load(&file).unwrap_or_else(|error| panic!("{error}")))
}

/// `@TIME > udp LOCAL REMOTE` (sent), `<` (received) or `x` (broken), and the message behind it, indented by three spaces.
fn entries(text: &str) -> Vec<Entry> {
    let blocks = text.split("\n@").skip(1).zip(1..);
    blocks.map(|(block, number)| entry(number, block)).collect()
}

fn entry(number: u64, block: &str) -> Entry {
    let (head, body) = block.split_once('\n').unwrap_or((block, ""));
    let [time, way, transport, local, remote] = head.split(' ').collect::<Vec<_>>()[..] else { panic!("{head}") };
    let transport = Transport::named(transport).unwrap();
    let flow = Flow { transport, local: local.parse().unwrap(), remote: remote.parse().unwrap() };
    let lines = body.trim_end_matches('\n').lines().map(|line| line.strip_prefix("   ").unwrap_or(line));
    let mut message = lines.map(|line| format!("{line}\r\n")).collect::<String>().replace("{ESC}", "\u{1b}");
    if !message.is_empty() && !message.contains("\r\n\r\n") {
        message.push_str("\r\n");
    }
    let bytes = Bytes::from(message);
    let what = match way {
        ">" => What::Sent(bytes),
        "<" => What::Received(bytes),
        _ => What::Failed,
    };
    Entry { number, at: format!("2026-03-02T{time}Z").parse().unwrap(), flow, what }
}
