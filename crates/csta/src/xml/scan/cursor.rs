//! Where the scanner is, and small steps from there.

use super::Scanner;
use crate::xml::{
    DecodeError,
    lexis::{is_space, name_length},
};

impl<'a> Scanner<'a> {
    pub(super) fn peek(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + ahead).copied()
    }

    pub(super) fn bytes(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// Goes behind the next `mark`.
    pub(super) fn pass(&mut self, mark: &str, rule: &'static str) -> Result<(), DecodeError> {
        match self.rest().find(mark) {
            Some(at) => self.at += at + mark.len(),
            None => return Err(self.broken(rule)),
        }
        Ok(())
    }

    /// Goes behind white space; whether there was some.
    pub(super) fn white_space(&mut self) -> bool {
        let start = self.at;
        while self.peek(0).is_some_and(is_space) {
            self.at += 1;
        }
        self.at > start
    }

    pub(super) fn broken(&self, rule: &'static str) -> DecodeError {
        DecodeError::NotWellFormed { rule, offset: self.at }
    }

    /// Reads a name.
    pub(super) fn name(&mut self) -> Result<&'a str, DecodeError> {
        let start = self.at;
        self.at += name_length(self.rest());
        if self.at == start {
            return Err(self.broken("a name is expected here"));
        }
        Ok(self.since(start))
    }
}
