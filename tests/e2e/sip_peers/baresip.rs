//! baresip, a telephone of other people that knows nothing of CSTA, registers here.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tempfile::TempDir;
use tests::capture::Capture;
use tests::certificates::Authority;
use tests::peer::{self, Process};
use tokio::process::Command;

use super::desk::{Desk, within};

/// So long it may take to end: it takes its registration back first.
const PATIENCE: Duration = Duration::from_secs(20);

/// It knows no escapes in its accounts.
const PASSWORD: &str = "correct-horse";

/// Where Debian has its modules.
const MODULES: &str = "/usr/lib/baresip/modules";

#[tokio::test]
async fn baresip_registers_over_udp() {
    check("udp").await;
}

#[tokio::test]
async fn baresip_registers_over_tcp() {
    check("tcp").await;
}

#[tokio::test]
async fn baresip_registers_over_tls() {
    check("tls").await;
}

/// It comes, is called, refuses, goes, and comes again; the line says what is wrong with it each time.
async fn check(transport: &str) {
    let Some(program) = peer::find("baresip", "baresip-core") else { return };
    let port = peer::free_port();
    let (clear, tls) = if transport == "tls" { (vec![], vec![port]) } else { (vec![port], vec![]) };
    let Some(capture) = Capture::start(&clear, &tls).await else { return };
    let authority = Authority::new("the gateway's authority");
    let gateway = authority.issue("127.0.0.1");
    let sip = format!(
        "listen = [\"{transport}:127.0.0.1:{port}\"]\ntls = {{ certificate = {:?}, key = {{ file = {:?} }} }}",
        gateway.certificate, gateway.key
    );
    let account = format!("register = true\nusername = \"987\"\npassword = \"{PASSWORD}\"");
    let mut desk = Desk::open(&sip, &account).await;
    desk.says("the phone has not registered yet").await;

    let folder = folder(transport, (Ipv4Addr::LOCALHOST, port).into(), &authority.file());
    if transport != "udp" {
        // It gives up when SHA-256 is offered beside MD5, and tries again half a minute later, or when it is restarted. Over UDP
        // its request is so short that there is no room for both.
        let _phone = start(&program, folder.path());
        let log = || fs::read_to_string(folder.path().join("log")).unwrap_or_default();
        let gives_up = async {
            while !log().contains("Register: Function not implemented") {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        within("giving up", gives_up).await;
        desk.says("the phone has not registered yet").await;
    }
    for _ in 0..2 {
        let mut phone = start(&program, folder.path());
        desk.says("the phone refuses the session: 500 Call Error").await;
        phone.interrupt().await;
        assert!(phone.ended(PATIENCE).await.is_some(), "baresip does not end");
        desk.says("the phone is not registered any more").await;
    }
    desk.close().await;

    let seen = capture.stop().await;
    let methods: &[&str] = if transport == "tls" { &[] } else { &["REGISTER", "INVITE", "ACK"] };
    seen.assert_sound(methods).await;
}

fn start(program: &Path, folder: &Path) -> Process {
    let log = fs::File::create(folder.join("log")).expect("a file in it");
    // Line by line: into a file it would write when it ends.
    let mut command = Command::new("stdbuf");
    command.arg("-oL").arg(program).arg("-f").arg(folder).stdout(log).stderr(Stdio::null());
    Process::start(&mut command)
}

/// Its configuration: it plays and hears no sound, and listens on loopback alone.
fn folder(transport: &str, registrar: SocketAddr, authority: &Path) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let config = format!(
        "sip_listen 127.0.0.1:{port}\nsip_cafile {authority}\nmodule_path {MODULES}\nmodule g711.so\nmodule_tmp account.so\n",
        port = two_ports(),
        authority = authority.display(),
    );
    let account = format!("<sip:987@{registrar};transport={transport}>;auth_user=987;auth_pass={PASSWORD};regint=60\n");
    fs::write(folder.path().join("config"), config).expect("a file in it");
    fs::write(folder.path().join("accounts"), account).expect("a file in it");
    folder
}

/// The first of two free ports in a row: it listens for TLS beside the one that it is told.
fn two_ports() -> u16 {
    loop {
        let (first, second) = (peer::free_port(), peer::free_port());
        if second == first + 1 {
            return first;
        }
    }
}
