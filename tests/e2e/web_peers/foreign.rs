//! A page of somebody else's, which makes the browser ask for whatever a page can ask for.

use std::net::SocketAddr;

use tests::peer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::chromium::Chromium;
use super::office::{Office, caller, own_address};

/// What a page does behind its user's back.
struct Trick {
    what: &'static str,
    /// `{url}` is a command with a number of its own. Whatever is to be waited for goes into `waits`.
    html: &'static str,
    /// Whether a gateway dials that trusts browsers. The others name the page that sent them (`Origin`).
    dials_if_trusted: bool,
}

const TRICKS: &[Trick] = &[
    Trick { what: "an image", html: "<img src='{url}'>", dials_if_trusted: true },
    Trick { what: "a frame", html: "<iframe src='{url}'></iframe>", dials_if_trusted: true },
    Trick { what: "a script", html: "<script src='{url}'></script>", dials_if_trusted: true },
    Trick { what: "a stylesheet", html: "<link rel=stylesheet href='{url}'>", dials_if_trusted: true },
    Trick {
        what: "fetch",
        html: "<script>waits.push(fetch('{url}', { mode: 'no-cors', credentials: 'include' }))</script>",
        dials_if_trusted: true,
    },
    Trick {
        what: "fetch with CORS, for the page with the confirmation",
        html: "<script>waits.push(fetch('{url}', { headers: { Accept: 'text/html' } }).then(async page => {
                   const form = new DOMParser().parseFromString(await page.text(), 'text/html').forms[0];
                   await fetch(form.action, { method: 'POST', body: new URLSearchParams(new FormData(form)) });
               }))</script>",
        dials_if_trusted: false,
    },
    Trick {
        what: "fetch with POST",
        html: "<script>waits.push(fetch('{url}', { method: 'POST', mode: 'no-cors' }))</script>",
        dials_if_trusted: false,
    },
    Trick {
        what: "a form with GET",
        html: "<iframe name=get></iframe><form id=get target=get action='{action}'>{fields}</form>
               <script>submit('get')</script>",
        dials_if_trusted: true,
    },
    Trick {
        what: "a form with POST",
        html: "<iframe name=post></iframe><form id=post target=post method=post action='{action}'>{fields}</form>
               <script>submit('post')</script>",
        dials_if_trusted: false,
    },
];

/// `no-referrer` keeps the page's name from the gateway wherever a browser lets it.
const HEAD: &str = "<!doctype html><meta charset=utf-8><meta name=referrer content=no-referrer><script>
    const waits = [new Promise(loaded => addEventListener('load', loaded))];
    function submit(name) {
        waits.push(new Promise(loaded => document.getElementsByName(name)[0].onload = loaded));
        document.getElementById(name).submit();
    }
    </script>";

#[tokio::test]
async fn a_foreign_page_dials_nothing() {
    let Some(mut chromium) = Chromium::start().await else { return };
    for (base, asks) in [("{http}", 403), ("{lan}", if own_address().is_loopback() { 403 } else { 202 })] {
        let mut office = Office::start(&open_caller("confirm")).await;
        show(&mut chromium, &office, base).await;
        assert_eq!(office.dialled().await, Vec::<String>::new(), "{base}");
        // A navigation, but not the user's: where nothing tells that, the user is asked.
        let status = chromium.led_to(&office.fill(&format!("{base}?action=make_call&target=03012345790"))).await;
        assert_eq!((status, office.dialled().await), (asks, vec![]), "{base}");
        office.close().await;
    }
    chromium.close().await;
}

/// The page is no sham: it does dial where the administrator trusts browsers and nothing tells where they were led from.
#[tokio::test]
async fn a_foreign_page_dials_where_browsers_are_trusted() {
    if own_address().is_loopback() {
        return peer::absent("this machine has no address but loopback");
    }
    let Some(mut chromium) = Chromium::start().await else { return };
    let mut office = Office::start(&open_caller("dial")).await;
    show(&mut chromium, &office, "{lan}").await;
    let dialled = office.dialled().await;
    for (index, trick) in TRICKS.iter().enumerate() {
        assert_eq!(dialled.contains(&number_of(index)), trick.dials_if_trusted, "{}", trick.what);
    }
    chromium.close().await;
    office.close().await;
}

/// Whoever sits at this machine, without any proof: what a browser brings is ambient.
fn open_caller(browser: &str) -> String {
    caller("desk", "auth = \"none\"", browser).replace("127.0.0.0/8", "127.0.0.0/24")
}

/// Shows the page with all tricks, and waits until every request has been answered.
async fn show(chromium: &mut Chromium, office: &Office, base: &str) {
    let mut page = HEAD.to_owned();
    for (index, trick) in TRICKS.iter().enumerate() {
        let number = number_of(index);
        let fields = format!("<input name=action value=make_call><input name=target value={number}>");
        let url = format!("{base}/?action=make_call&target={number}");
        page +=
            &trick.html.replace("{url}", &url).replace("{action}", &format!("{base}/")).replace("{fields}", &fields);
    }
    let site = serve(base, office.fill(&page)).await;
    assert_eq!(chromium.visit(&format!("http://{site}/")).await, 200);
    let asked = chromium.evaluate("Promise.allSettled(waits).then(waits => waits.length)").await;
    let scripts = TRICKS.iter().filter(|trick| trick.html.contains("<script>")).count();
    assert_eq!(asked, 1 + scripts, "the page did not do what it should");
}

fn number_of(index: usize) -> String {
    format!("030123458{index:02}")
}

/// Serves the page to whoever asks, at the address of the gateway but on another port.
async fn serve(base: &str, page: String) -> SocketAddr {
    let ip = if base == "{lan}" { own_address() } else { [127, 0, 0, 1].into() };
    let listener = TcpListener::bind((ip, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let length = page.len();
    let head =
        format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(format!("{head}{page}").as_bytes()).await;
        }
    });
    address
}
