//! Connections: hostile bytes, the wrong protocol, bounds, and clients that go away.

use std::{
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use front::commands::{BindError, Settings, bind};
use rustls::{
    ClientConfig, DigitallySignedStruct, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::ring,
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::mpsc,
};

use super::support::{Site, corpora, reply, say, settings};

const DIAL: &str = "GET /?action=make_call&target=1 HTTP/1.1\r\nHost: HOST\r\n\r\n";

#[tokio::test]
async fn one_request_a_connection() {
    let mut site = Site::start(settings()).await;
    let second = DIAL.replace("target=1", "target=2");
    let reply = site.say(&format!("{DIAL}{second}")).await;
    assert_eq!((reply.status, site.dialled()), (200, vec!["987>1".to_owned()]));
    assert!(!reply.body.contains("HTTP/1.1"), "{}", reply.body);
}

#[tokio::test]
async fn a_client_that_ends_its_side_first_is_answered() {
    let site = Site::start(settings()).await;
    let mut stream = TcpStream::connect(site.http).await.unwrap();
    stream.write_all(DIAL.replace("HOST", "localhost").as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert_eq!(reply(&answer).status, 200);
}

/// The add-on closes its tab after a second: the dial goes on.
#[tokio::test]
async fn a_client_that_goes_away_stops_no_dial() {
    let dir = tempfile::tempdir().unwrap();
    let (store, mut events) = store::Store::open(dir.path()).unwrap();
    tokio::spawn(async move { while events.recv().await.is_some() {} });
    let (hub, mut asked) = mpsc::channel(1);
    let server = bind(settings(), store, hub).await.unwrap();
    let address = server.local_addrs()[0];
    tokio::spawn(server.run(std::future::pending()));

    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(DIAL.replace("HOST", "localhost").as_bytes()).await.unwrap();
    let (_command, reply) = asked.recv().await.unwrap();
    socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    drop(stream); // a reset, the worst way to go
    say(address, "GET /favicon.ico HTTP/1.1\r\nHost: HOST\r\n\r\n").await;
    assert!(!reply.is_closed());
}

#[tokio::test]
async fn https_and_the_wrong_protocol_on_either_port() {
    let mut site = Site::start(settings()).await;
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyCertificate))
        .with_no_client_auth();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let connect = async |address| {
        let stream = TcpStream::connect(address).await.unwrap();
        connector.connect(ServerName::try_from("localhost").unwrap(), stream).await
    };
    // Over TLS a browser says where a navigation comes from: its user's own will dials at once.
    for (number, (site_header, status)) in
        [("none", 200), ("same-origin", 200), ("cross-site", 403)].into_iter().enumerate()
    {
        let mut stream = connect(site.https).await.unwrap();
        let request = format!(
            "GET /?action=make_call&target={number} HTTP/1.1\r\nHost: {}\r\nUser-Agent: Mozilla/5.0\r\nAccept: text/html\r\n\
             Sec-Fetch-Site: {site_header}\r\n\r\n",
            site.https
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        assert_eq!(reply(&answer).status, status, "{site_header}");
        assert_eq!(site.dialled().len(), usize::from(status == 200));
    }
    assert!(connect(site.http).await.is_err());
    let plain = say(site.https, DIAL).await;
    assert_eq!((plain.status, site.dialled().len()), (400, 0));
    assert!(plain.body.contains("HTTPS"), "{}", plain.body);
    assert_eq!(site.say(&DIAL.replace("target=1", "target=9")).await.status, 200);
}

#[tokio::test]
async fn heads_are_bounded() {
    let site = Site::start(settings()).await;
    let long = "a".repeat(9 * 1024);
    assert_eq!(site.say(&format!("GET /{long} HTTP/1.1\r\n\r\n")).await.status, 414);
    assert_eq!(site.say(&format!("GET / HTTP/1.1\r\nA: {long}\r\nB: {long}\r\n\r\n")).await.status, 431);
    assert_eq!(site.say("GET / HTTP/2.0\r\n\r\n").await.status, 505);
    assert_eq!(site.say("\u{1}\r\n\r\n").await.status, 400);
}

/// Time stands still until everybody waits, then it jumps to the next deadline.
#[tokio::test(start_paused = true)]
async fn slow_clients_are_not_waited_for() {
    let site = Site::start(settings()).await;
    let slow = site.say("GET / HTTP/1.1\r\nHost: ").await;
    assert_eq!(slow.status, 408, "{slow:?}");
    let body = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 10\r\n\r\ntarget=";
    let slow = site.say(&format!("POST / HTTP/1.1\r\nHost: HOST\r\n{body}")).await;
    assert_eq!(slow.status, 408, "{slow:?}");
}

#[tokio::test]
async fn the_end_waits_for_no_idle_connection() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _events) = store::Store::open(dir.path()).unwrap();
    let server = bind(settings(), store, mpsc::channel(1).0).await.unwrap();
    let address = server.local_addrs()[0];
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(server.run(async { drop(stopped.await) }));
    let mut idle = TcpStream::connect(address).await.unwrap();
    assert_eq!(say(address, "GET /favicon.ico HTTP/1.1\r\nHost: HOST\r\n\r\n").await.status, 204);
    drop(stop);
    running.await.unwrap();
    assert_eq!(idle.read(&mut [0]).await.unwrap_or_default(), 0);
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn connections_of_one_source_are_bounded() {
    let site = Site::start(settings()).await;
    let mut idle = Vec::new();
    for _ in 0..64 {
        idle.push(TcpStream::connect(site.http).await.unwrap());
    }
    let turned_away = site.say(DIAL).await;
    assert!(matches!(turned_away.status, 503 | 0), "{turned_away:?}"); // a reset may overtake the answer
    drop(idle);
    let mut status = 0;
    while status != 200 {
        tokio::task::yield_now().await;
        status = site.say(DIAL).await.status;
    }
}

/// An IPv6 listener takes IPv6 alone, so that the two wildcards share a port.
#[tokio::test]
async fn addresses() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _events) = store::Store::open(dir.path()).unwrap();
    let listen = async |address: SocketAddr| {
        let settings = Settings { listen: vec![address], ..settings() };
        bind(settings, store.clone(), mpsc::channel(1).0).await
    };
    let first = listen((Ipv4Addr::UNSPECIFIED, 0).into()).await.unwrap();
    let port = first.local_addrs()[0].port();
    let error = listen((Ipv4Addr::UNSPECIFIED, port).into()).await.map(drop).unwrap_err().to_string();
    assert!(error.contains(&format!("0.0.0.0:{port}")) && error.contains("choose another port"), "{error}");
    if std::net::TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok() {
        listen((Ipv6Addr::UNSPECIFIED, port).into()).await.unwrap();
    }
    let nowhere = bind(Settings { listen: vec![], ..settings() }, store, mpsc::channel(1).0).await;
    assert!(matches!(nowhere, Err(BindError::NoAddress)));
}

/// What HTTP parsers are tested with elsewhere: whatever it is, the next client is served.
#[tokio::test]
async fn hostile_heads() {
    let Some(folder) = corpora("http/llhttp/test/request") else { return };
    let mut site = Site::start(settings()).await;
    let mut requests = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for block in text.split("```http\n").skip(1) {
            let raw = block.split("\n```").next().unwrap();
            for request in
                [raw.to_owned(), raw.replace('\n', "\r\n").replace("\\r", "\r").replace("\\n", "\n") + "\r\n\r\n"]
            {
                let mut stream = TcpStream::connect(site.http).await.unwrap();
                let _ = stream.write_all(request.as_bytes()).await;
                let _ = stream.shutdown().await;
                let _ = stream.read_to_end(&mut Vec::new()).await;
                requests += 1;
            }
        }
    }
    assert!(requests > 50, "{requests}");
    assert_eq!((site.dialled().len(), site.say(DIAL).await.status), (0, 200));
}

/// The test knows whom it asked.
#[derive(Debug)]
struct AnyCertificate;

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        ring::default_provider().signature_verification_algorithms.supported_schemes()
    }
}
