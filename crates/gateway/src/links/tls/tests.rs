#![allow(clippy::unwrap_used)] // tests

use std::io::Write;
use std::sync::{Arc, LazyLock};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::ServerName;
use tempfile::NamedTempFile;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{HANDSHAKE_TIMEOUT, Tls};
use crate::certificates::{Authority, Identity, Trust};
use crate::links::stream::Connections;

/// An authority's certificate, one of gw.example.com that it signed, and the key of that: made once for these tests.
static MADE: LazyLock<[String; 3]> = LazyLock::new(|| {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let issued = CertificateParams::new([String::from("gw.example.com")]).unwrap().signed_by(&key, &authority).unwrap();
    [authority.pem(), issued.pem(), key.serialize_pem()]
});

/// A file with this text.
fn file(text: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn listening() -> Tls {
    let [_, certificate, key] = &*MADE;
    let identity = Identity::read(file(certificate).path(), &key.clone().into()).unwrap();
    let mut tls = Tls::new(Connections::new(mpsc::channel(16).0, CancellationToken::new()));
    tls.listen("127.0.0.1:0".parse().unwrap(), identity.server().unwrap()).unwrap();
    tls
}

fn trust() -> Arc<Trust> {
    let authority = Authority::read(file(&MADE[0]).path()).unwrap();
    Arc::new(Trust::new(ServerName::try_from("gw.example.com").unwrap(), authority, None).unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_client_that_says_nothing_is_closed_when_its_time_is_over() {
    let tls = listening();
    let mut mute = TcpStream::connect(tls.addresses()[0]).await.unwrap();
    let connected = tokio::time::Instant::now();
    assert_eq!(mute.read(&mut [0; 1]).await.unwrap(), 0);
    assert!(connected.elapsed() >= HANDSHAKE_TIMEOUT);
}

#[tokio::test(start_paused = true)]
async fn a_phone_that_says_nothing_is_given_up() {
    let mute = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let why = listening().reach(mute.local_addr().unwrap(), trust()).await.unwrap_err();
    assert_eq!(why, "it does not finish the TLS handshake");
}

#[tokio::test]
async fn our_side_of_a_flow_is_the_listener_and_the_connection_is_used_again() {
    let (server, client) = (listening(), listening());
    let remote = server.addresses()[0];
    let first = client.clone().reach(remote, trust()).await.unwrap();
    assert_eq!((first.local, first.remote), (client.addresses()[0], remote));
    let without_listener = Tls { addresses: Vec::new(), ..client.clone() };
    assert_eq!(without_listener.reach(remote, trust()).await.unwrap(), first, "the same connection");
    client.opened().clear();
    let alone = Tls { addresses: Vec::new(), ..client.clone() }.reach(remote, trust()).await.unwrap();
    assert_ne!(alone.local.port(), first.local.port(), "the connection's own address");
}
