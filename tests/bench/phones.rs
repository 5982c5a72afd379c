//! A hundred phones on one socket: they take the gateway's sessions, and send events at an even pace.

use std::net::{SocketAddr, UdpSocket};
use std::sync::OnceLock;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use csta::{Edition, Message, MonitorStartResponse, Request, Response, SnapshotDeviceResponse};

use super::{Arrivals, RATE};

/// The first call's number.
const FIRST_CALL: usize = 100_000_000;

/// A call's end comes so many calls later than its beginning.
const CALL_LENGTH: usize = 100;

/// Events still under way at the end get so long.
const PATIENCE: Duration = Duration::from_secs(10);

/// The clock of this process.
pub fn nanoseconds() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_nanos() as u64 + 1
}

/// The number of an event: even for a call's beginning, odd for its end.
pub fn event_of(call: usize, ended: usize) -> usize {
    let call = call - FIRST_CALL;
    if ended == 0 { 2 * call } else { 2 * (call + CALL_LENGTH) + 1 }
}

/// The socket with all phones behind it.
pub struct Phones {
    socket: UdpSocket,
    arrivals: Arrivals,
    sent: Vec<u64>,
}

impl Phones {
    pub fn bind(count: usize, arrivals: Arrivals) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        Self { socket, arrivals, sent: vec![0; count] }
    }

    pub fn address(&self) -> SocketAddr {
        self.socket.local_addr().unwrap()
    }

    /// Sends `count` events straight to the floor, which knows no sessions.
    pub fn load_floor(mut self, floor: SocketAddr, count: usize) -> Vec<Option<u64>> {
        std::thread::sleep(Duration::from_millis(500));
        let mut buffer = vec![0; 65_535];
        pace(
            count,
            |phones: &mut Self, event, until| {
                if let Some(xml) = xml_of(event, 1000) {
                    phones.sent[event] = nanoseconds();
                    phones.socket.send_to(info(event, &xml).as_bytes(), floor).unwrap();
                }
                while phones.receive(&mut buffer, until).is_some() {}
            },
            &mut self,
        );
        self.latencies()
    }

    /// Waits for the gateway's sessions with all phones, then sends `count` events in them.
    pub fn load_gateway(mut self, count: usize, phones: usize) -> Vec<Option<u64>> {
        let config = sip::Config { accept_invites: true, ..sip::Config::default() };
        let mut agent = sip::Agent::new(config, entropy());
        let mut buffer = vec![0; 65_535];
        let mut dialogs = Vec::new();
        let mut monitored = 0;
        while monitored < phones {
            monitored += self.serve(&mut agent, &mut dialogs, &mut buffer, Instant::now() + Duration::from_millis(50));
        }
        pace(
            count,
            |phones: &mut Self, event, until| {
                // Both events of a call come from the same phone.
                let call = if event.is_multiple_of(2) { event / 2 } else { (event / 2).saturating_sub(CALL_LENGTH) };
                let (dialog, user) = dialogs[call % dialogs.len()];
                if let Some(xml) = xml_of(event, user) {
                    let mut out = Vec::new();
                    phones.sent[event] = nanoseconds();
                    agent.request(Instant::now(), dialog, 0, sip::Method::INFO, Some(sip::Body::csta(xml)), &mut out);
                    phones.transmit(out);
                }
                phones.serve(&mut agent, &mut dialogs.clone(), &mut buffer, until);
            },
            &mut self,
        );
        self.latencies()
    }

    /// Receives and answers until then; says how many snapshots (the last step of a monitor's start) were asked for.
    fn serve(
        &mut self,
        agent: &mut sip::Agent,
        dialogs: &mut Vec<(sip::DialogId, usize)>,
        buffer: &mut [u8],
        until: Instant,
    ) -> usize {
        let mut monitored = 0;
        let local = self.address();
        let mut out = Vec::new();
        agent.timeout(Instant::now(), &mut out);
        self.transmit(out);
        while let Some((length, remote)) = self.receive(buffer, until) {
            let flow = sip::Flow { transport: sip::Transport::Udp, local, remote };
            let mut out = Vec::new();
            agent.receive(Instant::now(), flow, &buffer[..length], &mut out);
            let mut answers = Vec::new();
            for output in &out {
                if let sip::Output::Event(event) = output {
                    monitored += answer(agent, dialogs, event, &mut answers);
                }
            }
            self.transmit(out);
            self.transmit(answers);
        }
        monitored
    }

    fn transmit(&self, outputs: Vec<sip::Output>) {
        for output in outputs {
            if let sip::Output::Transmit { flow, bytes } = output {
                self.socket.send_to(&bytes, flow.remote).unwrap();
            }
        }
    }

    fn receive(&self, buffer: &mut [u8], until: Instant) -> Option<(usize, SocketAddr)> {
        let left = until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())?;
        self.socket.set_read_timeout(Some(left)).unwrap();
        self.socket.recv_from(buffer).ok()
    }

    /// Microseconds of each event; `None` if its URL did not come. The first events have no call to end.
    fn latencies(self) -> Vec<Option<u64>> {
        let deadline = Instant::now() + PATIENCE;
        let missing =
            || self.arrivals.iter().zip(&self.sent).any(|(a, sent)| *sent > 0 && a.load(Ordering::Acquire) == 0);
        while missing() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(50));
        }
        let came = |event: usize| Some(self.arrivals[event].load(Ordering::Acquire)).filter(|at| *at > 0);
        (0..self.sent.len()).map(|event| Some(came(event)?.saturating_sub(self.sent[event]) / 1000)).collect()
    }
}

/// Calls `send` for each event at its time; `send` may use the time until the next one.
fn pace(count: usize, mut send: impl FnMut(&mut Phones, usize, Instant), phones: &mut Phones) {
    let start = Instant::now();
    for event in 0..count {
        let at = start + Duration::from_secs(1) * event as u32 / RATE;
        std::thread::sleep(at.saturating_duration_since(Instant::now()));
        send(phones, event, start + Duration::from_secs(1) * (event as u32 + 1) / RATE);
    }
}

/// Takes the gateway's session, monitor and snapshot. A phone's user is its monitor's cross reference too.
fn answer(
    agent: &mut sip::Agent,
    dialogs: &mut Vec<(sip::DialogId, usize)>,
    event: &sip::Event,
    out: &mut Vec<sip::Output>,
) -> usize {
    let (transaction, response, monitored) = match event {
        sip::Event::Invited { dialog, transaction, uri, .. } => {
            dialogs.push((*dialog, uri.user().unwrap().parse().unwrap()));
            (*transaction, Response::normal_status(), 0)
        }
        sip::Event::Requested { dialog, transaction, body: Some(body), .. } => match csta::xml::decode(&body.bytes) {
            Ok(Message::Request(Request::MonitorStart(_))) => {
                let user = dialogs.iter().find(|(known, _)| known == dialog).map_or(0, |(_, user)| *user);
                let cross_ref = csta::CrossRefId(user.to_string().into());
                let response = MonitorStartResponse { cross_ref, monitor_existing_calls: None };
                (*transaction, Response::MonitorStart(response), 0)
            }
            Ok(Message::Request(Request::SnapshotDevice(_))) => {
                (*transaction, Response::SnapshotDevice(SnapshotDeviceResponse::default()), 1)
            }
            _ => (*transaction, Response::normal_status(), 0),
        },
        sip::Event::Requested { .. }
        | sip::Event::Accepted { .. }
        | sip::Event::Rejected { .. }
        | sip::Event::Answered { .. }
        | sip::Event::Failed { .. }
        | sip::Event::Ended { .. } => return 0,
    };
    let body = sip::Body::csta(csta::xml::encode(&response.into(), Edition::Ed3));
    agent.respond(Instant::now(), transaction, sip::Answer::new(200).with_body(body), out);
    monitored
}

/// The event's message; `None` for the end of a call that never began.
fn xml_of(event: usize, user: usize) -> Option<Vec<u8>> {
    const NS: &str = "http://www.ecma-international.org/standards/ecma-323/csta/ed3";
    let begins = event.is_multiple_of(2);
    let call = if begins { event / 2 } else { (event / 2).checked_sub(CALL_LENGTH)? } + FIRST_CALL;
    let device = format!("<deviceIdentifier>{user}</deviceIdentifier>");
    let monitor = format!("<monitorCrossRefID>{user}</monitorCrossRefID>");
    let connection = format!("<callID>{call}</callID><deviceID>{user}</deviceID>");
    let xml = if begins {
        format!(
            "<DeliveredEvent xmlns=\"{NS}\">{monitor}<connection>{connection}</connection>\
             <alertingDevice>{device}</alertingDevice>\
             <callingDevice><deviceIdentifier>{call}</deviceIdentifier></callingDevice>\
             <calledDevice>{device}</calledDevice><lastRedirectionDevice><notRequired/></lastRedirectionDevice>\
             <localConnectionInfo>alerting</localConnectionInfo><cause>newCall</cause></DeliveredEvent>"
        )
    } else {
        format!(
            "<ConnectionClearedEvent xmlns=\"{NS}\">{monitor}<droppedConnection>{connection}</droppedConnection>\
             <releasingDevice>{device}</releasingDevice><localConnectionInfo>null</localConnectionInfo>\
             <cause>normalClearing</cause></ConnectionClearedEvent>"
        )
    };
    Some(xml.into_bytes())
}

/// An INFO as the agent would write it, for the floor.
fn info(event: usize, xml: &[u8]) -> String {
    format!(
        "INFO sip:hookswitch@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5060;rport;branch=z9hG4bK{event}\r\n\
         Max-Forwards: 70\r\nFrom: <sip:1000@127.0.0.1>;tag=a\r\nTo: <sip:hookswitch@127.0.0.1>;tag=b\r\n\
         Call-ID: {event}@bench\r\nCSeq: {} INFO\r\nContent-Type: application/csta+xml\r\n\
         Content-Disposition: signal;handling=required\r\nContent-Length: {}\r\n\r\n{}",
        event + 1,
        xml.len(),
        String::from_utf8_lossy(xml)
    )
}

fn entropy() -> gateway::hub::Entropy {
    Box::new(|bytes| getrandom::fill(bytes).unwrap())
}
