//! The floor: the least that can be called a forwarder of call events, to measure the gateway against.
//!
//! Same transport (SIP INFO over UDP), a substring search instead of a parser, grouped appends with fdatasync, a
//! pooled HTTP client. No dialogs, no retransmissions, no calls, no order, no retries: nothing may be built on it.

use std::fs::OpenOptions;
use std::io::Write;
use std::net::{SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use http_body_util::{BodyExt, Empty};
use hyper::Uri;
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

/// So many events may be on their way to the disk.
const QUEUE: usize = 4096;

/// An event that is to be kept, acknowledged and forwarded.
struct Event {
    from: SocketAddr,
    answer: String,
    url: String,
}

/// Listens at `address`, appends to `file`, requests URLs of `receiver`; for ever.
pub fn run(address: SocketAddr, file: PathBuf, receiver: SocketAddr) -> std::io::Result<()> {
    let socket = Arc::new(UdpSocket::bind(address)?);
    let (to_writer, events) = sync_channel(QUEUE);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let (answering, handle) = (socket.clone(), runtime.handle().clone());
    std::thread::spawn(move || write(&events, &file, &answering, &handle));
    receive(&socket, &to_writer, receiver)
}

fn receive(socket: &UdpSocket, to_writer: &SyncSender<Event>, receiver: SocketAddr) -> std::io::Result<()> {
    let mut buffer = vec![0; 65_535];
    loop {
        let (length, from) = socket.recv_from(&mut buffer)?;
        let message = String::from_utf8_lossy(&buffer[..length]);
        let Some((answer, url)) = answer(&message).zip(url(&message, receiver)) else { continue };
        if to_writer.send(Event { from, answer, url }).is_err() {
            return Ok(());
        }
    }
}

/// A 200 with the headers that a response copies.
fn answer(message: &str) -> Option<String> {
    let mut answer = String::from("SIP/2.0 200 OK\r\n");
    for name in ["Via: ", "From: ", "To: ", "Call-ID: ", "CSeq: "] {
        let line = message.lines().find(|line| line.starts_with(name))?;
        answer.push_str(line);
        answer.push_str("\r\n");
    }
    answer.push_str("Content-Length: 0\r\n\r\n");
    Some(answer)
}

fn url(message: &str, receiver: SocketAddr) -> Option<String> {
    let action = if message.contains("<DeliveredEvent") {
        "inbound"
    } else if message.contains("<ConnectionClearedEvent") {
        "disconnected"
    } else {
        return None;
    };
    let call = between(message, "<callID>", "</callID>")?;
    let remote = between(message, "<callingDevice><deviceIdentifier>", "</deviceIdentifier>").unwrap_or("");
    Some(format!("http://{receiver}/call?action={action}&remote={remote}&call={call}"))
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let rest = &text[text.find(before)? + before.len()..];
    Some(&rest[..rest.find(after)?])
}

/// One append and one fdatasync for all that waits; then the answers, then the requests.
fn write(events: &Receiver<Event>, file: &PathBuf, socket: &UdpSocket, runtime: &tokio::runtime::Handle) {
    let mut file = OpenOptions::new().create(true).append(true).open(file).expect("the floor's file");
    let client: Client<HttpConnector, Empty<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    while let Ok(first) = events.recv() {
        let mut batch = vec![first];
        batch.extend(events.try_iter().take(255));
        let lines: String = batch.iter().flat_map(|event| [event.url.as_str(), "\n"]).collect();
        file.write_all(lines.as_bytes()).expect("append");
        file.sync_data().expect("fdatasync");
        for event in batch {
            socket.send_to(event.answer.as_bytes(), event.from).expect("answer");
            let client = client.clone();
            runtime.spawn(async move {
                let url: Uri = event.url.parse().expect("a URL");
                if let Ok(response) = client.get(url).await {
                    let _ = response.into_body().collect().await;
                }
            });
        }
    }
}
