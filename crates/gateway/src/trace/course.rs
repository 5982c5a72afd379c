//! How a dialog goes: whether it was opened, and how it ended.

use sip::Method;
use sip::message::{Kind, Message};

use super::text;

/// What is known of one dialog from its messages.
#[derive(Debug, Default)]
pub(super) struct Course {
    opening: Opening,
    ended: Option<String>,
    broken: bool,
}

/// What came of its INVITE.
#[derive(Debug, Default)]
enum Opening {
    /// There was none: no dialog, as far as is known.
    #[default]
    Unseen,
    /// It is not kept any more.
    Before,
    /// It has no final answer yet.
    Asked { by: Side, heard: bool },
    /// It was accepted.
    Taken,
}

/// Who sent a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Gateway,
    Peer,
}

impl Side {
    fn other(self) -> Self {
        match self {
            Self::Gateway => Self::Peer,
            Self::Peer => Self::Gateway,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Gateway => "the gateway",
            Self::Peer => "the other side",
        }
    }
}

impl Course {
    /// Takes note of a message; `true` if the dialog has ended with it.
    pub(super) fn learn(&mut self, from: Side, message: &Message<'_>) -> bool {
        let before = self.ended.is_some();
        self.broken = false;
        match &message.kind {
            Kind::Request { method, .. } => self.request(from, method, message.to.tag().is_some()),
            Kind::Response { status, reason } => self.response(from, *status, reason, message),
        }
        !before && self.ended.is_some()
    }

    pub(super) fn broke(&mut self) {
        self.broken = true;
    }

    /// How it stands, in words; `None` for what is no dialog.
    pub(super) fn end(&self) -> Option<String> {
        if let Some(ended) = &self.ended {
            return Some(format!("ended: {ended}"));
        }
        let broken = if self.broken { "; the connection is broken" } else { "" };
        let standing = match self.opening {
            Opening::Unseen => return None,
            Opening::Before => "it stands; its beginning is not kept any more".to_owned(),
            Opening::Asked { by, heard: false } => format!("{} has not answered", by.other().name()),
            Opening::Asked { by, heard: true } => format!("{} has not decided", by.other().name()),
            Opening::Taken => "it stands".to_owned(),
        };
        Some(format!("{standing}{broken}"))
    }

    fn request(&mut self, from: Side, method: &Method, in_dialog: bool) {
        if *method == Method::INVITE && !in_dialog {
            // A retransmission changes nothing; a second one answers a challenge.
            let heard = matches!(self.opening, Opening::Asked { heard: true, .. }) && self.ended.is_none();
            self.opening = Opening::Asked { by: from, heard };
            self.ended = None;
        } else if in_dialog && matches!(self.opening, Opening::Unseen) {
            self.opening = Opening::Before;
        }
        if *method == Method::BYE {
            self.ended = Some(format!("{} sent BYE", from.name()));
        }
    }

    fn response(&mut self, from: Side, status: u16, reason: &[u8], message: &Message<'_>) {
        let said = || format!("{} says {status} {}", from.name(), text::line(reason));
        match (&self.opening, status) {
            (Opening::Asked { by, .. }, _) if message.cseq.method == Method::INVITE => match status {
                ..200 => self.opening = Opening::Asked { by: *by, heard: true },
                200..300 => self.opening = Opening::Taken,
                300.. => self.ended = Some(said()),
            },
            // The peer does not know the dialog, or is not there any more (RFC 3261 12.2.1.2).
            (Opening::Taken | Opening::Before, 408 | 481) if self.ended.is_none() => self.ended = Some(said()),
            (Opening::Unseen | Opening::Before | Opening::Asked { .. } | Opening::Taken, _) => {}
        }
    }
}
