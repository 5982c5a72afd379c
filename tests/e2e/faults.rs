//! Faults that other SIP stacks have, looked for on real sockets.

use std::time::Duration;

use tests::gateway::RunningGateway;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const PATIENCE: Duration = Duration::from_secs(20);

/// A request that anybody may send, with some more lines in its head.
fn options(number: u32, lines: &[u8]) -> Vec<u8> {
    let head = format!(
        "OPTIONS sip:hookswitch@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:5060;branch=z9hG4bK{number};rport\r\n\
         From: <sip:a@b>;tag=1\r\nTo: <sip:hookswitch@127.0.0.1>\r\nCall-ID: 1\r\nCSeq: {number} OPTIONS\r\n\
         Max-Forwards: 70\r\nContent-Length: 0\r\n"
    );
    [head.as_bytes(), lines, b"\r\n"].concat()
}

/// The first lines of so many answers, and their CSeq.
async fn answers(stream: &mut TcpStream, count: usize) -> Vec<String> {
    let mut text = String::new();
    let whole = async {
        while text.matches("\r\n\r\n").count() < count {
            let mut buffer = [0; 4096];
            let length = stream.read(&mut buffer).await.expect("a connection");
            assert!(length > 0, "closed after {text}");
            text += &String::from_utf8_lossy(&buffer[..length]);
        }
    };
    tokio::time::timeout(PATIENCE, whole).await.expect("no answer in good time");
    let answer = |answer: &str| {
        let line = |start: &str| answer.lines().find(|line| line.starts_with(start)).unwrap_or_default().to_owned();
        format!("{}, {}", line("SIP/2.0"), line("CSeq"))
    };
    text.split_terminator("\r\n\r\n").map(answer).collect()
}

/// A name in Latin-1 costs nothing, a message that is none costs itself alone, and several in one segment keep their order.
#[tokio::test]
async fn a_connection_outlives_what_it_carries() {
    let gateway = RunningGateway::start("[sip]\nlisten = [\"tcp:127.0.0.1:0\"]\n").await;
    let mut stream = TcpStream::connect(gateway.sip().1[0]).await.expect("a connection");
    let latin_1 = b"Subject: J\xf6rg M\xfcller\r\nContact: \"J\xf6rg\" <sip:a@b>\r\n";
    stream.write_all(&options(1, latin_1)).await.expect("a connection");
    assert_eq!(answers(&mut stream, 1).await, ["SIP/2.0 200 OK, CSeq: 1 OPTIONS"]);
    let broken = String::from_utf8_lossy(&options(3, b"")).replace("3 OPTIONS", "3 INFO");
    let segment = [options(2, latin_1), broken.into_bytes(), options(4, b"")].concat();
    stream.write_all(&segment).await.expect("a connection");
    let answered = answers(&mut stream, 3).await;
    let expected =
        ["SIP/2.0 200 OK, CSeq: 2 OPTIONS", "SIP/2.0 400 Bad Request, CSeq: 3 INFO", "SIP/2.0 200 OK, CSeq: 4 OPTIONS"];
    assert_eq!(answered, expected);
    gateway.stop().await;
}
