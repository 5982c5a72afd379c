//! Connections to phones, plain or inside TLS. The gateway connects, or a phone that registers does; the phones send on the connections there
//! are.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use sip::Transport;
use sip::frame::Frames;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::Secure;
use super::board::{Board, Wire};
use crate::PhoneConfig;

/// Messages that may wait to be written on one connection.
const QUEUE: usize = 1024;

/// A connection that was lost is opened again after this time.
const RECONNECT: Duration = Duration::from_millis(200);

/// Listens for these phones and takes what comes in to them.
pub(super) fn start(
    configs: Vec<PhoneConfig>,
    at: SocketAddr,
    secure: Option<Secure>,
    off: CancellationToken,
) -> io::Result<Arc<Board>> {
    let listener = std::net::TcpListener::bind(at)?;
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    let transport = if secure.is_some() { Transport::Tls } else { Transport::Tcp };
    let board = Arc::new(Board::new(configs, transport, listener.local_addr()?, Wire::Streams(Default::default())));
    tokio::spawn(off.clone().run_until_cancelled_owned(accept(board.clone(), listener, secure, off)));
    Ok(board)
}

async fn accept(board: Arc<Board>, listener: TcpListener, secure: Option<Secure>, off: CancellationToken) {
    loop {
        if let Ok((stream, remote)) = listener.accept().await {
            let (board, secure) = (board.clone(), secure.clone());
            tokio::spawn(off.clone().run_until_cancelled_owned(async move {
                match secure {
                    None => serve(board, stream, remote).await,
                    Some(secure) => {
                        if let Ok(stream) = secure.acceptor.accept(stream).await {
                            serve(board, stream, remote).await;
                        }
                    }
                }
            }));
        }
    }
}

/// Keeps a connection to a registrar, for the phones that register there.
pub(super) async fn connect(board: Arc<Board>, registrar: SocketAddr, secure: Option<Secure>) {
    loop {
        if let Ok(stream) = TcpStream::connect(registrar).await {
            match &secure {
                None => serve(board.clone(), stream, registrar).await,
                Some(secure) => {
                    if let Ok(stream) = secure.connector.connect(registrar.ip().into(), stream).await {
                        serve(board.clone(), stream, registrar).await;
                    }
                }
            }
        }
        tokio::time::sleep(RECONNECT).await;
    }
}

async fn serve(board: Arc<Board>, stream: impl AsyncRead + AsyncWrite, remote: SocketAddr) {
    let (reader, writer) = tokio::io::split(stream);
    let (sender, queue) = mpsc::channel(QUEUE);
    board.connected(remote, sender);
    tokio::select! {
        _ = read(&board, reader, remote) => {}
        _ = write(writer, queue) => {}
    }
    board.lost(remote);
}

async fn read(board: &Board, mut reader: impl AsyncRead + Unpin, remote: SocketAddr) -> io::Result<()> {
    let (mut frames, mut buffer) = (Frames::default(), BytesMut::new());
    while reader.read_buf(&mut buffer).await? > 0 {
        while let Some(message) = frames.next(&mut buffer).map_err(io::Error::other)? {
            board.receive(remote, &message);
        }
    }
    Ok(())
}

async fn write(mut writer: impl AsyncWrite + Unpin, mut queue: mpsc::Receiver<Bytes>) -> io::Result<()> {
    while let Some(bytes) = queue.recv().await {
        writer.write_all(&bytes).await?;
        writer.flush().await?;
    }
    Ok(())
}
