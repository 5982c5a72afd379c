//! Who may command: networks, tokens, Basic, Digest, and what a stranger is told.

use std::{process::Stdio, time::Duration};

use front::commands::{BindError, Proof, Rate, bind};
use md5::Md5;
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;

use super::support::{LOCALHOST, Reply, Site, basic, caller, digest, settings, skip};

const DIAL: &str = "/?action=make_call&target=";

async fn site(callers: Vec<front::commands::Caller>) -> Site {
    let mut settings = settings();
    settings.callers = callers;
    Site::start(settings).await
}

#[tokio::test]
async fn tokens() {
    let mut site = site(vec![caller("crm", Proof::Token("t0ken".into()), &["987"])]).await;
    for (query, header, status) in [
        ("1&token=t0ken", "", 200),
        ("2", "Authorization: Bearer t0ken\r\n", 200),
        ("3", "Authorization: bearer t0ken\r\n", 200),
        ("4&token=wrong", "", 401),
        ("5&token=", "", 401),
        ("6", "Authorization: Bearer wrong\r\n", 401),
        ("7", "Authorization: Bearer\r\n", 401),
        ("8", "Authorization: Basic dDBrZW46\r\n", 401),
        ("9", "Authorization: Bearer t0ken\r\nAuthorization: Bearer t0ken\r\n", 401),
        ("10", "", 401),
        ("11&token=t0ken&token=t0ken", "", 400),
    ] {
        let reply = site.get(&format!("{DIAL}{query}"), header).await;
        assert_eq!((reply.status, site.dialled().len()), (status, usize::from(status == 200)), "{query} {header}");
    }
}

#[tokio::test]
async fn basic_credentials() {
    let mut site = site(vec![caller("desk", basic("987", "p:w"), &["987"])]).await;
    for (number, header, status) in [
        ("1", "Authorization: Basic OTg3OnA6dw==\r\n", 200),
        ("2", "Authorization: BASIC OTg3OnA6dw==\r\n", 200),
        ("3", "Authorization: Basic OTg3OnA=\r\n", 401),
        ("4", "Authorization: Basic !!!\r\n", 401),
        ("5", "Authorization: Basic\r\n", 401),
        ("6", "", 401),
    ] {
        let reply = site.get(&format!("{DIAL}{number}"), header).await;
        assert_eq!((reply.status, site.dialled().len()), (status, usize::from(status == 200)), "{header}");
    }
    let reply = site.get(&format!("{DIAL}7"), "").await;
    assert_eq!(reply.values("www-authenticate"), ["Basic realm=\"hookswitch\", charset=\"UTF-8\""]);
}

fn hash(algorithm: &str, text: &str) -> String {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    match algorithm {
        "SHA-256" => hex(&Sha256::digest(text)),
        _ => hex(&Md5::digest(text)),
    }
}

/// The client's side of RFC 7616, written a second time.
fn authorization(algorithm: &str, challenge: &str, uri: &str, password: &str, count: u32) -> String {
    let nonce = challenge.split("nonce=\"").nth(1).unwrap().split('"').next().unwrap();
    let secret = hash(algorithm, &format!("987:hookswitch:{password}"));
    let request = hash(algorithm, &format!("GET:{uri}"));
    let response = hash(algorithm, &format!("{secret}:{nonce}:{count:08x}:c:auth:{request}"));
    format!(
        "Authorization: Digest username=\"987\", realm=\"hookswitch\", nonce=\"{nonce}\", uri=\"{uri}\", \
         algorithm={algorithm}, qop=auth, nc={count:08x}, cnonce=\"c\", response=\"{response}\"\r\n"
    )
}

fn challenge<'r>(reply: &'r Reply, algorithm: &str) -> &'r str {
    let wanted = format!("algorithm={algorithm},");
    reply.values("www-authenticate").into_iter().find(|value| value.contains(&wanted)).unwrap()
}

#[tokio::test]
async fn digest_credentials() {
    let mut site = site(vec![caller("desk", digest("987", "secret"), &["987"])]).await;
    for (index, algorithm) in ["SHA-256", "MD5"].into_iter().enumerate() {
        let uri = format!("?action=make_call&target=*2{index}#"); // hashed as written, rewritten on the way
        let uri = uri.replace(['*', '#'], "");
        let refused = site.get(&uri, "").await;
        assert_eq!(refused.status, 401);
        let challenge = challenge(&refused, algorithm);

        let wrong = site.get(&uri, &authorization(algorithm, challenge, &uri, "wrong", 1)).await;
        let elsewhere = site.get(&uri, &authorization(algorithm, challenge, "/other", "secret", 1)).await;
        assert_eq!((wrong.status, elsewhere.status, site.dialled().len()), (401, 401, 0));

        let header = authorization(algorithm, challenge, &uri, "secret", 1);
        assert_eq!((site.get(&uri, &header).await.status, site.dialled().len()), (200, 1));

        let replayed = site.get(&uri, &header).await;
        assert_eq!((replayed.status, site.dialled().len()), (401, 0));
        assert!(replayed.values("www-authenticate")[0].contains("stale=true"));

        let foreign = authorization(algorithm, "nonce=\"AAAA\"", &uri, "secret", 1);
        let foreign = site.get(&uri, &foreign).await;
        assert_eq!(foreign.status, 401);
        assert!(foreign.values("www-authenticate")[0].contains("stale=true"));

        let next = format!("/?action=make_call&target=3{index}");
        let header = authorization(algorithm, challenge, &next, "secret", 2);
        assert_eq!((site.get(&next, &header).await.status, site.dialled().len()), (200, 1));
    }
}

#[tokio::test]
async fn a_digest_caller_takes_nothing_weaker_and_a_basic_caller_takes_digest_too() {
    let callers = vec![caller("strong", digest("1", "p"), &["987"]), caller("desk", basic("987", "p"), &["987"])];
    let mut site = site(callers).await;
    let weak = site.get(&format!("{DIAL}1"), "Authorization: Basic MTpw\r\n").await; // 1:p
    assert_eq!(weak.status, 401);
    let uri = format!("{DIAL}2");
    let header = authorization("SHA-256", challenge(&weak, "SHA-256"), &uri, "p", 1);
    assert_eq!((site.get(&uri, &header).await.status, site.dialled().len()), (200, 1));
}

#[tokio::test]
async fn strangers_are_all_told_the_same() {
    let mut near = caller("near", basic("987", "p"), &["987"]);
    let mut far = caller("far", basic("988", "q"), &["988"]);
    far.networks = vec!["10.3.20.0/24".parse().unwrap()];
    near.networks = vec![LOCALHOST.into()];
    let site = site(vec![near, far]).await;
    let mut answers = Vec::new();
    for header in [
        "",
        "Authorization: Basic OTg3Ong=\r\n", // a wrong password
        "Authorization: Basic eDpw\r\n",     // an unknown name
        "Authorization: Basic OTg4OnE=\r\n", // right, from the wrong network
    ] {
        let reply = site.get(&format!("{DIAL}1"), header).await;
        answers.push((reply.status, reply.body.clone(), reply.values("www-authenticate").join(",")));
    }
    assert_eq!(answers[0].0, 401);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
}

#[tokio::test]
async fn without_a_caller_nobody_commands() {
    let mut site = site(Vec::new()).await;
    let reply = site.get(&format!("{DIAL}1"), "").await;
    assert_eq!((reply.status, site.dialled().len()), (403, 0));
    assert!(reply.body.contains("[[caller]]"), "{}", reply.body);
}

/// Every form, method and number that a scanner may try.
#[tokio::test]
async fn hostile_requests_dial_nothing() {
    let mut site = site(vec![caller("crm", Proof::Token("t0ken".into()), &["987"])]).await;
    let forms = [
        "?action=make_call&target=",
        "/servlet?key=number=",
        "/cgi-bin/ConfigManApp.com?number=",
        "/cgiServer.exx?number=",
        "/command.htm?number=",
    ];
    let numbers = [
        "123",
        "%2B881612345678",
        "00900123",
        "*21#",
        "110",
        " ",
        "1&token=",
        "1&token=T0KEN",
        "1&token=t0ken%00",
        "1&Token=t0ken",
    ];
    let credentials =
        ["", "Authorization: Bearer x\r\n", "Authorization: Basic OnQwa2Vu\r\n", "Authorization: Digest t0ken\r\n"];
    for method in ["GET", "POST", "HEAD", "PUT", "OPTIONS", "get"] {
        for form in forms {
            for number in numbers {
                for header in credentials {
                    let reply =
                        site.say(&format!("{method} {form}{number} HTTP/1.1\r\nHost: HOST\r\n{header}\r\n")).await;
                    assert!((400..500).contains(&reply.status), "{method} {form}{number} {header}: {reply:?}");
                }
            }
        }
    }
    assert_eq!(site.dialled(), Vec::<String>::new());
}

#[tokio::test]
async fn bad_logins_lock_their_source_out_and_missing_ones_do_not() {
    let mut settings = settings();
    settings.callers = vec![caller("desk", basic("987", "p"), &["987"])];
    settings.limits.logins = Rate { count: 3, per: Duration::from_secs(60) };
    let mut site = Site::start(settings).await;
    let (good, bad) = ("Authorization: Basic OTg3OnA=\r\n", "Authorization: Basic OTg3Ong=\r\n");
    for (header, status) in [
        ("", 401),
        ("", 401),
        ("", 401),
        ("", 401),
        (bad, 401),
        (bad, 401),
        (good, 200),
        (bad, 401),
        (bad, 429),
        (good, 429),
    ] {
        assert_eq!(site.get(&format!("{DIAL}1"), header).await.status, status);
    }
    assert_eq!(site.dialled().len(), 1);
    if let Some(other) = site.http6 {
        let request = format!("GET {DIAL}2 HTTP/1.1\r\nHost: HOST\r\n{good}\r\n");
        assert_eq!(super::support::say(other, &request).await.status, 200);
    }
}

#[tokio::test]
async fn a_wide_network_without_credentials_does_not_start() {
    for (network, starts) in
        [("127.0.0.0/24", true), ("127.0.0.0/23", false), ("fd00::/64", true), ("fd00::/63", false)]
    {
        let dir = tempfile::tempdir().unwrap();
        let (store, _events) = store::Store::open(dir.path()).unwrap();
        let mut settings = settings();
        settings.callers[0].networks = vec![network.parse().unwrap()];
        let bound = bind(settings, store, mpsc::channel(1).0).await;
        match bound {
            Ok(_) => assert!(starts, "{network}"),
            Err(error) => assert!(!starts && matches!(error, BindError::OpenCaller { .. }), "{network}: {error}"),
        }
    }
}

/// A client that nobody here wrote.
#[tokio::test]
async fn curl() {
    let callers = vec![caller("desk", basic("987", "p"), &["987"]), caller("strong", digest("988", "p"), &["988"])];
    let mut site = site(callers).await;
    for (number, (arguments, status)) in [
        (vec!["--basic", "-u", "987:p"], "200"),
        (vec!["--basic", "-u", "987:q"], "401"),
        (vec!["--digest", "-u", "988:p"], "200"),
        (vec!["--digest", "-u", "988:q"], "401"),
        (vec!["--anyauth", "-u", "988:p"], "200"),
        (vec!["--anyauth", "-u", "987:p"], "200"),
        (vec!["--http1.0", "-u", "987:p"], "200"),
        (vec!["-u", "987:p", "-d", "line=987"], "200"),
        (vec!["-k", "https", "-u", "987:p"], "200"),
    ]
    .into_iter()
    .enumerate()
    {
        let secure = arguments.contains(&"https");
        let base = if secure { format!("https://{}", site.https) } else { format!("http://{}", site.http) };
        let arguments: Vec<&str> = arguments.into_iter().filter(|argument| *argument != "https").collect();
        let curl = tokio::process::Command::new("curl")
            .args(["-s", "-g", "-o", "/dev/null", "-w", "%{http_code}"])
            .args(&arguments)
            .arg(format!("{base}?action=make_call&target=2{number}"))
            .stdin(Stdio::null())
            .output();
        let Ok(output) = curl.await else { return skip("no curl on this machine") };
        assert_eq!(String::from_utf8_lossy(&output.stdout), status, "{arguments:?}");
        assert_eq!(site.dialled().len(), usize::from(status == "200"), "{arguments:?}");
    }
}
