//! A desk phone made of ezk, a SIP stack of other people in Rust: called by the gateway, or registered at it.

use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use ezk_sip_auth::{DigestAuthenticator, DigestCredentials, DigestUser};
use ezk_sip_core::transport::OutgoingResponse;
use ezk_sip_core::{Endpoint, IncomingRequest, Layer, MayTake};
use ezk_sip_types::header::typed::Contact;
use ezk_sip_types::uri::{NameAddr, SipUri};
use ezk_sip_types::{Headers, Method, Name, StatusCode};
use ezk_sip_ua::dialog::{Dialog, DialogLayer, Usage};
use ezk_sip_ua::invite::InviteLayer;
use ezk_sip_ua::invite::acceptor::InviteAcceptor;
use ezk_sip_ua::invite::session::{InviteSession, InviteSessionEvent};
use ezk_sip_ua::{RegistrarConfig, Registration};
use tests::capture::{Capture, SESSION};
use tests::peer;
use tokio::sync::{Notify, mpsc};

use super::desk::{Desk, within};

const PASSWORD: &str = "correct horse";

#[tokio::test]
async fn ezk_is_called_over_udp() {
    called("udp").await;
}

#[tokio::test]
async fn ezk_is_called_over_tcp() {
    called("tcp").await;
}

#[tokio::test]
async fn ezk_registers_over_udp() {
    called_back("udp").await;
}

#[tokio::test]
async fn ezk_registers_over_tcp() {
    called_back("tcp").await;
}

async fn called(transport: &str) {
    let address = SocketAddr::from(([127, 0, 0, 1], peer::free_port()));
    let (endpoint, ended) = phone(transport, address).await;
    let Some(capture) = Capture::start(&[address.port()], &[]).await else { return };
    let link = format!("uri = \"sip:987@{address};transport={transport}\"");
    let mut desk = Desk::open(&format!("listen = [\"{transport}:127.0.0.1:0\"]"), &link).await;
    check(&mut desk).await;
    desk.close().await;
    within("the BYE", ended).await;
    drop(endpoint);
    capture.stop().await.assert_sound(&SESSION).await;
}

async fn called_back(transport: &str) {
    let (registrar, address) = (peer::free_port(), SocketAddr::from(([127, 0, 0, 1], peer::free_port())));
    let Some(capture) = Capture::start(&[registrar], &[]).await else { return };
    let account = format!("register = true\nusername = \"987\"\npassword = \"{PASSWORD}\"");
    let mut desk = Desk::open(&format!("listen = [\"{transport}:127.0.0.1:{registrar}\"]"), &account).await;
    let (endpoint, ended) = phone(transport, address).await;
    let mut credentials = DigestCredentials::new();
    credentials.set_default(DigestUser::new("987", PASSWORD));
    let registrar: SipUri = format!("sip:127.0.0.1:{registrar};transport={transport}").parse().expect("a URI");
    let config = RegistrarConfig::new("987".to_owned(), registrar);
    let registered = Registration::register(endpoint, config, DigestAuthenticator::new(credentials)).await;
    let registration = registered.unwrap_or_else(|error| panic!("ezk does not register: {error}"));
    check(&mut desk).await;
    drop(registration);
    desk.says("the phone is not registered any more").await;
    within("the BYE", ended).await;
    desk.close().await;
    capture.stop().await.assert_sound(&[SESSION.as_slice(), &["REGISTER"]].concat()).await;
}

/// The phone reports one call.
async fn check(desk: &mut Desk) {
    for request in ["inbound?remote=0301234567&result=", "connected?remote=0301234567&result="] {
        desk.expects(request).await;
    }
    desk.expects("disconnected?remote=0301234567&result=answered").await;
}

/// A phone at this address, and the end of its first session.
async fn phone(transport: &str, address: SocketAddr) -> (Endpoint, impl Future<Output = ()>) {
    let (sender, mut ended) = mpsc::channel(1);
    let mut builder = Endpoint::builder();
    match transport {
        "udp" => drop(builder.bind_udp(address).await.expect("a socket")),
        _ => builder.listen_tcp(address).await.expect("a socket"),
    }
    builder.add_layer(DialogLayer::default());
    builder.add_layer(InviteLayer::default());
    builder.add_layer(Phone { address, ended: sender });
    (builder.build(), async move { ended.recv().await.expect("a session that ended") })
}

/// Takes every INVITE.
struct Phone {
    address: SocketAddr,
    ended: mpsc::Sender<()>,
}

/// Serves CSTA inside a session.
struct Csta {
    monitored: Arc<Notify>,
}

#[async_trait]
impl Layer for Phone {
    fn name(&self) -> &'static str {
        "phone"
    }

    async fn receive(&self, endpoint: &Endpoint, request: MayTake<'_, IncomingRequest>) {
        if request.line.method == Method::INVITE {
            let (endpoint, invite) = (endpoint.clone(), request.take());
            let (contact, ended) = (format!("sip:987@{}", self.address), self.ended.clone());
            tokio::spawn(async move {
                let contact = Contact::new(NameAddr::uri(contact.parse::<SipUri>().expect("a URI")));
                let dialog = Dialog::new_server(endpoint, &invite, contact).expect("a dialog");
                session(dialog, invite).await;
                let _ = ended.send(()).await;
            });
        }
    }
}

#[async_trait]
impl Usage for Csta {
    fn name(&self) -> &'static str {
        "csta"
    }

    async fn receive(&self, endpoint: &Endpoint, request: MayTake<'_, IncomingRequest>) {
        if request.line.method != Method::INFO {
            return;
        }
        let mut info = request.take();
        let asked = String::from_utf8_lossy(&info.body).into_owned();
        let (answer, monitored) = match asked {
            asked if asked.contains("<MonitorStart ") => {
                ("<MonitorStartResponse {}><monitorCrossRefID>17</monitorCrossRefID></MonitorStartResponse>", false)
            }
            asked if asked.contains("<SnapshotDevice ") => (
                "<SnapshotDeviceResponse {}><crossRefIDorSnapshotData><snapshotData/></crossRefIDorSnapshotData></SnapshotDeviceResponse>",
                true,
            ),
            asked if asked.contains("<MonitorStop ") => ("<MonitorStopResponse {}/>", false),
            asked => {
                assert!(asked.contains("<RequestSystemStatus "), "{asked}");
                (STATUS, false)
            }
        };
        let mut response = endpoint.create_response(&info, StatusCode::OK, None);
        csta(&mut response.msg.headers, &mut response.msg.body, answer);
        let transaction = endpoint.create_server_tsx(&mut info);
        transaction.respond(response).await.expect("a way to the gateway");
        if monitored {
            self.monitored.notify_one();
        }
    }
}

const STATUS: &str =
    "<RequestSystemStatusResponse {}><systemStatus>normal</systemStatus></RequestSystemStatusResponse>";

/// A session from INVITE to BYE; one call is reported in it.
async fn session(dialog: Dialog, invite: IncomingRequest) {
    let monitored = Arc::new(Notify::new());
    let _usage = dialog.register_usage(Csta { monitored: monitored.clone() });
    let acceptor = InviteAcceptor::new(dialog, invite);
    let mut response: OutgoingResponse = acceptor.create_response(StatusCode::OK, None).await.expect("an answer");
    csta(&mut response.msg.headers, &mut response.msg.body, STATUS);
    let (mut session, _) = acceptor.respond_success(response).await.expect("an ACK");
    loop {
        tokio::select! {
            () = monitored.notified() => report(&session).await,
            event = session.run() => match event.expect("an event") {
                InviteSessionEvent::Bye(bye) => return session.handle_bye(bye).await.expect("a way to the gateway"),
                InviteSessionEvent::RefreshNeeded
                | InviteSessionEvent::Notify(_)
                | InviteSessionEvent::ReInviteReceived(_)
                | InviteSessionEvent::Terminated => panic!("nothing but BYE is expected"),
            }
        }
    }
}

/// A call that rings, is answered and ends; each event waits for the answer to the one before.
async fn report(session: &InviteSession) {
    let steps = [
        ("Delivered", "connection", "newCall", "alerting"),
        ("Established", "establishedConnection", "newCall", "connected"),
        ("ConnectionCleared", "droppedConnection", "normalClearing", "null"),
    ];
    for (event, connection, cause, state) in steps {
        let parties = match event {
            "ConnectionCleared" => {
                "<releasingDevice><deviceIdentifier>sip:987@example.com</deviceIdentifier></releasingDevice>".to_owned()
            }
            _ => {
                let third = if event == "Delivered" { "alertingDevice" } else { "answeringDevice" };
                format!(
                    "<{third}><deviceIdentifier>sip:987@example.com</deviceIdentifier></{third}>\
                     <callingDevice><deviceIdentifier>0301234567</deviceIdentifier></callingDevice>\
                     <calledDevice><deviceIdentifier>sip:987@example.com</deviceIdentifier></calledDevice>\
                     <lastRedirectionDevice><notRequired/></lastRedirectionDevice>"
                )
            }
        };
        let xml = format!(
            "<{event}Event {{}}><monitorCrossRefID>17</monitorCrossRefID>\
             <{connection}><callID>1</callID><deviceID>sip:987@example.com</deviceID></{connection}>{parties}\
             <localConnectionInfo>{state}</localConnectionInfo><cause>{cause}</cause></{event}Event>"
        );
        let mut info = session.dialog.create_request(Method::INFO, None);
        csta(&mut info.headers, &mut info.body, &xml);
        let mut target = session.dialog.target_tp_info.lock().await;
        let mut transaction = session.endpoint.send_request(info, &mut target).await.expect("a way to the gateway");
        drop(target);
        let answer = transaction.receive_final().await.expect("an answer");
        assert_eq!(answer.line.code, StatusCode::OK, "{event}");
    }
}

/// A body of CSTA; `{}` is where the namespace stands.
fn csta(headers: &mut Headers, body: &mut bytes::Bytes, xml: &str) {
    headers.insert(Name::CONTENT_TYPE, "application/csta+xml");
    headers.insert(Name::custom("Content-Disposition", &[]), "signal;handling=required");
    *body = xml.replacen("{}", "xmlns=\"http://www.ecma-international.org/standards/ecma-323/csta/ed3\"", 1).into();
}
