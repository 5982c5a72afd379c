//! The dial rules: what may be dialled, decided on the normalised number, first match wins.
//!
//! The administrator's rules come first; what they leave open is decided by the number's class. A rule that allows
//! lifts class and length, never the rate.

mod class;

use call_model::{Number, NumberPattern, Numbering};

use self::class::Class;

/// The rules of a gateway: the administrator's, then the defaults.
#[derive(Debug, Default)]
pub struct DialRules {
    rules: Vec<Rule>,
}

/// One `[[dial_rule]]` as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DialRule {
    /// A glob over the normalised number: `*` any digits, `?` one; `\*` and `\#` mean themselves.
    pub pattern: String,
    /// Allow or deny.
    pub allow: bool,
}

/// A pattern that is no glob over telephone numbers.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "dial_rule {position}: `{pattern}` can match no number: {cause}. Write digits, a leading `+`, `*` for any digits, `?` for one, `\\*` and `\\#` for themselves"
)]
pub struct PatternError {
    /// Which rule, counted from 1.
    pub position: usize,
    /// Its pattern.
    pub pattern: String,
    /// What is wrong with it.
    pub cause: String,
}

/// What the rules say about a number, and which of them said it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may be dialled.
    Allowed {
        /// The rule: `dial_rule 2 "+49*"` or `default: national`.
        rule: String,
    },
    /// It may not.
    Denied {
        /// The rule: `dial_rule 1 "0900*"` or `default: premium`.
        rule: String,
    },
}

impl Verdict {
    /// The rule that decided.
    #[must_use]
    pub fn rule(&self) -> &str {
        match self {
            Self::Allowed { rule } | Self::Denied { rule } => rule,
        }
    }
}

#[derive(Debug)]
struct Rule {
    name: String,
    pattern: NumberPattern,
    allow: bool,
}

impl DialRules {
    /// Takes the administrator's rules in their order.
    ///
    /// # Errors
    /// The first pattern that can match no number.
    pub fn new(rules: Vec<DialRule>) -> Result<Self, PatternError> {
        let rules = rules.into_iter().enumerate().map(|(index, rule)| Rule::parse(index + 1, &rule));
        Ok(Self { rules: rules.collect::<Result<_, _>>()? })
    }

    /// Unpacks the numbering plans now, where a country needs them: later the first call would wait for it.
    pub(super) fn unpack(numbering: &Numbering) {
        let _ = numbering.country.and_then(|country| phonenumber::metadata::DATABASE.by_id(country.as_ref()));
    }

    /// Judges a normalised number at a site that writes its numbers like `numbering`.
    #[must_use]
    pub fn judge(&self, number: &Number, numbering: &Numbering) -> Verdict {
        if let Some(rule) = self.rules.iter().find(|rule| rule.pattern.matches(number)) {
            let name = rule.name.clone();
            return if rule.allow { Verdict::Allowed { rule: name } } else { Verdict::Denied { rule: name } };
        }
        let class = Class::of(number.reveal(), numbering);
        let rule = format!("default: {}", class.name());
        if class.is_allowed() { Verdict::Allowed { rule } } else { Verdict::Denied { rule } }
    }
}

impl Rule {
    fn parse(position: usize, rule: &DialRule) -> Result<Self, PatternError> {
        match misfit(&rule.pattern) {
            Some(cause) => Err(PatternError { position, pattern: rule.pattern.clone(), cause }),
            None => Ok(Self {
                name: format!("dial_rule {position} \"{}\"", rule.pattern),
                pattern: NumberPattern::new(&rule.pattern),
                allow: rule.allow,
            }),
        }
    }
}

/// Why no normalised number can match: a rule that never matches is a rule that somebody relies on in vain.
fn misfit(pattern: &str) -> Option<String> {
    let mut chars = pattern.chars().enumerate();
    while let Some((position, char)) = chars.next() {
        match char {
            '0'..='9' | '#' | '*' | '?' => {}
            '+' if position == 0 => {}
            '\\' => match chars.next() {
                Some((_, '*' | '#')) => {}
                Some(_) | None => return Some("a backslash stands only before `*` and `#`".to_owned()),
            },
            other => return Some(format!("no number has {other:?} there")),
        }
    }
    pattern.is_empty().then(|| "it is empty".to_owned())
}

#[cfg(test)]
mod tests;
