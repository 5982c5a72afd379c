//! Connections to phones. The gateway connects, or a phone that registers does; the phones send on the connections there
//! are.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use sip::frame::frame_len;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::board::{Board, Wire};
use crate::PhoneConfig;

/// Messages that may wait to be written on one connection.
const QUEUE: usize = 1024;

/// A connection that was lost is opened again after this time.
const RECONNECT: Duration = Duration::from_millis(200);

/// Listens for these phones and takes what comes in to them.
pub(super) async fn start(configs: Vec<PhoneConfig>, at: SocketAddr, off: CancellationToken) -> io::Result<Arc<Board>> {
    let listener = TcpListener::bind(at).await?;
    let board = Arc::new(Board::new(configs, listener.local_addr()?, Wire::Tcp(Default::default())));
    tokio::spawn(off.clone().run_until_cancelled_owned(accept(board.clone(), listener, off)));
    Ok(board)
}

async fn accept(board: Arc<Board>, listener: TcpListener, off: CancellationToken) {
    loop {
        if let Ok((stream, remote)) = listener.accept().await {
            tokio::spawn(off.clone().run_until_cancelled_owned(serve(board.clone(), stream, remote)));
        }
    }
}

/// Keeps a connection to a registrar, for the phones that register there.
pub(super) async fn connect(board: Arc<Board>, registrar: SocketAddr) {
    loop {
        if let Ok(stream) = TcpStream::connect(registrar).await {
            serve(board.clone(), stream, registrar).await;
        }
        tokio::time::sleep(RECONNECT).await;
    }
}

async fn serve(board: Arc<Board>, stream: TcpStream, remote: SocketAddr) {
    let (reader, writer) = stream.into_split();
    let (sender, queue) = mpsc::channel(QUEUE);
    board.connected(remote, sender);
    tokio::select! {
        _ = read(&board, reader, remote) => {}
        _ = write(writer, queue) => {}
    }
    board.lost(remote);
}

async fn read(board: &Board, mut reader: OwnedReadHalf, remote: SocketAddr) -> io::Result<()> {
    let mut buffer = BytesMut::new();
    while reader.read_buf(&mut buffer).await? > 0 {
        while let Some(length) = frame_len(&buffer).map_err(io::Error::other)? {
            board.receive(remote, &buffer.split_to(length));
        }
    }
    Ok(())
}

async fn write(mut writer: OwnedWriteHalf, mut queue: mpsc::Receiver<Bytes>) -> io::Result<()> {
    while let Some(bytes) = queue.recv().await {
        writer.write_all(&bytes).await?;
    }
    Ok(())
}
