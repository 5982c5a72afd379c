//! A real browser, led by a foreign page: whatever it is made to fetch, nothing dials.

use std::{
    net::{IpAddr, UdpSocket},
    process::Stdio,
    time::Duration,
};

use front::commands::Browser;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    process::Command,
    time::timeout,
};

use super::support::{LOCALHOST, Site, settings, skip};

/// Everything that a page can make a browser ask for without its user.
const EVIL: &str = r#"<!doctype html><meta name=referrer content=no-referrer><link rel=prefetch href="GATE2"><link rel=stylesheet href="GATE3">
<img src="GATE4"><iframe src="GATE5"></iframe><script src="GATE6"></script><object data="GATE7"></object><video src="GATE8"></video>
<form id=form method=post action="GATE9" target=frame><input name=line value=987></form><iframe name=frame></iframe>
<script>
fetch("GATE10", {mode: "no-cors"}); fetch("GATE11").catch(() => 0); fetch("GATE12", {method: "POST", mode: "no-cors"});
fetch("GATE13", {headers: {"User-Agent": "raw"}, credentials: "include"}).catch(() => 0);
navigator.sendBeacon("GATE14", "line=987"); new Image().src = "GATE15"; document.getElementById("form").submit();
</script>"#;

/// An address that is not loopback, if this machine has one: there a browser sends no Sec-Fetch headers.
fn own_address() -> IpAddr {
    let socket = UdpSocket::bind("0.0.0.0:0").and_then(|socket| socket.connect("192.0.2.1:9").map(|()| socket));
    socket.and_then(|socket| socket.local_addr()).map_or(LOCALHOST, |address| address.ip())
}

/// The page as the browser shows it; `None` without a browser.
async fn browse(url: &str, profile: &std::path::Path) -> Option<String> {
    let browser = Command::new("chromium")
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--timeout=3000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(url)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = timeout(Duration::from_secs(60), browser).await.ok()?.ok()?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Serves the page to whoever asks, as a server of somebody else's.
async fn serve(listener: TcpListener, page: String) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let _ = stream.read(&mut [0; 4096]).await;
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            page.len()
        );
        let _ = stream.write_all(format!("{head}{page}").as_bytes()).await;
    }
}

/// What the gateway dials when the foreign page is shown.
async fn led_by_a_foreign_page(browser: Browser) -> Option<(Site, Vec<String>, TempDir)> {
    let own = own_address();
    let mut settings = settings();
    settings.listen = vec![(own, 0).into()];
    settings.callers[0].networks.push(own.into());
    settings.callers[0].browser = browser;
    let mut site = Site::start(settings).await;
    let elsewhere = TcpListener::bind((own, 0)).await.unwrap();
    let evil = format!("http://{}/", elsewhere.local_addr().unwrap());
    let gate = format!("http://{}/?action=make_call&target=1", site.http);
    tokio::spawn(serve(elsewhere, EVIL.replace("GATE", &gate)));

    let profile = tempfile::tempdir().unwrap();
    let page = browse(&evil, profile.path()).await?;
    assert!(page.contains("sendBeacon"), "the foreign page was not shown: {page}");
    let dialled = site.dialled();
    Some((site, dialled, profile))
}

#[tokio::test]
async fn a_foreign_page_dials_nothing_and_the_user_is_asked() {
    let led = led_by_a_foreign_page(Browser::Confirm).await;
    let Some((mut site, dialled, profile)) = led else { return skip("no chromium on this machine") };
    assert_eq!(dialled, Vec::<String>::new());

    let page = browse(&format!("http://{}/servlet?key=number=123", site.http), profile.path()).await.unwrap();
    assert!(page.contains("Call 123") && page.contains("name=\"confirm\""), "{page}");
    assert_eq!(site.dialled(), Vec::<String>::new());
}

/// The page above is no sham: where the administrator trusts browsers, and no Sec-Fetch header helps, it does dial.
#[tokio::test]
async fn a_trusting_caller_is_as_open_as_the_book_says() {
    let led = led_by_a_foreign_page(Browser::Dial).await;
    let Some((_site, dialled, _profile)) = led else { return skip("no chromium on this machine") };
    assert!(own_address().is_loopback() || !dialled.is_empty());
}
