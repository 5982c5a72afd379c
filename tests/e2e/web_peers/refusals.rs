//! Refusals: each with its status, and with what an administrator must set.

use std::time::Duration;

use simulator::Handset;
use tests::peer;
use tokio::task::JoinSet;

use super::curl::Curl;
use super::office::{Office, token_caller};

/// A request that is refused.
struct Refusal {
    what: &'static str,
    /// What stands otherwise in the configuration.
    change: Option<(&'static str, &'static str)>,
    /// What happens to the phone before.
    before: fn(&Handset),
    arguments: &'static [&'static str],
    status: u16,
    says: &'static [&'static str],
    /// What was dialled nevertheless, by a request before.
    dialled: Option<&'static str>,
}

/// Each in an office of its own, all at once.
#[tokio::test]
async fn every_refusal_says_what_to_do() {
    let Some(curl) = Curl::find() else { return };
    let mut checks: JoinSet<()> = REFUSALS.iter().map(|refusal| check(curl.clone(), refusal)).collect();
    while let Some(checked) = checks.join_next().await {
        checked.unwrap();
    }
}

async fn check(curl: Curl, refusal: &Refusal) {
    println!("{}", refusal.what);
    let (from, to) = refusal.change.unwrap_or_default();
    let change = |config: String| {
        let config = config + &token_caller();
        assert!(config.contains(from), "{from:?} is not in the configuration");
        if from.is_empty() { config } else { config.replace(from, to) }
    };
    let mut office = Office::start_with(change, vec![REFUSED_NUMBER.to_owned()]).await;
    (refusal.before)(&office.phone);
    let answer = curl.ask(&mut office, refusal.arguments).await;
    answer.check(refusal.status, refusal.dialled);
    answer.says(refusal.says);
    office.close().await;
}

/// Nothing was dialled, so it is no repeat.
#[tokio::test]
async fn what_was_not_dialled_may_be_asked_again() {
    let Some(curl) = Curl::find() else { return };
    let down = REFUSALS.iter().find(|refusal| refusal.status == 503).unwrap();
    check(curl, &Refusal { arguments: &[URL, URL, "--data", "line=988"], ..*down }).await;
}

/// While nobody is named who may command, nobody may.
#[tokio::test]
async fn no_caller_is_configured() {
    let Some(curl) = Curl::find() else { return };
    let mut office = Office::start("").await;
    let answer = curl.ask(&mut office, &[URL]).await;
    answer.check(403, None);
    answer.says(&["[[caller]]", "networks = [\"127.0.0.1\"]", "lines", "commands = [\"make_call\"]"]);
    office.close().await;
}

/// With either switch off nothing listens: there is nobody who could say so.
#[tokio::test]
async fn commands_are_switched_off() {
    let Some(curl) = Curl::find() else { return };
    for switch in ["[commands]", "[action_urls]"] {
        let port = peer::free_port();
        let change = |config: String| {
            let off =
                config.replace(&format!("{switch}\n        enabled = true"), &format!("{switch}\nenabled = false"));
            assert_ne!(off, config);
            off.replacen("\"127.0.0.1:0\"", &format!("\"127.0.0.1:{port}\""), 1) + &token_caller()
        };
        let mut office = Office::start_with(change, Vec::new()).await;
        let url = format!("http://127.0.0.1:{port}?action=make_call&target=03012345640&token={{token}}");
        curl.ask(&mut office, &[&url]).await.check(0, None);
        office.close().await;
    }
}

const URL: &str = "{http}?action=make_call&target=03012345640&token={token}";
const REFUSED_NUMBER: &str = "03012345641";

const REFUSAL: Refusal =
    Refusal { what: "", change: None, before: |_| {}, arguments: &[URL], status: 403, says: &[], dialled: None };

const REFUSALS: &[Refusal] = &[
    Refusal {
        what: "the command is switched off",
        change: Some(("make_call = { enabled = true }", "make_call = { enabled = false }")),
        says: &["switched off", "[commands]", "make_call = { enabled = true }"],
        ..REFUSAL
    },
    Refusal {
        what: "the caller may not use the command",
        change: Some(("commands = [\"make_call\"]", "commands = []")),
        says: &["\"crm\"", "[[caller]]", "commands = [\"make_call\"]"],
        ..REFUSAL
    },
    Refusal {
        what: "the caller comes from elsewhere",
        change: Some(("127.0.0.0/8", "10.3.20.0/24")),
        status: 401,
        says: &["[[caller]]", "networks = [\"127.0.0.1\"]"],
        ..REFUSAL
    },
    Refusal {
        what: "the caller may not use the line",
        arguments: &[URL, "--data", "line=988"],
        says: &["988", "[[caller]]", "lines = [\"988\"]"],
        ..REFUSAL
    },
    Refusal {
        what: "there is no such line",
        arguments: &[URL, "--data", "line=999"],
        status: 404,
        says: &["no such line", "line="],
        ..REFUSAL
    },
    Refusal {
        what: "no line is named",
        change: Some(("lines = [\"987\"]", "lines = [\"987\", \"988\"]")),
        status: 400,
        says: &["line=", "[[line]]", "clients"],
        ..REFUSAL
    },
    Refusal {
        what: "a rule of the administrator's",
        change: Some(("[commands]", "[[dial_rule]]\nmatch = \"030*\"\naction = \"deny\"\n[commands]")),
        says: &["dial_rule 1 \"030*\"", "[[dial_rule]]", "action = \"allow\""],
        ..REFUSAL
    },
    Refusal {
        what: "a repeat",
        arguments: &[URL, URL],
        status: 409,
        says: &["less than two seconds"],
        dialled: Some("03012345640"),
        ..REFUSAL
    },
    Refusal {
        what: "too many dials",
        change: Some(("dials_per_line = \"1000/min\"", "dials_per_line = \"1/min\"")),
        arguments: &[URL, "{http}?action=make_call&target=03012345642&token={token}"],
        status: 429,
        says: &["[limits]", "dials_per_line"],
        dialled: Some("03012345640"),
        ..REFUSAL
    },
    Refusal {
        what: "too many bad log-ins",
        change: Some(("logins = \"1000/min\"", "logins = \"1/min\"")),
        arguments: &["{http}?action=make_call&target=1&token=a", "{http}?action=make_call&target=1&token=b"],
        status: 429,
        says: &["Too many bad log-ins"],
        ..REFUSAL
    },
    Refusal {
        what: "a name that is not ours",
        arguments: &["--header", "Host: gw.example.com", URL],
        status: 421,
        says: &["[commands]", "server_names = [\"gw.example.com\"]"],
        ..REFUSAL
    },
    Refusal {
        what: "a page of another site",
        arguments: &["--header", "Origin: https://crm.example.com", URL],
        says: &["[[caller]]", "origins = [\"https://crm.example.com\"]"],
        ..REFUSAL
    },
    Refusal {
        what: "the phone refuses",
        arguments: &["{http}?action=make_call&target=03012345641&token={token}"],
        status: 502,
        says: &["987", "operation/invalidCalledDeviceID"],
        ..REFUSAL
    },
    Refusal {
        what: "the phone is silent",
        before: |phone| phone.go_silent(Duration::from_secs(600)),
        status: 504,
        says: &["987", "no answer within 2 s", "unknown"],
        ..REFUSAL
    },
    Refusal {
        what: "the link is down",
        change: Some(("lines = [\"987\"]", "lines = [\"987\", \"988\"]")),
        arguments: &[URL, "--data", "line=988"],
        status: 503,
        says: &["no link to the phone of line 988", "Nothing was dialled"],
        ..REFUSAL
    },
];
