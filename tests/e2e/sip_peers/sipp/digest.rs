//! Digest authentication computed anew (RFC 7616 3.4, RFC 2617 3.2.2), to judge the gateway's.

use std::collections::HashMap;

use md5::Md5;
use sha2::{Digest, Sha256};

use super::process::Request;

/// The first INVITE is challenged; all that follows must carry the right answer, with a count that goes on.
pub(super) fn check(requests: &[Request], challenge: &str, username: &str, password: &str) {
    // The ACK of the refusal belongs to the first INVITE (RFC 3261 17.1.1.3).
    let (before, after) = requests.split_at(2);
    assert!(before.iter().all(|request| request.login().is_none()), "a login that nobody asked for");
    assert_eq!(after.first().map(Request::method), Some("INVITE"), "the challenged INVITE is not sent again");
    let (acks, after): (Vec<&Request>, Vec<&Request>) = after.iter().partition(|request| request.method() == "ACK");
    for (request, count) in after.iter().zip(1..) {
        check_login(request, &params(challenge), count, username, password);
    }
    // An ACK takes the login of its INVITE over (RFC 3261 22.1).
    assert_eq!(acks.first().and_then(|ack| ack.login()), after[0].login(), "the login of the ACK");
}

fn check_login(request: &Request, challenge: &HashMap<&str, &str>, count: u32, username: &str, password: &str) {
    let login = request.login().unwrap_or_else(|| panic!("no login in\n{request}"));
    let proof = params(login.strip_prefix("Digest ").unwrap_or_else(|| panic!("{login}")));
    for echoed in ["realm", "nonce", "opaque", "algorithm"] {
        assert_eq!(proof.get(echoed), challenge.get(echoed), "{echoed} in {login}");
    }
    assert_eq!((proof["username"], proof["uri"]), (username, request.uri()), "{login}");
    if challenge.contains_key("qop") {
        assert_eq!((proof["qop"], proof["nc"]), ("auth", format!("{count:08x}").as_str()), "{request}");
    }
    assert_eq!(proof["response"], response(&proof, request.method(), password), "the response is wrong in\n{request}");
}

fn response(proof: &HashMap<&str, &str>, method: &str, password: &str) -> String {
    let hash = |text: String| match proof["algorithm"] {
        "MD5" => hex(&Md5::digest(text)),
        "SHA-256" => hex(&Sha256::digest(text)),
        other => panic!("{other} was not asked for"),
    };
    let secret = hash(format!("{}:{}:{password}", proof["username"], proof["realm"]));
    let asked = hash(format!("{method}:{}", proof["uri"]));
    let middle = match proof.get("qop") {
        Some(qop) => format!("{}:{}:{}:{qop}", proof["nonce"], proof["nc"], proof["cnonce"]),
        None => proof["nonce"].to_owned(),
    };
    hash(format!("{secret}:{middle}:{asked}"))
}

/// `a="1", b=2`; no value in these tests has a comma.
fn params(text: &str) -> HashMap<&str, &str> {
    text.split(',')
        .filter_map(|param| param.trim().split_once('='))
        .map(|(key, value)| (key, value.trim_matches('"')))
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
