//! Patterns on telephone numbers, as an administrator writes them.

use std::fmt;

use super::Number;

/// A glob over a number: `*` is any run of characters, `?` any one; `\*`, `\#` and `\?` stand for themselves.
#[derive(Clone, PartialEq, Eq)]
pub struct NumberPattern {
    text: String,
    tokens: Vec<Token>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Token {
    Char(char),
    One,
    Run,
}

impl NumberPattern {
    /// Reads a pattern; every text is one.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut tokens = Vec::new();
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            tokens.push(match c {
                '\\' => Token::Char(chars.next().unwrap_or('\\')),
                '*' => Token::Run,
                '?' => Token::One,
                c => Token::Char(c),
            });
        }
        Self { text: text.to_owned(), tokens }
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the whole number fits.
    #[must_use]
    pub fn matches(&self, number: &Number) -> bool {
        self.matches_text(number.reveal())
    }

    /// Greedy with one point of return, the last `*`: time is at most pattern × text.
    pub(crate) fn matches_text(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        let (mut at, mut token, mut retry) = (0, 0, None);
        while at < text.len() {
            match self.tokens.get(token) {
                Some(Token::Run) => {
                    retry = Some((token + 1, at));
                    token += 1;
                    continue;
                }
                Some(Token::One) => {}
                Some(Token::Char(c)) if text.get(at) == Some(c) => {}
                Some(Token::Char(_)) | None => {
                    let Some((after_run, from)) = retry else { return false };
                    retry = Some((after_run, from + 1));
                    (token, at) = (after_run, from + 1);
                    continue;
                }
            }
            token += 1;
            at += 1;
        }
        self.tokens.iter().skip(token).all(|token| *token == Token::Run)
    }
}

impl fmt::Debug for NumberPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NumberPattern({:?})", self.text)
    }
}
