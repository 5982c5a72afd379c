//! Digest authentication: the vectors, and a phone that challenges.

use sip::digest::{Algorithm, Authorization, Challenge};
use sip::{Answer, Credentials, Event, Failure, Invite, Method, Transport};

use crate::corpora;
use crate::net::{Net, Sent};

#[test]
fn the_vectors_of_the_rfcs() {
    let Some(folder) = corpora::folder("digest") else { return };
    let text = std::fs::read_to_string(folder.join("vectors.json")).unwrap();
    let vectors: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
    assert!(vectors.len() >= 6);
    for vector in vectors {
        let field = |name: &str| vector.get(name).and_then(|value| value.as_str());
        let mut header = String::from("Digest ");
        for name in ["username", "realm", "nonce", "uri", "algorithm", "cnonce", "nc", "qop", "opaque"] {
            let value = field(name);
            header.extend(value.map(|value| format!("{name}=\"{value}\", ")));
        }
        header.push_str(&format!("response=\"{}\"", field("computed").unwrap()));
        let proof = Authorization::parse(&header).unwrap();
        let (method, password) = (field("method").unwrap(), field("password").unwrap());
        assert!(proof.verify(method, password), "{}", field("source").unwrap());
        assert!(!proof.verify(method, "another password"));
        assert!(!proof.verify("PUT", password));
    }
}

/// What a phone does that challenges every request.
struct Guard {
    challenges: Vec<String>,
    password: &'static str,
}

fn guard(algorithms: &[&str]) -> Guard {
    let challenge = |name: &&str| {
        let qop = if name.is_empty() { "" } else { ", qop=\"auth,auth-int\"" };
        let algorithm = if name.is_empty() { String::new() } else { format!(", algorithm={name}") };
        format!("Digest realm=\"Büro, 1. OG\", nonce=\"n0\"{algorithm}{qop}, opaque=\"o\"")
    };
    Guard { challenges: algorithms.iter().map(challenge).collect(), password: "secret" }
}

impl Guard {
    fn judge(&self, authorization: Option<&str>, method: &str) -> Answer {
        let proof = authorization.and_then(Authorization::parse);
        if proof.is_some_and(|proof| proof.username == "cti" && proof.verify(method, self.password)) {
            return Answer::new(200);
        }
        let answer = Answer::new(401);
        self.challenges.iter().fold(answer, |answer, one| answer.with_header("WWW-Authenticate", one))
    }

    /// Answers all that the phone was asked, until nothing more comes.
    fn serve(&self, net: &mut Net) {
        loop {
            net.settle();
            let asked = net.events_of(1);
            if asked.is_empty() {
                return;
            }
            for event in asked {
                let (transaction, method, authorization) = match event {
                    Event::Invited { transaction, authorization, .. } => (transaction, Method::INVITE, authorization),
                    Event::Requested { transaction, method, authorization, .. } => (transaction, method, authorization),
                    _ => continue,
                };
                let answer = self.judge(authorization.as_deref(), method.as_str());
                net.act(1, |agent, now, out| agent.respond(now, transaction, answer, out));
            }
        }
    }
}

fn guarded(password: &str) -> (Net, Invite) {
    let mut net = Net::new(Transport::Udp);
    net.polite = false;
    let credentials = Credentials { username: "cti".into(), password: password.into() };
    let invite = Invite { credentials: Some(credentials), ..net.invite() };
    (net, invite)
}

fn count(sent: &Sent) -> Option<String> {
    let value = sent.header("Authorization")?;
    let (_, rest) = value.split_once("nc=")?;
    rest.get(..8).map(str::to_owned)
}

#[test]
fn challenges_are_met_and_the_nonce_is_used_on() {
    for algorithms in [&["MD5"][..], &["SHA-256"], &["MD5-sess"], &["SHA-256-sess"], &["SHA-512-256"], &[""]] {
        let (mut net, invite) = guarded("secret");
        let guard = guard(algorithms);
        let dialog = net.act(0, |agent, now, out| agent.invite(now, invite, out));
        guard.serve(&mut net);
        assert!(matches!(net.events_of(0).as_slice(), [Event::Accepted { .. }]), "{algorithms:?}");
        assert_eq!(net.kinds_by(0), ["INVITE", "ACK", "INVITE", "ACK"]);
        let same = |name: &str| net.sent[0].header(name) == net.sent.last().unwrap().header(name);
        assert!(same("Call-ID") && same("From"));
        let acknowledged = net.sent.last().unwrap().header("Authorization");
        assert!(acknowledged.is_some(), "the ACK carries the credentials of its INVITE (RFC 3261 22.1)");

        net.sent.clear();
        net.act(0, |agent, now, out| agent.request(now, dialog, 1, Method::INFO, None, out));
        guard.serve(&mut net);
        assert_eq!(net.kinds_by(0), ["INFO"], "known by the nonce it had");
        if !algorithms.contains(&"") {
            assert_eq!(count(&net.sent[0]).as_deref(), Some("00000002"));
        }
        assert!(matches!(net.events_of(0).as_slice(), [Event::Answered { tag: 1, answer, .. }] if answer.is_success()));
    }
}

#[test]
fn the_stronger_challenge_is_met() {
    let (mut net, invite) = guarded("secret");
    net.act(0, |agent, now, out| agent.invite(now, invite, out));
    guard(&["MD5", "SHA-256", "NewHash"]).serve(&mut net);
    let proof = net.sent.last().unwrap().header("Authorization").unwrap();
    assert!(proof.contains("algorithm=SHA-256"), "{proof}");
    assert!(matches!(net.events_of(0).as_slice(), [Event::Accepted { .. }]));
}

#[test]
fn a_wrong_password_is_tried_once() {
    let (mut net, invite) = guarded("wrong");
    net.act(0, |agent, now, out| agent.invite(now, invite, out));
    guard(&["MD5"]).serve(&mut net);
    assert_eq!(net.kinds_by(0), ["INVITE", "ACK", "INVITE", "ACK"]);
    let events = net.events_of(0);
    assert!(matches!(events.as_slice(), [Event::Rejected { failure: Failure::Status(answer), .. }]
        if answer.status == 401));
}

/// Two requests in flight meet the same challenge: each proof has a count of its own, or the second is a replay.
#[test]
fn requests_in_flight_share_a_nonce_but_not_its_count() {
    let (mut net, invite) = guarded("secret");
    net.polite = true;
    let dialog = net.act(0, |agent, now, out| agent.invite(now, invite, out));
    net.settle();
    net.polite = false;
    net.events.clear();
    net.sent.clear();
    for tag in [1, 2] {
        net.act(0, |agent, now, out| agent.request(now, dialog, tag, Method::INFO, None, out));
    }
    guard(&["SHA-256"]).serve(&mut net);
    let counts: Vec<_> = net.sent.iter().filter_map(count).collect();
    assert_eq!(counts, ["00000001", "00000002"]);
    let events = net.events_of(0);
    assert_eq!(events.len(), 2);
    assert!(events.iter().all(|event| matches!(event, Event::Answered { answer, .. } if answer.is_success())));
}

#[test]
fn a_nonce_that_is_refused_is_not_tried_again() {
    let (mut net, invite) = guarded("secret");
    let dialog = net.act(0, |agent, now, out| agent.invite(now, invite, out));
    guard(&["MD5"]).serve(&mut net);
    net.events_of(0);
    net.sent.clear();
    net.act(0, |agent, now, out| agent.request(now, dialog, 1, Method::INFO, None, out));
    Guard { password: "changed", ..guard(&["MD5"]) }.serve(&mut net);
    assert_eq!(net.kinds_by(0), ["INFO"]);
    assert!(matches!(net.events_of(0).as_slice(), [Event::Answered { tag: 1, answer, .. }] if answer.status == 401));
}

#[test]
fn a_challenge_that_cannot_be_met_is_a_plain_refusal() {
    for challenge in ["Digest realm=\"r\", nonce=\"n\", algorithm=NewHash", "Basic realm=\"r\"", "Digest", ""] {
        let (mut net, invite) = guarded("secret");
        net.act(0, |agent, now, out| agent.invite(now, invite, out));
        Guard { challenges: vec![challenge.into()], password: "secret" }.serve(&mut net);
        assert_eq!(net.kinds_by(0), ["INVITE", "ACK"], "{challenge}");
    }
}

#[test]
fn a_stale_nonce_is_replaced() {
    let (mut net, invite) = guarded("secret");
    let dialog = net.act(0, |agent, now, out| agent.invite(now, invite, out));
    guard(&["MD5"]).serve(&mut net);
    net.events_of(0);
    net.sent.clear();
    net.act(0, |agent, now, out| agent.request(now, dialog, 1, Method::INFO, None, out));
    net.settle();
    // The nonce of the INVITE is refused, then the new one as too old, then a third is taken.
    for (nonce, stale, expected) in [("n1", false, 2), ("n2", true, 3)] {
        let events = net.events_of(1);
        let [Event::Requested { transaction, .. }] = events.as_slice() else { panic!("{events:?}") };
        let challenge = Challenge { stale, ..Challenge::new("r", nonce, Algorithm::SHA_256) };
        let answer = Answer::new(401).with_header("WWW-Authenticate", challenge);
        net.act(1, |agent, now, out| agent.respond(now, *transaction, answer, out));
        net.settle();
        assert_eq!(net.kinds_by(0).len(), expected);
        assert_eq!(count(net.sent.last().unwrap()).as_deref(), Some("00000001"));
    }
    let numbers: Vec<_> =
        net.sent.iter().filter(|sent| sent.from == 0).filter_map(|sent| sent.header("CSeq")).collect();
    assert_eq!(numbers, ["3 INFO", "4 INFO", "5 INFO"]);
    // More than that is a loop.
    let events = net.events_of(1);
    let [Event::Requested { transaction, .. }] = events.as_slice() else { panic!("{events:?}") };
    let challenge = Challenge { stale: true, ..Challenge::new("r", "n3", Algorithm::SHA_256) };
    let answer = Answer::new(401).with_header("WWW-Authenticate", challenge);
    net.act(1, |agent, now, out| agent.respond(now, *transaction, answer, out));
    net.settle();
    assert!(matches!(net.events_of(0).as_slice(), [Event::Answered { tag: 1, answer, .. }] if answer.status == 401));
}

#[test]
fn several_challenges_may_share_a_line() {
    let all = Challenge::parse_all(
        b"Digest realm=\"a, b\", nonce=\"1\", qop=\"auth\", Basic realm=\"x\", \
          Digest algorithm=SHA-256 , realm=\"c\",nonce = \"2\", stale=TRUE",
    );
    let seen: Vec<_> = all.iter().map(|one| (&one.realm[..], &one.nonce[..], one.qop, one.stale)).collect();
    assert_eq!(seen, [(&b"a, b"[..], &b"1"[..], true, false), (b"c", b"2", false, true)]);
    let again = Challenge::parse_all(Challenge::new("r", "n", Algorithm::SHA_256).to_string().as_bytes());
    assert_eq!(again, [Challenge::new("r", "n", Algorithm::SHA_256)]);
}

#[test]
fn a_password_is_never_shown() {
    let credentials = Credentials { username: "cti".into(), password: "hunter2".into() };
    assert!(!format!("{credentials:?}").contains("hunter2"));
    let (net, invite) = guarded("hunter2");
    assert!(!format!("{invite:?}").contains("hunter2"));
    drop(net);
}

/// A phone challenges the BYE of a dialog from before a restart, too.
#[test]
fn a_dialog_from_before_a_restart_is_ended_with_credentials() {
    for (credentials, byes) in [(Some(Credentials { username: "cti".into(), password: "secret".into() }), 2), (None, 1)]
    {
        let mut net = Net::new(Transport::Udp);
        let (gateway, _) = net.connected();
        let remembered = sip::Remembered::parse(&net.agents[0].remember(gateway).unwrap()).unwrap();
        let mut fresh = Net::new(Transport::Udp);
        std::mem::swap(&mut net.agents[0], &mut fresh.agents[0]);
        net.lose = Box::new(|_| true);
        let flow = remembered.flow();
        net.act(0, |agent, now, out| agent.end_remembered(now, remembered, flow, credentials, out));
        let kept = ["Via", "From", "To", "Call-ID", "CSeq"];
        let text = net.sent[0].text();
        let lines = text.lines().filter(|line| kept.iter().any(|name| line.starts_with(name)));
        let lines: String = lines.map(|line| format!("{line}\r\n")).collect();
        let challenge = "WWW-Authenticate: Digest realm=\"phone\", nonce=\"n0\", qop=\"auth\"\r\n";
        net.inject(0, net.sent[0].flow.remote, format!("SIP/2.0 401 Who?\r\n{lines}{challenge}\r\n").as_bytes());
        assert_eq!(net.kinds_by(0), vec!["BYE"; byes]);
        if let Some(second) = net.sent.get(1) {
            let proof = Authorization::parse(&second.header("Authorization").unwrap()).unwrap();
            assert!(proof.username == "cti" && proof.verify("BYE", "secret"));
        }
    }
}
