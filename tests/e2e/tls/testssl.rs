//! testssl.sh, which knows the weaknesses of TLS servers, looks at the gateway's listener.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use tests::peer;
use tests::receiver::Receiver;
use tokio::process::Command;

use super::House;
use super::listener::registrar;

/// So long all its checks may take.
const PATIENCE: Duration = Duration::from_secs(300);

/// Protocols, kinds of ciphers, the server's choices, its certificate, forward secrecy, known attacks.
const CHECKS: [&str; 6] = ["-p", "-s", "-P", "-S", "-f", "-U"];

/// Findings about the certificate that the test has made for itself, not about the gateway.
const OF_THE_CERTIFICATE: [(&str, &str); 2] = [
    ("cert_revocation", "an authority that lives as long as a test revokes nothing"),
    ("cert_validityPeriod", "it has rcgen's dates, from 1975 to 4096"),
];

/// It tries its options of openssl on a host `invalid.`, which would be asked of a name server: only loopback is asked here.
const OPENSSL: &str = r#"#!/bin/sh
for argument do
    shift
    [ "$argument" = invalid. ] && argument=127.0.0.1:9
    set -- "$@" "$argument"
done
exec openssl "$@"
"#;

#[tokio::test]
async fn testssl_finds_nothing() {
    let Some(testssl) = peer::find("testssl", "testssl.sh") else { return };
    let (house, receiver) = (House::new(), Receiver::start().await);
    let (gateway, address) = registrar(&house, &receiver).await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (openssl, json) = (folder.path().join("openssl"), folder.path().join("findings.json"));
    fs::write(&openssl, OPENSSL).expect("a file in it");
    fs::set_permissions(&openssl, Permissions::from_mode(0o700)).expect("a program");

    let mut command = Command::new(testssl);
    command.args(["--quiet", "--color", "0", "--warnings", "batch", "--nodns", "none"]).args(CHECKS);
    command.arg("--openssl").arg(&openssl).arg("--add-ca").arg(house.authority.file()).arg("--jsonfile").arg(&json);
    command.arg(address.to_string()).current_dir(folder.path()).kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, command.output()).await;
    gateway.stop().await;

    let findings = findings(&json);
    let story = || format!("{output:?}\n{findings:#?}");
    for id in ["TLS1_2", "TLS1_3", "cert_chain_of_trust", "cipher_order", "PFS", "LUCKY13"] {
        let fine = findings.iter().any(|finding| finding.id == id && finding.severity == "OK");
        assert!(fine, "{id} was not looked at, or failed: {}", story());
    }
    // GOST is missed in the machine's openssl.
    let accepted: Vec<&str> = OF_THE_CERTIFICATE.iter().map(|(id, _)| *id).chain(["engine_problem"]).collect();
    let bad = |finding: &&Finding| {
        let harmless = ["OK", "INFO", "LOW", "DEBUG"].contains(&finding.severity.as_str());
        !harmless && !accepted.contains(&finding.id.as_str())
    };
    assert_eq!(findings.iter().filter(bad).count(), 0, "{}", story());
}

#[derive(Debug)]
struct Finding {
    id: String,
    severity: String,
    #[expect(dead_code, reason = "printed when it is bad")]
    says: String,
}

fn findings(file: &Path) -> Vec<Finding> {
    let text = fs::read_to_string(file).unwrap_or_default();
    let findings: Vec<Value> = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text}"));
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    let read = |finding| Finding {
        id: text(finding, "id"),
        severity: text(finding, "severity"),
        says: text(finding, "finding"),
    };
    findings.iter().map(read).collect()
}
