//! Command URLs coming in: who may ask a line to dial, and what comes of it.

mod rules;
mod settings;

pub use self::{
    rules::{DialRule, DialRules, PatternError, Verdict},
    settings::{Browser, Caller, Https, Identity, Limits, LineAccess, Proof, Rate, Settings},
};
