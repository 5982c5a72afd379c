//! What is measured: a process of its own.

use std::fmt::Write as _;
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A process that is measured, and killed at the end.
pub struct Subject {
    child: Child,
    folder: TempDir,
}

impl Subject {
    /// Starts this very program again, in another role.
    ///
    /// # Panics
    /// It does not start.
    #[must_use]
    pub fn again(arguments: &[&str]) -> Self {
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        command.args(arguments);
        Self::start(command, folder())
    }

    /// A gateway for phones with these URIs: users count up from 1000. `[[action_url]]`s are the caller's.
    ///
    /// # Panics
    /// It does not start.
    #[must_use]
    pub fn gateway(
        phones: impl Iterator<Item = String>,
        transport: &str,
        authority: Option<&Path>,
        actions: &str,
    ) -> Self {
        let folder = folder();
        let port = free_port();
        // Over TLS phones report on the connection they were called on.
        let listen = if transport == "tls" { String::new() } else { format!("\"{transport}:127.0.0.1:{port}\"") };
        let state = folder.path().join("state");
        let mut text = format!("state_dir = {state:?}\n[sip]\ntrace = \"off\"\nlisten = [{listen}]\n{actions}\n");
        for (user, uri) in (1000..).zip(phones) {
            let _ = write!(text, "[[link]]\nname = \"p{user}\"\nkind = \"uacsta\"\nuri = \"{uri}\"\n");
            if let Some(authority) = authority {
                let _ = writeln!(text, "tls = {{ ca = {authority:?}, server_name = \"phones.example.com\" }}");
            }
            let _ = write!(text, "[[line]]\nnumber = \"{user}\"\nlink = \"p{user}\"\n");
        }
        let file = folder.path().join("hookswitch.toml");
        std::fs::write(&file, text).expect("a configuration file");
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        command.arg("gateway").arg(file);
        Self::start(command, folder)
    }

    /// What [`gateway`](Self::gateway) starts.
    ///
    /// # Panics
    /// The gateway fails.
    pub fn be_the_gateway(config: &Path) {
        let config = gateway::config::Config::load(config).unwrap_or_else(|error| panic!("{error}"));
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let result = runtime.expect("a runtime").block_on(gateway::run::run(config));
        result.unwrap_or_else(|error| panic!("{error}"));
    }

    /// Starts any program, with a folder that is its own.
    ///
    /// # Panics
    /// It does not start.
    #[must_use]
    pub fn start(mut command: Command, folder: TempDir) -> Self {
        command.stdin(Stdio::null());
        let child = command.spawn().unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
        Self { child, folder }
    }

    /// Where its files are.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// Its resident memory in bytes.
    ///
    /// # Panics
    /// It has ended.
    #[must_use]
    pub fn resident(&self) -> u64 {
        let status = self.proc("status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("VmRSS");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024
    }

    /// The processor time it has used, in user mode and in the kernel.
    ///
    /// # Panics
    /// It has ended.
    #[must_use]
    pub fn processor_time(&self) -> Duration {
        let stat = self.proc("stat");
        // The fields behind the program's name, which may hold blanks: the 12th and 13th are ticks of 10 ms.
        let fields = stat.rsplit(')').next().unwrap_or("").split_ascii_whitespace();
        let ticks: u64 = fields.skip(11).take(2).map(|ticks| ticks.parse::<u64>().expect("a number")).sum();
        Duration::from_millis(10 * ticks)
    }

    /// Asks it to end, and waits so long.
    pub fn ask_to_end(&mut self, patience: Duration) {
        let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        let deadline = Instant::now() + patience;
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn proc(&self, file: &str) -> String {
        std::fs::read_to_string(format!("/proc/{}/{file}", self.child.id())).expect("a process that runs")
    }
}

impl Drop for Subject {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A UDP port that is free now.
///
/// # Panics
/// There is none.
#[must_use]
pub fn free_port() -> u16 {
    UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port").port()
}

/// Lets this process and those it starts have so many files open, as far as the machine allows it (`prlimit` of
/// util-linux does it).
///
/// # Panics
/// The machine does not allow it.
pub fn allow_open_files(files: usize) {
    let process = std::process::id().to_string();
    let set = Command::new("prlimit").args(["--pid", &process, &format!("--nofile={files}:")]).status();
    assert!(set.is_ok_and(|status| status.success()), "{files} open files are needed: see `ulimit -Hn`");
}

/// A folder for a subject's files.
///
/// # Panics
/// There is none.
#[must_use]
pub fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}
