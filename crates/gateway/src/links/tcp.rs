//! SIP over TCP: connections are opened when there is something to send.

use std::io;
use std::net::SocketAddr;

use bytes::Bytes;
use sip::Transport;

use super::stream::{self, Connections, Queue};

/// All TCP listeners and connections.
pub(super) struct Tcp {
    connections: Connections,
    addresses: Vec<SocketAddr>,
}

impl Tcp {
    pub(super) fn new(connections: Connections) -> Self {
        Self { connections, addresses: Vec::new() }
    }

    pub(super) fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    pub(super) fn listen(&mut self, address: SocketAddr) -> io::Result<()> {
        let listener = stream::listen(address)?;
        self.addresses.push(listener.local_addr()?);
        let connections = self.connections.clone();
        tokio::spawn(self.connections.clone().accept(listener, Transport::Tcp, move |mut connected, flow| {
            let queue = connections.add(flow, connected.seat.take());
            connections.clone().serve_plain(connected, flow, queue)
        }));
        Ok(())
    }

    pub(super) fn send(&self, flow: sip::Flow, bytes: Bytes) {
        if !self.connections.has(flow.transport, flow.remote) {
            let queue = self.connections.add(flow, None);
            tokio::spawn(open(self.connections.clone(), flow, queue));
        }
        self.connections.send(flow, bytes);
    }
}

async fn open(connections: Connections, flow: sip::Flow, queue: Queue) {
    match connections.connect(flow.remote).await {
        Ok(connected) => connections.serve_plain(connected, flow, queue).await,
        Err(error) => {
            tracing::debug!(remote = %flow.remote, %error, "no connection");
            connections.refused(flow, queue).await;
        }
    }
}
