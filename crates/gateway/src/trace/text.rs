//! Text from the network, made fit for a terminal.

use std::fmt::Write;

/// One line: control characters are shown and not obeyed.
pub(super) fn line(bytes: &[u8]) -> String {
    shown(bytes, |_| false)
}

/// Several lines, each behind this margin.
pub(super) fn lines(bytes: &[u8], margin: &str) -> String {
    let text = shown(bytes, |c| c == '\n' || c == '\t');
    let mut out = String::new();
    for line in text.lines() {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{}", format_args!("{margin}{line}").to_string().trim_end());
    }
    out
}

fn shown(bytes: &[u8], passes: impl Fn(char) -> bool) -> String {
    let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n");
    text.chars().fold(String::new(), |mut out, c| {
        if c.is_control() && !passes(c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
        out
    })
}
