//! Chromium at the command URLs, as a user or a click-to-call add-on leads it there.

use super::chromium::Chromium;
use super::forms::FORMS;
use super::office::{Office, basic_caller, has_ipv6, token_caller};

/// The add-on opens a tab with the name and password in the URL; from then on the browser knows them.
#[tokio::test]
async fn every_form_dials_where_browsers_are_trusted() {
    let Some(mut chromium) = Chromium::start().await else { return };
    let mut office = Office::start(&basic_caller("dial")).await;
    let add_on = "http://987:{password_in_url}@{host}/servlet?key=number=%2B49301234570";
    let mut urls = vec![(add_on.to_owned(), "+49301234570".to_owned())];
    urls.extend(FORMS.iter().enumerate().map(|(index, form)| {
        let number = format!("0301234571{index}");
        (format!("{{http}}{form}{number}"), number)
    }));
    if has_ipv6() {
        let url = "http://987:{password_in_url}@{host6}?action=make_call&target=03012345720";
        urls.push((url.to_owned(), "03012345720".to_owned()));
    }
    for (url, number) in urls {
        let status = chromium.visit(&office.fill(&url)).await;
        assert_eq!((status, office.dialled().await), (200, vec![number]), "{url}");
    }
    chromium.close().await;
    office.close().await;
}

/// A navigation dials only if it proves more than what a browser sends by itself.
#[tokio::test]
async fn what_a_navigation_dials_where_browsers_are_not_trusted() {
    let Some(mut chromium) = Chromium::start().await else { return };
    let mut office = Office::start(&(basic_caller("confirm") + &token_caller())).await;
    for (what, url, status, dialled) in [
        ("no credentials", "{http}/servlet?key=number=03012345730", 401, &[][..]),
        ("a token", "{http}/servlet?key=number=03012345731&token={token}", 200, &["03012345731"]),
        ("a password", "http://987:{password_in_url}@{host}/servlet?key=number=03012345732", 202, &[]),
        ("the password it remembers", "{http}?action=make_call&target=03012345733", 202, &[]),
        ("the same off loopback", "http://987:{password_in_url}@{lan_host}/command.htm?number=03012345734", 202, &[]),
        (
            "TLS, which tells the user's own will",
            "https://987:{password_in_url}@{https_host}/servlet?key=number=03012345735",
            200,
            &["03012345735"],
        ),
    ] {
        assert_eq!(chromium.visit(&office.fill(url)).await, status, "{what}");
        assert_eq!(office.dialled().await, dialled, "{what}");
    }
    chromium.close().await;
    office.close().await;
}

/// One key on the page, and the phone dials, once.
#[tokio::test]
async fn the_confirm_page_dials_with_enter() {
    let Some(mut chromium) = Chromium::start().await else { return };
    let mut office = Office::start(&basic_caller("confirm")).await;
    for (base, number) in [("{host}", "+49301234574"), ("{lan_host}", "+49301234575")] {
        let encoded = number.replace('+', "%2B");
        let url = format!("http://987:{{password_in_url}}@{base}/servlet?key=number={encoded}");
        assert_eq!(chromium.visit(&office.fill(&url)).await, 202);
        assert_eq!(chromium.evaluate("document.body.innerText.trim()").await, format!("Call {number}"));
        assert_eq!(office.dialled().await, Vec::<String>::new());
        assert_eq!((chromium.press_enter().await, office.dialled().await), (200, vec![number.to_owned()]));
    }
    chromium.close().await;
    office.close().await;
}
