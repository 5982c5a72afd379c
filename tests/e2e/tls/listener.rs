//! The gateway's own listener for TLS: who comes in, who is left waiting, who is refused.

use std::net::SocketAddr;
use std::process::{Output, Stdio};
use std::time::Duration;

use simulator::{Credentials, Handset, PhoneConfig, Registration};
use tests::gateway::RunningGateway;
use tests::peer;
use tests::receiver::Receiver;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::process::Command;

use super::{House, PATIENCE, link, soon};

/// A gateway where the phone of account 987 registers.
pub(super) async fn registrar(house: &House, receiver: &Receiver) -> (RunningGateway, SocketAddr) {
    let account = "register = true\nusername = \"987\"\npassword = \"correct horse\"";
    let gateway = RunningGateway::start(&house.config(account, Some(receiver.address))).await;
    let address = gateway.sip_over_tls()[0];
    (gateway, address)
}

async fn registering_phone(house: &House, registrar: SocketAddr) -> Handset {
    let credentials = Credentials { username: "987".into(), password: "correct horse".into() };
    let registration = Registration { registrar, credentials, expires: Duration::from_secs(60) };
    let config = PhoneConfig { registration: Some(registration), ..PhoneConfig::new("987") };
    let secure = house.phone.phone(None, &house.authority);
    Handset::tls(config, secure, "127.0.0.1:0".parse().unwrap()).await.expect("a socket")
}

/// A phone logs in and rings: the listener works.
async fn a_phone_logs_in(house: &House, registrar: SocketAddr, receiver: &mut Receiver) {
    let phone = registering_phone(house, registrar).await;
    soon(phone.wait_monitored()).await;
    phone.ring("0301234567", None);
    assert_eq!(receiver.next(1).await, ["GET /inbound?remote=0301234567"]);
}

/// What comes back until the gateway closes the connection.
async fn until_closed(stream: &mut TcpStream) -> Vec<u8> {
    let mut answer = Vec::new();
    // A reset is an end too.
    let _ = soon(stream.read_to_end(&mut answer)).await;
    answer
}

#[tokio::test]
async fn a_phone_registers_over_tls_and_is_called_on_its_own_connection() {
    let (house, mut receiver) = (House::new(), Receiver::start().await);
    let (gateway, address) = registrar(&house, &receiver).await;
    a_phone_logs_in(&house, address, &mut receiver).await;
    gateway.stop().await;
}

#[tokio::test]
async fn clients_that_say_nothing_keep_nobody_out() {
    let (house, mut receiver) = (House::new(), Receiver::start().await);
    let (gateway, address) = registrar(&house, &receiver).await;
    let mut mute = Vec::new();
    // From another source than the phone: 128 of a source may be strangers at once.
    for _ in 0..140 {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
        mute.push(socket.connect(address).await.unwrap());
    }
    let beside = TcpStream::connect(address).await.unwrap();
    a_phone_logs_in(&house, address, &mut receiver).await;
    let surplus = mute.split_off(128);
    for mut stream in surplus {
        assert_eq!(until_closed(&mut stream).await, b"", "too many at once");
    }
    for stream in mute.iter().chain([&beside]) {
        let silent = stream.try_read(&mut [0; 1]).unwrap_err();
        assert_eq!(silent.kind(), std::io::ErrorKind::WouldBlock, "within the bound, and within their time");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn garbage_and_plain_sip_get_no_sip_back() {
    let (house, mut receiver) = (House::new(), Receiver::start().await);
    let (gateway, address) = registrar(&house, &receiver).await;
    let plain = format!(
        "OPTIONS sip:{address} SIP/2.0\r\nVia: SIP/2.0/TLS 127.0.0.1;branch=z9hG4bK1\r\nMax-Forwards: 70\r\nTo: <sip:{address}>\r\n\
         From: <sip:a@b>;tag=1\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
    );
    let hello_too_long = [22, 3, 1, 0xff, 0xff].repeat(200);
    let broken_hello = [[22u8, 3, 1, 0, 8].as_slice(), &[1, 0, 0, 4, 9, 9, 9, 9]].concat();
    for garbage in [plain.as_bytes(), &hello_too_long, &broken_hello, &[0; 4096]] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(garbage).await.unwrap();
        let answer = until_closed(&mut stream).await;
        assert!(answer.is_empty() || answer[0] == 21, "an alert (RFC 8446 6) or nothing: {answer:?}");
        assert!(answer.len() < 16, "{answer:?}");
    }
    a_phone_logs_in(&house, address, &mut receiver).await;
    gateway.stop().await;
}

/// Whoever has a phone's address when the phone is gone does not get what is meant for the phone.
#[tokio::test]
async fn nobody_takes_the_place_of_a_phone_that_was_called() {
    let house = House::new();
    let phone = house.phone(None).await;
    let place = phone.address();
    let gateway = RunningGateway::start(&house.config(&link(place, &house.ca()), None)).await;
    soon(phone.wait_monitored()).await;
    drop(phone);

    let taken = async {
        loop {
            let socket = TcpSocket::new_v4().unwrap();
            socket.set_reuseaddr(true).unwrap();
            if socket.bind(place).is_ok() {
                return socket;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let stream = soon(taken).await.connect(gateway.sip_over_tls()[0]).await.unwrap();
    let connector = house.phone.phone(None, &house.authority).connector;
    let mut stream = soon(connector.connect("127.0.0.1".try_into().unwrap(), stream)).await.unwrap();
    let mut answer = Vec::new();
    let _ = soon(stream.read_to_end(&mut answer)).await;
    assert_eq!(answer, b"", "closed without a word");
    gateway.stop().await;
}

#[tokio::test]
async fn openssl_agrees_on_tls_1_2_and_1_3() {
    for (version, says) in [("-tls1_2", "Protocol  : TLSv1.2"), ("-tls1_3", "New, TLSv1.3")] {
        let Some(output) = s_client(&[version]).await else { return };
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{output:?}");
        assert!(text.contains(says) && text.contains("Verification: OK"), "{text}");
    }
}

#[tokio::test]
async fn openssl_is_refused_with_tls_1_1() {
    let Some(output) = s_client(&["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"]).await else { return };
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success() && text.contains("SSL alert number"),
        "it is the gateway that refuses: {output:?}"
    );
}

/// Somebody else's TLS; it ends as soon as the handshake is done.
async fn s_client(options: &[&str]) -> Option<Output> {
    let openssl = peer::find("openssl", "openssl")?;
    let (house, receiver) = (House::new(), Receiver::start().await);
    let (gateway, address) = registrar(&house, &receiver).await;
    let mut command = Command::new(openssl);
    command.args(["s_client", "-connect", &address.to_string(), "-verify_return_error", "-verify_ip", "127.0.0.1"]);
    command.arg("-CAfile").arg(house.authority.file()).args(options).stdin(Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, command.output()).await;
    gateway.stop().await;
    Some(output.expect("openssl does not end").expect("openssl does not start"))
}
