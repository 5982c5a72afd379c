//! Phones behind one socket: which bytes are for whom, and when whose time has come.

use std::collections::{BTreeSet, HashMap};
use std::net::{SocketAddr, UdpSocket};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use sip::{Entropy, Flow, Transport, Uri};
use tokio::sync::{Notify, mpsc};

use crate::{Phone, PhoneConfig};

/// What the handles and the tasks of a socket share.
pub(super) struct Board {
    pub transport: Transport,
    pub address: SocketAddr,
    /// Something happened to some phone.
    pub changed: Notify,
    /// The next deadline is another one.
    pub rescheduled: Notify,
    desk: Mutex<Desk>,
}

struct Desk {
    phones: Vec<Phone>,
    by_user: HashMap<String, usize>,
    deadlines: BTreeSet<(Instant, usize)>,
    /// The deadline of each phone, as it stands in `deadlines`.
    scheduled: Vec<Option<Instant>>,
    wire: Wire,
}

/// Where bytes go out. Sending never waits: a datagram that finds no room is lost, as datagrams are.
pub(super) enum Wire {
    Udp(UdpSocket),
    /// The gateway's connections and ours, plain or inside TLS; what is sent is queued for the task of each.
    Streams(HashMap<SocketAddr, mpsc::Sender<Bytes>>),
}

impl Board {
    pub fn new(configs: Vec<PhoneConfig>, transport: Transport, address: SocketAddr, wire: Wire) -> Self {
        let by_user = configs.iter().enumerate().map(|(index, config)| (config.user.clone(), index)).collect();
        let scheduled = vec![None; configs.len()];
        let phones = configs.into_iter().map(|config| Phone::new(config, entropy())).collect();
        let desk = Desk { phones, by_user, deadlines: BTreeSet::new(), scheduled, wire };
        let (changed, rescheduled) = (Notify::new(), Notify::new());
        Self { transport, address, changed, rescheduled, desk: Mutex::new(desk) }
    }

    /// Looks at one phone.
    pub fn look<T>(&self, index: usize, look: impl FnOnce(&Phone) -> T) -> T {
        look(&self.desk().phones[index])
    }

    /// Does something to one phone, and sends what follows.
    pub fn act<T>(&self, index: usize, act: impl FnOnce(&mut Phone, Instant) -> T) -> T {
        let mut desk = self.desk();
        let before = desk.deadline();
        let now = Instant::now();
        let result = act(&mut desk.phones[index], now);
        desk.settle(index, now);
        self.announce(before, desk.deadline());
        result
    }

    /// Takes a message to the phone it is for; what is for none of them, the first one refuses.
    pub fn receive(&self, remote: SocketAddr, bytes: &[u8]) {
        let index = addressee(bytes).and_then(|user| self.desk().by_user.get(&user).copied()).unwrap_or(0);
        let flow = self.flow(remote);
        self.act(index, |phone, now| phone.receive(now, flow, bytes));
    }

    /// A connection is lost: every phone may have had something waiting on it.
    pub fn lost(&self, remote: SocketAddr) {
        let flow = self.flow(remote);
        let phones = {
            let mut desk = self.desk();
            if let Wire::Streams(connections) = &mut desk.wire {
                connections.remove(&remote);
            }
            desk.phones.len()
        };
        for index in 0..phones {
            self.act(index, |phone, now| phone.flow_failed(now, flow));
        }
    }

    /// There is a connection, of the gateway's making or ours.
    pub fn connected(&self, remote: SocketAddr, sender: mpsc::Sender<Bytes>) {
        if let Wire::Streams(connections) = &mut self.desk().wire {
            connections.insert(remote, sender);
        }
        self.register_at(remote);
    }

    /// There is a way to this address: the phones whose registrar it is register.
    pub fn register_at(&self, registrar: SocketAddr) {
        let flow = self.flow(registrar);
        let phones: Vec<_> = self.registrars().into_iter().filter(|(_, at)| *at == registrar).collect();
        for (index, _) in phones {
            self.act(index, |phone, now| phone.connect(now, flow));
        }
    }

    /// The phones that register, each with its registrar.
    pub fn registrars(&self) -> Vec<(usize, SocketAddr)> {
        let desk = self.desk();
        let registrar = |phone: &Phone| phone.config().registration.as_ref().map(|registration| registration.registrar);
        desk.phones.iter().enumerate().filter_map(|(index, phone)| Some((index, registrar(phone)?))).collect()
    }

    /// When [`timeout`](Self::timeout) is to be called next.
    pub fn deadline(&self) -> Option<Instant> {
        self.desk().deadline()
    }

    /// Does what is due.
    pub fn timeout(&self, now: Instant) {
        let mut desk = self.desk();
        while let Some((at, index)) = desk.deadlines.first().copied().filter(|(at, _)| *at <= now) {
            desk.deadlines.remove(&(at, index));
            desk.scheduled[index] = None;
            desk.phones[index].timeout(now);
            desk.settle(index, now);
        }
        self.changed.notify_waiters();
    }

    fn announce(&self, before: Option<Instant>, after: Option<Instant>) {
        if after.is_some_and(|after| before.is_none_or(|before| after < before)) {
            self.rescheduled.notify_one();
        }
        self.changed.notify_waiters();
    }

    fn flow(&self, remote: SocketAddr) -> Flow {
        Flow { transport: self.transport, local: self.address, remote }
    }

    /// A panic of one test's closure must not take the others' phones away.
    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Desk {
    fn deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|(at, _)| *at)
    }

    /// Sends what a phone has to send, and notes when its time comes.
    fn settle(&mut self, index: usize, now: Instant) {
        let phone = &mut self.phones[index];
        while let Some((flow, bytes)) = phone.poll_transmit() {
            if !self.wire.send(flow.remote, bytes) {
                phone.flow_failed(now, flow);
            }
        }
        let deadline = phone.deadline();
        let scheduled = &mut self.scheduled[index];
        if *scheduled != deadline {
            scheduled.take().map(|at| self.deadlines.remove(&(at, index)));
            deadline.map(|at| self.deadlines.insert((at, index)));
            *scheduled = deadline;
        }
    }
}

impl Wire {
    fn send(&self, remote: SocketAddr, bytes: Bytes) -> bool {
        match self {
            Self::Udp(socket) => {
                let no_room = |error: std::io::Error| error.kind() == std::io::ErrorKind::WouldBlock;
                socket.send_to(&bytes, remote).map_or_else(no_room, |_| true)
            }
            Self::Streams(connections) => {
                connections.get(&remote).is_some_and(|connection| connection.try_send(bytes).is_ok())
            }
        }
    }
}

/// The user a message is for, where several phones have one address: of a request, who is wanted (To); of an answer, who
/// asked (From). The Request-URI says less: accounts of one phone may have one Contact.
#[must_use]
pub fn addressee(bytes: &[u8]) -> Option<String> {
    let names = if bytes.starts_with(b"SIP/2.0 ") { ["from", "f"] } else { ["to", "t"] };
    header_uri(bytes, names)?.parse::<Uri>().ok()?.user().map(str::to_owned)
}

/// The URI of the header with one of these names.
fn header_uri(bytes: &[u8], names: [&str; 2]) -> Option<String> {
    let head = String::from_utf8_lossy(bytes);
    let value = head.lines().take_while(|line| !line.is_empty()).find_map(|line| {
        let (name, value) = line.split_once(':')?;
        names.contains(&name.trim().to_ascii_lowercase().as_str()).then_some(value)
    })?;
    let inner = value.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map(|(uri, _)| uri);
    Some(inner.unwrap_or_else(|| value.split(';').next().unwrap_or(value)).trim().to_owned())
}

/// The system's generator.
fn entropy() -> Entropy {
    Box::new(|bytes| {
        // Without randomness ids repeat: a simulated phone lives with that, and no system the tests run on fails here.
        let _ = getrandom::fill(bytes);
    })
}
