//! sipp as a phone that does nothing but register.

use std::net::SocketAddr;
use std::time::Duration;

use tests::peer::{self, Process};
use tokio::process::Command;

/// So long the whole scenario may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Plays `fixtures/sip/register.xml` against this registrar, over UDP.
pub(super) async fn register(registrar: SocketAddr, password: &str) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let port = peer::free_port().to_string();
    let mut command = Command::new("sipp");
    command
        .current_dir(folder.path())
        .arg("-sf")
        .arg(tests::root().join("fixtures/sip/register.xml"))
        .args(["-i", "127.0.0.1", "-p", &port, "-t", "u1", "-m", "1", "-nostdin", "-timeout", "30s", "-timeout_error"])
        .args(["-s", "988", "-au", "988", "-ap", password, "-trace_msg", "-message_file", "messages", "-trace_err"])
        .args(["-error_file", "errors", &registrar.to_string()])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null());
    let status = Process::start(&mut command).ended(PATIENCE).await;
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap_or_default();
    let success = status.is_some_and(|status| status.success());
    assert!(success, "sipp: {status:?}\n{}\n{}", read("errors"), read("messages"));
}
