//! Phones on a real network: sockets, tasks, and handles to play the user.

mod board;
mod fleet;
mod stream;
mod udp;

use std::collections::BTreeSet;
use std::future::pending;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use sip::{Transport, Uri};
use tokio_rustls::{TlsAcceptor, TlsConnector};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{CallId, Phone, PhoneConfig, Report};
use board::Board;
pub use board::addressee;
pub use fleet::Fleet;

/// A phone with a socket. Clones are handles to the same phone; with the last one it is switched off.
///
/// What its user does happens at once, and what it sends is on its way when the method returns: only waiting is
/// `async`. No wait has a limit of its own; put a `tokio::time::timeout` around it.
#[derive(Clone)]
pub struct Handset {
    board: Arc<Board>,
    index: usize,
    /// Switches all phones of the socket off with the last handle.
    _power: Arc<DropGuard>,
}

/// How a phone speaks TLS: what it shows to the gateway, and whom it believes where it registers.
#[derive(Clone)]
pub struct Secure {
    /// For the gateway's connections.
    pub acceptor: TlsAcceptor,
    /// For its own.
    pub connector: TlsConnector,
}

/// What the phones of a socket share.
enum Socket {
    Udp,
    Tcp,
    Tls(Secure),
}

impl Handset {
    /// A phone on a UDP port of the loopback address that is free.
    ///
    /// # Errors
    /// When the system gives no socket.
    pub async fn udp(config: PhoneConfig) -> io::Result<Self> {
        Self::start(config, Transport::Udp, loopback()).await
    }

    /// A phone that listens on a TCP port of the loopback address that is free.
    ///
    /// # Errors
    /// When the system gives no socket.
    pub async fn tcp(config: PhoneConfig) -> io::Result<Self> {
        Self::start(config, Transport::Tcp, loopback()).await
    }

    /// A phone that speaks TLS, at this address.
    ///
    /// # Errors
    /// When the address is taken, or not ours.
    pub async fn tls(config: PhoneConfig, secure: Secure, at: SocketAddr) -> io::Result<Self> {
        start(vec![config], Socket::Tls(secure), at)?.pop().ok_or_else(|| io::ErrorKind::InvalidInput.into())
    }

    /// A phone at this address.
    ///
    /// # Errors
    /// When the address is taken, or not ours, or the transport is TLS, which needs a certificate:
    /// [`tls`](Self::tls).
    pub async fn start(config: PhoneConfig, transport: Transport, at: SocketAddr) -> io::Result<Self> {
        let socket = match transport {
            Transport::Udp => Socket::Udp,
            Transport::Tcp => Socket::Tcp,
            Transport::Tls => return Err(io::ErrorKind::Unsupported.into()),
        };
        start(vec![config], socket, at)?.pop().ok_or_else(|| io::ErrorKind::InvalidInput.into())
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.board.address
    }

    /// The URI under which a gateway reaches it: `sip:101@127.0.0.1:40960`, with `;transport=tcp` for a phone on TCP
    /// and `;transport=tls` for one on TLS.
    #[must_use]
    pub fn uri(&self) -> Uri {
        let uri = self.look(|phone| Uri::at(&phone.config().user, self.address()));
        match self.board.transport {
            Transport::Udp => uri,
            Transport::Tcp => uri.with_param("transport=tcp"),
            Transport::Tls => uri.with_param("transport=tls"),
        }
    }

    /// Looks at the phone: its calls, its counters, what was acknowledged.
    pub fn look<T>(&self, look: impl FnOnce(&Phone) -> T) -> T {
        self.board.look(self.index, look)
    }

    /// Does anything to the phone at the present time, and sends what follows.
    pub fn act<T>(&self, act: impl FnOnce(&mut Phone, Instant) -> T) -> T {
        self.board.act(self.index, act)
    }

    // ── waiting ──────────────────────────────────────────────────────────────────────────────────────────────────

    /// Waits until the look finds something.
    pub async fn wait_for<T>(&self, mut look: impl FnMut(&Phone) -> Option<T>) -> T {
        loop {
            let changed = self.board.changed.notified();
            tokio::pin!(changed);
            // Whatever changes from here on wakes the wait below, also between the look and the wait.
            changed.as_mut().enable();
            if let Some(found) = self.look(&mut look) {
                return found;
            }
            changed.await;
        }
    }

    /// Waits until the gateway watches the phone: what happens from then on is reported.
    pub async fn wait_monitored(&self) {
        self.wait_for(|phone| phone.is_monitored().then_some(())).await;
    }

    /// Waits until the registrar has answered with this status.
    pub async fn wait_registration(&self, status: u16) {
        self.wait_for(|phone| (phone.registration_status() == Some(status)).then_some(())).await;
    }

    /// Waits until the gateway does not watch the phone any more.
    pub async fn wait_unmonitored(&self) {
        self.wait_for(|phone| (!phone.is_monitored()).then_some(())).await;
    }

    /// Waits until the gateway has acknowledged so many reports in all.
    pub async fn wait_acknowledged(&self, count: u64) {
        self.wait_for(|phone| (phone.counters().acknowledged >= count).then_some(())).await;
    }

    /// Waits until the phone has a call that it dialled, and gives its id: MakeCall has arrived.
    pub async fn wait_dialled(&self) -> CallId {
        self.wait_for(|phone| phone.calls().iter().find(|call| !call.incoming).map(|call| call.id)).await
    }

    /// What the gateway acknowledged, oldest first.
    #[must_use]
    pub fn acknowledged(&self) -> Vec<Report> {
        self.look(|phone| phone.acknowledged().cloned().collect())
    }

    // ── the user and the world; see the methods of the same name of `Phone` ──────────────────────────────────────

    /// Somebody calls.
    pub fn ring(&self, from: &str, name: Option<&str>) -> CallId {
        self.act(|phone, now| phone.ring(now, from, name))
    }

    /// The user lifts the handset.
    pub fn answer(&self, call: CallId) -> bool {
        self.act(|phone, now| phone.answer(now, call))
    }

    /// The user hangs up.
    pub fn hang_up(&self, call: CallId) -> bool {
        self.act(|phone, now| phone.hang_up(now, call))
    }

    /// The far party hangs up.
    pub fn caller_hangs_up(&self, call: CallId) -> bool {
        self.act(|phone, now| phone.caller_hangs_up(now, call))
    }

    /// A ringing call is picked up at another phone.
    pub fn answered_elsewhere(&self, call: CallId) -> bool {
        self.act(|phone, now| phone.answered_elsewhere(now, call))
    }

    /// The user dials.
    pub fn dial(&self, number: &str) -> CallId {
        self.act(|phone, now| phone.dial(now, number))
    }

    /// The far end answers a dialled call.
    pub fn far_answers(&self, call: CallId) -> bool {
        self.act(|phone, now| phone.far_answers(now, call))
    }

    /// The far end is busy.
    pub fn far_is_busy(&self, call: CallId) -> bool {
        self.act(|phone, now| phone.far_is_busy(now, call))
    }

    /// The user puts a call on hold.
    pub fn hold(&self, call: CallId) -> bool {
        self.act(|phone, now| phone.hold(now, call))
    }

    /// The user takes a call off hold.
    pub fn retrieve(&self, call: CallId) -> bool {
        self.act(|phone, now| phone.retrieve(now, call))
    }

    /// The user hands a call on without asking first.
    pub fn transfer(&self, call: CallId, to: &str) -> bool {
        self.act(|phone, now| phone.transfer(now, call, to))
    }

    /// Sends any XML in an INFO, in its turn; `{XREF}` becomes the monitor's cross reference.
    pub fn send_raw(&self, xml: &str) {
        self.act(|phone, now| phone.send_raw(now, xml));
    }

    /// The power fails for a moment.
    pub fn reboot(&self) {
        self.act(|phone, now| phone.reboot(now));
    }

    /// The cable is out for so long.
    pub fn go_silent(&self, duration: Duration) {
        self.act(|phone, now| phone.go_silent(now, duration));
    }
}

fn start(configs: Vec<PhoneConfig>, socket: Socket, at: SocketAddr) -> io::Result<Vec<Handset>> {
    let (phones, off) = (configs.len(), CancellationToken::new());
    let power = Arc::new(off.clone().drop_guard());
    let (board, secure) = match socket {
        Socket::Udp => (udp::start(configs, at, off.clone())?, None),
        Socket::Tcp => (stream::start(configs, at, None, off.clone())?, None),
        Socket::Tls(secure) => (stream::start(configs, at, Some(secure.clone()), off.clone())?, Some(secure)),
    };
    let registrars: BTreeSet<_> = board.registrars().into_iter().map(|(_, registrar)| registrar).collect();
    for registrar in registrars {
        match board.transport {
            Transport::Udp => board.register_at(registrar),
            Transport::Tcp | Transport::Tls => {
                let connection = stream::connect(board.clone(), registrar, secure.clone());
                tokio::spawn(off.clone().run_until_cancelled_owned(connection));
            }
        }
    }
    tokio::spawn(off.run_until_cancelled_owned(keep_time(board.clone())));
    let handset = |index| Handset { board: board.clone(), index, _power: power.clone() };
    Ok((0..phones).map(handset).collect())
}

/// Calls the phones when their time has come.
async fn keep_time(board: Arc<Board>) {
    loop {
        let rescheduled = board.rescheduled.notified();
        let due = async {
            match board.deadline() {
                Some(at) => tokio::time::sleep_until(at.into()).await,
                None => pending().await,
            }
        };
        tokio::select! {
            () = rescheduled => {}
            () = due => board.timeout(Instant::now()),
        }
    }
}

fn loopback() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}
