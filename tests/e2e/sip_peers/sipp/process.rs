//! One sipp process that plays the phone, and what it writes down.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;
use tests::peer::Process;
use tokio::process::Command;

use super::case::{Case, PASSWORD, USERNAME};

/// So long a whole scenario may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A phone played from a scenario file.
pub(super) struct Sipp {
    process: Process,
    folder: TempDir,
}

impl Sipp {
    /// Starts on this port of 127.0.0.1, for one call. With a registrar it registers there, and plays the scenario when it is
    /// called back.
    pub(super) fn start(case: Case, port: u16, registrar: Option<SocketAddr>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = |name: &str| folder.path().join(name);
        let (asks, challenge) = case.login.map_or(("nothing", ""), |login| (login.status, login.challenge));
        let header = match case.proxy {
            true => format!("Record-Route: <sip:127.0.0.1:{port};lr{}>", case.transport.parameter()),
            false => "Supported: none".to_owned(),
        };
        let mut command = Command::new("sipp");
        let scenario = |file: &str| tests::root().join("fixtures/sip").join(file);
        command.current_dir(folder.path());
        match registrar {
            None => command.arg("-sf").arg(scenario(case.scenario.file)),
            Some(_) => {
                command.args(["-au", USERNAME, "-ap", PASSWORD]);
                command.arg("-sf").arg(scenario("registered.xml")).arg("-oocsf").arg(scenario(case.scenario.file))
            }
        };
        command
            .args(["-i", "127.0.0.1", "-p", &port.to_string(), "-t", case.transport.mode(), "-m", "1", "-nostdin"])
            .args(["-ci", "127.0.0.1", "-deadcall_wait", "0", "-timeout", "30s", "-timeout_error"])
            .args(["-key", "asks", asks, "-key", "challenge", challenge, "-key", "header", &header])
            .args(["-trace_msg", "-message_file"])
            .arg(file("messages"))
            .args(["-trace_logs", "-log_file"])
            .arg(file("log"))
            .args(["-trace_err", "-error_file"])
            .arg(file("errors"))
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null());
        command.args(registrar.map(|registrar| registrar.to_string()));
        Self { process: Process::start(&mut command), folder }
    }

    /// Waits until the scenario has logged this.
    pub(super) async fn logs(&self, line: &str) {
        let logged = async {
            while !self.log().iter().any(|logged| logged == line) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let waited = tokio::time::timeout(PATIENCE, logged).await;
        waited.unwrap_or_else(|_| panic!("the phone is never {line}\n{}", self.story()));
    }

    /// Waits for the end of the scenario.
    pub(super) async fn succeeded(&mut self) {
        let status = self.process.ended(PATIENCE).await;
        assert!(status.is_some_and(|status| status.success()), "sipp: {status:?}\n{}", self.story());
    }

    /// What the scenario logged.
    pub(super) fn log(&self) -> Vec<String> {
        self.read("log").lines().map(str::to_owned).collect()
    }

    /// The gateway's requests, in order, without repetitions.
    pub(super) fn received(&self) -> Vec<Request> {
        let messages = self.read("messages");
        let received = messages.split("-----------------------------------------------").filter_map(|entry| {
            let (how, message) = entry.split_once("bytes :\n\n")?;
            (how.contains(" message received [") && !message.starts_with("SIP/2.0"))
                .then(|| Request(message.to_owned()))
        });
        let mut requests: Vec<Request> = received.collect();
        requests.dedup();
        requests
    }

    /// All that is known about what went wrong.
    pub(super) fn story(&self) -> String {
        format!("{}\n{}", self.read("errors"), self.read("messages"))
    }

    fn read(&self, name: &str) -> String {
        let file: PathBuf = self.folder.path().join(name);
        String::from_utf8_lossy(&std::fs::read(file).unwrap_or_default()).into_owned()
    }
}

/// A request of the gateway as sipp received it.
#[derive(PartialEq, Eq)]
pub(super) struct Request(String);

impl Request {
    pub(super) fn method(&self) -> &str {
        self.0.split(' ').next().unwrap_or_default()
    }

    pub(super) fn uri(&self) -> &str {
        self.0.split(' ').nth(1).unwrap_or_default()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.0.lines().take_while(|line| !line.is_empty()).filter_map(|line| line.split_once(": "));
        headers.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// How it proves who sends it.
    pub(super) fn login(&self) -> Option<&str> {
        self.header("Authorization").or(self.header("Proxy-Authorization"))
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
