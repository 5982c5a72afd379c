//! `proto/csta-messages.tsv` and the code know the same messages.

use std::{collections::BTreeSet, fs};

use super::{root, schema::all_empty};
use crate::{
    Message,
    xml::{Edition, decode, encode},
};

fn kind(message: &Message) -> &'static str {
    match message {
        Message::Event(_) => "event",
        Message::Request(_) => "request",
        Message::Response(_) => "response",
        Message::Error(_) => "error",
    }
}

/// The root element of what is written, and the kind of the message.
fn row(message: &Message) -> (String, String) {
    let written = encode(message, Edition::Ed3);
    let name = written.split(['<', ' ']).find(|piece| piece.starts_with(char::is_uppercase)).unwrap_or_default();
    (name.to_owned(), kind(message).to_owned())
}

#[test]
fn the_table_lists_every_message_and_every_message_is_read() {
    let table = fs::read_to_string(root().join("proto/csta-messages.tsv")).unwrap();
    let rows: Vec<Vec<&str>> = table.lines().skip(1).map(|line| line.split('\t').collect()).collect();
    let listed: BTreeSet<_> = rows.iter().map(|row| (row[0].to_owned(), row[1].to_owned())).collect();
    let written: BTreeSet<_> = all_empty().iter().map(row).collect();
    assert_eq!(listed, written);
    assert_eq!(rows.len(), all_empty().len(), "a message is listed twice");
    for row in rows {
        assert_eq!(row.len(), 4, "{row:?}");
        let message = decode(format!("<{}/>", row[0]).as_bytes()).unwrap();
        assert_eq!(kind(&message), row[1], "{}", row[0]);
    }
}
