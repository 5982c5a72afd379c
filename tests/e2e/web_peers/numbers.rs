//! Numbers as they are written, and as they are dialled.

use tokio::task::JoinSet;

use super::curl::Curl;
use super::office::{Office, token_caller};

const LOGIN: [&str; 2] = ["--oauth2-bearer", "{token}"];

#[tokio::test]
async fn numbers_are_dialled_in_their_normal_form() {
    let Some(curl) = Curl::find() else { return };
    let mut office = Office::start(&token_caller()).await;
    for (url, expected) in URLS {
        check(&curl, &mut office, &[&format!("{{http}}{url}")], *expected).await;
    }
    for (target, expected) in TARGETS {
        check(&curl, &mut office, &["--request-target", target, "{http}"], *expected).await;
    }
    office.close().await;
}

/// A number that must be dialled, or a status with what the answer must say.
type Expected = Result<&'static str, (u16, &'static str)>;

async fn check(curl: &Curl, office: &mut Office, arguments: &[&str], expected: Expected) {
    let answer = curl.ask(office, &[&LOGIN, arguments].concat()).await;
    match expected {
        Ok(number) => answer.check(200, Some(number)),
        Err((status, says)) => {
            answer.check(status, None);
            answer.says(&[says]);
        }
    }
}

/// Percent-encoded, as they should be in a URL.
const URLS: &[(&str, Expected)] = &[
    ("?action=make_call&target=%2B493012345601", Ok("+493012345601")),
    ("?action=make_call&target=+493012345602", Ok("+493012345602")),
    ("?action=make_call&target=%20493012345603", Ok("+493012345603")),
    ("/servlet?key=number=%2B493012345604", Ok("+493012345604")),
    ("/servlet?key=number%3D%2B493012345605", Ok("+493012345605")),
    ("/command.htm?number=%2B49%20%280%2930%20123%2F456-06", Ok("+493012345606")),
    ("/command.htm?number=+49(30)123.456.07", Ok("+493012345607")),
    ("/cgiServer.exx?number=004930%2012345608", Ok("00493012345608")),
    ("/cgi-bin/ConfigManApp.com?number=tel:%2B493012345609", Ok("+493012345609")),
    ("?action=make_call&target=callto:03012345610", Ok("03012345610")),
    ("?action=make_call&target=sip:%2B493012345611@example.com", Ok("+493012345611")),
    ("?action=make_call&target=%E2%80%AD03012345612%E2%80%AC", Ok("03012345612")),
    ("?action=make_call&target=%EF%BC%90%EF%BC%93%EF%BC%9012345613", Ok("03012345613")),
    ("?action=make_call&target=988&outgoing_uri=sip:987@127.0.0.1", Ok("988")),
    ("?action=make_call&target=%2A21%23", Err((403, "default: service code"))),
    ("?action=make_call&target=03012345614%3Bext=5", Err((400, "parameter"))),
    ("?action=make_call&target=03012345614,5", Err((400, "pause"))),
    ("?action=make_call&target=CALL%20ME", Err((400, "letter"))),
    ("?action=make_call&target=", Err((400, "no number"))),
    ("?action=make_call&target=03012345614&target=03012345615", Err((400, "twice"))),
];

/// The very bytes of the request line.
const TARGETS: &[(&str, Expected)] = &[
    ("?action=make_call&target=+49 (0)30 1234-5620", Ok("+493012345620")),
    ("/servlet?key=number=+49 30 12345621", Ok("+493012345621")),
    ("/command.htm?number=030 / 123 456 22&name=\"Müller\" <Söhne> #1", Ok("03012345622")),
    ("?action=make_call&target=\"03012345623\"", Err((400, "no part of a number"))),
    ("?action=make_call&target=<03012345624>", Err((400, "no part of a number"))),
    ("?action=make_call&target=*21#", Err((403, "default: service code"))),
];

/// The refusal of a number says what to write into the configuration; with exactly that it is dialled.
#[tokio::test]
async fn what_a_refusal_advises_is_what_helps() {
    let Some(curl) = Curl::find() else { return };
    let checks = REFUSED.iter().map(|(number, rule)| check_advice(curl.clone(), number, rule));
    let mut checks: JoinSet<()> = checks.collect();
    while let Some(checked) = checks.join_next().await {
        checked.unwrap();
    }
}

const REFUSED: &[(&str, &str)] = &[
    ("*21#", "default: service code"),
    ("+4312345678", "default: international"),
    ("09001234567", "default: premium"),
    ("112", "default: emergency"),
    ("+88212345678", "default: international (networks +882)"),
];

async fn check_advice(curl: Curl, number: &str, rule: &str) {
    let target = format!("?action=make_call&target={number}");
    let arguments = [&LOGIN[..], &["--request-target", &target, "{http}"]].concat();
    let mut office = Office::start(&token_caller()).await;
    let refusal = curl.ask(&mut office, &arguments).await;
    refusal.check(403, None);
    refusal.says(&[rule]);
    office.close().await;

    let (_, advice) = refusal.text.split_once("[[dial_rule]]").expect("the refusal names no rule to write");
    let mut office = Office::start(&format!("{}\n[[dial_rule]]{advice}", token_caller())).await;
    curl.ask(&mut office, &arguments).await.check(200, Some(number));
    office.close().await;
}

/// What looks like a command but is none.
#[tokio::test]
async fn what_never_dials() {
    const URL: &str = "{http}?action=make_call&target=03012345630&token={token}";
    let cases: [(&[&str], u16); 6] = [
        (&["--head", URL], 405),
        (&["--request", "PUT", URL], 405),
        (&["--header", "Sec-Purpose: prefetch", URL], 403),
        (&["{http}/favicon.ico?action=make_call&target=03012345630&token={token}"], 204),
        (&["{http}/dial?action=make_call&target=03012345630&token={token}"], 404),
        (&["{http}?action=hang_up&target=03012345630&token={token}"], 404),
    ];
    let Some(curl) = Curl::find() else { return };
    let mut office = Office::start(&token_caller()).await;
    for (arguments, status) in cases {
        curl.ask(&mut office, arguments).await.check(status, None);
    }
    curl.ask(&mut office, &[URL]).await.check(200, Some("03012345630"));
    office.close().await;
}
