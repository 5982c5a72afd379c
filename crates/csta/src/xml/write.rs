//! Writes XML: elements and text, nothing else, and cannot fail.

use super::{Edition, lexis::is_char};

/// A document in the making.
pub(super) struct Writer {
    out: String,
    /// The edition it is written for.
    pub edition: Edition,
}

impl Writer {
    /// A document with the one element `root`, in the edition's namespace; `content` writes what is in it.
    pub fn document(edition: Edition, root: &str, content: impl FnOnce(&mut Self)) -> String {
        let mut writer = Self { out: String::with_capacity(1024), edition };
        writer.push(&["<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<", root, " xmlns=\"", edition.namespace(), "\">"]);
        content(&mut writer);
        writer.push(&["</", root, ">"]);
        // It may be kept for long: without the room that was left over.
        writer.out.shrink_to_fit();
        writer.out
    }

    /// An element whose content `content` writes.
    pub fn element(&mut self, name: &str, content: impl FnOnce(&mut Self)) {
        self.push(&["<", name, ">"]);
        content(self);
        self.push(&["</", name, ">"]);
    }

    /// An element without content.
    pub fn empty(&mut self, name: &str) {
        self.push(&["<", name, "/>"]);
    }

    /// An element that holds text.
    pub fn leaf(&mut self, name: &str, text: &str) {
        self.element(name, |out| out.text(text));
    }

    /// An element with one attribute that holds text; `value` has nothing in it that would need escaping.
    pub fn leaf_with(&mut self, name: &str, (attribute, value): (&str, &str), text: &str) {
        self.push(&["<", name, " ", attribute, "=\"", value, "\">"]);
        self.text(text);
        self.push(&["</", name, ">"]);
    }

    /// Text. White space at its ends is written as references, for readers trim it; what XML does not allow is left out.
    fn text(&mut self, text: &str) {
        let allowed: String;
        let text = if text.chars().all(is_char) {
            text
        } else {
            allowed = text.chars().filter(|c| is_char(*c)).collect();
            &allowed
        };
        let body = text.trim_ascii_start();
        let leading = text.len() - body.len();
        let trailing = leading + body.trim_ascii_end().len();
        for (at, c) in text.char_indices() {
            match c {
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                '&' => self.out.push_str("&amp;"),
                '\r' => self.out.push_str("&#13;"),
                ' ' | '\t' | '\n' if at < leading || at >= trailing => {
                    self.push(&["&#", &u32::from(c).to_string(), ";"])
                }
                _ => self.out.push(c),
            }
        }
    }

    fn push(&mut self, pieces: &[&str]) {
        for piece in pieces {
            self.out.push_str(piece);
        }
    }
}
