//! A gateway and a phone, from the first INVITE to the BYE.

use std::net::Ipv4Addr;

use tests::certificates::Authority;
use tests::gateway::RunningGateway;
use tests::receiver::Receiver;

use super::case::{Case, Login, MD5, OLD_MD5, PASSWORD, Transport, USERNAME};
use super::digest;
use super::process::Sipp;
use super::tls::Terminator;

/// Plays a case; the phone, or the proxy before it, is at this port.
pub(super) async fn play(case: Case, port: u16) {
    let mut receiver = Receiver::start().await;
    let authority = Authority::new("the phone's and the gateway's authority");
    let (gateway, mut phone, _tls) = match case.registers {
        true => called_back(case, port, &authority, &receiver).await,
        false => called(case, port, &authority, &receiver).await,
    };
    if let Some(dial) = &case.scenario.dial {
        phone.logs("ready").await;
        let number = dial.number.replace('+', "%2B");
        let (status, text) = gateway.get(&format!("/?action=make_call&target={number}")).await;
        assert_eq!((status, text.contains(dial.says)), (dial.status, true), "{text}");
    }
    let requests = receiver.next(case.scenario.requests.len()).await;
    assert_eq!(requests, case.scenario.requests, "{}", phone.story());
    phone.logs("done").await;
    gateway.stop().await;
    phone.succeeded().await;
    assert_eq!(receiver.rest(), Vec::<String>::new());
    check_requests(case, port, &phone);
}

/// The gateway calls the phone.
async fn called(
    case: Case,
    port: u16,
    authority: &Authority,
    receiver: &Receiver,
) -> (RunningGateway, Sipp, Option<Terminator>) {
    let phone = Sipp::start(case, port, None);
    let tls = match case.transport {
        Transport::Tls => Some(Terminator::before(port, &authority.issue("127.0.0.1")).await),
        Transport::Udp | Transport::Tcp => None,
    };
    let at = tls.as_ref().map_or(port, Terminator::port);
    let gateway = RunningGateway::start(&case.config(at, authority, receiver)).await;
    (gateway, phone, tls)
}

/// The phone registers first.
async fn called_back(
    case: Case,
    port: u16,
    authority: &Authority,
    receiver: &Receiver,
) -> (RunningGateway, Sipp, Option<Terminator>) {
    let gateway = RunningGateway::start(&case.config(port, authority, receiver)).await;
    let (udp, tcp) = gateway.sip();
    let (registrar, tls) = match case.transport {
        Transport::Udp => (udp[0], None),
        Transport::Tcp => (tcp[0], None),
        Transport::Tls => {
            let tls = Terminator::towards(gateway.sip_over_tls()[0], authority).await;
            ((Ipv4Addr::LOCALHOST, tls.port()).into(), Some(tls))
        }
    };
    let phone = Sipp::start(case, port, Some(registrar));
    (gateway, phone, tls)
}

/// What the gateway asked for was proven, and went through the proxy, as RFC 3261 wants it.
fn check_requests(case: Case, port: u16, phone: &Sipp) {
    let requests = phone.received();
    assert_eq!(requests.first().map(|request| request.method()), Some("INVITE"));
    match case.login {
        Some(login) => digest::check(&requests, login.challenge, USERNAME, PASSWORD),
        None => assert!(requests.iter().all(|request| request.login().is_none()), "{}", phone.story()),
    }
    if let Some(Login { status: "401", challenge: OLD_MD5 | MD5 }) = case.login {
        assert_eq!(
            phone.log(),
            ["verifyauth false", "verifyauth true", "done"],
            "sipp itself finds the answer to MD5 wrong"
        );
    }
    if case.proxy {
        for request in requests {
            let route = request.header("Route").unwrap_or_default();
            assert!(route.contains(&format!("sip:127.0.0.1:{port};")) && route.contains(";lr"), "{request}");
        }
    }
}
