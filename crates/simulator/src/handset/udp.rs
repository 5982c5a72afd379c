//! Datagrams to phones.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use sip::Transport;
use socket2::SockRef;
use tokio::net::UdpSocket;
use tokio_util::sync::CancellationToken;

use super::board::{Board, Wire};
use crate::PhoneConfig;

/// The largest datagram there is.
const DATAGRAM: usize = 65_536;
/// What the socket is asked to keep for us, in bytes: a building's phones are answered all at once. The system may
/// give less.
const BUFFER: usize = 4 * 1024 * 1024;

/// Binds a socket for these phones and takes what comes in to them.
pub(super) fn start(configs: Vec<PhoneConfig>, at: SocketAddr, off: CancellationToken) -> io::Result<Arc<Board>> {
    let sender = std::net::UdpSocket::bind(at)?;
    sender.set_nonblocking(true)?;
    let _ = SockRef::from(&sender).set_recv_buffer_size(BUFFER);
    let receiver = UdpSocket::from_std(sender.try_clone()?)?;
    let board = Arc::new(Board::new(configs, Transport::Udp, sender.local_addr()?, Wire::Udp(sender)));
    tokio::spawn(off.run_until_cancelled_owned(receive(board.clone(), receiver)));
    Ok(board)
}

async fn receive(board: Arc<Board>, socket: UdpSocket) {
    let mut buffer = vec![0; DATAGRAM];
    loop {
        // An error is the echo of a datagram of ours that nobody took (ICMP): SIP's timers notice that.
        if let Ok((length, remote)) = socket.recv_from(&mut buffer).await {
            board.receive(remote, buffer.get(..length).unwrap_or_default());
        }
    }
}
