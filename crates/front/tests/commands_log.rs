//! What the log says about commands. A program of its own: a log is a matter of the whole process.
#![allow(clippy::unwrap_used)] // a test that cannot go on has failed

#[path = "commands/support.rs"]
#[allow(dead_code)] // the other program uses the rest
mod support;

use std::sync::{Arc, Mutex};

use front::commands::{Proof, Settings};

use support::{Site, basic, caller, settings};

/// What the log got, as the daemon writes it.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_log_names_the_caller_and_no_secret_and_no_number() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let callers = vec![
        caller("crm", Proof::Token("canary-t".into()), &["987"]),
        caller("desk", basic("988", "canary-p"), &["988"]),
    ];
    let site = Site::start(Settings { callers, ..settings() }).await;
    for (target, header) in [
        ("0305550123&token=canary-t", ""),
        ("0305550124&token=canary-x", ""),
        ("0305550125", "Authorization: Basic OTg4OmNhbmFyeS1w\r\n"),
        ("0305550126", "Authorization: Bearer canary-y\r\n"),
        ("%2B440305550127&token=canary-t", ""),
    ] {
        site.get(&format!("/?action=make_call&target={target}"), header).await;
    }
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<&str> = log.lines().filter(|line| line.contains("front::commands::gates")).collect();
    assert_eq!(lines.len(), 5, "{log}");
    assert!(lines[0].contains("crm") && lines[0].contains("987") && lines[0].contains("200"), "{log}");
    for secret in ["canary", "OTg4", "03055501"] {
        assert!(!log.contains(secret), "{secret}: {log}");
    }
}
