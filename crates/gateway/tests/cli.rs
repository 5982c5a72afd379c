//! The command line as a user meets it: exit codes, what is printed, and what `dial` asks the gateway.

#![allow(clippy::unwrap_used, reason = "a test panics on purpose")]

use std::{
    fs,
    io::{Read, Write},
    net::TcpListener,
    path::Path,
    process::{Command, Output},
    thread::{self, JoinHandle},
};

use tempfile::TempDir;

fn hookswitch(arguments: &[&str], folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hookswitch")).args(arguments).current_dir(folder).output().unwrap()
}

fn printed(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn check_of_the_example_exits_0_and_tells_what_it_is() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let output = hookswitch(&["check", "--config", "examples/hookswitch.toml"], &root);
    assert!(output.status.success(), "{}", printed(&output.stderr));
    assert!(printed(&output.stdout).contains("2 links, 2 lines, 3 action URLs"), "{}", printed(&output.stdout));
}

#[test]
fn check_of_a_bad_file_exits_1_and_says_where() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("hookswitch.toml"), "stat_dir = \"x\"\n").unwrap();
    let output = hookswitch(&["check"], dir.path());
    assert_eq!(output.status.code(), Some(1));
    assert!(printed(&output.stderr).contains("hookswitch.toml:1:1"), "{}", printed(&output.stderr));
}

#[test]
fn check_of_no_file_exits_1() {
    let dir = tempfile::tempdir().unwrap();
    let output = hookswitch(&["check", "--config", "absent.toml"], dir.path());
    assert_eq!(output.status.code(), Some(1));
    assert!(printed(&output.stderr).contains("absent.toml"), "{}", printed(&output.stderr));
}

#[test]
fn dial_asks_the_gateway_of_the_configuration() {
    let (port, asked) = gateway("200 OK", "dialled");
    let dir = configuration(port);
    let output = hookswitch(&["dial", "--line", "987@example.com", "+49 30 1234"], dir.path());
    let request = asked.join().unwrap();
    assert!(output.status.success(), "{}", printed(&output.stderr));
    assert_eq!(printed(&output.stdout), "200 dialled\n");
    let line = "GET /?action=make_call&target=%2B49%2030%201234&line=987%40example%2Ecom HTTP/1.1\r\n";
    assert!(request.starts_with(line), "{request}");
    assert!(request.contains("\r\nAuthorization: Bearer t0ken\r\n"), "{request}");
}

#[test]
fn dial_exits_1_where_the_gateway_refuses() {
    let (port, asked) = gateway("403 Forbidden", "refused by default: premium");
    let dir = configuration(port);
    let url = format!("http://127.0.0.1:{port}");
    let arguments = ["dial", "--url", &url, "--token-file", "cli.token", "--line", "987", "09001234"];
    let output = hookswitch(&arguments, dir.path());
    asked.join().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(printed(&output.stdout), "403 refused by default: premium\n");
}

#[test]
fn dial_for_a_line_that_nobody_may_use_says_what_to_add() {
    let dir = configuration(9);
    let output = hookswitch(&["dial", "--line", "988", "1234"], dir.path());
    assert_eq!(output.status.code(), Some(1));
    assert!(printed(&output.stderr).contains("[[caller]]"), "{}", printed(&output.stderr));
}

#[test]
fn dial_takes_a_certificate_with_https_and_only_there() {
    let dir = tempfile::tempdir().unwrap();
    let refused = |url: &str, certificate: &[&str]| {
        let arguments = [&["dial", "--url", url, "--line", "987", "1234"], certificate].concat();
        let output = hookswitch(&arguments, dir.path());
        assert_eq!(output.status.code(), Some(1), "{url}");
        printed(&output.stderr)
    };
    assert!(refused("http://127.0.0.1:443", &["--certificate", "gw.pem"]).contains("no use for --certificate"));
    assert!(refused("https://127.0.0.1:80", &[]).contains("--certificate FILE"));
    assert!(refused("ftp://127.0.0.1", &[]).contains("http:// or https://"));
}

#[tokio::test]
async fn lines_shows_what_is_known_of_each_phone() {
    let feature = |is_event, name: &str, can, by: &str| store::FeatureRecord {
        is_event,
        name: name.to_owned(),
        can,
        by: by.to_owned(),
    };
    let dir = configuration(1);
    let (store, _events) = store::Store::open(&dir.path().join("hookswitch-state")).unwrap();
    store.note_phone(store::PhoneRecord {
        line: call_model::LineId("987".into()),
        link: String::new(),
        agent: "Yealink SIP-T46S 66.84.0.125".into(),
        dialect: "yealink".into(),
        edition: "ed3".into(),
        features: vec![
            feature(false, "AnswerCall", true, "make"),
            feature(false, "MakeCall", true, "tried"),
            feature(false, "HoldCall", true, "phone"),
            feature(false, "SnapshotDevice", false, "tried"),
            feature(true, "Delivered", true, "tried"),
        ],
        since: "2026-11-24T10:00:00Z".parse().unwrap(),
    });
    store.close().await;
    let output = hookswitch(&["lines"], dir.path());
    assert!(output.status.success(), "{}", printed(&output.stderr));
    let expected = "line 987, no link\n  \
                    phone          Yealink SIP-T46S 66.84.0.125\n  \
                    dialect        yealink, answers in ed3\n  \
                    can            AnswerCall (make), MakeCall, HoldCall (phone)\n  \
                    cannot         SnapshotDevice\n  \
                    not known      GetCSTAFeatures, GetSwitchingFunctionDevices, RequestSystemStatus, SystemRegister, \
                    MonitorStart, MonitorStop, SnapshotCall, AlternateCall, ClearConnection, ConferenceCall, \
                    ConsultationCall, DeflectCall, RetrieveCall, SingleStepTransferCall, TransferCall, GenerateDigits, \
                    GetDoNotDisturb, GetForwarding, SetDoNotDisturb, SetForwarding\n  \
                    reports        Delivered\n  \
                    not seen yet   CallCleared, Conferenced, ConnectionCleared, Diverted, Established, Failed, Held, \
                    NetworkReached, Offered, Originated, Queued, Retrieved, ServiceInitiated, Transferred, \
                    CallInformation, DoNotDisturb, Forwarding, BackInService, OutOfService\n  \
                    since          2026-11-24T10:00:00Z\n\n\
                    line 988, no link\n  nothing is known of its phone yet\n\n";
    assert!(printed(&output.stdout).starts_with(expected), "{}", printed(&output.stdout));
}

#[test]
fn only_what_logs_has_log_options() {
    let dir = tempfile::tempdir().unwrap();
    for (command, logs) in [("run", true), ("demo", true), ("check", false), ("dial", false)] {
        let help = printed(&hookswitch(&[command, "--help"], dir.path()).stdout);
        assert_eq!(help.contains("--log-format"), logs, "{command}:\n{help}");
    }
}

#[test]
fn the_documentation_names_every_command_and_option() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = fs::read_to_string(root.join("docs/configuration.md")).unwrap();
    let help = printed(&hookswitch(&["--help"], &root).stdout);
    let commands = help.split("Commands:").nth(1).unwrap().split("Options:").next().unwrap();
    let commands: Vec<&str> = commands.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(commands.len() > 5, "{help}");
    for command in commands.into_iter().filter(|command| *command != "help") {
        assert!(page.contains(&format!("`hookswitch {command}")), "docs/configuration.md lacks {command}");
        let help = printed(&hookswitch(&[command, "-h"], &root).stdout);
        let options = help.split_whitespace().filter(|word| word.starts_with("--") && *word != "--help");
        for option in options {
            assert!(page.contains(option), "docs/configuration.md lacks {option} of {command}");
        }
    }
}

/// A folder with a `hookswitch.toml` whose command listener is at `port`.
fn configuration(port: u16) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("cli.token"), "t0ken\n").unwrap();
    let lines = ["987", "988"].map(|number| format!("[[line]]\nnumber = \"{number}\"\ndomain = \"example.com\"\n"));
    let text = format!(
        "[commands]\nenabled = true\nlisten = [\"127.0.0.1:{port}\"]\nmake_call = {{ enabled = true }}\n\
         [[caller]]\nname = \"cli\"\nnetworks = [\"127.0.0.1\"]\ntoken = {{ file = \"cli.token\" }}\n\
         lines = [\"987\"]\ncommands = [\"make_call\"]\n{}",
        lines.concat()
    );
    fs::write(dir.path().join("hookswitch.toml"), text).unwrap();
    dir
}

/// Answers one request; what was asked is the thread's result.
fn gateway(status: &str, body: &str) -> (u16, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let answer = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
    let asked = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            request.extend(byte);
        }
        stream.write_all(answer.as_bytes()).unwrap();
        String::from_utf8(request).unwrap()
    });
    (port, asked)
}
