//! One phone with two identities: one session, a monitor for each.

use std::time::{Duration, Instant};

use csta::{
    ConnectionId, CrossRefId, CstaError, DeviceId, Edition, Event, EventKind, Message, MonitorObject,
    MonitorStartResponse, Request, Response, SnapshotDeviceResponse, SubjectDevice, xml,
};
use sip::{Agent, Answer, Body, DialogId, Flow, Method, Output, Transport};
use tests::gateway::RunningGateway;
use tests::receiver::Receiver;
use tokio::net::UdpSocket;

use super::{PATIENCE, within};

const DEVICES: [&str; 2] = ["sip:987@pbx.example.com", "sip:988@pbx.example.com"];

#[tokio::test]
async fn each_line_has_its_own_calls() {
    let mut receiver = Receiver::start().await;
    let mut phone = TwoLines::new().await;
    let gateway = RunningGateway::start(&configuration(&phone, &receiver)).await;
    within("both monitors", phone.run_until(|phone| phone.compared == 2)).await;
    phone.rings(0, "0301");
    phone.rings(1, "0302");
    within("both acknowledgements", phone.run_until(|phone| phone.acknowledged == 2)).await;
    let mut requests = receiver.next(2).await;
    requests.sort();
    assert_eq!(requests, ["GET /987/inbound/0301", "GET /reception/inbound/0302"]);
    assert_eq!(phone.invites, 1, "one session for both");
    gateway.stop().await;
}

fn configuration(phone: &TwoLines, receiver: &Receiver) -> String {
    let [first, second] = DEVICES;
    format!(
        r#"
        [sip]
        listen = ["udp:127.0.0.1:0"]
        [[link]]
        name = "desk"
        kind = "uacsta"
        uri = "sip:987@{phone}"
        [[line]]
        number = "987"
        link = "desk"
        device = "{first}"
        [[line]]
        id = "reception"
        number = "988"
        link = "desk"
        device = "{second}"
        [[action_url]]
        on = ["inbound"]
        url = "http://{receiver}/<$line>/<$action>/<$remote_party>"
        "#,
        phone = phone.socket.local_addr().unwrap(),
        receiver = receiver.address,
    )
}

/// A phone that serves little, but that for two devices. It rings on both under the same callID, as phones do that
/// count the calls of each line.
struct TwoLines {
    agent: Agent,
    socket: UdpSocket,
    pending: Vec<Output>,
    dialog: Option<DialogId>,
    /// The monitor of each device.
    monitors: [Option<CrossRefId>; 2],
    invites: u32,
    compared: u32,
    acknowledged: u32,
}

impl TwoLines {
    async fn new() -> Self {
        let config = sip::Config { accept_invites: true, ..sip::Config::default() };
        Self {
            agent: Agent::new(config, Box::new(|bytes| getrandom::fill(bytes).unwrap())),
            socket: UdpSocket::bind("127.0.0.1:0").await.unwrap(),
            pending: Vec::new(),
            dialog: None,
            monitors: [None, None],
            invites: 0,
            compared: 0,
            acknowledged: 0,
        }
    }

    fn rings(&mut self, line: usize, from: &str) {
        let device = || Some(SubjectDevice::Device(DeviceId::new(DEVICES[line])));
        let event = Event {
            connection: Some(ConnectionId::new("7", DEVICES[line])),
            device: device(),
            calling: Some(SubjectDevice::Device(DeviceId::new(from))),
            called: device(),
            ..Event::new(self.monitors[line].clone().unwrap(), EventKind::Delivered)
        };
        let body = Some(body(&Message::Event(event)));
        self.agent.request(Instant::now(), self.dialog.unwrap(), 0, Method::INFO, body, &mut self.pending);
    }

    async fn run_until(&mut self, done: impl Fn(&Self) -> bool) {
        let mut buffer = vec![0; 65_536];
        loop {
            while !self.pending.is_empty() {
                for output in std::mem::take(&mut self.pending) {
                    match output {
                        Output::Transmit { flow, bytes } => {
                            self.socket.send_to(&bytes, flow.remote).await.unwrap();
                        }
                        Output::Event(event) => self.handle(event),
                        Output::Discarded { reason, .. } => panic!("{reason}"),
                        Output::Disconnect { .. } | Output::Recognised { .. } | Output::Registered(_) => {}
                    }
                }
            }
            if done(self) {
                return;
            }
            let now = Instant::now();
            let due = self.agent.deadline().map_or(PATIENCE, |at| at.saturating_duration_since(now));
            match tokio::time::timeout(due.max(Duration::from_millis(1)), self.socket.recv_from(&mut buffer)).await {
                Ok(Ok((length, remote))) => {
                    let flow = Flow { transport: Transport::Udp, local: self.socket.local_addr().unwrap(), remote };
                    self.agent.receive(Instant::now(), flow, &buffer[..length], &mut self.pending);
                }
                Ok(Err(error)) => panic!("{error}"),
                Err(_) => self.agent.timeout(Instant::now(), &mut self.pending),
            }
        }
    }

    #[allow(clippy::wildcard_enum_match_arm)] // it knows what it is asked
    fn handle(&mut self, event: sip::Event) {
        let (transaction, message) = match event {
            sip::Event::Invited { dialog, transaction, .. } => {
                (self.dialog, self.invites) = (Some(dialog), self.invites + 1);
                (transaction, Response::normal_status().into())
            }
            sip::Event::Requested { transaction, body, .. } => match xml::decode(&body.unwrap().bytes) {
                Ok(Message::Request(request)) => (transaction, self.serve(request)),
                message => panic!("{message:?}"),
            },
            sip::Event::Answered { answer, .. } => {
                self.acknowledged += u32::from(answer.status == 200);
                return;
            }
            event => panic!("{event:?}"),
        };
        let answer = Answer::new(200).with_body(body(&message));
        self.agent.respond(Instant::now(), transaction, answer, &mut self.pending);
    }

    #[allow(clippy::wildcard_enum_match_arm)] // it serves little
    fn serve(&mut self, request: Request) -> Message {
        match request {
            Request::MonitorStart(start) => {
                let MonitorObject::Device(device) = start.object else { panic!("no device") };
                let line = DEVICES.iter().position(|name| *name == device.text).unwrap();
                let cross_ref = CrossRefId(format!("{}", 70 + line).into());
                self.monitors[line] = Some(cross_ref.clone());
                Response::MonitorStart(MonitorStartResponse { cross_ref, monitor_existing_calls: None }).into()
            }
            Request::SnapshotDevice(_) => {
                self.compared += 1;
                Response::SnapshotDevice(SnapshotDeviceResponse::default()).into()
            }
            Request::RequestSystemStatus(_) => Response::normal_status().into(),
            _ => CstaError::service_not_supported().into(),
        }
    }
}

fn body(message: &Message) -> Body {
    Body::csta(xml::encode(message, Edition::Ed3))
}
