//! Programs of other people that the gateway is tested with.

use std::io::Write;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use tokio::process::{Child, Command};

/// Where a program is. If it is nowhere, one line says so, and the test has nothing to do.
///
/// # Panics
/// It is nowhere, and `HOOKSWITCH_REQUIRE_PEERS=1` says that it must be there.
#[must_use]
pub fn find(program: &str, debian_package: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // Debian has daemons where not everybody looks.
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    let found = folders.map(|folder| folder.join(program)).find(|file| file.is_file());
    if found.is_none() {
        absent(&format!("{program} is not installed (Debian: {debian_package})"));
    }
    found
}

/// Says in one line what a test cannot be played with. The line passes by the capturing of a test's output.
///
/// # Panics
/// `HOOKSWITCH_REQUIRE_PEERS=1` says that nothing may be absent.
pub fn absent(what: &str) {
    let required = std::env::var_os("HOOKSWITCH_REQUIRE_PEERS").is_some_and(|value| value == "1");
    assert!(!required, "{what}, and HOOKSWITCH_REQUIRE_PEERS=1 is set");
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    let _ = std::io::stderr().write_all(format!("{test}: skipped, {what}\n").as_bytes());
}

/// A program that runs until it ends by itself or is dropped.
pub struct Process(Child);

impl Process {
    /// Starts it without a terminal.
    ///
    /// # Panics
    /// It does not start.
    #[must_use]
    pub fn start(command: &mut Command) -> Self {
        command.stdin(Stdio::null()).kill_on_drop(true);
        Self(command.spawn().unwrap_or_else(|error| panic!("{command:?} does not start: {error}")))
    }

    /// Its standard output, if that is a pipe and was not taken before.
    pub fn output(&mut self) -> Option<tokio::process::ChildStdout> {
        self.0.stdout.take()
    }

    /// Asks it to end, as Ctrl-C does.
    pub async fn interrupt(&self) {
        if let Some(id) = self.0.id() {
            let _ = Command::new("kill").args(["-INT", &id.to_string()]).status().await;
        }
    }

    /// How it ended; `None` if it did not in this time.
    pub async fn ended(&mut self, within: Duration) -> Option<ExitStatus> {
        tokio::time::timeout(within, self.0.wait()).await.ok()?.ok()
    }
}

/// A port of 127.0.0.1 that is free for UDP and TCP, and that the system gives to nobody who does not ask for it.
///
/// # Panics
/// All are taken.
#[must_use]
pub fn free_port() -> u16 {
    /// Below the ports that systems choose from by themselves (Linux: 32768 on).
    const RANGE: std::ops::Range<u16> = 20_000..32_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let size = RANGE.end - RANGE.start;
    let first = (std::process::id() % u32::from(size)) as u16;
    let candidates = (0..size).map(|_| RANGE.start + (first + NEXT.fetch_add(1, Ordering::Relaxed) % size) % size);
    let is_free = |port: &u16| {
        let address = (Ipv4Addr::LOCALHOST, *port);
        UdpSocket::bind(address).is_ok() && TcpListener::bind(address).is_ok()
    };
    candidates.into_iter().find(is_free).expect("no port is free")
}
