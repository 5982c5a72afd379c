//! What the fuzz targets share: an agent to talk to, and what must hold whatever it is told.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use sip::{Account, Agent, Config, Flow, Output, RegistrarConfig, Transport};

pub mod wire;

/// A gateway with a registrar and little room.
pub fn gateway() -> Agent {
    let account = Account { user: "988".to_owned(), password: "secret".to_owned() };
    let registrar = RegistrarConfig { accounts: vec![account], ..RegistrarConfig::default() };
    agent(Config { registrar, ..small() })
}

/// A phone with little room, which takes invitations.
pub fn phone() -> Agent {
    agent(Config { accept_invites: true, contact_user: "988".to_owned(), ..small() })
}

/// So few transactions of each kind fit in, and so few dialogs.
pub const ROOM: usize = 4;

fn small() -> Config {
    Config { max_transactions: ROOM, max_dialogs: ROOM, ..Config::default() }
}

/// The same ids in every run.
fn agent(config: Config) -> Agent {
    let mut next = 0_u8;
    let entropy = Box::new(move |bytes: &mut [u8]| {
        next = next.wrapping_add(1);
        bytes.fill(next);
    });
    Agent::new(config, entropy)
}

/// The address of the gateway (0), of the phone (1), or of somebody else.
pub fn address(host: u8) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, host + 1], 5060))
}

/// The way between two of them.
pub fn flow(transport: Transport, from: u8, to: u8) -> Flow {
    Flow { transport, local: address(from), remote: address(to) }
}

/// Hands bytes to an agent and checks what it makes of them: it answers requests only, and over UDP a stranger gets no
/// more than he sent.
pub fn receive(agent: &mut Agent, now: Instant, flow: Flow, bytes: &[u8], stranger: bool) -> Vec<Output> {
    let mut out = Vec::new();
    agent.receive(now, flow, bytes, &mut out);
    let first = bytes.trim_ascii_start();
    let is_request = !first.starts_with(b"ACK ") && !first.get(..4).is_some_and(|it| it.eq_ignore_ascii_case(b"SIP/"));
    for output in &out {
        let Output::Transmit { bytes: sent, .. } = output else { continue };
        let answers = sent.starts_with(b"SIP/2.0 ");
        assert!(!answers || is_request, "an answer to no request: {}", bytes.escape_ascii());
        let amplifies = stranger && answers && flow.transport == Transport::Udp && sent.len() > bytes.len();
        assert!(!amplifies, "a stranger gets {} bytes for {}", sent.len(), bytes.len());
        assert!(sent.len() <= sip::message::MAX_MESSAGE || answers, "a message that nobody reads");
    }
    settle(agent, now, &mut out);
    out
}

/// Lets an agent do what is due. No alarm may stay, and nothing may grow beyond its bound.
pub fn settle(agent: &mut Agent, now: Instant, out: &mut Vec<Output>) {
    agent.timeout(now, out);
    assert!(agent.deadline().is_none_or(|next| next > now), "an alarm that stays");
    let load = agent.load();
    assert!(load.dialogs <= ROOM && load.requests <= ROOM && load.answers <= ROOM, "{load:?}");
}

/// The end of all timers: what was asked is answered or given up.
pub const LONG: Duration = Duration::from_secs(7200);
