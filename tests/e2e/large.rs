//! A request too large for a datagram, to a phone on UDP (RFC 3261 18.1.1).

use std::time::Duration;

use simulator::{Handset, PhoneConfig};
use tests::gateway::RunningGateway;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

/// So long it may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// MonitorStart names a device that is longer than a datagram should be.
async fn gateway(phone: &Handset) -> RunningGateway {
    let config = format!(
        r#"
        [sip]
        listen = ["udp:127.0.0.1:0"]
        [[link]]
        name = "desk"
        kind = "uacsta"
        uri = "{}"
        [[line]]
        number = "987"
        link = "desk"
        device = "sip:987@{}example.com"
        "#,
        phone.uri(),
        "far-away.".repeat(150),
    );
    RunningGateway::start(&config).await
}

#[tokio::test]
async fn where_the_phone_listens_on_tcp_too_it_goes_there() {
    let phone = Handset::udp(PhoneConfig::new("987")).await.expect("a socket");
    let Ok(listener) = TcpListener::bind(phone.address()).await else { return }; // somebody else's port
    let gateway = gateway(&phone).await;
    let (mut stream, _) =
        tokio::time::timeout(PATIENCE, listener.accept()).await.expect("in good time").expect("a stream");
    let mut head = vec![0; 400];
    stream.read_exact(&mut head).await.expect("a request");
    let head = String::from_utf8_lossy(&head);
    assert!(head.starts_with("INFO sip:") && head.contains("\r\nVia: SIP/2.0/TCP 127.0.0.1:"), "{head}");
    gateway.stop().await;
}

/// Nobody takes the connection that is tried for it, and the phone is monitored all the same.
#[tokio::test]
async fn where_nobody_listens_on_tcp_it_goes_over_udp() {
    let phone = Handset::udp(PhoneConfig::new("987")).await.expect("a socket");
    let gateway = gateway(&phone).await;
    tokio::time::timeout(PATIENCE, phone.wait_monitored()).await.expect("not in good time");
    gateway.stop().await;
}
