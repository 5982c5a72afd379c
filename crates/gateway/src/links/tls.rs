//! SIP over TLS (RFC 3261 26.2, RFC 5922): a way to a peer exists only once its certificate was believed.
//!
//! So nothing is ever sent on a connection that is not proven: [`Tls::reach`] connects, shakes hands and gives the flow,
//! or says in words why there is none; what is sent on a flow goes to the connection that stands, or fails.

#[cfg(test)]
mod tests;
mod words;

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use rustls::ServerConfig;
use sip::{Flow, Transport};
use tokio::sync::watch;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::strangers::Seat;
use super::stream::{self, Connected, Connections, Queue};
use crate::certificates::Trust;

/// A peer that is not done with its handshake by then will never be.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// All TLS listeners and connections. Clones are handles to the same.
#[derive(Clone)]
pub(super) struct Tls {
    connections: Connections,
    addresses: Vec<SocketAddr>,
    /// The peers that were connected to. Held for one look-up; taken before the connections' own lock.
    opened: Arc<Mutex<HashMap<SocketAddr, Opened>>>,
}

/// What became of the last attempt to connect to a peer.
struct Opened {
    /// Whom it must prove to be.
    trust: Arc<Trust>,
    /// Empty while the attempt is under way.
    outcome: watch::Receiver<Option<Reached>>,
}

/// The flow to a peer that was believed, or why there is none.
type Reached = Result<Flow, String>;

impl Tls {
    pub(super) fn new(connections: Connections) -> Self {
        Self { connections, addresses: Vec::new(), opened: Arc::default() }
    }

    pub(super) fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    pub(super) fn listen(&mut self, address: SocketAddr, config: Arc<ServerConfig>) -> io::Result<()> {
        let listener = stream::listen(address)?;
        self.addresses.push(listener.local_addr()?);
        let (acceptor, this) = (TlsAcceptor::from(config), self.clone());
        tokio::spawn(self.connections.clone().accept(listener, Transport::Tls, move |connected, flow| {
            this.clone().welcome(acceptor.clone(), connected, flow)
        }));
        Ok(())
    }

    /// Sends on the connection that stands; there is no other way.
    pub(super) fn send(&self, flow: Flow, bytes: Bytes) {
        self.connections.send(flow, bytes);
    }

    /// The way to a peer: the connection that stands, or a new one. All who ask at the same time share one attempt.
    ///
    /// # Errors
    /// There is no connection, or its peer is not believed: in words for an administrator.
    pub(super) async fn reach(self, remote: SocketAddr, trust: Arc<Trust>) -> Reached {
        let mut outcome = self.attempt(remote, trust)?;
        let reached = outcome.wait_for(Option::is_some).await;
        reached.ok().and_then(|reached| reached.clone()).unwrap_or_else(|| Err("the gateway is stopping".into()))
    }

    fn attempt(&self, remote: SocketAddr, trust: Arc<Trust>) -> Result<watch::Receiver<Option<Reached>>, String> {
        let mut opened = self.opened();
        if let Some(last) = opened.get(&remote).filter(|last| self.is_alive(remote, last)) {
            // A connection that was believed for one name must not serve a link that wants another.
            return if last.trust == trust {
                Ok(last.outcome.clone())
            } else {
                Err(format!("another link has a connection to {remote} with other `tls`: give both the same"))
            };
        }
        let (sender, outcome) = watch::channel(None);
        opened.insert(remote, Opened { trust: trust.clone(), outcome: outcome.clone() });
        tokio::spawn(self.clone().open(remote, trust, sender));
        Ok(outcome)
    }

    fn is_alive(&self, remote: SocketAddr, last: &Opened) -> bool {
        match &*last.outcome.borrow() {
            // An attempt that was dropped has no sender any more.
            None => last.outcome.has_changed().is_ok(),
            Some(Ok(_)) => self.connections.has(Transport::Tls, remote),
            Some(Err(_)) => false,
        }
    }

    /// Connects, checks the peer, and serves the connection for as long as it stands.
    async fn open(self, remote: SocketAddr, trust: Arc<Trust>, outcome: watch::Sender<Option<Reached>>) {
        let connected = match self.connections.connect(remote).await {
            Ok(connected) => connected,
            Err(error) => return drop(outcome.send(Some(Err(words::no_connection(remote, &error))))),
        };
        let Connected { stream, room, .. } = connected;
        let own = stream.local_addr();
        let handshake = TlsConnector::from(trust.client()).connect(trust.name().clone(), stream);
        let flow = match tokio::time::timeout(HANDSHAKE_TIMEOUT, handshake).await {
            Ok(Ok(stream)) => {
                own.map(|own| (stream, Flow { transport: Transport::Tls, local: self.near(own), remote }))
            }
            Ok(Err(error)) => Err(error),
            Err(late) => Err(late.into()),
        };
        match flow {
            Ok((stream, flow)) => {
                let queue = self.connections.add(flow, None);
                // Nobody may wait any more; the next who asks finds the connection.
                let _ = outcome.send(Some(Ok(flow)));
                self.connections.serve(stream, room, flow, queue).await;
            }
            Err(error) => drop(outcome.send(Some(Err(words::no_handshake(&error, trust.name()))))),
        }
    }

    /// What Via and Contact say: the listener that a phone could open a connection of its own to. Without one it is the
    /// connection's own address, so that a phone that looks for a way there finds the connection it has.
    fn near(&self, own: SocketAddr) -> SocketAddr {
        let reachable = |listener: &&SocketAddr| {
            listener.ip() == own.ip() || (listener.ip().is_unspecified() && listener.is_ipv4() == own.is_ipv4())
        };
        let other = || self.addresses.iter().find(|listener| listener.is_ipv4() == own.is_ipv4());
        match self.addresses.iter().find(reachable).or_else(other) {
            Some(listener) if listener.ip().is_unspecified() => SocketAddr::new(own.ip(), listener.port()),
            Some(listener) => *listener,
            None => own,
        }
    }

    /// A phone has connected.
    async fn welcome(self, acceptor: TlsAcceptor, connected: Connected, flow: Flow) {
        let Connected { stream, seat, room } = connected;
        let stream = match tokio::time::timeout(HANDSHAKE_TIMEOUT, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return self.connections.complain(flow, &format_args!("a TLS handshake failed: {error}")),
            Err(_) => return self.connections.complain(flow, &"a TLS handshake was not finished in time"),
        };
        match self.add_unproven(flow, seat) {
            Some(queue) => self.connections.serve(stream, room, flow, queue).await,
            None => self.connections.complain(flow, &"it comes from a phone's own listening address"),
        }
    }

    /// Nobody has checked the certificate of a peer that connected by itself. It never takes the place of one that
    /// was connected to and believed.
    fn add_unproven(&self, flow: Flow, seat: Option<Seat>) -> Option<Queue> {
        let opened = self.opened();
        (!opened.contains_key(&flow.remote)).then(|| self.connections.add(flow, seat))
    }

    fn opened(&self) -> MutexGuard<'_, HashMap<SocketAddr, Opened>> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
