//! Phones that register here (RFC 3261 10.3).

use std::net::SocketAddr;
use std::time::Duration;

use md5::{Digest, Md5};
use sha2::Sha256;
use sip::{
    Account, Config, Credentials, Discard, Event, Flow, Invite, Method, Register, RegistrarConfig, Registration,
    Transport,
};

use crate::net::{Net, Sent, address};

const REALM: &str = "hookswitch";
/// A phone behind a NAT: what it says of itself is not where it is.
const INSIDE: &str = "<sip:988@192.168.1.7:5060>";

/// A gateway with the accounts 987 and 988 (their passwords are `secret-987`, `secret-988`), and a SIP agent.
fn office(transport: Transport) -> Net {
    let account = |user: &str| Account { user: user.into(), password: format!("secret-{user}") };
    let registrar = RegistrarConfig { accounts: vec![account("987"), account("988")], ..RegistrarConfig::default() };
    let phone = Config { accept_invites: true, contact_user: "988".into(), ..Config::default() };
    Net::with(transport, [Config { registrar, ..Config::default() }, phone])
}

/// A phone that is nothing but its REGISTER requests, and proves who it is without the help of the crate.
#[derive(Clone)]
struct Client {
    user: &'static str,
    password: &'static str,
    source: SocketAddr,
    call_id: &'static str,
    number: u32,
    algorithm: &'static str,
    /// What it was challenged with, and how often it used that.
    nonce: Option<(String, u32)>,
    agent: String,
}

fn client() -> Client {
    let (source, nonce) = ("10.0.0.20:40000".parse().unwrap(), None);
    let agent = "a desk phone with a name and a list of abilities as long as real ones have them, or longer".repeat(3);
    let (user, password, call_id, algorithm) = ("988", "secret-988", "boot-1", "SHA-256");
    Client { user, password, source, call_id, number: 1, algorithm, nonce, agent }
}

impl Client {
    /// The next request, with these headers.
    fn request(&mut self, headers: &str) -> String {
        let Self { user, call_id, agent, .. } = self;
        let uri = "sip:10.0.0.1";
        let proof = self.nonce.as_mut().map(|(nonce, count)| {
            *count += 1;
            let hash = |text: String| match self.algorithm {
                "MD5" => hex(&Md5::digest(text)),
                _ => hex(&Sha256::digest(text)),
            };
            let key = hash(format!("{user}:{REALM}:{}", self.password));
            let asked = hash(format!("REGISTER:{uri}"));
            let response = hash(format!("{key}:{nonce}:{count:08x}:c:auth:{asked}"));
            format!(
                "Authorization: Digest username=\"{user}\", realm=\"{REALM}\", nonce=\"{nonce}\", uri=\"{uri}\", \
                 response=\"{response}\", algorithm={}, qop=auth, nc={count:08x}, cnonce=\"c\"\r\n",
                self.algorithm
            )
        });
        let proof = proof.unwrap_or_default();
        self.number += 1;
        let number = self.number;
        format!(
            "REGISTER {uri} SIP/2.0\r\nVia: SIP/2.0/UDP 192.168.1.7:5060;branch=z9hG4bK{call_id}{number};rport\r\n\
             From: <sip:{user}@10.0.0.1>;tag=1\r\nTo: <sip:{user}@10.0.0.1>\r\nCall-ID: {call_id}\r\n\
             CSeq: {number} REGISTER\r\nMax-Forwards: 70\r\nUser-Agent: {agent}\r\n{proof}{headers}\r\n"
        )
    }

    /// One request and its answer.
    fn ask(&mut self, net: &mut Net, headers: &str) -> Option<Sent> {
        let request = self.request(headers);
        self.hand_in(net, &request)
    }

    fn hand_in(&mut self, net: &mut Net, request: &str) -> Option<Sent> {
        net.sent.clear();
        net.inject(0, self.source, request.as_bytes());
        let answer = net.sent.pop();
        if let Some(challenge) = answer.as_ref().and_then(|answer| challenge(answer, self.algorithm)) {
            self.nonce = Some((param(&challenge, "nonce").unwrap(), 0));
        }
        answer
    }

    /// Registers as a phone does, with an answer to the challenge if there is one.
    fn register(&mut self, net: &mut Net, headers: &str) -> Sent {
        let first = self.ask(net, headers).unwrap();
        if first.what() == "401" { self.ask(net, headers).unwrap() } else { first }
    }

    fn status(&mut self, net: &mut Net, headers: &str) -> String {
        self.register(net, headers).what()
    }
}

fn challenge(answer: &Sent, algorithm: &str) -> Option<String> {
    let text = answer.text();
    let mut all =
        text.lines().filter_map(|line| line.strip_prefix("WWW-Authenticate:")?.trim().strip_prefix("Digest "));
    all.find(|challenge| challenge.contains(&format!("algorithm={algorithm},"))).map(str::to_owned)
}

fn param(challenge: &str, name: &str) -> Option<String> {
    let value = challenge.split(", ").find_map(|param| param.strip_prefix(&format!("{name}=")))?;
    Some(value.trim_matches('"').to_owned())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn contact(uri: &str) -> String {
    format!("Contact: {uri}\r\n")
}

fn contacts(answer: &Sent) -> Vec<String> {
    answer.text().lines().filter_map(|line| line.strip_prefix("Contact: ")).map(str::to_owned).collect()
}

/// The news since the last time: the contact, or `gone`.
fn news(net: &mut Net) -> Vec<String> {
    let all = std::mem::take(&mut net.registered);
    let word = |Registration { user, binding }: Registration| {
        let place = binding.map_or("gone".to_owned(), |binding| binding.contact.to_string());
        format!("{user} {place}")
    };
    all.into_iter().map(word).collect()
}

#[test]
fn a_phone_is_reached_where_its_registration_came_from() {
    let mut net = office(Transport::Udp);
    let mut phone = client();
    let answer = phone.register(&mut net, &contact(INSIDE));
    assert_eq!((answer.what().as_str(), contacts(&answer)), ("200", vec![format!("{INSIDE};expires=3600")]));
    let [Registration { user, binding: Some(binding) }] = net.registered.as_slice() else { panic!("no binding") };
    assert_eq!((user.as_str(), binding.flow.remote, binding.call_id.as_str()), ("988", phone.source, "boot-1"));
    assert_eq!(binding.expires_at, net.now + Duration::from_secs(3600));

    // The phone is invited on that way, and so is all that follows, whatever its Contact says.
    let (flow, uri) = (binding.flow, binding.contact.clone());
    let invite = Invite { pinned: true, ..Invite::new(flow, uri, "sip:hookswitch@10.0.0.1".parse().unwrap()) };
    let dialog = net.act(0, |agent, now, out| agent.invite(now, invite, out));
    let sent = net.sent.pop().unwrap();
    assert!(sent.text().starts_with("INVITE sip:988@192.168.1.7:5060 SIP/2.0\r\n"));
    let header = |name: &str| sent.header(name).unwrap();
    let ok = format!(
        "SIP/2.0 200 OK\r\nVia: {}\r\nFrom: {}\r\nTo: {};tag=2\r\nCall-ID: {}\r\nCSeq: 1 INVITE\r\nContact: {INSIDE}\r\n\r\n",
        header("Via"),
        header("From"),
        header("To"),
        header("Call-ID")
    );
    net.inject(0, phone.source, ok.as_bytes());
    net.act(0, |agent, now, out| agent.request(now, dialog, 1, Method::INFO, None, out));
    assert_eq!(net.kinds_by(0), ["ACK", "INFO"]);
    assert!(net.sent.iter().all(|sent| sent.flow == flow));
    let line = net.agents[0].remember(dialog).unwrap();
    net.sent.clear();
    let remembered = sip::Remembered::parse(&line).unwrap();
    net.act(0, |agent, now, out| agent.end_remembered(now, remembered, flow, None, out));
    assert_eq!((net.sent[0].what().as_str(), net.sent[0].flow), ("BYE", flow));
}

#[test]
fn two_agents_register_refresh_and_leave() {
    for transport in [Transport::Udp, Transport::Tcp] {
        let mut net = office(transport);
        let register = |expires| Register {
            flow: Flow { transport, local: address(1), remote: address(0) },
            registrar: "sip:10.0.0.1".parse().unwrap(),
            user: "sip:988@example.com".parse().unwrap(),
            credentials: Some(Credentials { username: "988".into(), password: "secret-988".into() }),
            expires: Duration::from_secs(expires),
        };
        let id = net.act(1, |agent, now, out| agent.register(now, register(600), out));
        net.settle();
        assert_eq!(net.kinds_by(1), ["REGISTER", "REGISTER"]);
        let events = net.events_of(1);
        assert!(
            matches!(events.as_slice(), [Event::Answered { dialog, answer, .. }] if *dialog == id && answer.status == 200)
        );
        assert!(net.sent.last().unwrap().header("Contact").unwrap().ends_with(">;expires=600"));
        assert_eq!(news(&mut net).len(), 1);
        for (expires, expected) in [(600, vec![]), (0, vec!["988 gone"])] {
            net.run(Duration::from_secs(250));
            net.sent.clear();
            net.act(1, |agent, now, out| agent.register_again(now, id, Duration::from_secs(expires), out));
            net.settle();
            assert_eq!(net.kinds_by(1).len(), if expires == 600 { 1 } else { 2 }, "a nonce is good for five minutes");
            assert_eq!(news(&mut net), expected);
        }
        // A new Call-ID is a phone that was restarted.
        net.act(1, |agent, now, out| agent.register(now, register(600), out));
        net.settle();
        assert_eq!(news(&mut net).len(), 1);
        net.act(1, |agent, now, out| agent.register(now, register(600), out));
        net.settle();
        assert_eq!(news(&mut net).len(), 1);
    }
}

#[test]
fn a_refresh_is_no_news_but_a_move_a_restart_and_an_end_are() {
    let mut net = office(Transport::Udp);
    let mut phone = client();
    phone.register(&mut net, &contact(INSIDE));
    let expected = ["988 sip:988@192.168.1.7:5060"];
    assert_eq!(news(&mut net), expected);
    net.run(Duration::from_secs(1800));
    assert_eq!(phone.register(&mut net, &contact(INSIDE)).what(), "200");
    assert_eq!(news(&mut net), Vec::<String>::new());
    let restarted = Client { call_id: "boot-2", number: 1, ..phone.clone() };
    let moved = Client { source: "10.0.0.20:40001".parse().unwrap(), number: 10, ..restarted.clone() };
    for mut phone in [restarted, moved.clone()] {
        assert_eq!(phone.status(&mut net, &contact(INSIDE)), "200");
        assert_eq!(news(&mut net), expected);
    }
    let mut moved = Client { number: 20, ..moved };
    assert_eq!(moved.status(&mut net, &contact("<sip:988@192.168.1.8>")), "200");
    assert_eq!(news(&mut net), ["988 sip:988@192.168.1.8"]);
    // The older one ends unnoticed, then the newer one.
    net.run(Duration::from_secs(3599));
    assert_eq!(news(&mut net), Vec::<String>::new());
    net.run(Duration::from_secs(2));
    assert_eq!(news(&mut net), ["988 gone"]);
    assert_eq!(net.agents[0].deadline(), None, "nothing is left to wait for");
}

#[test]
fn how_long_a_contact_is_bound() {
    let cases = [
        (contact(INSIDE), "200", vec!["3600"]),
        (format!("{}Expires: 120\r\n", contact(INSIDE)), "200", vec!["120"]),
        (format!("{}Expires: 120\r\n", contact(&format!("{INSIDE};expires=90"))), "200", vec!["90"]),
        (format!("{}Expires: soon\r\n", contact(INSIDE)), "200", vec!["3600"]),
        (format!("{}Expires: 86400\r\n", contact(INSIDE)), "200", vec!["3600"]),
        (format!("{}Expires: 60\r\n", contact(INSIDE)), "200", vec!["60"]),
        (format!("{}Expires: 59\r\n", contact(INSIDE)), "423", vec![]),
        (contact(&format!("{INSIDE};expires=0")), "200", vec![]),
        (contact(&format!("{INSIDE};expires=99, <sip:988@h:5070;transport=tcp>")), "200", vec!["99", "3600"]),
        (String::new(), "200", vec![]),
        (format!("{}Expires: 0\r\n", contact("*")), "200", vec![]),
        (contact("*"), "400", vec![]),
        (format!("{}Expires: 60\r\n", contact("*")), "400", vec![]),
        (format!("{}Expires: 0\r\n", contact(&format!("*, {INSIDE}"))), "400", vec![]),
        (contact("<sip:988@h?Route=%3Csip:r%3E>"), "200", vec!["3600"]),
        (contact("sip:988@h?Route=%3Csip:r%3E"), "400", vec![]),
        (contact("<tel:988>"), "400", vec![]),
        (contact("<mailto:988@h>"), "400", vec![]),
        (contact(&["<sip:988@h>"; 9].join(", ")), "400", vec![]),
        (format!("{}Require: gruu\r\n", contact(INSIDE)), "420", vec![]),
    ];
    for (headers, status, granted) in cases {
        let mut net = office(Transport::Udp);
        let answer = client().register(&mut net, &headers);
        let listed = contacts(&answer);
        let seconds: Vec<_> = listed.iter().filter_map(|contact| contact.rsplit('=').next()).collect();
        assert_eq!((answer.what().as_str(), seconds), (status, granted), "{headers}");
        assert_eq!(answer.header("Min-Expires").is_some(), status == "423");
    }
}

/// RFC 4475 3.3.12 to 3.3.14: what stands inside the brackets comes back, and what stands behind them does not.
#[test]
fn a_contact_comes_back_as_it_was_bound() {
    let inside = ["<sip:988@h;unknownparam>", "<sip:988@h?Route=%3Csip:r%3E>", "<sip:%00@h>"];
    let cases = inside.map(|uri| (uri, uri)).into_iter().chain([("sip:988@h;unknownparam", "<sip:988@h>")]);
    for (bound, listed) in cases {
        let answer = client().register(&mut office(Transport::Udp), &contact(bound));
        assert_eq!(contacts(&answer), [format!("{listed};expires=3600")]);
    }
}

#[test]
fn the_first_of_several_contacts_is_the_phone_and_the_others_stand_in() {
    let mut net = office(Transport::Udp);
    let mut phone = client();
    phone.register(&mut net, &contact("<sip:988@a>;expires=600, <sip:988@b>"));
    assert_eq!(news(&mut net), ["988 sip:988@a"]);
    net.run(Duration::from_secs(601));
    assert_eq!(news(&mut net), ["988 sip:988@b"]);
    assert_eq!(phone.status(&mut net, "Contact: *\r\nExpires: 0\r\n"), "200");
    assert_eq!(news(&mut net), ["988 gone"]);
    for n in 0..20 {
        let answer = phone.register(&mut net, &contact(&format!("<sip:988@host-{n}>")));
        assert_eq!(contacts(&answer).len(), 8.min(n + 1));
    }
}

#[test]
fn what_is_older_than_what_is_known_changes_nothing() {
    let mut net = office(Transport::Udp);
    let mut phone = client();
    phone.number = 10;
    assert_eq!(phone.status(&mut net, &contact(INSIDE)), "200");
    for headers in [contact(&format!("{INSIDE};expires=0, <sip:988@h>")), "Contact: *\r\nExpires: 0\r\n".to_owned()] {
        phone.number = 5;
        assert_eq!(phone.status(&mut net, &headers), "500");
    }
    phone.number = 30;
    assert_eq!(contacts(&phone.register(&mut net, "")), [format!("{INSIDE};expires=3600")]);
    assert_eq!(news(&mut net).len(), 1);
}

#[test]
fn a_repetition_is_answered_and_not_done_again() {
    let mut net = office(Transport::Udp);
    let mut phone = client();
    phone.ask(&mut net, "");
    let request = phone.request(&contact(INSIDE));
    let first = phone.hand_in(&mut net, &request).unwrap();
    let again = phone.hand_in(&mut net, &request).unwrap();
    assert_eq!((first.what().as_str(), first.bytes == again.bytes), ("200", true));
    // Long after, it is somebody who heard it.
    net.run(Duration::from_secs(40));
    let replay = phone.hand_in(&mut net, &request).unwrap();
    assert!(replay.what() == "401" && replay.text().contains("stale=true"), "{}", replay.text());
    assert_eq!(news(&mut net).len(), 1);
}

#[test]
fn a_nonce_is_good_for_its_source_and_its_time() {
    let mut net = office(Transport::Udp);
    let mut phone = client();
    phone.ask(&mut net, "");
    let elsewhere = Client { source: "10.0.0.21:40000".parse().unwrap(), ..phone.clone() };
    let (nonce, _) = phone.nonce.clone().unwrap();
    let forged = Client { nonce: Some((nonce.replace(&nonce[8..12], "ffff"), 0)), ..phone.clone() };
    let odd = Client { nonce: Some(("ä".repeat(13), 0)), ..phone.clone() };
    for (mut wrong, case) in [(elsewhere, "another source"), (forged, "forged"), (odd, "no nonce")] {
        let answer = wrong.ask(&mut net, "").unwrap();
        assert!(answer.what() == "401" && answer.text().contains("stale=true"), "{case}: {}", answer.text());
    }
    assert_eq!(phone.ask(&mut net, &contact(INSIDE)).unwrap().what(), "200");
    net.run(Duration::from_secs(301));
    let late = phone.ask(&mut net, "").unwrap();
    assert!(late.what() == "401" && late.text().contains("stale=true"), "{}", late.text());
    assert!(challenge(&late, "MD5").is_none(), "who takes SHA-256 is asked for nothing else: {}", late.text());
    assert_eq!(phone.ask(&mut net, "").unwrap().what(), "200");
    let md5 = Client { algorithm: "MD5", nonce: None, ..phone };
    assert_eq!(md5.clone().status(&mut net, ""), "200", "RFC 8760 does not make old phones useless");
}

#[test]
fn an_algorithm_that_is_not_offered_is_not_taken() {
    let mut net = office(Transport::Udp);
    let accounts = vec![Account { user: "988".into(), password: "secret-988".into() }];
    let registrar =
        RegistrarConfig { accounts, algorithms: vec![sip::digest::Algorithm::SHA_256], ..Default::default() };
    net.agents[0] = sip::Agent::new(Config { registrar, ..Config::default() }, crate::net::entropy(9));
    let mut phone = client();
    let asked = phone.ask(&mut net, "").unwrap();
    assert!(!asked.text().contains("MD5"), "{}", asked.text());
    let mut old = Client { algorithm: "MD5", ..phone.clone() };
    assert_eq!(old.ask(&mut net, "").unwrap().what(), "401");
    assert_eq!(phone.ask(&mut net, "").unwrap().what(), "200");
}

/// Who is configured cannot be found out, and passwords cannot be tried for long.
#[test]
fn an_unknown_user_looks_like_a_wrong_password() {
    let mut net = office(Transport::Udp);
    let wrong = Client { password: "guess", ..client() };
    let unknown = Client { user: "989", ..client() };
    let somebody_else = Client { user: "987", password: "secret-988", ..client() };
    let answers: Vec<String> = [wrong.clone(), unknown, somebody_else]
        .into_iter()
        .map(|mut client| {
            let answer = client.register(&mut net, &contact(INSIDE));
            let (nonce, _) = client.nonce.unwrap();
            let tag = answer.header("To").unwrap().split(";tag=").nth(1).unwrap().to_owned();
            answer.text().replace(&nonce, "NONCE").replace(&tag, "TAG").replace(client.user, "USER")
        })
        .collect();
    assert!(answers[0].starts_with("SIP/2.0 401 ") && !answers[0].contains("stale"), "{}", answers[0]);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");

    let mut wrong = wrong;
    let mut statuses: Vec<String> = (0..9).map(|_| wrong.status(&mut net, "")).collect();
    statuses.dedup();
    assert_eq!(statuses, ["401", "503"], "ten a minute and source");
    let locked = client().register(&mut net, &contact(INSIDE));
    assert_eq!((locked.what().as_str(), locked.header("Retry-After").as_deref()), ("503", Some("60")));
    let mut elsewhere = Client { source: "10.0.0.21:40000".parse().unwrap(), ..client() };
    assert_eq!(elsewhere.status(&mut net, &contact(INSIDE)), "200");
    net.run(Duration::from_secs(60));
    assert_eq!(client().status(&mut net, ""), "200");
    assert_eq!(news(&mut net).len(), 1);
}

/// Some phones give up when they see a hash that they do not know, also as the second one, and try again later.
#[test]
fn who_comes_again_without_a_proof_is_asked_for_md5_alone() {
    let offered = |net: &mut _| {
        let answer = Client { nonce: None, ..client() }.ask(net, "").unwrap();
        ["MD5", "SHA-256"].map(|algorithm| challenge(&answer, algorithm).is_some())
    };
    for transport in [Transport::Tcp, Transport::Udp] {
        let mut net = office(transport);
        assert_eq!([offered(&mut net), offered(&mut net)], [[true, true], [true, false]]);
        let beside = Client { user: "987", nonce: None, ..client() }.ask(&mut net, "").unwrap();
        assert!(challenge(&beside, "SHA-256").is_some(), "another phone behind the same address");
        net.run(Duration::from_secs(61));
        assert_eq!(offered(&mut net), [true, true]);
        // Who has answered is nobody who gave up.
        assert_eq!(Client { algorithm: "MD5", ..client() }.status(&mut net, ""), "200");
        assert_eq!(offered(&mut net), [true, true]);
    }
}

/// Over UDP nobody has proven where he is: he gets what fits into what he sent.
#[test]
fn a_challenge_is_never_larger_than_the_request() {
    let mut seen = Vec::new();
    for length in (0..300).rev() {
        let mut net = office(Transport::Udp);
        let mut phone = Client { agent: "x".repeat(length), ..client() };
        let request = phone.request("");
        let answer = phone.hand_in(&mut net, &request);
        seen.push(match &answer {
            Some(answer) => {
                assert!(answer.bytes.len() <= request.len(), "{} > {}", answer.bytes.len(), request.len());
                let offered = ["SHA-256", "MD5"].map(|algorithm| challenge(answer, algorithm).is_some());
                (offered, answer.text().starts_with("SIP/2.0 401 -\r\nVia: "))
            }
            None => {
                assert_eq!(net.discarded, [(0, Discard::Amplifies { status: 401 })]);
                ([false, false], false)
            }
        });
        assert_eq!(net.agents[0].deadline(), None, "no state is kept for a stranger");
    }
    seen.dedup();
    let md5 = |bare| ([false, true], bare);
    let expected = [([true, true], false), md5(false), md5(true), md5(false), ([false, false], false)];
    assert_eq!(seen, expected);
    let mut net = office(Transport::Tcp);
    let short = Client { agent: String::new(), ..client() }.ask(&mut net, "").unwrap();
    assert!(challenge(&short, "SHA-256").is_some(), "over a stream nobody can pretend to be somebody else");
    let first = short.header("WWW-Authenticate").unwrap();
    assert!(first.contains("algorithm=SHA-256"), "the preferred one is first (RFC 8760 2.3): {first}");
}

#[test]
fn who_registered_over_a_connection_is_gone_with_it() {
    let mut net = office(Transport::Tcp);
    let mut phone = client();
    phone.register(&mut net, &contact(INSIDE));
    let other = Flow { transport: Transport::Tcp, local: address(0), remote: "10.0.0.21:40000".parse().unwrap() };
    net.act(0, |agent, now, out| agent.flow_failed(now, other, out));
    assert_eq!(news(&mut net), ["988 sip:988@192.168.1.7:5060"]);
    net.act(0, |agent, now, out| agent.flow_failed(now, Flow { remote: phone.source, ..other }, out));
    assert_eq!(news(&mut net), ["988 gone"]);
}

#[test]
fn users_and_passwords_are_never_shown() {
    let account = Account { user: "0301234567".into(), password: "hunter2".into() };
    let config = RegistrarConfig { accounts: vec![account], ..RegistrarConfig::default() };
    let registration = Registration { user: "0301234567".into(), binding: None };
    let shown = format!("{config:?} {registration:?}");
    assert!(!shown.contains("hunter2") && !shown.contains("030"), "{shown}");
}
