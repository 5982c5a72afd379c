//! The gates behind the log-in: which line, which number, who may be led here, how often, and what comes of it.

use std::time::Duration;

use call_model::{Numbering, Outcome};
use front::commands::{Browser, Proof, Rate, bind};
use tokio::sync::mpsc;

use super::support::{Answering, Reply, Site, basic, caller, line, rules, say, settings};

const BROWSER: &str =
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\nAccept: text/html,application/xhtml+xml,*/*;q=0.8\r\n";
const BROWSER_FETCH: &str = "User-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\nAccept: */*\r\n";

#[tokio::test]
async fn a_request_is_answered_under_our_own_names_alone() {
    let mut site = Site::start(settings()).await;
    let port = site.http.port();
    for (number, (host, status)) in [
        (format!("127.0.0.1:{port}"), 200),
        ("127.0.0.1".to_owned(), 200),
        (format!("localhost:{port}"), 200),
        ("gw.example.com".to_owned(), 200),
        ("GW.example.com:8080".to_owned(), 200),
        ("evil.example".to_owned(), 421),
        (format!("evil.example:{port}"), 421),
        ("127.0.0.2".to_owned(), 421),
        ("127.0.0.1:1".to_owned(), 421),
        ("localhost.evil.example".to_owned(), 421),
        (format!("a@127.0.0.1:{port}"), 421),
        (String::new(), 421),
    ]
    .into_iter()
    .enumerate()
    {
        let reply = site.say(&format!("GET /?action=make_call&target={number} HTTP/1.1\r\nHost: {host}\r\n\r\n")).await;
        assert_eq!(reply.status, status, "{host}: {}", reply.body);
        assert_eq!(site.dialled().len(), usize::from(status == 200), "{host}");
    }
    let none = site.say("GET /?action=make_call&target=99 HTTP/1.1\r\n\r\n").await;
    let two = site.say("GET /?action=make_call&target=99 HTTP/1.1\r\nHost: HOST\r\nHost: evil\r\n\r\n").await;
    assert_eq!((none.status, two.status), (400, 400));
}

#[tokio::test]
async fn pages_of_other_sites_may_not_command() {
    let mut settings = settings();
    settings.callers.push(caller("crm", Proof::Token("t0ken".into()), &["987"]));
    settings.callers[1].origins = vec!["https://crm.example.com".to_owned()];
    let mut site = Site::start(settings).await;
    let own = format!("http://{}", site.http);
    for (number, (headers, token, status)) in [
        (format!("Origin: {own}\r\n"), false, 200),
        (format!("Referer: {own}/page?x\r\n"), false, 200),
        ("Origin: null\r\n".to_owned(), true, 200),
        ("Origin: null\r\n".to_owned(), false, 403),
        ("Origin: https://evil.example\r\n".to_owned(), false, 403),
        ("Origin: https://evil.example\r\n".to_owned(), true, 403),
        ("Referer: https://evil.example/\r\n".to_owned(), true, 403),
        ("Referer: rubbish\r\n".to_owned(), false, 403),
        (format!("Origin: {own}.evil.example\r\n"), false, 403),
        ("Sec-Fetch-Site: cross-site\r\n".to_owned(), true, 403),
        ("Sec-Fetch-Site: same-site\r\n".to_owned(), false, 403),
        ("Origin: https://crm.example.com\r\nSec-Fetch-Site: cross-site\r\n".to_owned(), true, 200),
        ("Origin: https://crm.example.com\r\n".to_owned(), false, 403),
        ("Origin: https://crm.example.com:8443\r\n".to_owned(), true, 403),
        ("Purpose: prefetch\r\n".to_owned(), true, 403),
        ("Sec-Purpose: prefetch;prerender\r\n".to_owned(), true, 403),
    ]
    .into_iter()
    .enumerate()
    {
        let token = if token { "&token=t0ken" } else { "" };
        let reply = site.get(&format!("/?action=make_call&target=2{number}{token}"), &headers).await;
        assert_eq!(reply.status, status, "{headers} {token}: {}", reply.body);
        assert_eq!(site.dialled().len(), usize::from(status == 200), "{headers}");
    }
    let preflight = "Origin: https://crm.example.com\r\nAccess-Control-Request-Method: GET\r\n";
    let reply = site.say(&format!("OPTIONS /?action=make_call HTTP/1.1\r\nHost: HOST\r\n{preflight}\r\n")).await;
    assert_eq!((reply.status, reply.values("access-control-allow-origin")), (204, vec!["https://crm.example.com"]));
}

#[tokio::test]
async fn which_line_dials() {
    let mut settings = settings();
    settings.callers = vec![
        caller("all", Proof::Token("all".into()), &["987", "988", "reception"]),
        caller("one", Proof::Token("one".into()), &["988"]),
        caller("two", Proof::Token("two".into()), &["987", "988"]),
        caller("user", basic("900", "p"), &["987", "reception"]),
        caller("mute", Proof::Token("mute".into()), &["987"]),
    ];
    settings.callers[4].make_call = false;
    let mut site = Site::start(settings).await;
    let basic = "Authorization: Basic OTAwOnA=\r\n"; // 900:p
    for (number, (query, headers, status, line)) in [
        ("&token=all&line=987", "", 200, "987"),
        ("&token=all&line=reception", "", 200, "reception"),
        ("&token=all&line=900", "", 200, "reception"),
        ("&token=all&outgoing_uri=sip:988@example.com", "", 200, "988"),
        ("&token=all&line=988@example.com&outgoing_uri=987", "", 200, "988"),
        ("&token=all", "", 400, "-"),
        ("&token=all&line=986", "", 404, "-"),
        ("&token=one", "", 200, "988"),
        ("&token=one&line=987", "", 403, "-"),
        ("&token=two&line=reception", "", 403, "-"),
        ("", basic, 200, "reception"),
        ("&line=987", basic, 200, "987"),
        ("&line=988", basic, 403, "-"),
        ("&token=mute", "", 403, "-"),
    ]
    .into_iter()
    .enumerate()
    {
        let reply = site.get(&format!("/?action=make_call&target=2{number}{query}"), headers).await;
        let expected: Vec<String> = if line == "-" { Vec::new() } else { vec![format!("{line}>2{number}")] };
        assert_eq!((reply.status, site.dialled()), (status, expected), "{query}: {}", reply.body);
    }
}

#[tokio::test]
async fn an_address_or_being_the_only_one_decides_the_line_too() {
    let mut bound = settings();
    bound.callers = vec![caller("all", Proof::Nothing, &["987", "988", "reception"])];
    bound.lines[1].clients = vec!["127.0.0.1/32".parse().unwrap()];
    let mut site = Site::start(bound).await;
    assert_eq!(site.get("/?action=make_call&target=1", "").await.status, 200);
    assert_eq!(site.dialled(), ["988>1"]);

    let mut only = settings();
    only.callers = vec![caller("all", Proof::Nothing, &["988", "987"])];
    only.lines = vec![line("988")];
    let mut site = Site::start(only).await;
    assert_eq!(site.get("/?action=make_call&target=1", "").await.status, 200);
    assert_eq!(site.dialled(), ["988>1"]);
}

#[tokio::test]
async fn dial_rules() {
    let mut settings = settings();
    settings.numbering = Numbering { country: "DE".parse().ok(), area: None, outside_line: None };
    settings.rules = rules(&[("+43*", true), ("0301*", false)]);
    let mut site = Site::start(settings).await;
    for (target, status, rule) in [
        ("123", 200, ""),
        ("0302345678", 200, ""),
        ("%2B4312345678", 200, ""),
        ("0301234567", 403, "dial_rule 2 &quot;0301*&quot;"),
        ("%2B442079460000", 403, "default: international"),
        ("09001234567", 403, "default: premium"),
        ("112", 403, "default: emergency"),
        ("*21#", 403, "default: service code"),
    ] {
        let accept = if status == 403 { "Accept: text/html\r\n" } else { "" };
        let reply = site.get(&format!("/?action=make_call&target={target}"), accept).await;
        assert_eq!(reply.status, status, "{target}: {}", reply.body);
        assert!(reply.body.contains(rule), "{target}: {}", reply.body);
        assert_eq!(site.dialled().len(), usize::from(status == 200), "{target}");
    }
    let reply = site.get("/?action=make_call&target=*21#", "").await;
    assert!(reply.body.contains(r#"match = "\\*21\\#""#), "{}", reply.body);
}

/// The hidden fields of the confirm page as a form sends them.
fn form(page: &Reply) -> String {
    let fields = page.body.split("<input type=hidden name=").skip(1).map(|field| {
        let (name, rest) = field.split_once(" value=\"").unwrap();
        format!("{name}={}", rest.split_once('"').unwrap().0.replace('+', "%2B"))
    });
    fields.collect::<Vec<_>>().join("&")
}

async fn submit(site: &Site, form: &str) -> Reply {
    let own = site.http;
    site.say(&format!(
        "POST / HTTP/1.1\r\nHost: HOST\r\n{BROWSER}Origin: http://{own}\r\nReferer: http://{own}/\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    ))
    .await
}

#[tokio::test]
async fn a_browser_that_may_have_been_led_here_is_asked_first() {
    let mut site = Site::start(settings()).await;
    let page = site.get("/?action=make_call&target=123", BROWSER).await;
    assert_eq!((page.status, site.dialled()), (202, vec![]), "{page:?}");
    assert_eq!(page.values("x-frame-options"), ["DENY"]);
    assert!(page.values("content-security-policy")[0].contains("frame-ancestors 'none'"));

    let form = form(&page);
    let other = submit(&site, &form.replace("target=123", "target=124")).await;
    let made_up = submit(&site, "action=make_call&target=123&line=987&confirm=AAAA").await;
    assert_eq!((other.status, made_up.status, site.dialled()), (403, 403, vec![]));
    let first = submit(&site, &form).await;
    assert_eq!((first.status, site.dialled()), (200, vec!["987>123".to_owned()]), "{first:?}");
    let second = submit(&site, &form).await;
    assert_eq!((second.status, site.dialled()), (409, vec![]));

    let image = site.get("/?action=make_call&target=125", BROWSER_FETCH).await;
    assert_eq!((image.status, site.dialled()), (403, vec![]));
}

#[tokio::test]
async fn a_token_or_a_trusting_caller_needs_no_page() {
    let mut settings = settings();
    settings.callers =
        vec![caller("crm", Proof::Token("t".into()), &["987"]), caller("desk", basic("u", "p"), &["987"])];
    settings.callers[1].browser = Browser::Dial;
    let mut site = Site::start(settings).await;
    assert_eq!(site.get("/?action=make_call&target=1&token=t", BROWSER).await.status, 200);
    assert_eq!(
        site.get("/?action=make_call&target=2", &format!("{BROWSER}Authorization: Basic dTpw\r\n")).await.status,
        200
    );
    assert_eq!(site.dialled(), ["987>1", "987>2"]);
}

#[tokio::test]
async fn repeats_and_rates() {
    let mut settings = settings();
    settings.limits.dials_per_line = Rate { count: 2, per: Duration::from_secs(60) };
    let mut site = Site::start(settings).await;
    for (target, status) in [("1", 200), ("1", 409), ("2", 200), ("3", 429)] {
        let reply = site.get(&format!("/?action=make_call&target={target}"), "").await;
        assert_eq!(reply.status, status, "{target}");
        assert_eq!(reply.values("retry-after").len(), usize::from(status == 429));
    }
    assert_eq!(site.dialled(), ["987>1", "987>2"]);
}

#[tokio::test]
async fn a_command_that_is_switched_off_says_which_switch() {
    let mut settings = settings();
    settings.make_call = false;
    let mut site = Site::start(settings).await;
    let reply = site.get("/?action=make_call&target=1", "").await;
    assert_eq!((reply.status, site.dialled()), (403, vec![]));
    assert!(reply.body.contains("make_call = { enabled = true }"), "{}", reply.body);
}

/// Who, from where, which number: if that cannot be written down, nothing is dialled.
#[tokio::test]
async fn without_an_audit_nothing_is_dialled() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _events) = store::Store::open(dir.path()).unwrap();
    let (hub, mut asked) = mpsc::channel(1);
    let server = bind(settings(), store.clone(), hub).await.unwrap();
    let address = server.local_addrs()[0];
    tokio::spawn(server.run(std::future::pending()));
    store.close().await;
    let reply = say(address, "GET /?action=make_call&target=1 HTTP/1.1\r\nHost: HOST\r\n\r\n").await;
    assert_eq!((reply.status, asked.try_recv().is_err()), (503, true), "{reply:?}");
}

/// A hub that is busy is not waited for.
#[tokio::test]
async fn a_full_hub_is_503() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _events) = store::Store::open(dir.path()).unwrap();
    let (hub, asked) = mpsc::channel(1);
    drop(asked);
    let server = bind(settings(), store, hub).await.unwrap();
    let address = server.local_addrs()[0];
    tokio::spawn(server.run(std::future::pending()));
    let reply = say(address, "GET /?action=make_call&target=1 HTTP/1.1\r\nHost: HOST\r\n\r\n").await;
    assert_eq!((reply.status, reply.values("retry-after")), (503, vec!["1"]));
}

#[tokio::test]
async fn outcomes() {
    let cases: [(Answering, u16, &str); 6] = [
        (|| Some(Outcome::Refused { reason: "operation/invalidCalledDeviceID".into() }), 502, "invalidCalledDeviceID"),
        (|| Some(Outcome::NotSupported { reason: "it has no MakeCall".into() }), 501, "it has no MakeCall"),
        (|| Some(Outcome::NoLine), 404, "no line 987"),
        (|| Some(Outcome::NoLink { reason: "registration refused".into() }), 503, "registration refused"),
        (|| Some(Outcome::NoAnswer), 504, "no answer"),
        (|| None, 504, "no answer"),
    ];
    for (outcome, status, text) in cases {
        let mut settings = settings();
        settings.answer_timeout = Duration::from_millis(50);
        let mut site = Site::start_with(settings, outcome).await;
        let reply = site.get("/?action=make_call&target=1", "").await;
        assert_eq!((reply.status, site.dialled().len()), (status, 1));
        assert!(reply.body.contains(text), "{}", reply.body);
    }
}
