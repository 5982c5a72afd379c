//! Any bytes as a URI.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sip::Uri;

fuzz_target!(|data: &[u8]| {
    let Ok(uri) = Uri::parse(data) else { return };
    let text = uri.to_string();
    assert_eq!(text.parse(), Ok(uri.clone()), "what is written is read back");
    assert!(text.is_ascii() && !text.contains(char::is_whitespace));
    let parts = [uri.user().unwrap_or(""), uri.host()];
    assert!(parts.iter().all(|part| text.contains(part)));
    assert!(uri.socket_addr().is_none_or(|address| Some(address.ip()) == uri.ip()));
    let _ = (uri.param("lr"), uri.param("transport"), format!("{uri:?}"));
    let longer = uri.with_param("hookswitch");
    assert!(longer.param("hookswitch").is_some() || text.len() > 4000, "{longer}");
});
