//! Phones behind names (RFC 3263), with dnsmasq as the nameserver.

use std::net::SocketAddr;
use std::time::Duration;

use simulator::{Handset, PhoneConfig};
use tests::certificates::Authority;
use tests::gateway::RunningGateway;
use tests::peer::{self, Process};
use tests::receiver::Receiver;
use tokio::net::TcpStream;
use tokio::process::Command;

/// So long a phone may take to get what it waits for.
const PATIENCE: Duration = Duration::from_secs(20);

/// A nameserver that knows everything about the domain `test`.
struct Nameserver {
    address: SocketAddr,
    _process: Process,
}

impl Nameserver {
    /// Started with its records as options; `None` if dnsmasq is not there.
    async fn start(records: &[String]) -> Option<Self> {
        let program = peer::find("dnsmasq", "dnsmasq-base")?;
        let address = SocketAddr::from(([127, 0, 0, 1], peer::free_port()));
        let mut command = Command::new(program);
        command.args(["--keep-in-foreground", "--conf-file=/dev/null", "--pid-file=", "--log-facility=/dev/null"]);
        command.args([
            "--no-resolv",
            "--no-hosts",
            "--bind-interfaces",
            "--local=/test/",
            "--listen-address=127.0.0.1",
        ]);
        // Started by root it would become another user, who may not exist.
        command.arg("--user=").arg(format!("--port={}", address.port())).args(records);
        let process = Process::start(&mut command);
        soon(async {
            while TcpStream::connect(address).await.is_err() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await;
        Some(Self { address, _process: process })
    }
}

/// A gateway with one phone; `link` says where it is.
async fn gateway(nameserver: &Nameserver, link: &str, receiver: SocketAddr) -> RunningGateway {
    RunningGateway::start(&format!(
        r#"
        [sip]
        listen = ["udp:127.0.0.1:0", "udp:[::1]:0", "tcp:127.0.0.1:0"]
        nameservers = ["{}"]
        [[link]]
        name = "desk"
        kind = "uacsta"
        reconnect = {{ first = "200ms", max = "1s" }}
        {link}
        [[line]]
        number = "987"
        domain = "example.com"
        link = "desk"
        [[action_url]]
        on = ["inbound"]
        url = "http://{receiver}/<$action>?remote=<$remote_party>"
        [commands]
        enabled = true
        listen = ["127.0.0.1:0"]
        make_call = {{ enabled = true }}
        [[caller]]
        name = "test"
        networks = ["127.0.0.1/32"]
        auth = "none"
        lines = ["987"]
        commands = ["make_call"]
        "#,
        nameserver.address,
    ))
    .await
}

async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what).await.expect("not in good time")
}

/// The phone is found by the link's `uri`, and rings through.
async fn check(records: &[String], uri: &str, phone: Handset) {
    let Some(nameserver) = Nameserver::start(records).await else { return };
    let mut receiver = Receiver::start().await;
    let gateway = gateway(&nameserver, &format!("uri = {uri:?}"), receiver.address).await;
    soon(phone.wait_monitored()).await;
    phone.ring("0301234567", None);
    assert_eq!(receiver.next(1).await, ["GET /inbound?remote=0301234567"]);
    gateway.stop().await;
}

#[tokio::test]
async fn the_second_of_two_servers_is_used_when_the_first_is_dead() {
    let phone = Handset::udp(PhoneConfig::new("987")).await.expect("a socket");
    let (dead, alive) = (peer::free_port(), phone.address().port());
    let records = [
        format!("--srv-host=_sip._udp.office.test,one.office.test,{dead},10,0"),
        format!("--srv-host=_sip._udp.office.test,two.office.test,{alive},20,0"),
        "--host-record=one.office.test,127.0.0.1".into(),
        "--host-record=two.office.test,127.0.0.1".into(),
    ];
    check(&records, "sip:987@office.test", phone).await;
}

#[tokio::test]
async fn the_domain_prefers_tcp() {
    let phone = Handset::tcp(PhoneConfig::new("987")).await.expect("a socket");
    let (dead, alive) = (peer::free_port(), phone.address().port());
    let records = [
        "--naptr-record=office.test,20,10,s,SIP+D2U,,_sip._udp.office.test".into(),
        "--naptr-record=office.test,10,10,s,SIP+D2T,,_sip._tcp.office.test".into(),
        format!("--srv-host=_sip._udp.office.test,host.office.test,{dead}"),
        format!("--srv-host=_sip._tcp.office.test,host.office.test,{alive}"),
        "--host-record=host.office.test,127.0.0.1".into(),
    ];
    check(&records, "sip:987@office.test", phone).await;
}

#[tokio::test]
async fn a_name_with_an_ipv6_address_only() {
    let at = "[::1]:0".parse().expect("an address");
    let phone = Handset::start(PhoneConfig::new("987"), sip::Transport::Udp, at).await.expect("a socket");
    let uri = format!("sip:987@phone.office.test:{}", phone.address().port());
    check(&["--host-record=phone.office.test,::1".into()], &uri, phone).await;
}

/// The certificate is for the name that the administrator wrote, and not for one that the DNS put in its place (RFC 5922 4).
#[tokio::test]
async fn a_certificate_is_for_the_domain_and_not_for_its_server() {
    let authority = Authority::new("the PBX's authority");
    let tls = format!("uri = \"sips:987@office.test\"\ntls = {{ ca = {:?} }}", authority.file());
    for (name, is_believed) in [("office.test", true), ("host.office.test", false)] {
        let secure = authority.issue(name).phone(None, &authority);
        let at = "127.0.0.1:0".parse().expect("an address");
        let phone = Handset::tls(PhoneConfig::new("987"), secure, at).await.expect("a socket");
        let records = [
            "--naptr-record=office.test,10,10,s,SIPS+D2T,,_sips._tcp.office.test".into(),
            format!("--srv-host=_sips._tcp.office.test,host.office.test,{}", phone.address().port()),
            "--host-record=host.office.test,127.0.0.1".into(),
        ];
        let Some(nameserver) = Nameserver::start(&records).await else { return };
        let receiver = Receiver::start().await;
        let gateway = gateway(&nameserver, &tls, receiver.address).await;
        if is_believed {
            soon(phone.wait_monitored()).await;
        } else {
            soon(refused(&gateway, "its certificate is not for office.test")).await;
            assert!(!phone.look(simulator::Phone::is_monitored));
        }
        gateway.stop().await;
    }
}

/// A name that the DNS does not know is said so.
#[tokio::test]
async fn a_name_without_an_address_is_named() {
    let Some(nameserver) = Nameserver::start(&[]).await else { return };
    let receiver = Receiver::start().await;
    let gateway = gateway(&nameserver, "uri = \"sip:987@nobody.test\"", receiver.address).await;
    soon(refused(&gateway, "nobody.test has no address")).await;
    gateway.stop().await;
}

/// Waits until a dial is refused with these words.
async fn refused(gateway: &RunningGateway, says: &str) {
    // Another number each time: the same one would be a repeat.
    for number in 1_000.. {
        let (status, text) = gateway.get(&format!("/?action=make_call&target=0305551{number}")).await;
        if status == 503 && text.contains(says) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
