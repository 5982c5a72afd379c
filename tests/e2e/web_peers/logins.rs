//! Every way in which curl says who asks.

use super::curl::Curl;
use super::office::{Office, PASSWORD, basic_caller, caller, token_caller};

#[tokio::test]
async fn logins_that_are_right() {
    check(RIGHT, 200, &["accepted"]).await;
}

/// They all look alike: what was wrong stays untold.
#[tokio::test]
async fn logins_that_are_wrong() {
    check(WRONG, 401, &["No caller of the configuration fits", "[[caller]]", "networks = [\"127.0.0.1\"]", "basic"])
        .await;
}

/// curl asks for the challenge with an empty form first; the gateway looks for the number before it looks for a login.
#[tokio::test]
async fn a_form_after_the_challenge() {
    let form = "action=make_call&target={number}";
    check(&[("Digest with a form", &["--digest", "--user", "desk:{password}", "--data", form, "{http}"])], 200, &[])
        .await;
}

async fn check(cases: &[(&str, &[&str])], status: u16, says: &[&str]) {
    let Some(curl) = Curl::find() else { return };
    let digest = caller("desk", &format!("digest = {{ username = \"desk\", password = {PASSWORD:?} }}"), "confirm");
    let mut office = Office::start(&(token_caller() + &basic_caller("confirm") + &digest)).await;
    for (index, (what, arguments)) in cases.iter().enumerate() {
        println!("{what}");
        let number = format!("030555{:02}", 20 + index);
        let arguments: Vec<String> = arguments.iter().map(|argument| argument.replace("{number}", &number)).collect();
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let answer = curl.ask(&mut office, &arguments).await;
        answer.check(status, Some(&*number).filter(|_| status == 200));
        answer.says(says);
    }
    office.close().await;
}

const URL: &str = "{http}?action=make_call&target={number}";

const RIGHT: &[(&str, &[&str])] = &[
    ("Basic", &["--user", "987:{password}", URL]),
    ("Basic, from the URL", &["http://987:{password_in_url}@{host}/servlet?key=number={number}"]),
    ("Digest", &["--digest", "--user", "desk:{password}", URL]),
    ("Digest over HTTPS", &["-k", "--digest", "--user", "desk:{password}", "{https}/command.htm?number={number}"]),
    (
        "Digest without a slash",
        &["--digest", "--user", "desk:{password}", "--request-target", "?action=make_call&target={number}", URL],
    ),
    (
        "Digest for the caller with Basic, for clients take the strongest offer",
        &["--anyauth", "--user", "987:{password}", URL],
    ),
    ("Bearer", &["--oauth2-bearer", "{token}", URL]),
    ("a token in the URL", &["{http}?action=make_call&target={number}&token={token}"]),
    ("a token in a form", &["--data-urlencode", "number={number}", "--data", "token={token}", "{http}/command.htm"]),
];

const WRONG: &[(&str, &[&str])] = &[
    ("nothing", &[URL]),
    ("a wrong token", &["{http}?action=make_call&target={number}&token=guessed"]),
    ("a wrong Bearer", &["--oauth2-bearer", "guessed", URL]),
    ("a wrong password, Basic", &["--user", "987:guessed", URL]),
    ("a wrong name, Basic", &["--user", "986:{password}", URL]),
    ("a wrong password, Digest", &["--digest", "--user", "desk:guessed", URL]),
    ("Basic for the caller with Digest, whose password must not travel in clear", &["--user", "desk:{password}", URL]),
];
