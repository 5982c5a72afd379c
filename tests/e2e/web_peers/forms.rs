//! The five forms of a command URL: over HTTP and HTTPS, IPv4 and IPv6, with a slash and without.

use tests::peer;

use super::curl::Curl;
use super::office::{Office, has_ipv6, token_caller};

/// What stands behind `http://address:port`; a number follows.
pub const FORMS: [&str; 5] = [
    "?action=make_call&target=",
    "/servlet?key=number=",
    "/cgi-bin/ConfigManApp.com?number=",
    "/cgiServer.exx?number=",
    "/command.htm?number=",
];

#[tokio::test]
async fn every_form_dials_over_ipv4() {
    check(&["{http}", "{https}"]).await;
}

#[tokio::test]
async fn every_form_dials_over_ipv6() {
    match has_ipv6() {
        true => check(&["{http6}", "{https6}"]).await,
        false => peer::absent("this machine has no IPv6"),
    }
}

/// Each form as curl writes it, and with exactly these bytes in the request line: the first one then has no slash.
async fn check(bases: &[&str]) {
    let Some(curl) = Curl::find() else { return };
    let mut office = Office::start(&token_caller()).await;
    let forms = bases.iter().flat_map(|base| FORMS.map(|form| (base, form)));
    for (index, (base, form)) in forms.enumerate() {
        let login = ["--cacert", "{certificate}", "--oauth2-bearer", "{token}"];
        let number = format!("0305551{index}0");
        let url = format!("{base}{form}{number}");
        curl.ask(&mut office, &[&login[..], &[&url]].concat()).await.check(200, Some(&number));

        let number = format!("0305551{index}1");
        let target = format!("{form}{number}");
        let exactly = ["--request-target", &target, base];
        curl.ask(&mut office, &[&login[..], &exactly].concat()).await.check(200, Some(&number));
    }
    office.close().await;
}
