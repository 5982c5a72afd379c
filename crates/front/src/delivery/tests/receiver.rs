//! An endpoint of our own: it answers as a test wants and tells what came.

use std::{collections::HashMap, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::timeout,
};

/// Long enough for the slowest machine; nothing waits this long when all is well.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// What came.
#[derive(Clone, Debug)]
pub(super) struct Received {
    /// The request's target, as it stood on the wire.
    pub target: String,
    pub method: String,
    pub headers: HashMap<String, String>,
    pub body: String,
}

impl Received {
    /// `key=` of the query.
    pub(super) fn query(&self, key: &str) -> u32 {
        let query = self.target.split_once('?').map_or("", |(_, query)| query);
        let value = query.split('&').find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='));
        value.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("no {key} in {}", self.target))
    }
}

/// What to answer.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    Status(u16),
    With(u16, &'static str),
    After(Duration),
    Endless,
    Hang,
    Reset,
}

pub(super) struct Receiver {
    pub address: SocketAddr,
    arrivals: mpsc::UnboundedReceiver<Received>,
}

impl Receiver {
    pub(super) async fn start(answer: impl Fn(&Received) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, arrivals) = mpsc::unbounded_channel();
        let answer = Arc::new(answer);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&answer), tell.clone()));
            }
        });
        Self { address, arrivals }
    }

    pub(super) async fn next(&mut self) -> Received {
        timeout(PATIENCE, self.arrivals.recv()).await.expect("a request in time").expect("the receiver runs")
    }

    pub(super) async fn take(&mut self, count: usize) -> Vec<Received> {
        let mut all = Vec::new();
        while all.len() < count {
            all.push(self.next().await);
        }
        all
    }

    /// Whatever came and was not taken.
    pub(super) fn rest(&mut self) -> Vec<Received> {
        std::iter::from_fn(|| self.arrivals.try_recv().ok()).collect()
    }
}

async fn serve(
    stream: TcpStream,
    answer: Arc<impl Fn(&Received) -> Answer>,
    tell: mpsc::UnboundedSender<Received>,
) -> Option<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let received = read(&mut stream).await?;
        let answer = answer(&received);
        let _ = tell.send(received);
        let (status, headers) = match answer {
            Answer::Status(status) => (status, ""),
            Answer::With(status, headers) => (status, headers),
            Answer::After(delay) => {
                tokio::time::sleep(delay).await;
                (200, "")
            }
            Answer::Endless => return endless(stream).await,
            Answer::Hang => std::future::pending().await,
            Answer::Reset => return None,
        };
        let reply = format!("HTTP/1.1 {status} Whatever\r\n{headers}Content-Length: 2\r\n\r\nok");
        stream.write_all(reply.as_bytes()).await.ok()?;
    }
}

async fn endless(mut stream: BufReader<TcpStream>) -> Option<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n").await.ok()?;
    loop {
        stream.write_all(&[b'x'; 65_536]).await.ok()?;
    }
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Received> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok().filter(|&length| length > 0)?;
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let mut first = lines.first()?.split(' ').map(str::to_owned);
    let (method, target) = (first.next()?, first.next()?);
    let headers = lines.iter().skip(1).filter_map(|line| line.split_once(": "));
    let headers: HashMap<_, _> = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
    let length = headers.get("content-length").and_then(|value| value.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(Received { target, method, headers, body: String::from_utf8(body).ok()? })
}
