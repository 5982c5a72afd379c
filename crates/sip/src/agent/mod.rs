//! The user agent.

mod config;
mod event;

use std::time::Instant;

pub use config::{Config, Entropy};
pub use event::{Answer, Discard, Ending, Event, Failure, Invite, Output, TransactionId};

use crate::{Body, DialogId, Flow, Method};

/// The transactions and dialogs of one gateway, or of one phone.
pub struct Agent {
    config: Config,
    entropy: Entropy,
}

impl Agent {
    /// An agent that knows nobody yet.
    #[must_use]
    pub fn new(config: Config, entropy: Entropy) -> Self {
        Self { config, entropy }
    }

    /// Takes one datagram, or one message that was cut from a stream.
    pub fn receive(&mut self, now: Instant, flow: Flow, bytes: &[u8], out: &mut Vec<Output>) {
        let _ = (now, flow, bytes, out);
    }

    /// A send failed, or the connection was lost: what waits for an answer on this flow fails now.
    pub fn flow_failed(&mut self, now: Instant, flow: Flow, out: &mut Vec<Output>) {
        let _ = (now, flow, out);
    }

    /// Does what is due.
    pub fn timeout(&mut self, now: Instant, out: &mut Vec<Output>) {
        let _ = (now, out);
    }

    /// When [`timeout`](Self::timeout) is to be called next.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        None
    }

    /// Asks for a dialog: [`Event::Accepted`] or [`Event::Rejected`] follows.
    pub fn invite(&mut self, now: Instant, invite: Invite, out: &mut Vec<Output>) -> DialogId {
        let _ = (now, invite, out, &self.config);
        let mut tag = [0; 16];
        (self.entropy)(&mut tag);
        DialogId(u128::from_ne_bytes(tag))
    }

    /// Sends a request inside a dialog: [`Event::Answered`] or [`Event::Failed`] follows, with the same `tag`.
    pub fn request(
        &mut self,
        now: Instant,
        dialog: DialogId,
        tag: u64,
        method: Method,
        body: Option<Body>,
        out: &mut Vec<Output>,
    ) {
        let _ = (now, dialog, tag, method, body, out);
    }

    /// Answers a request of the peer.
    pub fn respond(
        &mut self,
        now: Instant,
        transaction: TransactionId,
        answer: Answer,
        out: &mut Vec<Output>,
    ) {
        let _ = (now, transaction, answer, out);
    }

    /// Ends a dialog; no event follows. An INVITE that is still open is taken back.
    pub fn bye(&mut self, now: Instant, dialog: DialogId, out: &mut Vec<Output>) {
        let _ = (now, dialog, out);
    }

    /// One line of text with all that a BYE needs, for a dialog that is up.
    #[must_use]
    pub fn remember(&self, dialog: DialogId) -> Option<String> {
        let _ = dialog;
        None
    }

    /// Ends a dialog from before a restart, as [`remember`](Self::remember) wrote it. A line that cannot be read is
    /// ignored.
    pub fn end_remembered(&mut self, now: Instant, remembered: &str, out: &mut Vec<Output>) {
        let _ = (now, remembered, out);
    }
}
