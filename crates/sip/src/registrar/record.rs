//! What is bound to one account.

use std::time::{Duration, Instant};

use super::Binding;
use super::contacts::{Asked, Contact};
use crate::message::Message;
use crate::transaction::Timed;
use crate::{Answer, Flow, Uri};

/// A phone that forgets to take its old contacts back has this many; the oldest goes first.
const MOST: usize = 8;

/// The bindings of one account, those that are new or changed last.
#[derive(Default)]
pub(super) struct Record(Vec<Bound>);

struct Bound {
    binding: Binding,
    /// The CSeq of its latest registration.
    number: u32,
}

impl Record {
    /// Where the phone is reached.
    pub(super) fn current(&self) -> Option<&Binding> {
        self.0.last().map(|bound| &bound.binding)
    }

    /// Does all that a request asks, or nothing: false if it is older than what is known (RFC 3261 10.3, step 7).
    pub(super) fn apply(&mut self, now: Instant, flow: Flow, request: &Message<'_>, asked: &Asked) -> bool {
        let number = request.cseq.number;
        let is_late = |bound: &Bound| bound.binding.call_id == request.call_id && number <= bound.number;
        match asked {
            Asked::Nothing => {}
            Asked::RemoveAll => {
                if self.0.iter().any(is_late) {
                    return false;
                }
                self.0.clear();
            }
            Asked::Contacts(contacts) => {
                let named = |bound: &&Bound| contacts.iter().any(|contact| contact.uri == bound.binding.contact);
                if self.0.iter().filter(named).any(is_late) {
                    return false;
                }
                // The first one of a request is where the phone wants to be reached: it comes last.
                contacts.iter().rev().for_each(|contact| self.bind(now, flow, request, contact));
            }
        }
        true
    }

    fn bind(&mut self, now: Instant, flow: Flow, request: &Message<'_>, contact: &Contact) {
        if contact.expires.is_zero() {
            return self.0.retain(|bound| bound.binding.contact != contact.uri);
        }
        let (contact, expires_at) = (contact.uri.clone(), now + contact.expires);
        let account = request.to.uri().unwrap_or_else(|_| contact.clone());
        let binding = Binding { contact, account, flow, expires_at, call_id: request.call_id.to_owned() };
        let bound = Bound { binding, number: request.cseq.number };
        match self.0.iter_mut().find(|known| known.binding.is_like(&bound.binding)) {
            Some(known) => *known = bound,
            None => {
                self.0.retain(|known| known.binding.contact != bound.binding.contact);
                if self.0.len() >= MOST {
                    self.0.remove(0);
                }
                self.0.push(bound);
            }
        }
    }

    /// The 200 that lists what is bound, and for how much longer (RFC 3261 10.3, step 8).
    pub(super) fn listed(&self, now: Instant) -> Answer {
        self.0.iter().rev().fold(Answer::new(200), |answer, Bound { binding, .. }| {
            let left = binding.expires_at.saturating_duration_since(now);
            answer.with_header("Contact", format_args!("{};expires={}", bracketed(&binding.contact), seconds(left)))
        })
    }

    pub(super) fn expire(&mut self, now: Instant) {
        self.0.retain(|bound| bound.binding.expires_at > now);
    }

    pub(super) fn uses(&self, flow: Flow) -> bool {
        self.0.iter().any(|bound| bound.binding.flow == flow)
    }

    pub(super) fn forget_flow(&mut self, flow: Flow) {
        self.0.retain(|bound| bound.binding.flow != flow);
    }
}

impl Timed for Record {
    fn deadline(&self) -> Option<Instant> {
        self.0.iter().map(|bound| bound.binding.expires_at).min()
    }
}

fn bracketed(uri: &Uri) -> String {
    format!("<{uri}>")
}

/// Whole seconds; a phone must not be told less than it was granted a moment ago.
fn seconds(left: Duration) -> u64 {
    left.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX)
}
