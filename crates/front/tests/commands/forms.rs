//! Every form of a command, as well and as badly as clients write it.

use super::support::{Site, say, settings};

/// One request; the status it gets and the number it dials, `-` for none.
async fn check(site: &mut Site, request: &str, status: u16, number: &str) {
    let reply = site.say(request).await;
    let expected: Vec<String> = if number == "-" { Vec::new() } else { vec![format!("987>{number}")] };
    assert_eq!((reply.status, site.dialled()), (status, expected), "{request:?}: {}", reply.body);
}

/// The five forms, each with every method. The numbers differ, for a repeat is not dialled.
#[tokio::test]
async fn forms_and_methods() {
    let mut site = Site::start(settings()).await;
    let forms = [
        "/?action=make_call&target=",
        "?action=make_call&target=",
        "/servlet?key=number=",
        "/servlet?number=",
        "/cgi-bin/ConfigManApp.com?number=",
        "/cgi-bin/ConfigManApp.com?key=number=",
        "/cgiServer.exx?number=",
        "/cgi-bin/cgiServer.exx?number=",
        "/command.htm?number=",
    ];
    for (index, form) in forms.into_iter().enumerate() {
        let number = |method: u8| format!("2{index}{method}");
        let (get, post, body) = (number(1), number(2), number(3));
        check(&mut site, &format!("GET {form}{get} HTTP/1.1\r\nHost: HOST\r\n\r\n"), 200, &get).await;
        check(&mut site, &format!("GET {form}{}4 HTTP/1.0\r\n\r\n", get), 200, &format!("{get}4")).await;
        check(&mut site, &format!("POST {form}{post} HTTP/1.1\r\nHost: HOST\r\nContent-Length: 0\r\n\r\n"), 200, &post)
            .await;
        check(&mut site, &format!("HEAD {form}{get}5 HTTP/1.1\r\nHost: HOST\r\n\r\n"), 405, "-").await;
        let (path, query) = form.split_once('?').unwrap();
        let path = if path.is_empty() { "/" } else { path };
        let body = (format!("{query}{body}"), body);
        let post = format!(
            "POST {path} HTTP/1.1\r\nHost: HOST\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{}",
            body.0.len(),
            body.0
        );
        check(&mut site, &post, 200, &body.1).await;
    }
}

/// Targets as raw clients write them.
#[tokio::test]
async fn targets() {
    let mut settings = settings();
    settings.rules = super::support::rules(&[("*", true)]);
    let mut site = Site::start(settings).await;
    for (target, status, number) in [
        ("/?action=make_call&target=%2B49301234567", 200, "+49301234567"),
        ("/?action=make_call&target=+49301234568", 200, "+49301234568"),
        ("/?action=make_call&target= 49301234569", 200, "+49301234569"),
        ("/?action=make_call&target=%2049301234570", 200, "+49301234570"),
        ("/?action=make_call&target=+123", 200, "123"),
        ("?action=make_call&target=+49 (0)30 12-34/571", 200, "+493012 34571".replace(' ', "").leak()),
        ("/?action=make_call&target=030 123 72", 200, "03012372"),
        ("/?action=make_call&target=*21#", 200, "*21#"),
        ("/?action=make_call&target=%2A22%23", 200, "*22#"),
        ("/?action=make_call&target=tel:%2B49301234573", 200, "+49301234573"),
        ("/?action=make_call&target=sip:74@example.com", 200, "74"),
        ("/?action=make_call&target=callto:75", 200, "75"),
        ("/?action=make_call&target=76\u{202c}", 200, "76"),
        ("/?action=make_call&target=７７", 200, "77"),
        ("/servlet?key=number%3D78", 200, "78"),
        ("/servlet?key=number=79&outgoing_uri=sip:987@example.com", 200, "79"),
        ("/command.htm?number=80&line=987&_=123456", 200, "80"),
        ("/?action=make_call&target=\"81\"", 400, "-"),
        ("/?action=make_call&target=<82>", 400, "-"),
        ("/?action=make_call&target=83;ext=4", 400, "-"),
        ("/?action=make_call&target=84,5", 400, "-"),
        ("/?action=make_call&target=85%00", 400, "-"),
        ("/?action=make_call&target=%ff%fe", 400, "-"),
        ("/?action=make_call&target=", 400, "-"),
        ("/?action=make_call", 400, "-"),
        ("/?action=make_call&target=86&target=87", 400, "-"),
        ("/?action=hang_up&target=88", 404, "-"),
        ("/", 400, "-"),
        ("/servlet?key=number=89;OK", 400, "-"),
        ("/servlet?key=OK", 400, "-"),
        ("/servlet", 400, "-"),
        ("/index.html", 404, "-"),
        ("//?action=make_call&target=90", 404, "-"),
        ("/../?action=make_call&target=91", 404, "-"),
        ("/favicon.ico", 204, "-"),
        ("/favicon.ico?action=make_call&target=92", 204, "-"),
        ("http://HOST/?action=make_call&target=93", 200, "93"),
        ("http://HOST?action=make_call&target=94", 200, "94"),
        ("http://evil.example/?action=make_call&target=95", 421, "-"),
        ("*", 404, "-"),
    ] {
        check(&mut site, &format!("GET {target} HTTP/1.1\r\nHost: HOST\r\n\r\n"), status, number).await;
    }
}

#[tokio::test]
async fn ipv6() {
    let mut site = Site::start(settings()).await;
    let Some(address) = site.http6 else { return super::support::skip("no IPv6 on this machine") };
    let reply = say(address, "GET ?action=make_call&target=121 HTTP/1.1\r\nHost: HOST\r\n\r\n").await;
    assert_eq!((reply.status, site.dialled()), (200, vec!["987>121".to_owned()]), "{reply:?}");
}

#[tokio::test]
async fn bodies_that_are_refused() {
    let mut site = Site::start(settings()).await;
    let form = "Content-Type: application/x-www-form-urlencoded";
    for (head, body, status) in [
        ("POST / HTTP/1.1\r\nContent-Type: application/json", "{\"target\":\"1\"}", 415),
        (&format!("POST /?action=make_call&target=1 HTTP/1.1\r\n{form}"), "target=2", 400),
    ] {
        let request = format!("{head}\r\nHost: HOST\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        check(&mut site, &request, status, "-").await;
    }
    let large = "a".repeat(65 * 1024);
    let request = format!("POST / HTTP/1.1\r\nHost: HOST\r\n{form}\r\nContent-Length: {}\r\n\r\n{large}", large.len());
    check(&mut site, &request, 413, "-").await;
}

/// As it was asked for: a page, JSON, or text; never kept, sniffed or framed.
#[tokio::test]
async fn answers_are_what_the_client_wants_to_read() {
    let site = Site::start(settings()).await;
    for (accept, content_type, contains) in [
        ("", "text/plain; charset=utf-8", "Known is: make_call"),
        ("Accept: */*\r\n", "text/plain; charset=utf-8", "Known is: make_call"),
        ("Accept: application/json\r\n", "application/json", "\"status\":404"),
        ("Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n", "text/html; charset=utf-8", "<!doctype html>"),
        ("Accept: application/json, text/html;q=0.5\r\n", "application/json", "\"message\""),
    ] {
        let reply = site.get("/?action=other", accept).await;
        assert_eq!(reply.values("content-type"), [content_type], "{accept}");
        assert!(reply.body.contains(contains), "{}", reply.body);
        assert_eq!(reply.values("cache-control"), ["no-store"]);
        assert_eq!(reply.values("x-content-type-options"), ["nosniff"]);
        assert_eq!(reply.values("connection"), ["close"]);
    }
}
