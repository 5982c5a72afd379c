//! A dialog as one line of text, so that it can be ended after a restart.

use std::net::SocketAddr;

use super::{Dialog, DialogId, Parties, Phase};
use crate::{Flow, Transport, Uri};

/// The first word of a line: what follows, and in which form.
const FORM: &str = "dialog/1";

/// The same of a dialog whose requests all go out on its flow.
const PINNED: &str = "dialog/1/pinned";

/// Requests may have been sent after the line was written; numbers may be skipped, but not fall (RFC 3261 12.2.2).
const SKIPPED: u32 = 1_000_000;

/// A dialog from before a restart.
#[derive(Debug)]
pub struct Remembered(pub(crate) Box<Dialog>);

impl Remembered {
    /// Reads a line of [`Agent::remember`](crate::Agent::remember); `None` if it is none.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        Dialog::from_line(line).map(|dialog| Self(Box::new(dialog)))
    }

    /// Where its requests went. A connection is gone by now, as a rule.
    #[must_use]
    pub fn flow(&self) -> Flow {
        self.0.flow
    }
}

impl Dialog {
    /// The line. No part of it can hold a space.
    pub(crate) fn to_line(&self) -> String {
        let Self { id, call_id, local, remote, local_seq, target, flow, pinned, .. } = self;
        let form = if *pinned { PINNED } else { FORM };
        let Flow { transport, local: here, remote: there } = flow;
        let (transport, tag) = (transport.name(), if self.remote_tag.is_empty() { "-" } else { &self.remote_tag });
        let mut line =
            format!("{form} {transport} {here} {there} {id} {tag} {call_id} {local_seq} {local} {remote} {target}");
        self.routes.iter().for_each(|route| line.push_str(&format!(" {route}")));
        line
    }

    /// Reads a line; `None` if it is not one of these.
    pub(crate) fn from_line(line: &str) -> Option<Self> {
        let mut words = line.split_ascii_whitespace();
        let pinned = words.next().filter(|form| [FORM, PINNED].contains(form))? == PINNED;
        let transport = Transport::named(words.next()?)?;
        let mut address = || words.next()?.parse::<SocketAddr>().ok();
        let flow = Flow { transport, local: address()?, remote: address()? };
        let id = DialogId::from_tag(words.next()?)?;
        let remote_tag = words.next().map(|tag| if tag == "-" { "" } else { tag })?.into();
        let call_id = words.next()?.into();
        let local_seq = words.next()?.parse::<u32>().ok().filter(|number| *number < 1 << 31)? + SKIPPED;
        let mut uris = words.map(str::parse::<Uri>);
        let mut uri = || uris.next()?.ok();
        let (local, remote, target) = (uri()?, uri()?, uri()?);
        let routes = uris.collect::<Result<_, _>>().ok()?;
        let dialog = Self::new(id, call_id, flow, Parties { local, remote, target });
        Some(Self { remote_tag, local_seq, routes, pinned, phase: Phase::UP, ..dialog })
    }
}
